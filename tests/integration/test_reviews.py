"""Decisions about videos that wait, on both databases: one transaction each, and no way around what a post needs."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from records.ledger import Ledger
from records.reviews import DEADLINE, Change
from records.states import PostState, VideoState
from records.videos import PlannedVideo
from reelmill.content import Decision
from reelmill.errors import UseError
from reelmill.text_verdict import TextHit, TextVerdict
from tests.integration.test_ledger import SHOT, planned, rendition, run_with, verdict
from tests.posting import to

MASTER = "m" * 64


def texts(decision: Decision, sha256: str = "t" * 64) -> TextVerdict:
    hit = TextHit("title", "absolutes", "第一", Decision.REVIEW, 0, 2, "第一")
    return TextVerdict(sha256, "default", "1.1", decision, ("title: absolutes: 第一",), (hit,))


def in_review(ledger: Ledger, *names: str) -> list[UUID]:
    """Videos whose masters wait for a person."""
    run = run_with(ledger, *(planned(name, prompt=name) for name in names))
    videos = [video.id for video in ledger.videos.of_run(run.id)]
    for video_id in videos:
        ledger.media.request(video_id, [SHOT])
        ledger.videos.generated(video_id, master_sha256=MASTER)
        ledger.videos.move(video_id, VideoState.IN_REVIEW, "because")
    ledger.verdicts.record(verdict(MASTER, Decision.REVIEW))
    return videos


def test_an_approval_is_a_pass_of_the_very_master_under_the_very_policy(ledger: Ledger, tmp_path: Path) -> None:
    (video_id,) = in_review(ledger, "小雪")
    made = rendition(ledger, tmp_path, MASTER)
    ledger.media.record_rendition(made)
    asked = ledger.verdicts.latest(MASTER)
    assert asked is not None

    decided = ledger.reviews.decide(video_id, "approve", "老陈", "fine")

    passed = ledger.verdicts.find(MASTER, asked.verdict.policy, asked.verdict.policy_version)
    assert passed is not None
    assert (passed.verdict.decision, passed.decided_by) == (Decision.PASS, "老陈")
    assert passed.verdict.reasons == ("approved by 老陈: fine",)
    assert passed.verdict.hits == asked.verdict.hits, "what was seen stays evidence"
    assert ledger.verdicts.find(MASTER, asked.verdict.policy, "another version") is None
    video = ledger.videos.get(video_id)
    assert (video.state, video.reason) == (VideoState.SCREENED, "approved by 老陈: fine")
    assert (decided.verdict_id, decided.about, decided.who) == (asked.id, "frames", "老陈")
    post = ledger.posts.plan(video_id, made, to("outbox", made), passed)
    assert post.state is PostState.PLANNED
    assert ledger.verdicts.passed(limit=10) == [], "a person's pass says nothing of the detectors"
    assert [one[0].id for one in ledger.reviews.judged()] == [decided.id]


def test_a_rejection_ends_a_video_and_sending_back_forgets_its_shots(ledger: Ledger) -> None:
    first, second = in_review(ledger, "小雪", "大雪")
    ledger.reviews.decide(first, "reject", "anna")
    ledger.reviews.decide(second, "regenerate", "anna", change=Change({"prompt": "b"}, {"seeds": [2]}, reshoot=True))
    assert ledger.videos.get(first).state is VideoState.REJECTED
    assert ledger.media.requested(first) == [SHOT]
    again = ledger.videos.get(second)
    assert (again.state, again.plan) == (VideoState.PLANNED, {"prompt": "b"})
    assert ledger.media.requested(second) == []
    assert ledger.reviews.waiting() == []
    assert [one.action for one in ledger.reviews.decisions()] == ["regenerate", "reject"]
    assert [one.detail for one in ledger.reviews.decisions(video_id=second)] == [{"seeds": [2]}]


def test_of_two_who_decide_at_once_one_is_told_that_the_other_was_quicker(ledger: Ledger) -> None:
    (video_id,) = in_review(ledger, "小雪")
    told: list[str] = []
    ready = threading.Barrier(2)

    def decide(who: str) -> None:
        ready.wait(30)
        try:
            ledger.reviews.decide(video_id, "approve", who)
        except UseError as error:
            told.append(error.reason)

    threads = [threading.Thread(target=decide, args=(who,)) for who in ("anna", "老陈")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    (made,) = ledger.reviews.decisions()
    assert told == [f"小雪 does not wait for anybody: it is screened (approved by {made.who})"]
    assert len(ledger.reviews.decisions()) == 1


def test_texts_that_a_person_has_read_are_not_asked_about_again(ledger: Ledger) -> None:
    doubtful = PlannedVideo("a", "", "A", "mark", {"prompt": "a"}, texts=texts(Decision.REVIEW))
    blocked = PlannedVideo("b", "", "B", "mark", {"prompt": "b"}, texts=texts(Decision.BLOCK, "u" * 64))
    run = run_with(ledger, doubtful, blocked)
    first, second = ledger.videos.of_run(run.id)
    assert (first.state, second.state) == (VideoState.IN_REVIEW, VideoState.REJECTED)
    (waits,) = ledger.reviews.waiting()
    assert (waits.about, waits.texts) == ("texts", texts(Decision.REVIEW))

    ledger.reviews.decide(first.id, "approve", "anna")

    assert ledger.videos.get(first.id).state is VideoState.PLANNED
    known = ledger.text_verdicts.told("default", "1.1").get("t" * 64)
    assert known is not None
    assert known.decision is Decision.PASS
    ((made, said),) = ledger.reviews.judged()
    assert (made.action, made.about, said.hits) == ("approve", "texts", texts(Decision.REVIEW).hits)
    assert ledger.text_verdicts.told("default", "1.2") == {}
    ledger.videos.plan(run.id, [replace(doubtful, texts=known), blocked], unchanged=0, remake=False)
    assert [video.state for video in ledger.videos.of_run(run.id)] == [VideoState.PLANNED, VideoState.REJECTED]


def test_texts_that_a_person_has_rejected_stay_so_and_silence_says_nothing_of_them(ledger: Ledger) -> None:
    doubtful = PlannedVideo("a", "", "A", "mark", {"prompt": "a"}, texts=texts(Decision.REVIEW))
    other = PlannedVideo("b", "", "B", "mark", {"prompt": "b"}, texts=texts(Decision.REVIEW, "u" * 64))
    run = run_with(ledger, doubtful, other)
    first, second = ledger.videos.of_run(run.id)
    ledger.reviews.decide(first.id, "reject", "anna", "not our tone")
    ledger.reviews.decide(second.id, "reject", DEADLINE)
    known = ledger.text_verdicts.told("default", "1.1").get("t" * 64)
    assert known is not None
    assert known.decision is Decision.BLOCK
    assert "u" * 64 not in ledger.text_verdicts.told("default", "1.1"), "nobody has said anything"
    planned_again = [replace(doubtful, texts=known), other]
    ledger.videos.plan(run.id, planned_again, unchanged=0, remake=False)
    assert [video.state for video in ledger.videos.of_run(run.id)] == [VideoState.REJECTED, VideoState.IN_REVIEW]
    assert ledger.videos.get(first.id).reason == "rejected by anna: not our tone"


def test_texts_that_a_newer_lexicon_lets_pass_are_planned_again(ledger: Ledger) -> None:
    blocked = PlannedVideo("b", "", "B", "mark", {"prompt": "b"}, texts=texts(Decision.BLOCK))
    run = run_with(ledger, blocked)
    newer = replace(texts(Decision.PASS), policy_version="1.2", reasons=(), hits=())
    ledger.videos.plan(run.id, [replace(blocked, texts=newer)], unchanged=0, remake=False)
    (video,) = ledger.videos.of_run(run.id)
    assert video.state is VideoState.PLANNED


def test_a_guard_that_did_not_answer_has_said_nothing(ledger: Ledger) -> None:
    silent = replace(texts(Decision.REVIEW), fault=True)
    run_with(ledger, PlannedVideo("a", "", "A", "mark", {"prompt": "a"}, texts=silent))
    assert ledger.text_verdicts.told("default", "1.1").get("t" * 64) is None


@pytest.mark.parametrize("state", [VideoState.PLANNED, VideoState.FAILED, VideoState.SKIPPED])
def test_what_does_not_wait_cannot_be_decided_about(ledger: Ledger, state: VideoState) -> None:
    run = run_with(ledger, planned("a"))
    (video,) = ledger.videos.of_run(run.id)
    if state is not VideoState.PLANNED:
        ledger.videos.move(video.id, state, "so it is")
    with pytest.raises(UseError, match="does not wait for anybody"):
        ledger.reviews.decide(video.id, "approve", "anna")
    with pytest.raises(UseError, match="there is no video"):
        ledger.reviews.get(UUID(int=7))
