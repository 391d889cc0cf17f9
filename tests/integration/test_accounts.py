"""What the ledger says of a video, on SQLite and on Postgres: all of it, and of each video its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from sqlalchemy import event

from records.ledger import Ledger
from reelmill.content import Clip, Decision
from tests.integration.test_ledger import SHOT, planned, rendition, run_with, verdict
from tests.posting import to


def test_each_video_is_told_with_its_own_clips_renditions_verdict_and_posts(ledger: Ledger, tmp_path: Path) -> None:
    run = run_with(ledger, planned("one"), planned("two"), planned("three", skipped="sold out"))
    one, two, _ = ledger.videos.of_run(run.id)
    for video, letter in ((one, "a"), (two, "b")):
        shot = replace(SHOT, prompt=letter)
        ledger.media.request(video.id, [shot])
        (tmp_path / "clip").write_bytes(letter.encode())
        path = ledger.store.add(tmp_path / "clip", letter * 64, ".mp4")
        ledger.media.record_clip(Clip(shot.id, path, letter * 64, 256, 256, 5, 24, True, {}))
        ledger.videos.generated(video.id, master_sha256=letter * 64)
    ledger.verdicts.record(verdict("a" * 64, Decision.REVIEW))
    passed = ledger.verdicts.record(verdict("a" * 64))
    ledger.verdicts.record(verdict("b" * 64, Decision.BLOCK))
    made = [rendition(ledger, tmp_path, "a" * 64, profile) for profile in ("tiktok", "douyin")]
    for each in made:
        ledger.media.record_rendition(each)
    ledger.media.link(one.id, made)
    post = ledger.posts.plan(one.id, made[0], to("outbox", made[0]), passed)

    first, second, third = ledger.accounts.of_run(run.id)
    assert [each.video.title for each in (first, second, third)] == ["One", "Two", "Three"]
    assert first.verdict == passed.verdict, "the newest counts"
    assert second.verdict is not None
    assert second.verdict.decision is Decision.BLOCK
    assert [each.sha256 for each in (*first.clips, *second.clips)] == ["a" * 64, "b" * 64]
    assert first.renditions == first.current == first.shown == (made[1], made[0]), "by profile"
    assert [each.id for each in first.posts] == [post.id]
    assert (second.renditions, second.posts) == ((), ())
    assert (third.verdict, third.clips, third.renditions, third.posts) == (None, (), (), ())
    assert ledger.accounts.of_video(one.id).renditions == first.renditions
    assert ledger.accounts.of_video(uuid4()) is None


def test_renditions_of_an_earlier_master_are_shown_as_long_as_it_has_passed(ledger: Ledger, tmp_path: Path) -> None:
    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    ledger.verdicts.record(verdict("a" * 64))
    old = rendition(ledger, tmp_path, "a" * 64)
    ledger.media.record_rendition(old)
    ledger.media.link(video.id, [old])
    ledger.videos.generated(video.id, master_sha256="b" * 64)
    account = ledger.accounts.of_video(video.id)
    assert (account.verdict, account.current, account.shown) == (None, (), (old,))
    ledger.verdicts.record(verdict("a" * 64, Decision.BLOCK))
    assert ledger.accounts.of_video(video.id).shown == ()


def test_a_page_of_a_run_is_read_in_as_few_queries_as_all_of_it(ledger: Ledger) -> None:
    run = run_with(ledger, *(planned(f"n{number}") for number in range(7)))
    asked: list[str] = []
    event.listen(ledger.database.engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    assert [one.video.position for one in ledger.accounts.of_run(run.id)] == [0, 1, 2, 3, 4, 5, 6]
    whole = len(asked)
    assert [one.video.position for one in ledger.accounts.of_run(run.id, offset=2, limit=3)] == [2, 3, 4]
    assert [one.video.position for one in ledger.accounts.of_run(run.id, offset=6, limit=3)] == [6]
    assert whole <= 7, "one for each kind of row, and the transaction"
    assert len(asked) == 3 * whole
