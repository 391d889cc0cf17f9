"""The ledger on SQLite and on Postgres: legal moves, one run per occasion, no post without a pass."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from records import schema
from records.database import HEAD, Database, now
from records.ledger import Ledger
from records.posts import Sight
from records.runs import Opening
from records.seen import Reading, Seen
from records.states import PostState, RunState, VideoState
from records.tables import Base, Lease, Post, Run
from records.verdicts import RecordedVerdict
from records.videos import AT_ONCE, PlannedVideo
from reelmill.content import Clip, Decision, Examination, Hit, Json, Rendition, Shot, Verdict
from reelmill.errors import LeaseHeld, PublishingError, ServerUnavailable, TerminalError, UseError
from reelmill.settings import Settings
from tests.posting import to

SHOT = Shot("storyboard", "storyboard@1", "snow", "", 256, 256, 5, 24, 1, 1.0, 7)


def opening(pipeline: str = "terms", occasion: str = "2026-11-22") -> Opening:
    return Opening(pipeline, occasion, dt.date(2026, 11, 22), "Asia/Shanghai", None, {"a": 1}, "h" * 64, "/somewhere")


def planned(key: str, variant: str = "", skipped: str = "", **plan: object) -> PlannedVideo:
    return PlannedVideo(key, variant, key.title(), f"mark of {key}", plan, skipped)


def verdict(master: str, decision: Decision = Decision.PASS) -> Verdict:
    hits = () if decision is Decision.PASS else (Hit("sexual", decision, "d", "nude", 0.9, 3, 0.125, (1, 2, 3, 4)),)
    looked = (Examination("d", "1.0", "e" * 64, 5, 0.1),)
    return Verdict(master, "default", "1-abc", decision, ("because",), hits, looked, 5, 5, 0.25)


def rendition(ledger: Ledger, tmp_path: Path, master: str = "m" * 64, profile: str = "tiktok") -> Rendition:
    for name in ("video", "cover"):
        (tmp_path / name).write_bytes(name.encode())
    return Rendition(
        master, profile, "r" * 64,
        ledger.store.add(tmp_path / "video", "aa" + "1" * 62, ".mp4"), "aa" + "1" * 62,
        ledger.store.add(tmp_path / "cover", "bb" + "2" * 62, ".jpg"), "bb" + "2" * 62,
        1080, 1920, 121, 24, 5, {"visible": {"text": "AI生成"}}, preview=True,
    )  # fmt: skip


def run_with(ledger: Ledger, *videos: PlannedVideo) -> Run:
    run = ledger.runs.open(opening())
    ledger.videos.plan(run.id, list(videos), unchanged=0, remake=False)
    return run


def test_all_migrations_together_build_the_tables_of_the_code(any_settings: Settings) -> None:
    with Ledger(any_settings) as ledger, ledger.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert ledger.database.revision() == HEAD == schema.versions()[-1]


def test_an_unknown_schema_is_refused_with_the_way_out(any_settings: Settings) -> None:
    with Ledger(any_settings) as ledger, ledger.database.begin() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(UseError, match="does not know") as caught:
        Ledger(any_settings)
    assert "update Reelmill" in caught.value.instruction


def test_a_run_is_one_per_pipeline_and_occasion(ledger: Ledger) -> None:
    first = ledger.runs.open(opening())
    again = ledger.runs.open(opening())
    other = ledger.runs.open(opening(occasion="2026-11-23"))
    assert first.id == again.id != other.id
    assert (first.attempt, again.attempt) == (1, 2)
    assert [run.occasion for run in ledger.runs.recent(limit=9)] == ["2026-11-23", "2026-11-22"]


def test_the_count_of_a_closed_run_says_what_became_of_everything_found(ledger: Ledger) -> None:
    run = run_with(ledger, planned("one"), planned("two"), planned("item 3", skipped="no image"))
    one, two, _ = ledger.videos.of_run(run.id)
    for state in (VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE):
        ledger.videos.move(one.id, state)
    ledger.videos.move(two.id, VideoState.FAILED, "the engine fell over")
    closed = ledger.runs.close(run.id)
    assert closed.state is RunState.FAILED
    tally = ledger.runs.tallies([closed])[run.id]
    assert tally.holds
    assert str(tally) == "3 found = 1 done + 1 failed + 0 in review + 0 rejected + 1 skipped"


def test_what_is_read_in_a_moment_agrees_whatever_is_written_meanwhile(ledger: Ledger) -> None:
    run = ledger.runs.open(opening())
    with ledger.moment():
        assert ledger.runs.get(run.id) is not None
        ledger.videos.plan(run.id, [planned("one"), planned("two")], unchanged=0, remake=False)
        seen = ledger.runs.get(run.id)
        assert seen is not None
        assert (seen.found, ledger.videos.of_run(run.id), ledger.accounts.of_run(run.id)) == (0, [], [])
    seen = ledger.runs.get(run.id)
    assert seen is not None
    assert (seen.found, len(ledger.videos.of_run(run.id))) == (2, 2)


def test_a_count_is_of_one_moment_however_old_the_run_in_hand_is(ledger: Ledger) -> None:
    run = ledger.runs.open(opening())
    ledger.videos.plan(run.id, [planned("one"), planned("two", skipped="no image")], unchanged=0, remake=False)
    assert run.found == 0
    tally = ledger.runs.tallies([run])[run.id]
    assert (tally.found, dict(tally.states)) == (2, {"planned": 1, "skipped": 1})


def test_a_run_with_unfinished_videos_is_never_called_done(ledger: Ledger) -> None:
    run = run_with(ledger, planned("one"))
    assert ledger.runs.close(run.id).state is RunState.FAILED
    assert not ledger.runs.tallies([run])[run.id].holds


def test_an_illegal_move_is_refused_and_leaves_no_trace(ledger: Ledger) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    with pytest.raises(TerminalError, match="cannot go from planned to done"):
        ledger.videos.move(video.id, VideoState.DONE)
    assert ledger.videos.get(video.id).state is VideoState.PLANNED
    assert [step.after for step in ledger.videos.history(video.id)] == ["planned"]


def test_planning_again_keeps_done_videos_and_restarts_the_others(ledger: Ledger) -> None:
    run = run_with(ledger, planned("done", prompt="a"), planned("failed", prompt="a"), planned("gone", prompt="a"))
    done, failed, _ = ledger.videos.of_run(run.id)
    for state in (VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE):
        ledger.videos.move(done.id, state)
    ledger.videos.move(failed.id, VideoState.FAILED, "x")
    ledger.videos.plan(run.id, [planned("done", prompt="b"), planned("failed", prompt="b")], unchanged=0, remake=False)
    states = {video.brief_key: (video.state, video.plan) for video in ledger.videos.of_run(run.id)}
    assert states["done"] == (VideoState.DONE, {"prompt": "a"})
    assert states["failed"] == (VideoState.PLANNED, {"prompt": "b"})
    assert states["gone"][0] is VideoState.SKIPPED
    ledger.videos.plan(run.id, [planned("done", prompt="b")], unchanged=0, remake=True)
    assert ledger.videos.get(done.id).state is VideoState.PLANNED


def test_screening_is_not_asked_again_by_planning_the_same_again(ledger: Ledger) -> None:
    run = run_with(ledger, planned("one", prompt="a"))
    (video,) = ledger.videos.of_run(run.id)
    ledger.videos.move(video.id, VideoState.GENERATED)
    ledger.videos.move(video.id, VideoState.REJECTED, "nude")
    ledger.videos.plan(run.id, [planned("one", prompt="a")], unchanged=0, remake=False)
    assert ledger.videos.get(video.id).state is VideoState.REJECTED
    ledger.videos.plan(run.id, [planned("one", prompt="another")], unchanged=0, remake=False)
    assert ledger.videos.get(video.id).state is VideoState.PLANNED


def test_a_clip_counts_only_while_its_file_is_there(ledger: Ledger, tmp_path: Path) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    ledger.media.request(video.id, [SHOT])
    assert ledger.media.requested(video.id) == [SHOT]
    (tmp_path / "clip").write_bytes(b"clip")
    path = ledger.store.add(tmp_path / "clip", "cc" + "0" * 62, ".mp4")
    clip = Clip(SHOT.id, path, "cc" + "0" * 62, 256, 256, 5, 24, True, {"scene": ["snow"]})
    ledger.media.record_clip(clip)
    assert ledger.media.clip(SHOT.id) == clip
    assert ledger.accounts.of_video(video.id).clips == (clip,)
    path.unlink()
    assert ledger.media.clip(SHOT.id) is None


def test_only_what_can_be_found_again_may_be_forgotten_in_a_power_cut(settings: Settings, tmp_path: Path) -> None:
    with Ledger(settings) as ledger:
        run = run_with(ledger, planned("one"))
        (video,) = ledger.videos.of_run(run.id)
        asked: list[str] = []
        event.listen(
            ledger.database.engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement)
        )

        def levels(work: Callable[[], object]) -> set[str]:
            asked.clear()
            work()
            return {statement for statement in asked if "synchronous" in statement}

        made = rendition(ledger, tmp_path)
        assert levels(lambda: ledger.videos.move(video.id, VideoState.GENERATED)) == {"PRAGMA synchronous=NORMAL"}
        assert levels(lambda: ledger.media.record_rendition(made)) == {"PRAGMA synchronous=FULL"}
        ledger.media.link(video.id, [made])
        passed = ledger.verdicts.record(verdict(made.master_sha256))
        where = to("outbox", made)
        assert levels(lambda: ledger.posts.plan(video.id, made, where, passed)) == {"PRAGMA synchronous=FULL"}
        assert levels(lambda: ledger.runs.close(run.id, failure="x")) == {"PRAGMA synchronous=FULL"}
        assert levels(lambda: ledger.accounts.of_run(run.id)) == set()


def test_a_run_of_many_videos_is_taken_up_in_statements_of_a_bounded_size(settings: Settings) -> None:
    sizes: list[int] = []
    with Ledger(settings) as ledger:
        run = run_with(ledger, *(planned(f"n{number}") for number in range(2 * AT_ONCE + 1)))
        videos = ledger.videos.of_run(run.id)
        ledger.videos.move(videos[-1].id, VideoState.GENERATED)
        event.listen(
            ledger.database.engine,
            "before_cursor_execute",
            lambda _c, _u, _s, parameters, _x, many: sizes.append(0 if many else len(parameters)),
        )
        again = ledger.videos.restart(videos, "taken up again")
        assert [video.id for video in again] == [video.id for video in videos]
        assert again[-1].state is VideoState.PLANNED
        ledger.seen.remember(run.pipeline, run.id)
    assert max(sizes) == AT_ONCE


def test_verdicts_come_back_as_they_went_in(ledger: Ledger) -> None:
    blocked = ledger.verdicts.record(verdict("m" * 64, Decision.BLOCK))
    assert ledger.verdicts.find("m" * 64, "default", "1-abc") == blocked
    assert ledger.verdicts.find("m" * 64, "default", "2-def") is None


def test_a_block_for_a_fault_is_no_answer(ledger: Ledger) -> None:
    fault = Verdict("m" * 64, "default", "1-abc", Decision.BLOCK, ("the detector is not installed",))
    ledger.verdicts.record(fault)
    assert ledger.verdicts.find("m" * 64, "default", "1-abc") is None
    latest = ledger.verdicts.latest("m" * 64)
    assert latest is not None
    assert latest.verdict == fault


def test_a_rendition_is_posted_to_a_target_once(ledger: Ledger, tmp_path: Path) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    made = rendition(ledger, tmp_path)
    ledger.media.record_rendition(made)
    ledger.media.link(video.id, [made])
    assert ledger.accounts.of_video(video.id).renditions == (made,)
    passed = ledger.verdicts.record(verdict(made.master_sha256))
    post = ledger.posts.plan(video.id, made, to("outbox", made), passed)
    assert ledger.posts.plan(video.id, made, to("outbox", made), passed).id == post.id
    ledger.posts.move(post.id, PostState.UPLOADING)
    ledger.posts.remember(post.id, {"session": "abc"})
    ledger.posts.move(post.id, PostState.ARMED)
    live = ledger.posts.move(post.id, PostState.LIVE, sight=Sight("file:///x", "7", {}))
    assert (live.state, live.url, live.handle) == (PostState.LIVE, "file:///x", {"session": "abc"})
    with pytest.raises(TerminalError, match="cannot go from live"):
        ledger.posts.move(post.id, PostState.UPLOADING)


@pytest.mark.parametrize("decision", [Decision.REVIEW, Decision.BLOCK])
def test_no_post_without_a_pass(ledger: Ledger, tmp_path: Path, decision: Decision) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    made = rendition(ledger, tmp_path)
    ledger.media.record_rendition(made)
    held = ledger.verdicts.record(verdict(made.master_sha256, decision))
    with pytest.raises(PublishingError, match="no pass"):
        ledger.posts.plan(video.id, made, to("outbox", made), held)


@pytest.mark.parametrize("lie", ["decision", "master", "number"])
def test_the_database_itself_refuses_a_post_without_a_pass(ledger: Ledger, tmp_path: Path, lie: str) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    made = rendition(ledger, tmp_path)
    ledger.media.record_rendition(made)
    held = ledger.verdicts.record(verdict(made.master_sha256, Decision.BLOCK))
    foreign = ledger.verdicts.record(verdict("f" * 64))
    claimed: RecordedVerdict = {"decision": held, "master": foreign, "number": RecordedVerdict(99, held.verdict)}[lie]
    with pytest.raises(IntegrityError), ledger.database.begin() as session:
        session.add(
            Post(
                id=UUID(int=1), video_id=video.id, rendition_id=made.id, master_sha256=made.master_sha256,
                verdict_id=claimed.id, verdict_decision=Decision.PASS, profile="tiktok", target="outbox",
                platform="folder", account="outbox", content="c" * 64, edition="", attempts=0, armed_by="",
                state=PostState.PLANNED, reason="", handle={}, detail={}, created_at=now(), updated_at=now(),
            )
        )  # fmt: skip


def test_a_lease_keeps_a_second_worker_out_until_it_ends(ledger: Ledger) -> None:
    with ledger.leases.hold("run:1", "the run"):
        with (
            pytest.raises(LeaseHeld, match="the run is being worked on by process"),
            ledger.leases.hold("run:1", "the run"),
        ):
            pass
        assert ledger.leases.held("run:1")
    with ledger.leases.hold("run:1", "the run"):
        pass
    assert ledger.leases.held("run:1") is None


def _hold_and_die(settings: Settings, taken: object) -> None:
    import os
    import signal

    with Ledger(settings) as ledger, ledger.leases.hold("run:1", "the run"):
        taken.set()  # type: ignore[attr-defined]
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_lease_of_a_killed_process_is_free_at_once(any_settings: Settings) -> None:
    context = multiprocessing.get_context("spawn")
    taken = context.Event()
    process = context.Process(target=_hold_and_die, args=(any_settings, taken))
    process.start()
    process.join(60)
    assert taken.is_set()
    with Ledger(any_settings) as ledger, ledger.leases.hold("run:1", "the run"):
        pass


def _take_over(settings: Settings, name: str) -> None:
    """What another machine does when the holder has not been heard of for a minute."""
    with Ledger(settings) as other:
        with other.database.begin() as session:
            lease = session.get_one(Lease, name)
            lease.expires_at = now() - dt.timedelta(seconds=1)
        with other.database.begin() as session:
            lease = session.get_one(Lease, name)
            lease.holder, lease.epoch = "elsewhere:1:2", lease.epoch + 1
            lease.expires_at = now() + dt.timedelta(seconds=60)


def test_who_lost_a_lease_can_write_nothing_any_more(any_settings: Settings) -> None:
    with Ledger(any_settings) as ledger:
        run = run_with(ledger, planned("tea"))
        (video,) = ledger.videos.of_run(run.id)
        with ledger.leases.hold("run:1", "the run"):
            ledger.runs.attach(run.id, "before")
            _take_over(any_settings, "run:1")
            for write in (
                lambda: ledger.runs.attach(run.id, "after"),
                lambda: ledger.runs.close(run.id),
                lambda: ledger.videos.move(video.id, VideoState.FAILED, "too late"),
            ):
                with pytest.raises(LeaseHeld, match="the run was taken over"):
                    write()
            assert ledger.runs.get(run.id).flow_run_id == "before"  # reading is free
        # and its end takes nothing from the new holder
        assert ledger.leases.held("run:1") == "elsewhere:1:2"


def test_runs_are_found_by_name_by_occasion_and_by_the_beginning_of_the_id(ledger: Ledger) -> None:
    run = ledger.runs.open(opening())
    newer = ledger.runs.open(opening(occasion="2026-11-23"))
    assert ledger.runs.find("terms").id == newer.id
    assert ledger.runs.find("terms@2026-11-22").id == run.id
    assert ledger.runs.find(str(run.id)[:8]).id == run.id
    assert ledger.runs.find(str(run.id)).id == run.id
    with pytest.raises(UseError, match="no run 'nothing'"):
        ledger.runs.find("nothing")


def test_a_brief_is_seen_only_when_all_its_videos_are_done(ledger: Ledger) -> None:
    run = run_with(ledger, planned("tea", "a"), planned("tea", "b"), planned("cup", "a"))
    for video in ledger.videos.of_run(run.id):
        if (video.brief_key, video.variant_id) != ("tea", "b"):
            for state in (VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE):
                ledger.videos.move(video.id, state)
    ledger.seen.remember("terms", run.id)
    assert ledger.seen.of("terms") == {"cup": Seen("mark of cup")}


def test_a_postgres_that_is_away_is_told_with_the_way_out(tmp_path: Path) -> None:
    away = Settings(home=tmp_path, database_url="postgresql://nobody:secret@127.0.0.1:9/none")
    with pytest.raises(ServerUnavailable) as caught:
        Ledger(away)
    assert "secret" not in str(caught.value)
    assert "REELMILL_DATABASE_URL" in caught.value.instruction


@pytest.mark.parametrize("url", ["nonsense", "oracle://x", "mysql+nothing://x"])
def test_a_url_of_no_known_kind_is_told(url: str) -> None:
    with pytest.raises(UseError, match=r"cannot be used|driver is missing"):
        Database(url)


def test_a_video_whose_brief_has_changed_is_made_again_on_the_same_day(ledger: Ledger) -> None:
    """A feed that is looked at every hour may change a product twice on one date."""
    run = ledger.runs.open(opening())
    first = PlannedVideo("sku-1", "", "壶", "as it was", {"prompt": "a pot"})
    ledger.videos.plan(run.id, [first], unchanged=0, remake=False)
    (video,) = ledger.videos.of_run(run.id)
    for state in (VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE):
        ledger.videos.move(video.id, state)
    ledger.videos.plan(run.id, [first], unchanged=0, remake=False)
    assert ledger.videos.get(video.id).state is VideoState.DONE
    changed = PlannedVideo("sku-1", "", "壶", "cheaper now", {"prompt": "a pot, cheaper"})
    ledger.videos.plan(run.id, [changed], unchanged=0, remake=False)
    again = ledger.videos.get(video.id)
    assert (again.state, again.plan) == (VideoState.PLANNED, {"prompt": "a pot, cheaper"})


def test_a_move_to_the_state_that_a_video_has_is_no_move(ledger: Ledger) -> None:
    """The answer to a commit may be lost, and the move be tried again."""
    run = ledger.runs.open(opening())
    ledger.videos.plan(run.id, [PlannedVideo("one", "", "one", "f", {"prompt": "p"})], unchanged=0, remake=False)
    (video,) = ledger.videos.of_run(run.id)
    ledger.videos.move(video.id, VideoState.GENERATED)
    ledger.videos.move(video.id, VideoState.GENERATED)
    assert [one.after for one in ledger.videos.history(video.id)] == ["planned", "generated"]


def test_a_source_is_read_on_from_where_the_run_before_ended_and_the_same_run_reads_the_same(ledger: Ledger) -> None:
    days = ("2026-11-22", "2026-11-23", "2026-11-24")
    first, second, third = (ledger.runs.open(replace(opening(), occasion=day)) for day in days)
    assert ledger.seen.cursor("terms", first.id) is None

    def read(run: Run, cursor: Json) -> None:
        ledger.videos.plan(run.id, [planned("cup")], unchanged=0, remake=False, reading=Reading(cursor=cursor))

    read(first, 7)
    assert (ledger.seen.cursor("terms", first.id), ledger.seen.cursor("terms", second.id)) == (None, 7)
    read(first, 9)  # it is planned again, and has more by now
    read(first, None)  # and now it takes nothing, for want of a budget
    assert ledger.seen.cursor("terms", second.id) is None
    read(first, 9)
    read(second, {"at": "2026-11-23T08:00:00"})
    assert ledger.seen.cursor("terms", second.id) == 9
    assert ledger.seen.cursor("terms", third.id) == {"at": "2026-11-23T08:00:00"}
