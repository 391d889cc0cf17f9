"""Figures and metrics: what the ledger says in numbers, on SQLite and on Postgres, and what Prometheus reads of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from sqlalchemy import event, select

from records.account_figures import AccountFigures
from records.database import now
from records.figures import Figures, QueueDepth, Rendering, Snapshot, Totals
from records.ledger import Ledger
from records.posts import Sight
from records.runs import Opening
from records.states import PostState, RunState, VideoState
from records.tables import Chunk, ClipRow, OutboxEvent, Run, StageWork, Transition, Video
from records.videos import PlannedVideo
from records.work import StageSum
from reelmill.content import Clip, Decision, Json, Rendition, Shot, Verdict
from reelmill.errors import ServerUnavailable
from reelmill.settings import Settings
from tests.posting import to
from web.metrics import FIGURES, LatestReading, LedgerCollector, Reading, metrics_router

ROOT = Path(__file__).parents[2]
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
#: Tables that grow with the videos: no query may read one of them row by row without an index.
GROWING = ("transitions", "videos", "verdicts", "stage_work", "outbox", "clips", "chunks", "posts", "runs")


class Mill:
    """Fills a ledger through its own doors, as the flows do, only without the work."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger, self.folder = ledger, folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, pipeline: str = "terms", occasion: str = "2026-11-22", titles: Sequence[str] = ("one",)) -> Run:
        opening = Opening(pipeline, occasion, dt.date(2026, 11, 22), "Asia/Shanghai", None, {}, "h" * 64, "/here")
        run = self.ledger.runs.open(opening)
        videos = [PlannedVideo(title, "", title, "f" * 64, {"prompt": title}) for title in titles]
        self.ledger.videos.plan(run.id, videos, unchanged=0, remake=False)
        return run

    def videos(self, run: Run) -> list[Video]:
        return self.ledger.videos.of_run(run.id)

    def clip(self, video: Video, *, seconds: Json = 2.5, engine: str = "wan", preview: bool = False) -> str:
        """planned → generated, with a clip that took so many seconds. Returns its sha256."""
        shot = Shot(engine, f"{engine}@1", str(video.id), "", 256, 256, 5, 24, 1, 1.0, 7)
        self.ledger.media.request(video.id, [shot])
        sha256 = hashlib.sha256(shot.id.encode()).hexdigest()
        record = {"seconds_taken": seconds, "plan": ["long"]}
        path = self.folder / "clip.mp4"
        self.ledger.media.record_clip(Clip(shot.id, path, sha256, 256, 256, 5, 24, preview, record))
        self.ledger.videos.generated(video.id, master_sha256=sha256)
        self.ledger.work.note(video.run_id, video.id, "generate", 3.0)
        self.ledger.work.write()
        return sha256

    def fail(self, video: Video, reason: str) -> None:
        self.ledger.videos.move(video.id, VideoState.FAILED, reason)

    def hold(self, video: Video, after: VideoState, **clip: Any) -> None:
        """To a person, or no further at all."""
        sha256 = self.clip(video, **clip)
        decision = Decision.REVIEW if after is VideoState.IN_REVIEW else Decision.BLOCK
        self.ledger.verdicts.record(Verdict(sha256, "default", "1", decision, ("nude",)))
        self.ledger.videos.move(video.id, after, "nude")

    def finish(
        self,
        video: Video,
        targets: Sequence[str] = ("outbox",),
        *,
        post: PostState = PostState.LIVE,
        numbers: Mapping[str, int] | None = None,
        **clip: Any,
    ) -> None:
        """To the end: a clip, a pass, a rendition, and a post to each target."""
        sha256 = self.clip(video, **clip)
        verdict = self.ledger.verdicts.record(Verdict(sha256, "default", "1", Decision.PASS))
        self.ledger.videos.move(video.id, VideoState.SCREENED)
        path = self.folder / "rendition.mp4"
        rendition = Rendition(
            sha256, "douyin", "r" * 64, path, sha256, path, sha256, 1080, 1920, 5, 24, 9, {}, preview=False
        )
        self.ledger.media.record_rendition(rendition)
        self.ledger.media.link(video.id, [rendition])
        self.ledger.videos.move(video.id, VideoState.FINISHED)
        for target in targets:
            row = self.ledger.posts.plan(video.id, rendition, to(target, rendition), verdict)
            for state in (PostState.UPLOADING, PostState.ARMED):
                self.ledger.posts.move(row.id, state)
            sight = Sight(f"https://{target}.example/{video.brief_key}", "7", {})
            self.ledger.posts.move(row.id, post, sight=sight if post is PostState.LIVE else None)
            if numbers is not None:
                self.measure(row.id, **numbers)
        if post is PostState.LIVE:
            self.ledger.videos.move(video.id, VideoState.DONE)
        else:
            self.fail(video, "its post is not live")

    def measure(self, post_id: UUID, *, views: int | None = None, likes: int | None = None) -> None:
        """What a platform says that people did with a post so far."""
        self.ledger.measurements.add(
            post_id, views=views, likes=likes, comments=None, shares=None, watch_seconds=None, detail={}
        )

    def back_then(self, run: Run, by: dt.timedelta) -> None:
        """Let everything of a run have happened earlier."""
        with self.ledger.database.begin() as session:
            run = session.get_one(Run, run.id)
            run.opened_at -= by
            videos = session.scalars(select(Video).where(Video.run_id == run.id)).all()
            posts = [post.id for post in self.ledger.posts.of_run(run.id)]
            subjects = [run.id, *(video.id for video in videos), *posts]
            for row in session.scalars(select(Transition).where(Transition.subject_id.in_(subjects))):
                row.at -= by
            for work in session.scalars(select(StageWork).where(StageWork.run_id == run.id)):
                work.ended_at -= by
            masters = [video.master_sha256 for video in videos]
            for clip in session.scalars(select(ClipRow).where(ClipRow.sha256.in_(masters))):
                clip.created_at -= by


