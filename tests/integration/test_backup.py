"""Backups of the ledger: whole or refused, while runs go on, and from either database into either."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from flows.cli.app import FAILED, MISUSED, OK, call
from records.backup import TABLES, backup, restore
from records.backup_file import inspect
from records.database import HEAD, now
from records.ledger import Ledger
from records.reviews import Change
from records.row_lines import json_of, reading
from records.seen import Reading, Seen, keep
from records.slots import Kept
from records.states import PostState, VideoState
from records.tables import Lease, Post, StageWork, Video
from reelmill.amount import Amount, Limit
from reelmill.content import Clip, Decision, Json, Master, Thumbnail
from reelmill.errors import LeaseHeld, StorageError, TerminalError, UseError
from reelmill.settings import Settings
from reelmill.text_verdict import TextHit, TextVerdict
from tests.integration.test_ledger import SHOT, opening, planned, rendition, run_with, verdict
from tests.posting import to


def fill(ledger: Ledger, tmp_path: Path) -> None:
    """Rows in every table, with everything that is awkward: Chinese, NULL and null, times, documents, numbers."""
    run = run_with(ledger, planned("小雪", prompt="花雪随风不厌看"), planned("two", skipped="no image\n\ttabs"))
    video, _ = ledger.videos.of_run(run.id)
    ledger.media.request(video.id, [SHOT])
    (tmp_path / "clip").write_bytes(b"clip")
    ledger.store.add(tmp_path / "clip", "cc" + "0" * 62, ".mp4")
    document = {"π": 3.14, "big": 2**60, "none": None, "list": [1, [2, {"three": True}]], "": "\u2028"}
    clip = Clip(SHOT.id, tmp_path, "cc" + "0" * 62, 256, 256, 5, 24, True, document)
    ledger.media.record_clip(clip)
    ledger.media.record_master(Master(tmp_path, "cc" + "0" * 62, 256, 256, 9, 24, True, "e" * 64, document))
    made = rendition(ledger, tmp_path)
    ledger.media.record_rendition(made)
    ledger.media.link(video.id, [made])
    passed = ledger.verdicts.record(verdict(made.master_sha256))
    post = ledger.posts.plan(video.id, made, to("outbox", made), passed)
    ledger.posts.move(post.id, PostState.UPLOADING)
    ledger.posts.remember(post.id, {"session": "abc"})
    at = now()
    ledger.slots.keep([Kept(video.id, "outbox", made.profile, "folder", "/outbox", at)])
    ledger.standings.pause("tiktok", "main", "tiktok-main", at, "the login", needs_person=True)
    ledger.measurements.add(
        post.id, views=2**40, likes=None, comments=0, shares=1, watch_seconds=2.5, detail={"saved": 3}
    )
    ledger.notices.add("terms", {"post:1": "《小雪》 was not posted\nLook there"})
    (chunk,) = ledger.chunks.add(run.id, "storyboard", "bulk", [([SHOT.id], 12.5)])
    ledger.chunks.fail(chunk.id, SHOT.id, {"reason": "out of memory"})
    ledger.chunks.add(run.id, "storyboard", "bulk", [([SHOT.id], 12.5)])
    ledger.work.note(run.id, video.id, "generate", 1.25)
    ledger.outbox.put("terms", "product.created", "message 1", {"sku": "茶"}, sender="shopify")
    ledger.videos.generated(video.id, master_sha256=clip.sha256)
    doubt = replace(verdict(clip.sha256), decision=Decision.REVIEW)
    ledger.verdicts.record(doubt, [Thumbnail(3, 0.125, bytes(range(256)))])
    ledger.videos.move(video.id, VideoState.IN_REVIEW)
    hit = TextHit("title", "absolutes", "第一", Decision.REVIEW, 0, 2, "第一")
    texts = TextVerdict("f" * 64, "default", "1", Decision.REVIEW, ("title: 第一",), (hit,))
    ledger.budgets.admit(
        "2026-11-29", run.id, "terms", Limit(), [Amount(2, 61.5, 0.25)], before=Amount(), kept=Amount()
    )
    with ledger.database.begin() as session:
        keep(session, "terms", run.id, Reading({"key": Seen("f", {"price": "8.00"})}, [2026, "ISO"]))
    ledger.reviews.decide(video.id, "approve", "老陈", "our slogan", change=Change(video.plan, {"title": "茶"}, texts))
    with ledger.database.begin() as session:
        for table, values in {
            "deployments": "('terms', '{}', 'h', '/x', :at, :at, '2026-12-31')",
            "tokens": "('id', 'name', '[\"read\"]', 'd', :at, NULL, NULL, NULL)",
        }.items():
            columns = ", ".join(column.name for column in _table(table).columns)
            run_id = run.id.hex if ledger.database.is_sqlite else str(run.id)
            at = now().replace(tzinfo=None) if ledger.database.is_sqlite else now()
            session.execute(
                text(f"insert into {table} ({columns}) values {values}"),  # noqa: S608 (names of ours)
                {"at": str(at), "run": run_id},
            )


def _table(name: str) -> Any:
    return next(table for table in TABLES if table.name == name)


def rows(ledger: Ledger) -> dict[str, list[Json]]:
    """Everything that the ledger holds."""
    with ledger.database.read() as session:
        return {
            table.name: [
                json_of(table, row) for row in session.execute(reading(table, sqlite=ledger.database.is_sqlite))
            ]
            for table in TABLES
        }


@pytest.fixture
def full(ledger: Ledger, tmp_path: Path) -> Ledger:
    fill(ledger, tmp_path)
    return ledger


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Opens ledgers of its own."""
    opened: list[Ledger] = []

    def open_one(settings: Settings | None = None) -> Ledger:
        opened.append(Ledger(settings or Settings(home=tmp_path / uuid4().hex)))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


