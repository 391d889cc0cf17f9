"""The ledger's memory of operations, on SQLite and on Postgres: deployments, events, chunks, tokens, several leases."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import delete, text

from records import schema
from records.database import Database
from records.deployments import Deploying
from records.ledger import Ledger
from records.outbox import run_of
from records.runs import DIED
from records.tables import Lease
from records.tokens import Scope, allows
from records.work import TOGETHER, StageSum, Work
from reelmill.content import Clip, Shot
from reelmill.errors import LeaseHeld, ServerUnavailable, UseError
from reelmill.settings import Settings
from tests.integration.test_ledger import opening, planned, run_with


def shot(number: int, engine: str = "storyboard") -> Shot:
    return Shot(engine, f"{engine}@1", f"snow {number}", "", 256, 448, 25, 24, 1, 1.0, number)


def ordered(ledger: Ledger, *shots: Shot):
    """A run whose videos are made of these shots, and one open chunk of them all."""
    run = run_with(ledger, *(planned(f"brief-{one.seed}") for one in shots))
    for video, one in zip(ledger.videos.of_run(run.id), shots, strict=True):
        ledger.media.request(video.id, [one])
    (chunk,) = ledger.chunks.add(run.id, shots[0].engine, "bulk", [([one.id for one in shots], 12.5)])
    return run, chunk


def make_clip(ledger: Ledger, one: Shot, tmp_path, seconds: float = 2.0) -> None:
    path = tmp_path / f"{one.seed}.mp4"
    path.write_bytes(one.id.encode())
    sha256 = f"{one.seed:064x}"
    ledger.store.add(path, sha256, ".mp4")
    where = ledger.store.path(sha256, ".mp4")
    clip = Clip(one.id, where, sha256, one.width, one.height, one.frames, one.fps, True, {"seconds_taken": seconds})
    ledger.media.record_clip(clip)


def test_a_chunk_misses_what_is_neither_made_nor_failed(ledger: Ledger, tmp_path) -> None:
    one, two, three = shot(1), shot(2), shot(3)
    run, chunk = ordered(ledger, one, two, three)
    assert [missing.id for missing in ledger.chunks.missing(chunk.id)] == [one.id, two.id, three.id]
    make_clip(ledger, two, tmp_path)
    ledger.chunks.fail(chunk.id, three.id, {"reason": "too dark"})
    assert ledger.chunks.missing(chunk.id) == [one]
    assert ledger.chunks.made(run.id) == {two.id}
    assert ledger.chunks.failures(run.id) == {three.id: {"reason": "too dark"}}
    assert ledger.chunks.titles(chunk.id) == {one.id: "Brief-1", two.id: "Brief-2", three.id: "Brief-3"}


def test_a_chunk_is_sent_again_under_another_attempt_until_its_run_closes_it(ledger: Ledger) -> None:
    run, chunk = ordered(ledger, shot(1))
    ledger.chunks.attach(chunk.id, "flow-run-1")
    again = ledger.chunks.again(chunk.id)
    assert (again.attempt, again.flow_run_id) == (2, None)
    ledger.chunks.close_run(run.id)
    assert ledger.chunks.open_of(run.id) == []
    assert ledger.chunks.shot_ids(run.id) == frozenset()


def test_a_message_that_is_sent_twice_is_one_event(ledger: Ledger) -> None:
    first, new = ledger.outbox.put("p", "product.created", "msg-1", {"id": 1}, sender="shop")
    again, new_again = ledger.outbox.put("p", "product.created", "msg-1", {"id": 2}, sender="shop")
    other, _ = ledger.outbox.put("q", "product.created", "msg-1", {"id": 1}, sender="shop")
    assert (new, new_again) == (True, False)
    assert (again.id, again.payload) == (first.id, {"id": 1})
    assert other.id != first.id
    assert first.run_id == run_of("p", first.id)
    assert {row.id for row in ledger.outbox.waiting()} == {first.id, other.id}
    assert ledger.outbox.waiting(older=dt.timedelta(minutes=1)) == []
    ledger.outbox.taken_by(first.run_id)
    assert [row.id for row in ledger.outbox.waiting()] == [other.id]


def test_a_run_that_is_closed_waits_for_no_clips(ledger: Ledger) -> None:
    """Or a resumed run would find the cancelled flow runs of its old chunks, and give the shots up."""
    run, _ = ordered(ledger, shot(1))
    ledger.runs.close(run.id, interrupted="somebody cancelled it")
    assert ledger.chunks.open_of(run.id) == []


def test_only_deaths_in_a_row_count_against_a_run(ledger: Ledger) -> None:
    run = ledger.runs.open(opening())
    ledger.runs.resume(run.id, DIED)
    ledger.runs.resume(run.id, "it was put down")
    ledger.runs.resume(run.id, DIED)
    assert ledger.runs.deaths(run.id) == 2
    ledger.runs.close(run.id, failure="something else")
    ledger.runs.open(opening())
    assert ledger.runs.deaths(run.id) == 0, "somebody looked at it since"


def test_a_clip_whose_file_was_removed_is_ordered_again(ledger: Ledger, tmp_path) -> None:
    one = shot(1)
    run, chunk = ordered(ledger, one)
    make_clip(ledger, one, tmp_path)
    assert ledger.media.fetch_clip(one.id) is not None
    assert ledger.chunks.missing(chunk.id) == []
    ledger.store.path(f"{one.seed:064x}", ".mp4").unlink()
    assert ledger.media.fetch_clip(one.id) is None
    assert ledger.chunks.missing(chunk.id) == [one]
    assert ledger.chunks.made(run.id) == frozenset()


def test_a_figure_that_cannot_be_written_stops_no_work(
    any_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with Ledger(any_settings) as ledger:
        run = ledger.runs.open(opening())

        def away(_session: object) -> None:
            raise ServerUnavailable("the database is away")

        with ledger.database.fenced(away):
            ledger.work.note(run.id, None, "screen", 1.0)
        assert "is written down later: the database is away" in caplog.text
        assert ledger.work.sums(run_id=run.id) == [StageSum("screen", 1, 1.0)]


def test_figures_that_follow_each_other_soon_are_written_together(ledger: Ledger) -> None:
    run, clock = ledger.runs.open(opening()), [100.0]
    work = Work(ledger.database, clock=lambda: clock[0])
    seen_from_outside = Work(ledger.database)
    work.note(run.id, None, "screen", 1.0)
    assert seen_from_outside.sums() == [StageSum("screen", 1, 1.0)]
    work.note(run.id, None, "screen", 2.0)
    assert seen_from_outside.sums() == [StageSum("screen", 1, 1.0)]
    clock[0] += TOGETHER
    work.note(run.id, None, "finish", 4.0)
    assert seen_from_outside.sums() == [StageSum("finish", 1, 4.0), StageSum("screen", 2, 3.0)]
    work.note(run.id, None, "finish", 8.0)
    work.write()
    assert seen_from_outside.sums() == [StageSum("finish", 2, 12.0), StageSum("screen", 2, 3.0)]


def test_a_closed_ledger_keeps_no_figure_back(any_settings: Settings) -> None:
    with Ledger(any_settings) as ledger:
        run = ledger.runs.open(opening())
        for _ in range(3):
            ledger.work.note(run.id, None, "screen", 1.0)
    with Ledger(any_settings) as ledger:
        assert ledger.work.sums() == [StageSum("screen", 3, 3.0)]


def test_a_deployment_keeps_how_far_its_times_were_considered(ledger: Ledger) -> None:
    ledger.deployments.put(Deploying("p", {"text": "a"}, "h1", "/somewhere"))
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    ledger.deployments.considered("p", until)
    ledger.deployments.considered("p", until - dt.timedelta(hours=1))  # never back
    ledger.deployments.put(Deploying("p", {"text": "b"}, "h2", "/elsewhere"))
    row = ledger.deployments.get("p")
    assert row is not None
    assert (row.definition, row.considered_until) == ({"text": "b"}, until)
    ledger.deployments.remove("p")
    assert ledger.deployments.all() == []


def test_a_token_opens_what_its_scopes_say_until_it_is_revoked_or_ends(ledger: Ledger) -> None:
    text_ = ledger.tokens.make("shop", [Scope.HOOK])
    token = ledger.tokens.check(text_)
    assert token is not None
    assert allows(token, Scope.HOOK)
    assert not allows(token, Scope.READ)
    assert text_.split("_", 2)[2] not in str(vars(token)), "only a hash is kept"
    assert ledger.tokens.check(text_[:-1] + ("a" if text_[-1] != "a" else "b")) is None
    assert ledger.tokens.check("rm_00000000_" + "x" * 43) is None
    assert ledger.tokens.check("Bearer nonsense") is None
    with pytest.raises(UseError, match="already"):
        ledger.tokens.make("shop", [Scope.READ])
    ledger.tokens.revoke("shop")
    assert ledger.tokens.check(text_) is None
    assert ledger.tokens.check(ledger.tokens.make("brief", [Scope.ADMIN], lasts=dt.timedelta(seconds=-1))) is None
    everything = ledger.tokens.check(ledger.tokens.make("root", [Scope.ADMIN]))
    assert everything is not None
    assert all(allows(everything, scope) for scope in Scope)


def test_inner_and_outer_lease_both_fence_what_is_written(ledger: Ledger) -> None:
    def steal(name: str) -> None:
        with other.database.begin() as session:
            session.get_one(Lease, name).epoch += 1

    def write_while_stolen(stolen: str, occasion: str) -> None:
        with ledger.leases.hold("outer", "outer"), ledger.leases.hold("inner", "inner"):
            steal(stolen)
            ledger.runs.open(opening(occasion=occasion))

    with Ledger(_settings_of(ledger)) as other:
        for stolen, occasion in (("inner", "2026-11-23"), ("outer", "2026-11-24")):
            with pytest.raises(LeaseHeld):
                write_while_stolen(stolen, occasion)
            with other.database.begin() as session:
                session.execute(delete(Lease))
        assert ledger.runs.recent(limit=9) == []
        with ledger.leases.hold("outer", "outer"), ledger.leases.hold("inner", "inner"):
            ledger.runs.open(opening())
        assert len(ledger.runs.recent(limit=9)) == 1


def test_living_leases_are_told_by_their_prefix(ledger: Ledger) -> None:
    with ledger.leases.hold("video:1", "one"), ledger.leases.hold("run:1", "run"):
        assert ledger.leases.living("video:") == {"video:1"}
    assert ledger.leases.living("video:") == frozenset()


def _settings_of(ledger: Ledger) -> Settings:
    url = ledger.database.url.render_as_string(hide_password=False)
    return Settings(database_url=url, store_url=str(ledger.store.root))


def test_a_ledger_of_the_first_release_is_upgraded_with_its_rows(any_settings: Settings) -> None:
    database = Database(any_settings.ledger_url)
    run_id, video_id, moment = uuid4(), uuid4(), dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
    with database.engine.begin() as connection:
        configuration = schema._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        plain = (lambda identity: identity.hex) if database.is_sqlite else str
        rows = {
            "run": plain(run_id),
            "video": plain(video_id),
            "at": moment.replace(tzinfo=None) if database.is_sqlite else moment,
        }
        connection.execute(text(
            "insert into runs (id, pipeline, occasion, date, zone, state, definition, definition_hash, folder, options,"
            " attempt, found, unchanged, reason, opened_at) values (:run, 'terms', '2026-11-22', '2026-11-22', 'UTC',"
            " 'done', '{}', 'h', '/', '{}', 1, 1, 0, '', :at)"), rows)  # fmt: skip
        connection.execute(text(
            "insert into videos (id, run_id, position, brief_key, variant_id, title, fingerprint, plan, plan_hash,"
            " state, reason, created_at, updated_at)"
            " values (:video, :run, 0, 'k', '', '小雪', 'f', '{}', 'p', 'done', '', :at, :at)"), rows)  # fmt: skip
        connection.execute(text("insert into shots (id, request, created_at) values ('s', '{}', :at)"), rows)
        connection.execute(text(
            "insert into clips (shot_id, sha256, width, height, frames, fps, preview, record, created_at)"
            " values ('s', 'c', 256, 448, 25, 24, true, '{}', :at)"), rows)  # fmt: skip
    database.close()
    with pytest.raises(UseError, match="db upgrade"):
        Ledger(any_settings)
    database = Database(any_settings.ledger_url)
    schema.upgrade(database)
    database.close()
    with Ledger(any_settings) as ledger:
        run = ledger.runs.get(run_id)
        assert run is not None
        assert ledger.videos.get(video_id).title == "小雪"
        assert ledger.chunks.open_of(run_id) == []
        ledger.tokens.make("first", [Scope.READ])