@pytest.fixture
def mill(ledger: Ledger, tmp_path: Path) -> Mill:
    return Mill(ledger, tmp_path / "media")


def scraped(ledger: Ledger) -> dict[str, float]:
    """What a Prometheus that scrapes this ledger sees: `name{label=value,…}` → value."""
    app = FastAPI()
    app.include_router(metrics_router(ledger))
    with TestClient(app) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    seen = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            seen[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return seen


def test_a_snapshot_counts_every_state_and_has_zeros_for_the_others(ledger: Ledger, mill: Mill) -> None:
    run = mill.run(titles=("小雪", "大雪", "冬至", "小寒"))
    one, two, three, _ = mill.videos(run)
    mill.finish(one, ("outbox", "tiktok"))
    mill.hold(two, VideoState.REJECTED)
    mill.fail(three, "the engine fell over")
    ledger.outbox.put("terms", "product.created", "m1", {}, sender="shop")
    ledger.chunks.add(run.id, "wan", "bulk", [((), 7.0)])
    ledger.chunks.close_run(run.id)
    ledger.chunks.add(run.id, "wan", "bulk", [((), 40.0), ((), 20.5)])
    with ledger.leases.hold("run:1", "the run"):
        seen = Figures(ledger.database).snapshot()
    assert seen.videos == dict.fromkeys(VideoState, 0) | {"done": 1, "rejected": 1, "failed": 1, "planned": 1}
    assert seen.runs == dict.fromkeys(RunState, 0) | {"running": 1}
    assert {state: seen.posts["tiktok", state] for state in PostState} == dict.fromkeys(PostState, 0) | {"live": 1}
    assert seen.verdicts == {Decision.PASS: 1, Decision.REVIEW: 0, Decision.BLOCK: 1}
    assert seen.queues == (QueueDepth("bulk", 2, 60.5),)
    assert (seen.events_waiting, seen.leases) == (1, 1)
    assert seen.oldest_event is not None
    assert dt.timedelta() <= now() - seen.oldest_event < dt.timedelta(minutes=5)


def test_totals_only_grow_and_count_nothing_twice(ledger: Ledger, mill: Mill) -> None:
    run = mill.run(titles=("one", "two", "three"))
    one, two, three = mill.videos(run)
    mill.clip(one, seconds=2.5)
    mill.back_then(run, dt.timedelta(days=1))  # long enough ago to be added up once
    figures = Figures(ledger.database)
    first = Totals((StageSum("generate", 1, 3.0),), (Rendering("wan", "", False, 1, 2.5),))
    assert [figures.totals(), figures.totals(), figures.totals()] == [first, first, first]
    mill.clip(two, seconds=4)
    mill.clip(three, seconds="soon", engine="storyboard", preview=True)  # an engine that does not say
    ledger.work.note(run.id, None, "plan", 0.5)
    ledger.work.write()
    grown = Totals(
        (StageSum("generate", 3, 9.0), StageSum("plan", 1, 0.5)),
        (Rendering("storyboard", "", True, 1, 0.0), Rendering("wan", "", False, 2, 6.5)),
    )
    assert figures.totals() == figures.totals() == grown == Figures(ledger.database).totals()


def test_a_video_counts_once_by_the_last_it_came_to_within_the_period(ledger: Ledger, mill: Mill) -> None:
    run = mill.run(titles=("mended", "broken"))
    mended, broken = mill.videos(run)
    mill.fail(mended, "the queue was full")
    mill.fail(broken, "no such glyph")
    mill.back_then(run, dt.timedelta(days=3))
    ledger.videos.reopen(run.id)
    mill.finish(mended)
    figures, here = Figures(ledger.database), now() + dt.timedelta(minutes=1)
    then = here - dt.timedelta(days=2)
    assert [(step.title, step.after, step.today) for step in figures.last_video_steps(LONG_AGO, then)] == [
        ("mended", "failed", "done"),
        ("broken", "failed", "planned"),
    ]
    assert {step.title: step.after for step in figures.last_video_steps(then, here)} == {
        "mended": "done",
        "broken": "planned",
    }
    assert [(post.title, post.target) for post in figures.live_posts(then, here)] == [("mended", "outbox")]
    assert figures.live_posts(LONG_AGO, then) == []


def test_a_clip_that_two_pipelines_share_is_paid_for_once_by_the_first(ledger: Ledger, mill: Mill) -> None:
    first, second = mill.run("first"), mill.run("second")
    (video,), (other,) = mill.videos(first), mill.videos(second)
    mill.clip(video, seconds=8.0)
    ledger.media.request(other.id, ledger.media.requested(video.id))
    mill.clip(other, seconds=1.0, engine="storyboard", preview=True)
    ledger.media.request(other.id, ledger.media.requested(video.id))
    made = Figures(ledger.database).renderings(LONG_AGO, now() + dt.timedelta(minutes=1))
    assert Rendering("wan", "first", False, 1, 8.0) in made
    assert sum(one.gpu_seconds for one in made) == 8.0  # the preview was drawn without a GPU


def test_what_waits_is_found_by_run(ledger: Ledger, mill: Mill) -> None:
    older, newer = mill.run(occasion="2026-11-21"), mill.run(occasion="2026-11-22", titles=("a", "b"))
    for video in (*mill.videos(older), *mill.videos(newer)):
        mill.hold(video, VideoState.IN_REVIEW)
    lost = mill.run("products")
    mill.finish(mill.videos(lost)[0], ("tiktok",), post=PostState.UNKNOWN)
    figures = Figures(ledger.database)
    assert list(figures.videos_in(VideoState.IN_REVIEW).items()) == [
        (("terms", "2026-11-22"), 2),
        (("terms", "2026-11-21"), 1),
    ]
    assert figures.posts_in(PostState.UNKNOWN) == {("tiktok", "products", "2026-11-22"): 1}


def test_no_query_reads_a_growing_table_row_by_row(settings: Settings, tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    with Ledger(settings) as ledger:
        mill = Mill(ledger, tmp_path)
        mill.finish(mill.videos(mill.run())[0])
        engine = ledger.database.engine

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: object, _u: object, statement: str, parameters: Any, _x: object, _many: bool) -> None:
            asked.append((statement, parameters))

        figures = Figures(ledger.database)
        figures.snapshot()
        figures.totals()
        for read in (figures.stages, figures.last_video_steps, figures.last_run_steps, figures.live_posts):
            read(LONG_AGO, now())
        figures.videos_in(VideoState.IN_REVIEW)
        figures.posts_in(PostState.UNKNOWN)
        event.remove(engine, "before_cursor_execute", note)
        with engine.connect() as connection:
            plans = [
                str(row[-1])
                for statement, parameters in asked
                if statement.startswith("SELECT")
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
    scans = [plan for plan in plans if re.match(rf"SCAN ({'|'.join(GROWING)})\b(?!.*USING)", plan)]
    assert len(plans) > 10
    assert scans == []


def test_prometheus_reads_the_ledger(ledger: Ledger, mill: Mill) -> None:
    run = mill.run(titles=("one", "two"))
    one, two = mill.videos(run)
    mill.finish(one, ("tiktok",), seconds=12.5)
    mill.hold(two, VideoState.IN_REVIEW, seconds=2.0, engine="storyboard", preview=True)
    ledger.chunks.add(run.id, "wan", "bulk", [((), 90.0)])
    ledger.outbox.put("terms", "product.created", "m1", {}, sender="shop")
    with ledger.database.begin() as session:
        session.scalars(select(OutboxEvent)).one().received_at -= dt.timedelta(hours=2)
    (post,) = ledger.posts.of_video(one.id)
    about = post.platform, post.account, "tiktok"
    ledger.standings.note(*about, identity="@tea", quota=(15, 1))
    ledger.standings.pause(*about, now() + dt.timedelta(minutes=10), "log in again", needs_person=True)
    seen = scraped(ledger)
    assert seen["reelmill_up"] == 1
    assert seen["reelmill_videos{state=done}"] == 1
    assert seen["reelmill_videos{state=failed}"] == 0
    assert seen["reelmill_runs{state=running}"] == 1
    assert (seen["reelmill_posts{state=live,target=tiktok}"], seen["reelmill_posts{state=unknown,target=tiktok}"]) == (
        1,
        0,
    )
    assert (seen["reelmill_verdicts_total{decision=pass}"], seen["reelmill_verdicts_total{decision=review}"]) == (1, 1)
    assert seen["reelmill_stage_seconds_total{stage=generate}"] == 6.0
    assert seen["reelmill_stage_runs_total{stage=generate}"] == 2
    assert (seen["reelmill_gpu_seconds_total{engine=wan}"], seen["reelmill_gpu_seconds_total{engine=storyboard}"]) == (
        12.5,
        0,
    )
    assert seen["reelmill_render_seconds_total{engine=storyboard}"] == 2.0
    assert seen["reelmill_clips_total{engine=wan}"] == 1
    assert (seen["reelmill_queue_chunks{queue=bulk}"], seen["reelmill_queue_chunks{queue=urgent}"]) == (1, 0)
    assert (seen["reelmill_queue_forecast_seconds{queue=bulk}"], seen["reelmill_outbox_waiting"]) == (90.0, 1)
    assert 7200 <= seen["reelmill_outbox_oldest_seconds"] < 7500
    assert seen["reelmill_quota_left{target=tiktok}"] == 14
    assert seen["reelmill_target_paused{target=tiktok}"] == 1
    assert seen["reelmill_posts{state=withdrawn,target=tiktok}"] == 0


def test_a_post_that_nobody_sends_when_its_time_has_come_is_counted(ledger: Ledger, mill: Mill) -> None:
    (video,) = mill.videos(mill.run())
    mill.finish(video, ("outbox",))
    (post,) = ledger.posts.of_video(video.id)
    assert not [key for key in scraped(ledger) if key.startswith("reelmill_posts_overdue_seconds")], "it is live"
    ledger.posts.move(post.id, PostState.WITHDRAWN, "taken down by hand")
    ledger.posts.move(post.id, PostState.PLANNED)
    ledger.posts.put_off(post.id, now() + dt.timedelta(hours=1), "not before its time")
    assert not [key for key in scraped(ledger) if key.startswith("reelmill_posts_overdue_seconds")]
    ledger.posts.put_off(post.id, now() - dt.timedelta(hours=1), "not before its time")
    assert 3600 <= scraped(ledger)["reelmill_posts_overdue_seconds{target=outbox}"] < 3900


def test_a_target_without_a_quota_has_no_sample(ledger: Ledger) -> None:
    assert not [key for key in scraped(ledger) if key.startswith("reelmill_quota_left")]


def test_every_metric_says_what_it_means_and_follows_the_conventions(ledger: Ledger) -> None:
    app = FastAPI()
    app.include_router(metrics_router(ledger))
    with TestClient(app) as client:
        text = client.get("/metrics").text
        modern = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    assert kinds.keys() == helps.keys() == names_of_metrics()
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


def test_a_ledger_that_is_away_is_told_and_the_scrape_succeeds(settings: Settings) -> None:
    with Ledger(settings) as ledger:
        assert scraped(ledger)["reelmill_up"] == 1
        path = Path(str(ledger.database.url.database))
        ledger.database.close()
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        path.mkdir()  # nothing can be opened there any more
        seen = scraped(ledger)
    names = {key.partition("{")[0] for key in seen}
    assert seen["reelmill_up"] == 0
    assert names == {"reelmill_up", "reelmill_build_info"}


def a_reading() -> Reading:
    return Reading(Snapshot({}, {}, {}, {}, (), AccountFigures(), 0, None, 0), Totals((), ()))


def test_many_scrapes_at_once_read_the_ledger_once() -> None:
    begun, go, read = threading.Event(), threading.Event(), []

    def slowly() -> Reading:
        read.append(threading.current_thread().name)
        begun.set()
        assert go.wait(30)
        return a_reading()

    latest = LatestReading(slowly, fresh=3600, patience=30)
    got: list[Reading | None] = []
    scrapes = [threading.Thread(target=lambda: got.append(latest.get())) for _ in range(8)]
    for scrape in scrapes:
        scrape.start()
    assert begun.wait(30)
    go.set()
    for scrape in scrapes:
        scrape.join(30)
    assert latest.get() is not None
    assert len(read) == 1
    assert [one is not None for one in got] == [True] * 8


def test_a_ledger_that_hangs_holds_no_scrape_up() -> None:
    go, done = threading.Event(), threading.Event()

    def hang() -> Reading:
        assert go.wait(30)
        done.set()
        return a_reading()

    latest = LatestReading(hang, fresh=3600, patience=0.01)
    assert latest.get() is None
    assert latest.get() is None  # and nobody asks a second time
    go.set()
    assert done.wait(30)


def test_a_ledger_that_is_away_is_not_asked_at_every_scrape() -> None:
    asked = []

    def refuse() -> Reading:
        asked.append(1)
        raise ServerUnavailable("the ledger does not answer")

    latest = LatestReading(refuse, fresh=3600)
    assert [latest.get(), latest.get(), latest.get()] == [None, None, None]
    assert len(asked) == 1


def names_of_metrics() -> set[str]:
    """The names as Prometheus stores them."""
    registry = CollectorRegistry()
    collector = LedgerCollector(LatestReading(a_reading))
    registry.register(collector)
    families = list(collector.describe())
    assert len(families) == len(FIGURES) + 2
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def test_dashboard_and_rules_ask_only_for_metrics_that_exist() -> None:
    dashboard = json.loads((ROOT / "ops/grafana/reelmill.json").read_text())
    queries = [target["expr"] for panel in panels(dashboard["panels"]) for target in panel.get("targets", [])]
    rules = YAML(typ="safe").load((ROOT / "ops/prometheus/reelmill.rules.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert {rule["labels"]["severity"] for rule in alerts} <= {"warning", "critical"}
    assert all(rule["annotations"]["summary"] and rule["annotations"]["description"] for rule in alerts)
    asked = {
        name for text in (*queries, *(rule["expr"] for rule in alerts)) for name in re.findall(r"reelmill_\w+", text)
    }
    assert len(queries) > 10
    assert asked <= names_of_metrics(), asked - names_of_metrics()


def test_the_dashboard_can_be_imported_and_shows_every_figure() -> None:
    dashboard = json.loads((ROOT / "ops/grafana/reelmill.json").read_text())
    shown = panels(dashboard["panels"])
    assert dashboard["id"] is None
    assert [one["name"] for one in dashboard["__inputs"]] == ["DS_PROMETHEUS"]
    assert len({panel["id"] for panel in shown}) == len(shown)
    for panel in shown:
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
            assert panel["targets"]
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    places = [panel["gridPos"] for panel in shown]
    for number, a in enumerate(places):
        for b in places[number + 1 :]:
            apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (a, b)
    text = " ".join(target["expr"] for panel in shown for target in panel.get("targets", []))
    left = names_of_metrics() - set(re.findall(r"reelmill_\w+", text))
    assert left <= {"reelmill_build_info"}


def panels(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All panels, also those in folded rows."""
    return [one for panel in found for one in (panel, *panel.get("panels", []))]


def test_an_open_chunk_of_a_run_that_is_gone_does_not_stay(ledger: Ledger, mill: Mill) -> None:
    run = mill.run()
    ledger.chunks.add(run.id, "wan", "bulk", [((), 10.0)])
    with ledger.database.begin() as session:
        assert session.scalars(select(Chunk.run_id)).one() == run.id
        session.delete(session.get_one(Run, run.id))
    assert Figures(ledger.database).snapshot().queues == ()