def test_every_table_has_a_row_in_these_tests(full: Ledger) -> None:
    assert [name for name, found in rows(full).items() if not found] == []


def test_from_sqlite_to_postgres_and_back_every_row_is_the_same(
    settings: Settings, postgres_settings: Settings, tmp_path: Path, new: Callable[..., Ledger]
) -> None:
    sqlite, postgres, again = new(settings), new(postgres_settings), new()
    fill(sqlite, tmp_path)
    expected = rows(sqlite)
    written = backup(sqlite.database, tmp_path / "one")
    restored = restore(postgres.database, tmp_path / "one")
    assert rows(postgres) == expected
    assert written == restored
    assert written.total == sum(len(found) for found in expected.values())
    backup(postgres.database, tmp_path / "other")
    restore(again.database, tmp_path / "other")
    assert rows(again) == expected
    # NULL stays NULL, and JSON's null stays that
    for ledger in (sqlite, postgres, again):
        assert nulls(ledger) == {"runs.event": 0, "chunk_shots.failure": 1}


def nulls(ledger: Ledger) -> dict[str, int]:
    """How many rows have NULL there. A run for a date has JSON's null for an event, which is another thing."""
    places = ("runs.event", "chunk_shots.failure")
    with ledger.database.read() as session:
        return {
            place: session.execute(
                text("select count(*) from {} where {} is null".format(*place.split(".")))  # noqa: S608 (names of ours)
            ).scalar_one()
            for place in places
        }


def test_what_was_restored_goes_on_as_before(full: Ledger, tmp_path: Path, any_settings: Settings) -> None:
    """Numbers count on, foreign keys hold, documents are documents."""
    backup(full.database, tmp_path / "backup")
    before, last = full.verdicts.latest("m" * 64), full.verdicts.latest("cc" + "0" * 62)
    assert before is not None
    assert last is not None
    assert last.decided_by == "老陈"
    restore(full.database, tmp_path / "backup", replace=True)
    assert full.verdicts.latest("m" * 64) == before
    new = full.verdicts.record(verdict("n" * 64))
    assert new.id == last.id + 1
    run = full.runs.find("terms")
    video = full.videos.of_run(run.id)[0]
    full.videos.move(video.id, VideoState.FINISHED)  # a row in transitions
    full.work.note(run.id, None, "screen", 1.0)
    full.work.write()
    with full.database.read() as session:
        numbers = session.scalars(select(StageWork.id).order_by(StageWork.id)).all()
        handle = session.scalars(select(Post.handle)).one()
    assert list(numbers) == [1, 2]
    assert handle == {"session": "abc"}
    assert full.media.requested(video.id) == [SHOT]


def test_an_empty_ledger_can_be_restored_and_then_counts_from_one(ledger: Ledger, tmp_path: Path) -> None:
    assert backup(ledger.database, tmp_path / "empty").total == 0
    restore(ledger.database, tmp_path / "empty")
    assert ledger.verdicts.record(verdict("m" * 64)).id == 1


