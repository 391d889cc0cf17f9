"""What people's decisions say of screening."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest

from flows.precision import PICTURE, SAMPLE, precisions, shifts, would_wait
from records.reviews import DEADLINE
from records.tables import ReviewDecision
from reelmill.content import Decision, Examination, Hit, Verdict
from reelmill.text_verdict import TextHit, TextVerdict
from tasks.screening.review import SAMPLED, ReviewOptions

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def judged(
    action: str, *scores: tuple[str, float], who: str = "anna", reason: str = "because", detector: str = "opennsfw"
) -> tuple[ReviewDecision, Verdict]:
    hits = tuple(Hit("sexual", Decision.REVIEW, detector, label, score, 1, 0.1) for label, score in scores)
    verdict = Verdict("m" * 64, "default", "1", Decision.REVIEW, (reason,), hits)
    made = ReviewDecision(
        video_id=UUID(int=1), action=action, who=who, note="", about="frames", verdict_id=1, detail={},
        waited_since=NOW, decided_at=NOW,
    )  # fmt: skip
    return made, verdict


def judged_texts(action: str, *categories: str) -> tuple[ReviewDecision, TextVerdict]:
    hits = tuple(TextHit("caption", one, "term", Decision.REVIEW, 0, 4, "term") for one in categories)
    return judged(action)[0], TextVerdict("t" * 64, "default", "1.1", Decision.PASS, ("why",), hits)


def test_precision_is_told_with_how_far_it_may_be_off() -> None:
    made = (
        [judged("reject", ("nsfw", 0.5))] * 3
        + [judged("approve", ("nsfw", 0.4))]
        + [judged("regenerate", ("nsfw", 0.6))]
    )
    (found,) = precisions([*made, judged("reject", ("nsfw", 0.5), who=DEADLINE)])
    assert (found.category, found.right, found.wrong, found.share) == ("sexual", 4, 1, 0.8)
    low, high = found.interval
    assert (low, high) == pytest.approx((0.376, 0.964), abs=0.001)  # Wilson's interval of 4 of 5


def test_samples_and_pictures_without_a_hit_are_categories_of_their_own() -> None:
    found = precisions([judged("approve", reason=SAMPLED), judged("reject", reason="mostly black")])
    assert {one.category: (one.right, one.wrong) for one in found} == {SAMPLE: (0, 1), PICTURE: (1, 0)}


def test_categories_of_texts_have_a_precision_of_their_own() -> None:
    made = [
        judged("reject", ("nsfw", 0.5)),
        judged_texts("approve", "gambling", "sexual"),
        judged_texts("reject", "gambling"),
        judged_texts("approve"),  # a guard has said so, and named no term
    ]
    assert {one.category: (one.right, one.wrong) for one in precisions(made)} == {
        "sexual": (1, 0), "texts: gambling": (1, 1), "texts: sexual": (0, 1), "texts": (0, 1),
    }  # fmt: skip
    assert {one.label for one in shifts(made)} == {"nsfw"}


def test_how_surely_a_text_was_read_is_no_threshold() -> None:
    assert shifts([judged("approve", ("gambling", 0.4), detector="ocr")]) == []
    looked = Examination("ocr", "1", "e" * 64, 5, 0.99)
    assert would_wait([Verdict("m" * 64, "default", "1", Decision.PASS, examinations=(looked,))]) == {}


def test_a_higher_threshold_spares_people_work_and_misses_something() -> None:
    made = [
        judged("approve", ("nsfw", 0.38)),
        judged("approve", ("nsfw", 0.42)),
        judged("reject", ("nsfw", 0.52)),
        judged("approve", ("nsfw", 0.41), ("nude", 0.3)),  # the other label holds it back all the same
    ]
    found = [(one.label, one.threshold, one.spared, one.missed) for one in shifts(made)]
    assert found == [("nsfw", 0.4, 1, 0), ("nsfw", 0.45, 2, 0), ("nsfw", 0.55, 2, 1)]


def test_a_lower_threshold_would_have_more_videos_wait() -> None:
    passed = [
        Verdict(
            "m" * 64, "default", "1", Decision.PASS, examinations=(Examination("opennsfw", "1", "e" * 64, 5, worst),)
        )
        for worst in (0.02, 0.12, 0.31)
    ]
    assert would_wait(passed) == {"opennsfw": {0.1: 2, 0.15: 1, 0.2: 1, 0.25: 1, 0.3: 1}}


def test_one_video_in_fifty_is_looked_at_and_always_the_same_ones() -> None:
    options = ReviewOptions()
    masters = [f"{number:064x}" for number in range(20_000)]
    sampled = [master for master in masters if options.samples(master)]
    assert len(sampled) / len(masters) == pytest.approx(0.02, abs=0.003)
    assert sampled == [master for master in masters if ReviewOptions().samples(master)]
    assert not any(ReviewOptions(sample=0).samples(master) for master in masters)
    assert all(ReviewOptions(sample=1).samples(master) for master in masters)


@pytest.mark.parametrize(("deadline", "hours"), [("90m", 1.5), ("24h", 24), ("2d", 48)])
def test_a_deadline_is_a_time(deadline: str, hours: float) -> None:
    assert ReviewOptions(deadline=deadline).waits == dt.timedelta(hours=hours)


def test_what_nobody_decides_about_is_rejected_unless_it_is_to_wait_for_ever() -> None:
    assert ReviewOptions().waits == dt.timedelta(days=7)
    assert ReviewOptions(deadline="never").waits is None
