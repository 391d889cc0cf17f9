"""From hits to a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reelmill.content import Decision, Hit
from tasks.screening.judgement import Judgement
from tasks.screening.judgement import judge as judge_with
from tasks.screening.policy import Policy, load

DEFAULT, STRICT = load("default", Path()), load("strict", Path())
FPS = 24
SEVERITY = [Decision.PASS, Decision.REVIEW, Decision.BLOCK]


def judge(policy: Policy, hits: Sequence[Hit], worst: Mapping[str, float] | None = None) -> Judgement:
    """A judgement where OpenNSFW is not calm, unless a test says so."""
    return judge_with(policy, hits, {"opennsfw": 0.3, "nudenet": 0.3} if worst is None else worst)


def hit(
    frame: int,
    level: Decision = Decision.REVIEW,
    *,
    detector: str = "nudenet",
    label: str = "BUTTOCKS_EXPOSED",
    score: float = 0.5,
    category: str = "sexual",
) -> Hit:
    return Hit(category, level, detector, label, score, frame, frame / FPS)


def nsfw(frame: int, level: Decision = Decision.REVIEW, *, score: float = 0.5) -> Hit:
    return hit(frame, level, detector="opennsfw", label="nsfw", score=score)


def test_no_hit_is_a_pass_without_reasons() -> None:
    judgement = judge(DEFAULT, [])

    assert judgement.decision is Decision.PASS
    assert judgement.reasons == ()
    assert judgement.evidence == ()


def test_doubts_of_one_detector_are_a_review_however_many_they_are() -> None:
    judgement = judge(DEFAULT, [hit(frame) for frame in range(48)])

    assert judgement.decision is Decision.REVIEW
    assert judgement.reasons == (
        "sexual: nudenet saw BUTTOCKS_EXPOSED in 48 frames from 0.0 s to 2.0 s, at most 0.50 (review)",
    )


def test_doubts_of_two_detectors_within_a_second_block() -> None:
    judgement = judge(DEFAULT, [hit(0), nsfw(FPS)])

    assert judgement.decision is Decision.BLOCK
    assert judgement.reasons[0] == "nudenet and opennsfw agree on sexual at 1.0 s"


def test_doubts_of_two_detectors_that_lie_further_apart_do_not_agree() -> None:
    assert judge(DEFAULT, [hit(0), nsfw(FPS + 1)]).decision is Decision.REVIEW


def test_doubts_about_different_things_do_not_agree() -> None:
    assert judge(DEFAULT, [hit(0), replace(nsfw(0), category="violence")]).decision is Decision.REVIEW


def test_two_labels_of_one_detector_do_not_agree() -> None:
    assert judge(DEFAULT, [hit(0), hit(0, label="ANUS_EXPOSED")]).decision is Decision.REVIEW


def test_a_single_stray_frame_below_the_line_is_a_review_and_says_so_in_its_evidence() -> None:
    judgement = judge(DEFAULT, [hit(30, Decision.BLOCK, score=0.59)])

    assert judgement.decision is Decision.REVIEW
    assert judgement.evidence[0].level is Decision.REVIEW


def test_a_single_frame_at_the_line_blocks() -> None:
    assert judge(DEFAULT, [hit(30, Decision.BLOCK, score=0.6)]).decision is Decision.BLOCK


def test_a_frame_is_not_stray_when_its_neighbour_is_in_doubt_too() -> None:
    assert judge(DEFAULT, [hit(30, Decision.BLOCK, score=0.5), hit(31)]).decision is Decision.BLOCK


def test_two_boxes_in_one_frame_are_still_one_frame() -> None:
    twice = [hit(30, Decision.BLOCK, score=0.5), hit(30, Decision.BLOCK, score=0.5, label="ANUS_EXPOSED")]

    assert judge(DEFAULT, twice).decision is Decision.REVIEW


def test_a_stray_frame_that_the_other_detector_doubts_blocks() -> None:
    assert judge(DEFAULT, [hit(30, Decision.BLOCK, score=0.5), nsfw(30)]).decision is Decision.BLOCK


def test_the_strict_policy_excuses_no_frame() -> None:
    assert judge(STRICT, [hit(30, Decision.BLOCK, score=0.41)]).decision is Decision.BLOCK


def test_the_evidence_is_the_worst_hit_of_each_label_in_each_second() -> None:
    hits = [hit(frame, score=0.3 + frame / 1000) for frame in range(3 * FPS)]

    assert [one.frame for one in judge(DEFAULT, hits).evidence] == [23, 47, 71]


HITS = st.lists(
    st.builds(
        hit,
        st.integers(0, 240),
        st.sampled_from([Decision.REVIEW, Decision.BLOCK]),
        detector=st.sampled_from(["nudenet", "opennsfw"]),
        score=st.floats(0.2, 1.0),
        category=st.sampled_from(["sexual", "violence"]),
    ),
    max_size=12,
)


@given(hits=HITS, more=HITS)
def test_more_hits_never_make_it_milder(hits: list[Hit], more: list[Hit]) -> None:
    fewer, all_of_them = judge(DEFAULT, hits).decision, judge(DEFAULT, hits + more).decision

    assert SEVERITY.index(all_of_them) >= SEVERITY.index(fewer)


@given(hits=HITS)
def test_any_hit_at_all_is_no_pass_and_has_a_reason_and_evidence(hits: list[Hit]) -> None:
    judgement = judge(DEFAULT, hits)

    assert (judgement.decision is Decision.PASS) == (not hits)
    assert bool(judgement.reasons) == bool(hits)
    assert bool(judgement.evidence) == bool(hits)


@given(hits=HITS, random=st.randoms(use_true_random=False))
def test_the_order_of_hits_does_not_matter(hits: list[Hit], random: object) -> None:
    shuffled = list(hits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands over a random.Random

    assert judge(DEFAULT, shuffled).decision is judge(DEFAULT, hits).decision


CALM = {"opennsfw": 0.19, "nudenet": 0.44}


def covered(frame: int) -> Hit:
    return hit(frame, label="FEMALE_GENITALIA_COVERED")


def test_a_weak_doubt_that_opennsfw_contradicts_everywhere_is_noted_and_decides_nothing() -> None:
    judgement = judge(DEFAULT, [covered(frame) for frame in range(48)], CALM)
    assert (judgement.decision, judgement.reasons) == (Decision.PASS, ())
    assert {one.level for one in judgement.evidence} == {Decision.PASS}
    assert [one.frame for one in judgement.evidence]


def test_what_is_exposed_stays_in_doubt_however_calm_another_detector_is() -> None:
    hits = [hit(frame, label="FEMALE_BREAST_EXPOSED", score=0.44) for frame in range(60)]
    hits += [hit(frame, label="FEMALE_GENITALIA_EXPOSED", score=0.29) for frame in range(60)]

    assert judge(DEFAULT, hits, CALM).decision is Decision.REVIEW


def test_a_policy_without_weak_labels_lets_nothing_be_contradicted() -> None:
    rules = {
        detector: {label: rule.model_copy(update={"weak": False}) for label, rule in labels.items()}
        for detector, labels in DEFAULT.rules.items()
    }
    ours = DEFAULT.model_copy(update={"rules": rules})

    assert judge(ours, [covered(0)], CALM).decision is Decision.REVIEW


def test_what_no_rule_speaks_of_is_not_contradicted() -> None:
    read = hit(0, detector="ocr", label="FEMALE_GENITALIA_COVERED")

    assert judge(DEFAULT, [read], CALM).decision is Decision.REVIEW


def test_a_block_is_never_contradicted_not_even_one_that_stands_alone() -> None:
    assert (
        judge(DEFAULT, [hit(frame, Decision.BLOCK, score=0.5) for frame in range(9)], CALM).decision is Decision.BLOCK
    )
    assert judge(DEFAULT, [hit(30, Decision.BLOCK, score=0.5)], CALM).decision is Decision.REVIEW


def test_a_doubt_counts_where_opennsfw_is_in_doubt_anywhere_or_did_not_look() -> None:
    doubt = [covered(0)]
    assert judge(DEFAULT, doubt, {"opennsfw": 0.2, "nudenet": 0.3}).decision is Decision.REVIEW
    assert judge(DEFAULT, doubt, {"nudenet": 0.3}).decision is Decision.REVIEW
    assert judge(STRICT, doubt, CALM).decision is Decision.REVIEW


def test_a_calm_opennsfw_says_nothing_of_what_it_does_not_look_for() -> None:
    violence = replace(hit(0), category="violence", label="blood")

    judgement = judge(DEFAULT, [violence, covered(1)], CALM)

    assert judgement.decision is Decision.REVIEW
    assert {one.category: one.level for one in judgement.evidence} == {
        "violence": Decision.REVIEW,
        "sexual": Decision.PASS,
    }


def test_nudenets_silence_proves_nothing() -> None:
    assert judge(DEFAULT, [nsfw(0)], {"opennsfw": 0.4, "nudenet": 0.0}).decision is Decision.REVIEW