def test_a_ledger_that_is_not_empty_is_refused_unless_it_may_be_replaced(full: Ledger, tmp_path: Path) -> None:
    backup(full.database, tmp_path / "backup")
    full.runs.open(opening(occasion="2026-11-23"))
    expected = rows(full)
    with pytest.raises(UseError, match="is not empty: it has 2 runs") as caught:
        restore(full.database, tmp_path / "backup")
    assert "--replace" in caught.value.instruction
    assert rows(full) == expected
    restore(full.database, tmp_path / "backup", replace=True)
    assert len(rows(full)["runs"]) == 1


def test_a_ledger_that_a_process_works_with_is_not_replaced(full: Ledger, tmp_path: Path) -> None:
    backup(full.database, tmp_path / "backup")
    with full.leases.hold("run:1", "the run"), pytest.raises(LeaseHeld, match="being worked on by process"):
        restore(full.database, tmp_path / "backup", replace=True)
    with full.database.begin() as session:
        session.add(Lease(name="run:2", holder="elsewhere:1:2", epoch=1, expires_at=now() - dt.timedelta(minutes=1)))
    restore(full.database, tmp_path / "backup", replace=True)
    with full.database.read() as session:
        assert session.scalars(select(Lease)).all() == []


def test_a_backup_is_of_one_moment_while_runs_go_on(ledger: Ledger, any_settings: Settings, tmp_path: Path) -> None:
    """A run and its videos are written in one transaction: no backup has one without the others."""
    ended, wrote = threading.Event(), threading.Event()

    def write() -> None:
        with Ledger(any_settings) as writer:
            number = 0
            while not ended.is_set():
                number += 1
                run = writer.runs.open(opening(occasion=f"run {number}"))
                videos = [planned(f"brief {place}", prompt="x" * 100) for place in range(7)]
                writer.videos.plan(run.id, videos, unchanged=0, remake=False)
                if number == 3:
                    wrote.set()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert wrote.wait(60)
        files = [tmp_path / f"backup {number}" for number in range(5)]
        for file in files:
            backup(ledger.database, file)
    finally:
        ended.set()
        writing.join(60)
    counts = []
    for file in files:
        restore(ledger.database, file, replace=True)
        found = rows(ledger)
        planned_ones = [run for run in found["runs"] if run["found"]]
        assert len(found["videos"]) == 7 * len(planned_ones)
        assert sum(1 for one in found["transitions"] if one["subject"] == "video") == len(found["videos"])
        counts.append(len(found["runs"]))
    assert counts == sorted(counts)
    assert counts[0] >= 3


# The file.


