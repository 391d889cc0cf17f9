"""What the dashboard shows of a run, read back from a real Prefect server, out of a real ledger with real covers."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageDraw
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows.dashboard import Progress, rename, show_end
from flows.dashboard.closing import closing
from flows.dashboard.last_words import last_words
from flows.dashboard.markdown import escaped
from flows.dashboard.posts import posts_table
from flows.dashboard.sheet import LARGEST
from flows.dashboard.standing import standings
from flows.post_status import clock
from flows.server import LocalServer
from records.database import now
from records.ledger import Ledger
from records.media import PICTURE, VIDEO
from records.posts import Sight
from records.runs import Opening
from records.states import PostState, VideoState
from records.tables import Run, Video
from records.verdicts import RecordedVerdict
from records.videos import PlannedVideo
from reelmill.content import Clip, Decision, Rendition, Shot, Verdict, fingerprint
from reelmill.identity import NAMESPACE
from reelmill.settings import Settings
from tests.operated import eventually
from tests.posting import to

PIPELINE = "solar_terms-daily"
OCCASION = "2026-12-21"
REASON = "the engine gave <up> at | frame [7] – free memory, then resume the run"
DOOR = "https://door.example"


def watch(video_id: UUID) -> str:
    """As long as a signed link is."""
    return f"{DOOR}/watch/{video_id}?expires=1798070400&signature=Zk1wY0x3b2p5c0dXc0JvQ2tXb0pQd3RrU2x4d1E0YjM"


@dataclass
class Row:
    """One video of a run, and how far it comes."""

    title: str
    fate: str = "done"
    posts: Sequence[tuple[str, PostState, str]] = field(default_factory=list)  #: target, state, URL or reason


def draw_cover(path: Path, number: int, size: tuple[int, int] = (1080, 1920)) -> None:
    """A picture with as much in it as a finished frame has: a sky, a sun, hills, grain, and a line of words."""
    width, height = size
    sky = Image.linear_gradient("L").resize(size)
    hue = (number * 37) % 200
    picture = Image.merge("RGB", [sky.point(lambda v, c=c: min(255, v // 2 + c)) for c in (hue, 90, 200 - hue)])  # type: ignore[misc]
    picture = Image.blend(picture, Image.effect_noise(size, 60).convert("RGB"), 0.18)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width * 0.3, height * 0.15, width * 0.7, height * 0.15 + width * 0.4), fill=(250, 235, 200))
    for step in range(4):
        base = height * (0.55 + step * 0.1)
        hill = [(0, height), *((x, base + 60 * ((x // 90 + number + step) % 3)) for x in range(0, width + 90, 90))]
        pen.polygon([*hill, (width, height)], fill=(30 + 20 * step, 60 + 10 * step, 50 + 8 * step))
    pen.rectangle((width * 0.1, height * 0.8, width * 0.9, height * 0.86), fill=(255, 255, 255))
    picture.save(path, "jpeg", quality=92)


def sha(*parts: object) -> str:
    return fingerprint([str(part) for part in parts])


def furnish(
    ledger: Ledger,
    folder: Path,
    rows: Sequence[Row],
    *,
    pipeline: str = PIPELINE,
    occasion: str = OCCASION,
    event: dict[str, Any] | None = None,
    interrupted: str = "",
    size: tuple[int, int] = (1080, 1920),
) -> Run:
    """A closed run whose videos have come as far as their rows say."""
    told = Opening(pipeline, occasion, dt.date(2026, 12, 21), "Asia/Shanghai", event, {"a": 1}, "h" * 64, "/somewhere")
    run = ledger.runs.open(told)
    planned = [
        PlannedVideo(
            f"brief-{number}", "", row.title, "mark",
            {} if row.fate == "failed to be planned" else {"prompt": row.title},
            skipped="no image" if row.fate == "skipped" else "",
            failed="the template names a missing field" if row.fate == "failed to be planned" else "",
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip
    ledger.videos.plan(run.id, planned, unchanged=0, remake=False)
    for number, (video, row) in enumerate(zip(ledger.videos.of_run(run.id), rows, strict=True)):
        _carry(ledger, folder, run, video, row, number, size)
    return ledger.runs.close(run.id, interrupted=interrupted)


def _carry(ledger: Ledger, folder: Path, run: Run, video: Video, row: Row, number: int, size: tuple[int, int]) -> None:
    move = ledger.videos.move
    if row.fate in {"skipped", "failed to be planned", "planned"}:
        return
    master = sha("master", video.id)
    ledger.work.note(run.id, video.id, "generate", 12.5)
    if row.fate == "failed to generate":
        move(video.id, VideoState.FAILED, REASON)
        return
    _clip(ledger, folder, video, master)
    ledger.videos.generated(video.id, master_sha256=master)
    decision = {"in review": Decision.REVIEW, "rejected": Decision.BLOCK}.get(row.fate, Decision.PASS)
    recorded = ledger.verdicts.record(Verdict(master, "default", "1", decision, (), (), (), 24, 24, 0.2))
    ledger.work.note(run.id, video.id, "screen", 1.25)
    if row.fate == "in review":
        move(video.id, VideoState.IN_REVIEW, "nudity: 0.42 at 1.3 s, below the limit of 0.5")
        return
    if row.fate == "rejected":
        move(video.id, VideoState.REJECTED, "nudity: 0.91 at 2.1 s")
        return
    move(video.id, VideoState.SCREENED)
    one = _rendition(ledger, folder, video, master, number, size)
    move(video.id, VideoState.FINISHED)
    for target, state, words in row.posts:
        _post(ledger, video, one, recorded, target, state, words)
    if row.fate == "failed to publish":
        move(video.id, VideoState.FAILED, "the account is locked – unlock it, then resume the run")
    elif row.fate == "done":
        move(video.id, VideoState.DONE)
    ledger.work.note(run.id, video.id, "finish", 3.0)


def _clip(ledger: Ledger, folder: Path, video: Video, master: str) -> None:
    shot = Shot("storyboard", "storyboard@1", f"snow {video.id}", "", 256, 448, 24, 24, 1, 1.0, 7)
    ledger.media.request(video.id, [shot])
    (folder / "clip").write_bytes(b"a clip")
    path = ledger.store.add(folder / "clip", master, VIDEO)
    ledger.media.record_clip(Clip(shot.id, path, master, 256, 448, 24, 24, preview=True))


def _rendition(
    ledger: Ledger, folder: Path, video: Video, master: str, number: int, size: tuple[int, int]
) -> Rendition:
    draw_cover(folder / "cover", number, size)
    (folder / "video").write_bytes(b"a video")
    shas = sha("video", master), sha("cover", master)
    one = Rendition(
        master, "tiktok", sha("recipe"),
        ledger.store.add(folder / "video", shas[0], VIDEO), shas[0],
        ledger.store.add(folder / "cover", shas[1], PICTURE), shas[1],
        *size, 24, 24, 7, {"visible": {"text": "AI生成"}}, preview=True,
    )  # fmt: skip
    ledger.media.record_rendition(one)
    ledger.media.link(video.id, [one])
    return one


def _post(
    ledger: Ledger, video: Video, one: Rendition, verdict: RecordedVerdict, target: str, state: PostState, words: str
) -> None:
    post = ledger.posts.plan(video.id, one, to(target, one), verdict)
    ledger.posts.move(post.id, PostState.UPLOADING)
    if state is PostState.FAILED:
        ledger.posts.move(post.id, state, words)
        return
    ledger.posts.move(post.id, PostState.ARMED)
    if state is PostState.LIVE:
        ledger.posts.move(post.id, state, sight=Sight(words, "1", {}))
    else:
        ledger.posts.move(post.id, state, words)


def live(target: str, url: str) -> tuple[str, PostState, str]:
    return target, PostState.LIVE, url


MIXED = [
    Row("冬至 · ink wash", posts=[live("outbox", "file:///srv/outbox/%E5%86%AC%E8%87%B3.tiktok.mp4"),
                                live("tiktok-main", "https://www.tiktok.com/@mountain/video/7451")]),
    Row("冬至 · clay | [x](javascript:1) <b>`", posts=[live("outbox", "file:///srv/outbox/clay.mp4")]),
    Row("冬至 · 35mm film", "failed to generate"),
    Row("冬至 · paper cut", "failed to publish", [live("outbox", "file:///srv/outbox/cut.mp4"),
                                               ("tiktok-main", PostState.FAILED, "the account is locked")]),
    Row("小寒 · ink wash", "in review"),
    Row("小寒 · clay", "rejected"),
    Row("item 7", "skipped"),
    Row("小寒 · paper cut", "failed to publish",
        [("tiktok-main", PostState.UNKNOWN, "the answer to the last call never came")]),
]  # fmt: skip
ALL_DONE = [
    Row(f"冬至 · {style}", posts=[live("outbox", f"file:///srv/outbox/{style}.mp4")]) for style in ("ink wash", "clay")
]


@pytest.fixture
def on_server(prefect_server: LocalServer) -> Iterator[LocalServer]:
    with temporary_settings({PREFECT_API_URL: prefect_server.url}):
        yield prefect_server


def in_a_flow(work: Callable[[], None]) -> UUID:
    """Do something in a flow run and return its id."""
    seen: list[UUID] = []

    @flow(name="dashboard-test", persist_result=False)
    def tiny() -> None:
        seen.append(UUID(flow_run.id))
        work()

    tiny()
    return seen[0]


def artifacts_of(flow_run_id: UUID) -> dict[str, Artifact]:
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]))
        found = client.read_artifacts(artifact_filter=wanted)
    return {str(one.key): one for one in found}


def shown(ledger: Ledger, run: Run, *, forecast: float | None = 60.0, seconds: float = 75.0) -> dict[str, Artifact]:
    """The artifacts that the end of a run leaves, by key."""
    identity = in_a_flow(lambda: show_end(ledger, run, watch=watch, forecast_seconds=forecast, seconds=seconds))
    return artifacts_of(identity)


def test_a_mixed_run_shows_all_of_itself(ledger: Ledger, tmp_path: Path, on_server: LocalServer) -> None:
    found = shown(ledger, furnish(ledger, tmp_path, MIXED))
    assert {(name.removesuffix("-solar-terms-daily"), one.type) for name, one in found.items()} == {
        ("summary", "markdown"), ("contact-sheet", "markdown"), ("videos", "table"), ("posts", "markdown"),
        ("timing", "markdown"),
    }  # fmt: skip
    assert all(one.task_run_id is None for one in found.values())
    summary = found["summary-solar-terms-daily"]
    gist = str(summary.description)
    assert gist.startswith("3 failed, 1 waits for a person, 2 of 8 done · 2026-12-21\n\n- **[冬至 · 35mm film](")
    assert r" failed: the engine gave \<up> at \| frame" in gist
    assert " waits for you: nudity: 0.42 at 1.3 s" in gist
    assert gist.endswith("\n\n```\nreelmill resume solar_terms-daily@2026-12-21\n```")
    words = str(summary.data)
    assert "**8 found = 2 done + 3 failed + 1 in review + 1 rejected + 1 skipped**" in words
    assert "The count closes" in words
    assert "6 posts = 4 live + 1 failed + 1 unknown" in words
    assert r"the engine gave \<up> at \| frame \[7\] – free memory, then resume the run" in words
    assert "left behind: nothing was made yet" in words
    assert "left behind: 1 clip and 1 rendition are kept; 1 post is live" in words
    assert "→ tiktok-main, tiktok: failed: the account is locked" in words
    assert "```\nreelmill resume solar_terms-daily@2026-12-21\n```" in words
    waits = words[words.index("### Waits for you") : words.index("### Failed")]
    assert "小寒 · ink wash" in waits
    assert "nudity: 0.42 at 1.3 s" in waits
    assert "tiktok-main, tiktok: may be posted: the answer to the last call never came – `reelmill reconcile " in waits
    posts = str(found["posts-solar-terms-daily"].data)
    assert "[tiktok.com/@mountain/video/7451](https://www.tiktok.com/@mountain/video/7451)" in posts
    assert "**outbox**: 3 live in `file:///srv/outbox/`" in posts
    assert found["posts-solar-terms-daily"].description == (
        "6 posts = 4 live + 1 failed + 1 unknown · 2026-12-21\n\n"
        "- **outbox**: 3 live in `file:///srv/outbox/`\n- **tiktok-main**: 1 unknown, 1 failed, 1 live"
    )
    assert "`冬至.tiktok.mp4`" in posts
    assert "took 1 min 15 s, forecast 1 min: 25% longer" in str(found["timing-solar-terms-daily"].data)


@pytest.mark.parametrize(
    ("names", "folder", "shown_as"),
    [
        (["2026/a.tiktok/a.tiktok.mp4", "2026/b.tiktok/b.tiktok.mp4"], "file:///srv/2026/", "a.tiktok/"),
        (["2026/a.tiktok/a.tiktok.mp4"], "file:///srv/2026/a.tiktok/", "a.tiktok.mp4"),
        (["2026/a/x.mp4", "2027/y.mp4"], "file:///srv/", "2026/a/x.mp4"),
    ],
)
def test_files_are_shown_below_the_folder_that_they_share(
    settings: Settings, tmp_path: Path, on_server: LocalServer, names: list[str], folder: str, shown_as: str
) -> None:
    rows = [Row(f"video {name}", posts=[live("outbox", f"file:///srv/{name}")]) for name in names]
    with Ledger(settings) as ledger:
        words = str(shown(ledger, furnish(ledger, tmp_path, rows))["posts-solar-terms-daily"].data)
    assert f"- **outbox**: {len(names)} live in `{folder}`\n" in words
    assert f"| outbox | live | `{shown_as}` |\n" in f"{words}\n"


def test_the_table_of_videos_begins_with_what_wants_a_person(
    ledger: Ledger, tmp_path: Path, on_server: LocalServer
) -> None:
    found = shown(ledger, furnish(ledger, tmp_path, MIXED))
    rows = json.loads(str(found["videos-solar-terms-daily"].data))
    assert [row["state"].partition(" ")[2] for row in rows] == [
        "failed", "failed", "failed", "in review", "rejected", "skipped", "done", "done",
    ]  # fmt: skip
    assert rows[1] == {
        "video": "冬至 · paper cut", "state": "✗ failed", "screened": "pass", "renditions": "1",
        "posts": "1 failed, 1 live", "why": "the account is locked – unlock it, then resume the run",
    }  # fmt: skip


def test_every_video_is_on_the_sheet_with_its_picture_and_its_player(
    ledger: Ledger, tmp_path: Path, on_server: LocalServer
) -> None:
    run = furnish(ledger, tmp_path, MIXED)
    sheet = str(shown(ledger, run)["contact-sheet-solar-terms-daily"].data)
    for video in ledger.videos.of_run(run.id):
        assert (f"]({watch(video.id)})" in sheet) is (video.state is not VideoState.SKIPPED), video.title
    assert sheet.count("data:image/jpeg;base64,") == 4  # the others have no picture, or must not show it
    assert sheet.count("data:image/png;base64,") == 3
    assert "1 item of the source was skipped." in sheet


@pytest.mark.parametrize(("count", "most_bytes"), [(1, 40_000), (100, LARGEST), (180, LARGEST)])
def test_the_sheet_of_a_large_run_stays_small_and_says_what_is_missing(
    settings: Settings, tmp_path: Path, on_server: LocalServer, count: int, most_bytes: int
) -> None:
    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row(f"冬至 · {number}") for number in range(count)], size=(180, 320))
        sheet = str(shown(ledger, run)["contact-sheet-solar-terms-daily"].data)
    assert len(sheet.encode()) < most_bytes
    pictures = sheet.count("data:image/")
    assert pictures == count or pictures >= 80
    more = f"and {count - pictures} more, which do not fit here: `reelmill gallery solar_terms-daily@2026-12-21`"
    assert (more in sheet) is (pictures < count)


def test_a_picture_that_screening_does_not_pass_any_more_is_not_shown(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, ALL_DONE)
        first = ledger.videos.of_run(run.id)[0]
        for state in (VideoState.PLANNED, VideoState.GENERATED, VideoState.REJECTED):
            ledger.videos.move(first.id, state)
        sheet = str(shown(ledger, run)["contact-sheet-solar-terms-daily"].data)
    assert (sheet.count("data:image/jpeg"), sheet.count("data:image/png")) == (1, 1)


def test_a_cover_that_is_gone_from_the_store_is_a_grey_tile(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, ALL_DONE)
        first = ledger.videos.of_run(run.id)[0]
        ledger.accounts.of_video(first.id).renditions[0].cover.write_bytes(b"not a picture any more")
        sheet = str(shown(ledger, run)["contact-sheet-solar-terms-daily"].data)
    assert (sheet.count("data:image/jpeg"), sheet.count("data:image/png")) == (1, 1)


def test_a_run_in_which_all_is_done_says_so_and_asks_for_nothing(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        found = shown(ledger, furnish(ledger, tmp_path, ALL_DONE), forecast=None)
    summary = found["summary-solar-terms-daily"]
    assert "All 2 videos are done, and all 2 posts are live. Nothing to do here." in str(summary.data)
    assert "reelmill resume" not in str(summary.data)
    assert summary.description == "2 of 2 done · 2026-12-21"
    assert "nothing was forecast" in str(found["timing-solar-terms-daily"].data)


def test_an_interrupted_run_says_why_what_is_kept_and_how_to_go_on(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        rows = [Row("冬至 · clay"), Row("冬至 · ink wash", "finished"), Row("冬至 · paper cut", "planned")]
        found = shown(ledger, furnish(ledger, tmp_path, rows, interrupted="# stopped by a person"))
    words = str(found["summary-solar-terms-daily"].data)
    assert "### Interrupted\n\n\\# stopped by a person" in words
    assert "**The count does not close yet**: 2 videos did not come to an end." in words
    assert "finished; left behind: 1 clip and 1 rendition are kept" in words
    assert "reelmill resume solar_terms-daily@2026-12-21" in words


def test_a_run_that_found_nothing_says_why_and_has_no_empty_tables(settings: Settings, on_server: LocalServer) -> None:
    with Ledger(settings) as ledger:
        about = Opening("shop", "event:a b|`c`", dt.date(2026, 12, 21), "UTC", {"id": "1"}, {}, "h" * 64, "/somewhere")
        run = ledger.runs.close(ledger.runs.open(about).id, failure="the feed is away – try later")
        found = shown(ledger, run)
    assert set(found) == {"summary-shop", "timing-shop"}
    words = str(found["summary-shop"].data)
    assert "the feed is away – try later" in words
    assert "reelmill resume 'shop@event:a b|`c`'" in words


def test_the_gist_of_a_run_with_many_failures_stays_short(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        rows = [Row(f"冬至 · {number}", "failed to generate") for number in range(60)]
        summary = shown(ledger, furnish(ledger, tmp_path, rows))["summary-solar-terms-daily"]
    assert "\n- … and 57 more\n" in str(summary.description)
    assert "- … and 10 more: `reelmill show solar_terms-daily@2026-12-21`" in str(summary.data)


def test_a_video_that_could_not_be_planned_is_said_to_need_a_new_plan(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    with Ledger(settings) as ledger:
        rows = [Row("冬至 · clay"), Row("冬至 · ink wash", "failed to be planned")]
        words = str(shown(ledger, furnish(ledger, tmp_path, rows))["summary-solar-terms-daily"].data)
    assert "1 video could not even be planned" in words
    assert "`reelmill run solar_terms-daily --date 2026-12-21`" in words


class Wire:
    """A wire to a Prefect server, which can be cut and mended."""

    def __init__(self, server: LocalServer) -> None:
        self._port = urlsplit(server.url).port
        self._open: set[socket.socket] = set()
        self._whole = True
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/api"
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing goes through in this block. Prefect's client does not wait for it either."""
        self._whole = False
        for end in tuple(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
            yield
        self._whole = True

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while content := one.recv(65536):
                other.sendall(content)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        one.close()


@pytest.fixture
def wire(prefect_server: LocalServer) -> Iterator[Wire]:
    made = Wire(prefect_server)
    with temporary_settings({PREFECT_API_URL: made.url}):
        yield made
        for worker in (EventsWorker, APILogWorker):  # they would go on over a wire that is gone
            worker.drain_all(timeout=10)
    made.close()


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "reelmill.dashboard" and record.levelno == logging.WARNING
    ]


