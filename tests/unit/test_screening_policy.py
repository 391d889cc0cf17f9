"""Policies as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelmill.content import Decision
from reelmill.errors import UseError
from tasks.screening.detectors.base import Finding
from tasks.screening.detectors.nudenet import LABELS
from tasks.screening.options import POLICIES
from tasks.screening.policy import Policy, Sampling, load

SHIPPED = sorted(path.stem for path in POLICIES.glob("*.yaml"))

MINIMAL = """
name: ours
version: "7"
required: [opennsfw]
optional: []
rules: {opennsfw: {nsfw: {category: sexual, review: 0.3, block: 0.6}}}
agreement: {seconds: 1.0}
isolated: {score_below: 0.6, seconds: 1.0}
black: {level_below: 8.0, share_above: 0.5}
frozen: {change_below: 0.2, share_above: 0.5}
"""


def written(folder: Path, text: str) -> Policy:
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    return load("ours.yaml", folder)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_that_ships_is_named_like_its_file_and_requires_opennsfw(name: str) -> None:
    policy = load(name, Path())

    assert policy.name == name
    assert "opennsfw" in policy.required


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_that_ships_names_only_labels_that_its_detectors_know(name: str) -> None:
    rules = load(name, Path()).rules

    assert set(rules["opennsfw"]) == {"nsfw"}
    assert set(rules["nudenet"]) <= set(LABELS)


def test_strict_is_nowhere_more_lenient_than_default() -> None:
    default, strict = load("default", Path()), load("strict", Path())

    for detector, rules in default.rules.items():
        for label, rule in rules.items():
            tighter = strict.rules[detector][label]
            assert tighter.review <= rule.review
            assert (tighter.block or 2) <= (rule.block or 2)
    assert set(strict.required) >= set(default.required) | set(default.optional)
    assert strict.agreement.seconds >= default.agreement.seconds
    assert strict.isolated.score_below <= default.isolated.score_below
    assert strict.black.share_above <= default.black.share_above
    assert strict.frozen.share_above <= default.frozen.share_above


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0.0, Decision.PASS),
        (0.2999, Decision.PASS),
        (0.3, Decision.REVIEW),
        (0.5999, Decision.REVIEW),
        (0.6, Decision.BLOCK),
        (1.0, Decision.BLOCK),
    ],
)
def test_a_threshold_is_reached_by_being_equal_to_it(tmp_path: Path, score: float, level: Decision) -> None:
    policy = written(tmp_path, MINIMAL)

    assert policy.weigh("opennsfw", Finding("nsfw", score)) == ("sexual", level)


def test_only_what_is_covered_is_weak() -> None:
    labels = {name: rule for rules in load("default", Path()).rules.values() for name, rule in rules.items()}

    assert [name for name, rule in labels.items() if rule.weak] == ["FEMALE_GENITALIA_COVERED"]


def test_a_label_without_a_rule_means_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, MINIMAL).weigh("opennsfw", Finding("cat", 1.0)) is None


def test_a_rule_without_a_block_threshold_never_blocks(tmp_path: Path) -> None:
    policy = written(tmp_path, MINIMAL.replace("block: 0.6", "block: null"))

    assert policy.weigh("opennsfw", Finding("nsfw", 1.0)) == ("sexual", Decision.REVIEW)


def test_the_identity_changes_with_any_number_and_with_who_looks(tmp_path: Path) -> None:
    policy, stricter = written(tmp_path, MINIMAL), written(tmp_path, MINIMAL.replace("review: 0.3", "review: 0.29"))

    identities = [
        policy.identity(["opennsfw"]),
        policy.identity(["opennsfw", "nudenet"]),
        stricter.identity(["opennsfw"]),
    ]

    assert len(set(identities)) == 3
    assert all(identity.startswith("7+") and len(identity) <= 64 for identity in identities)
    assert policy.identity(["nudenet", "opennsfw"]) == identities[1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("required: [opennsfw]", "required: []", "required"),
        ("required: [opennsfw]", "required: [opennsfw, nudenet]", "no rule says what nudenet means"),
        ("block: 0.6", "block: 0.2", "block 0.2 is below review 0.3"),
        ("review: 0.3", "review: 0", "rules.opennsfw.nsfw.review"),
        ("review: 0.3", "review: often", "rules.opennsfw.nsfw.review"),
        ("block: 0.6", "block: 1.5", "rules.opennsfw.nsfw.block"),
        ("block: 0.6", "block: 0.6, weak: true", "what can block is not weak"),
        ("score_below: 0.6", "score_below: 0.9", "isolated.score_below"),
        ("share_above: 0.5", "share_above: 1.0", "black.share_above"),
        ("optional: []", "optional: []\nenabled: false", "enabled"),
        ("name: ours", "name: [", "is not YAML"),
        ("name: ours", "name: &a ours\nname: theirs", "is not YAML"),
        ("agreement: {seconds: 1.0}", "", "agreement"),
        (MINIMAL, "", "the whole"),
    ],
)
def test_a_wrong_policy_is_refused_and_told_where(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in MINIMAL

    with pytest.raises(UseError) as caught:
        written(tmp_path, MINIMAL.replace(old, new))

    assert told in caught.value.reason
    assert "ours.yaml" in caught.value.reason


def test_a_policy_that_is_not_there_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UseError, match=r"missing\.yaml cannot be read"):
        load("missing.yaml", tmp_path)


def test_half_the_threshold_for_a_review_is_a_doubt() -> None:
    policy = load("default", Path())

    def doubts(score: float, label: str = "nsfw") -> bool:
        return policy.doubts("opennsfw", Finding(label, score))

    assert doubts(0.175)
    assert not doubts(0.17)
    assert not doubts(0.9, "something else")


def test_a_policy_that_says_nothing_of_sampling_gets_what_the_default_has() -> None:
    assert load("default", Path()).sampling == Sampling()
    strict = load("strict", Path()).sampling
    assert strict.per_second > Sampling().per_second
    assert strict.cut_above < Sampling().cut_above
    assert strict.longer_than > Sampling().longer_than


OVERLAYS = """
overlays:
  douyin:
    rules: {opennsfw: {nsfw: {review: 0.2, block: 0.6}}}
    texts: [politics]
  linkedin:
    rules: {opennsfw: {nsfw: {block: 0.5}}, nudenet: {BUTTOCKS_EXPOSED: {review: 0.25}}}