def test_a_file_is_never_overwritten(full: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    with pytest.raises(UseError, match="exists already"):
        backup(full.database, file)
    assert file.read_text() == "precious"
    with pytest.raises(StorageError, match="cannot be written"):
        backup(full.database, tmp_path / "no such folder" / "backup")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_nobody_else_can_read_it(full: Ledger, tmp_path: Path) -> None:
    file = backup(full.database, tmp_path / "backup").path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", [0, 1, 10, 0.3, 0.9, -9, -1])
def test_a_file_that_was_cut_is_refused(full: Ledger, tmp_path: Path, kept: float) -> None:
    whole = backup(full.database, tmp_path / "backup").path.read_bytes()
    size = round(len(whole) * kept) if 0 < kept < 1 else int(kept)
    cut = tmp_path / "cut"
    cut.write_bytes(whole[:size])
    expected = rows(full)
    with pytest.raises(TerminalError, match=r"is damaged|is no backup") as caught:
        restore(full.database, cut, replace=True)
    assert caught.value.instruction
    assert rows(full) == expected


def _lines(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def _packed(file: Path, lines: list[bytes]) -> Path:
    file.write_bytes(gzip.compress(b"".join(lines)))
    return file


@pytest.mark.parametrize("change", ["drop", "twice", "swap", "letter", "end", "more"])
def test_a_file_that_was_changed_is_refused(full: Ledger, tmp_path: Path, change: str) -> None:
    lines = _lines(backup(full.database, tmp_path / "backup").path)
    match change:
        case "drop":
            del lines[3]
        case "twice":
            lines.insert(3, lines[3])
        case "swap":
            lines[2], lines[3] = lines[3], lines[2]
        case "letter":
            lines[1] = lines[1].replace(b"terms", b"germs")
        case "end":
            del lines[-1]
        case _:
            lines.append(b"{}\n")
    with pytest.raises(TerminalError, match="is damaged"):
        inspect(_packed(tmp_path / "changed", lines))


def _resealed(lines: list[bytes]) -> list[bytes]:
    """With an end that fits what is before it."""
    end = json.loads(lines[-1])
    end["sha256"] = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    return [*lines[:-1], json.dumps(end).encode() + b"\n"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"table":"runs","row":{"id":"', b'"table":"runs","row":{"id":"no uuid'),
        (b'"table":"runs","row":{', b'"table":"runs","row":{"stranger":1,'),
        (b'"table":"runs","row":{', b'"table":"runs","raw":{'),
        (b'"state":"running"', b'"state":"flying"'),
        (b'"opened_at":"20', b'"opened_at":"long ago 20'),
        (b'"attempt":1,', b""),
    ],
)
def test_rows_that_fit_no_table_are_refused_and_nothing_is_changed(
    full: Ledger, tmp_path: Path, old: bytes, new: bytes
) -> None:
    lines = _lines(backup(full.database, tmp_path / "backup").path)
    place = next(place for place, line in enumerate(lines) if old in line)
    lines[place] = lines[place].replace(old, new)
    file = _packed(tmp_path / "changed", _resealed(lines))
    expected = rows(full)
    with pytest.raises(TerminalError, match=r"is damaged|refuses what is in") as caught:
        restore(full.database, file, replace=True)
    assert caught.value.instruction
    assert rows(full) == expected


def test_a_file_of_another_schema_is_refused_with_the_way_out(full: Ledger, tmp_path: Path) -> None:
    lines = _lines(backup(full.database, tmp_path / "backup").path)
    lines[0] = lines[0].replace(f'"schema":"{HEAD}"'.encode(), b'"schema":"9999"')
    with pytest.raises(UseError, match="with schema 9999, this Reelmill needs") as caught:
        restore(full.database, _packed(tmp_path / "other", _resealed(lines)), replace=True)
    assert "reelmill db upgrade" in caught.value.instruction
    lines[0] = lines[0].replace(b'"format":1', b'"format":2')
    with pytest.raises(UseError, match="has format 2"):
        inspect(_packed(tmp_path / "newer", _resealed(lines)))


@pytest.mark.parametrize(
    "content", [b"", b"this is no backup", gzip.compress(b"nor this", mtime=0), gzip.compress(b"[1]\n", mtime=0)]
)
def test_what_is_no_backup_is_told_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(TerminalError, match=r"is no backup|is damaged"):
        inspect(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        inspect(tmp_path / "missing")


# The command.


def test_the_command_moves_a_ledger_from_sqlite_to_postgres(
    settings: Settings,
    postgres_settings: Settings,
    tmp_path: Path,
    new: Callable[..., Ledger],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(new(settings), tmp_path)
    file = str(tmp_path / "ledger.backup")
    monkeypatch.setenv("REELMILL_HOME", str(settings.home))
    assert call(["db", "backup", file, "--json"]) == OK
    written = json.loads(capsys.readouterr().out)
    assert written["rows"]["videos"] == 2
    assert written["schema"] == HEAD
    assert written["bytes"] == Path(file).stat().st_size
    monkeypatch.setenv("REELMILL_DATABASE_URL", postgres_settings.database_url)
    assert call(["db", "restore", file]) == OK
    assert "Media files are not in it" in capsys.readouterr().out
    assert call(["db", "restore", file]) == MISUSED
    assert "--replace" in capsys.readouterr().err
    assert call(["db", "restore", file, "--replace"]) == OK
    with new(postgres_settings).database.read() as session:
        assert len(session.scalars(select(Video)).all()) == 2


@pytest.mark.parametrize(
    "arguments",
    [["backup"], ["restore"], ["current", "file"], ["backup", "file", "--replace"], ["upgrade", "file"], ["save"]],
)
def test_wrong_use_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setenv("REELMILL_HOME", str(settings.home))
    assert call(["db", *arguments]) == MISUSED
    assert not settings.home.exists()


def test_a_bad_file_is_told_without_a_traceback(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REELMILL_HOME", str(settings.home))
    (tmp_path / "bad").write_bytes(b"bad")
    assert call(["db", "restore", str(tmp_path / "bad")]) == FAILED
    assert "is no backup of a ledger" in capsys.readouterr().err


def test_the_other_actions_are_as_they_were(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REELMILL_HOME", str(settings.home))
    assert call(["db", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["schema"] is None
    assert call(["db", "upgrade"]) == OK
    assert f"empty → {HEAD}" in capsys.readouterr().out