@pytest.mark.expects_errors  # Prefect's own senders of events and logs complain of the cut
def test_a_run_ends_well_when_the_api_is_away_and_one_warning_says_so(
    settings: Settings, tmp_path: Path, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, ALL_DONE)

        def work() -> None:
            with wire.cut():
                show_end(ledger, run, watch=watch, forecast_seconds=None, seconds=1.0)

        identity = in_a_flow(work)
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(identity).state_name == "Completed"
    (words,) = warnings_in(caplog)
    assert words.startswith("the dashboard does not show the end of solar_terms-daily 2026-12-21: ")


def test_a_mistake_of_ours_is_not_taken_for_an_api_that_is_away(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    def broken(video_id: UUID) -> str:
        raise KeyError(video_id)

    def work() -> None:
        with pytest.raises(KeyError):
            show_end(ledger, run, watch=broken, forecast_seconds=None, seconds=1.0)

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, MIXED)
        in_a_flow(work)


def told(run: Run) -> float:
    """What the newest progress artifact of a run says."""
    return float(str(artifacts_of(UUID(flow_run.id))[f"progress-{run.pipeline.replace('_', '-')}"].data))


def test_progress_is_told_while_the_run_goes_on(settings: Settings, tmp_path: Path, on_server: LocalServer) -> None:
    def work() -> None:
        with Progress.of(run, seconds=0.05) as progress:
            progress.update(0.2)
            eventually(lambda: told(run) == 20.0, "the number on the dashboard")
            progress.update(0.3)
            eventually(lambda: told(run) == 30.0, "the next one")

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row("x", "planned")])
    in_a_flow(work)