"""


def overlaid(folder: Path, overlays: str = OVERLAYS) -> Policy:
    shipped = (POLICIES / "default.yaml").read_text(encoding="utf-8")
    (folder / "own.yaml").write_text(shipped + overlays, encoding="utf-8")
    return load("own.yaml", folder)


def test_a_platform_may_be_stricter_and_one_master_pleases_all_of_its_platforms(tmp_path: Path) -> None:
    policy = overlaid(tmp_path)
    plain, douyin = policy.tightened(["folder"]), policy.tightened(["douyin", "folder"])
    both = policy.tightened(["linkedin", "douyin"])
    assert plain.rules == policy.rules
    assert plain.identity(["opennsfw"]) == load("default", tmp_path).identity(["opennsfw"])
    thresholds = [(one.rules["opennsfw"]["nsfw"].review, one.rules["opennsfw"]["nsfw"].block) for one in (douyin, both)]
    assert thresholds == [(0.2, 0.6), (0.2, 0.5)]
    assert both.rules["nudenet"]["BUTTOCKS_EXPOSED"].review == 0.25
    assert douyin.texts.rule("politics") == "block"
    assert len({one.identity(["opennsfw"]) for one in (plain, douyin, both)}) == 3
    assert policy.tightened(["douyin", "linkedin"]) == both


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ("{opennsfw: {nsfw: {review: 0.4}}}", "overlays.x: opennsfw nsfw: review 0.4 is laxer than review 0.35"),
        ("{opennsfw: {nsfw: {block: 0.9}}}", "block 0.9 is laxer than review 0.35, block 0.8"),
        ("{opennsfw: {other: {review: 0.1}}}", "no rule for opennsfw other to be tightened"),
        ("{gore: {blood: {review: 0.1}}}", "no rule for gore blood to be tightened"),
    ],
)
def test_an_overlay_that_is_laxer_is_refused(tmp_path: Path, overlay: str, told: str) -> None:
    with pytest.raises(UseError, match="is wrong at") as caught:
        overlaid(tmp_path, f"\noverlays: {{x: {{rules: {overlay}}}}}\n")
    assert told in caught.value.reason