def test_progress_is_told_seldom_never_goes_back_and_always_comes_to_its_end(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    seen: list[float] = []

    def work() -> None:
        progress = Progress.of(run, seconds=3600.0)
        for fraction in (0.1, 0.3, 0.15):
            progress.update(fraction)
            seen.append(told(run))
        progress.close()
        seen.append(told(run))

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row("x", "planned")])
    in_a_flow(work)
    assert seen == [0.0, 0.0, 0.0, 30.0]


def test_a_run_that_stops_half_way_leaves_the_progress_that_it_made(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    seen: list[float] = []

    def stops() -> None:
        with Progress.of(run) as progress:
            progress.update(0.4)
            seen.append(told(run))
            raise KeyboardInterrupt

    def work() -> None:
        with pytest.raises(KeyboardInterrupt):
            stops()
        seen.append(told(run))

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row("x", "planned")])
    in_a_flow(work)
    assert seen == [0.0, 40.0]


def test_progress_from_many_threads_ends_at_all_of_it(
    settings: Settings, tmp_path: Path, on_server: LocalServer
) -> None:
    seen: list[float] = []

    def work() -> None:
        with Progress.of(run) as progress, ThreadPoolExecutor(8) as pool:
            for number in range(1, 101):
                pool.submit(copy_context().run, progress.update, number / 100)
        seen.append(told(run))

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row("x", "planned")])
    in_a_flow(work)
    assert seen == [100.0]


@pytest.mark.expects_errors  # Prefect's own senders of events and logs complain of the cut
@pytest.mark.parametrize("from_the_start", [True, False])
def test_progress_without_an_api_is_one_warning_and_no_more(
    settings: Settings, tmp_path: Path, wire: Wire, caplog: pytest.LogCaptureFixture, from_the_start: bool
) -> None:
    def work() -> None:
        made = None if from_the_start else Progress.of(run)
        with wire.cut():
            progress = made or Progress.of(run)
            for number in range(1, 11):
                progress.update(number / 10)
            progress.close()

    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, [Row("x", "planned")])
    in_a_flow(work)
    (words,) = warnings_in(caplog)
    assert words.startswith("the dashboard does not show the progress of solar_terms-daily 2026-12-21: ")


def test_a_flow_run_gets_its_name_and_keeps_the_tags_that_it_had(on_server: LocalServer) -> None:
    def work() -> None:
        rename(flow_run.id, "terms 2026-12-21", ["reelmill"])
        rename(flow_run.id, "terms 2026-12-21 冬至", ["reelmill", "terms"])

    identity = in_a_flow(work)
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(identity)
    assert found.name == "terms 2026-12-21 冬至"
    assert found.tags == ["reelmill", "terms"]


def test_a_flow_run_that_is_gone_is_a_warning(on_server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    rename(uuid5(NAMESPACE, "nobody"), "terms 2026-12-21")
    (words,) = warnings_in(caplog)
    assert "the name 'terms 2026-12-21'" in words


def test_a_runs_log_ends_with_what_it_came_to(settings: Settings, tmp_path: Path) -> None:
    with Ledger(settings) as ledger:
        run = furnish(ledger, tmp_path, MIXED)
        lines = last_words(run, ledger.runs.tallies([run])[run.id], standings(ledger, run), watch)
    assert [line for level, line in lines if level == logging.INFO] == [
        "冬至 · ink wash is live on outbox (tiktok): file:///srv/outbox/%E5%86%AC%E8%87%B3.tiktok.mp4",
        "冬至 · ink wash is live on tiktok-main (tiktok): https://www.tiktok.com/@mountain/video/7451",
        "冬至 · clay | [x](javascript:1) <b>` is live on outbox (tiktok): file:///srv/outbox/clay.mp4",
        "冬至 · paper cut is live on outbox (tiktok): file:///srv/outbox/cut.mp4",
    ]
    warnings = [line for level, line in lines if level == logging.WARNING]
    assert "小寒 · ink wash waits for you: nudity: 0.42 at 1.3 s" in "\n".join(warnings)
    assert "may be live on tiktok-main, or not: the answer to the last call never came; look there" in warnings[-2]
    assert "look there, then say what is true: reelmill reconcile " in warnings[-2]
    assert warnings[-2].endswith(" --not-posted")
    assert warnings[-1].endswith(
        "4 live + 1 failed + 1 unknown. Go on with: reelmill resume solar_terms-daily@2026-12-21"
    )
    assert "signature" not in str(lines), "a log goes further than a link that lets everybody in may go"


def test_a_post_that_was_taken_down_is_shown_as_such(tmp_path: Path) -> None:
    with Ledger(Settings(home=tmp_path)) as ledger:
        run = furnish(ledger, tmp_path, [Row("冬至", posts=[live("outbox", "file:///srv/1.mp4")])], size=(64, 64))
        (post,) = ledger.posts.of_run(run.id)
        ledger.posts.move(post.id, PostState.WITHDRAWN, "taken down by hand")
        stood = standings(ledger, run)
        lines = last_words(run, ledger.runs.tallies([run])[run.id], stood, watch)
    assert "**withdrawn**" in posts_table(stood, "reelmill show")
    assert [line for _, line in lines] == ["1 of 1 done; 1 post = 0 live + 0 failed + 1 withdrawn"]


def test_a_run_with_many_posts_names_some_and_counts_the_others(tmp_path: Path) -> None:
    rows = [Row(f"冬至 {n}", posts=[live("outbox", f"file:///srv/{n}.mp4")]) for n in range(60)]
    with Ledger(Settings(home=tmp_path)) as ledger:
        run = furnish(ledger, tmp_path, rows, size=(64, 64))
        lines = last_words(run, ledger.runs.tallies([run])[run.id], standings(ledger, run), watch)
    assert [line for _, line in lines[50:]] == [
        "… and 10 more: see the artifact of posts", "60 of 60 done; 60 posts = 60 live + 0 failed",
    ]  # fmt: skip


def test_a_run_whose_posts_wait_for_their_time_is_not_told_as_the_end_of_them(
    settings: Settings, tmp_path: Path
) -> None:
    """All videos are done, one post waits, one was taken down, and one waits for a login."""
    soon = now() + dt.timedelta(days=400)
    with Ledger(settings) as ledger:
        rows = [*ALL_DONE, Row("冬至 · 35mm film", posts=[live("tiktok-main", "https://www.tiktok.com/@mountain/1")])]
        run = furnish(ledger, tmp_path, rows)
        waits, down, paused = (ledger.posts.of_video(video.id)[0] for video in ledger.videos.of_run(run.id))
        for post in (waits, down, paused):
            ledger.posts.move(post.id, PostState.WITHDRAWN, "taken down by hand")
        for post in (waits, paused):
            ledger.posts.move(post.id, PostState.PLANNED)
            ledger.posts.put_off(post.id, soon, "")
        ledger.standings.pause(paused.platform, paused.account, paused.target, soon, "401 – log in", needs_person=True)
        stood, tally = standings(ledger, run), ledger.runs.tallies([run])[run.id]
        summary = closing(run, tally, stood, watch)
        table = posts_table(stood, "reelmill show x")
        lines = [line for _, line in last_words(run, tally, stood, watch)]
    at = clock(soon, ZoneInfo(run.zone))
    assert "3 found = 3 done" in summary, "the law of the videos stays"
    assert "Nothing to do here" not in summary
    assert "3 posts = 0 live + 0 failed + 1 paused + 1 waiting + 1 withdrawn" in summary
    assert f"### Still to come\n\n- 1 post waits for its time (next {at})\n\n`reelmill up` sends them" in summary
    assert f"{escaped('paused: login')}: {escaped('401 – log in')} – `reelmill targets tiktok-main`" in summary
    assert f"**{escaped(f'waiting until {at}')}**" in table
    assert "**withdrawn**" in table
    assert lines[-1].startswith(
        f"3 of 3 done, 1 post waits for a login, 1 post waits for its time (next {at}); 3 posts"
    )
    assert "冬至 · 35mm film to tiktok-main – paused: login: reelmill targets tiktok-main" in lines
