"""The text screen: policies, words of one's own, places, and what adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reelmill.content import Decision
from reelmill.errors import UseError
from tasks.screening.policy import Policy, load
from tasks.screening.texts.rules import TextRules
from tasks.screening.texts.screen import EVIDENCE, TextScreen, texts_identity
from tasks.screening.texts.words import WordOptions

DEFAULT = load("default", Path())
SCREEN = TextScreen(DEFAULT)


def policy(**levels: Any) -> Policy:
    return DEFAULT.model_copy(update={"texts": TextRules(levels=levels)})


def decided(text: str, screen: TextScreen = SCREEN, name: str = "caption", **more: Any) -> Decision:
    return screen.screen({name: text}, **more).decision


def test_nothing_said_is_nothing_wrong() -> None:
    verdict = SCREEN.screen({})

    assert verdict.decision is Decision.PASS
    assert verdict.hits == verdict.reasons == ()
    assert SCREEN.screen({"caption": "", "hashtags": []}).decision is Decision.PASS


def test_the_worst_field_decides_and_each_hit_says_where_it_is() -> None:
    verdict = SCREEN.screen({"title": "来赌博吧", "caption": "free porn", "prompt": "a cup"})

    assert verdict.decision is Decision.BLOCK
    assert [(hit.field, hit.category, hit.excerpt) for hit in verdict.hits] == [
        ("title", "gambling", "赌博"),
        ("caption", "sexual", "porn"),
    ]
    assert verdict.reasons == ("title: gambling: 赌博 (review)", "caption: sexual: porn (block)")


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("children play in the garden", Decision.PASS),
        ("a sexy red dress", Decision.PASS),
        ("a sexy dress for a 13 year old", Decision.BLOCK),
        ("性感的连衣裙，孩子也能穿", Decision.BLOCK),
        ("how to make a lantern", Decision.PASS),
        ("a bomb", Decision.REVIEW),
        ("how to make a bomb", Decision.BLOCK),
        ("a bath bomb, and how to make it", Decision.PASS),
        ("冰毒", Decision.REVIEW),
        ("出售冰毒", Decision.BLOCK),
        ("出售大麻花", Decision.PASS),
    ],
)
def test_what_adds_up_is_worse_together(text: str, decision: Decision) -> None:
    assert decided(text) is decision


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "children", "caption": "a sexy dress"},
        {"prompt": "a 13 year old schoolgirl at the pool", "caption": "a sexy dress"},
        {"prompt": "a nude woman", "hashtags": ["小学生"]},
        {"narration": "孩子", "caption": "tea", "cards": ["性感写真"]},
    ],
)
def test_a_minor_in_one_field_and_what_is_suggestive_in_another_add_up(fields: dict[str, str | list[str]]) -> None:
    verdict = SCREEN.screen(fields)

    assert verdict.decision is Decision.BLOCK
    assert [reason for reason in verdict.reasons if "together" in reason] == [
        f"{' and '.join(one for one in fields if fields[one] != 'tea')}: minors: minors and sexual together (block)"
    ]
    assert {hit.category for hit in verdict.hits} == {"minors", "sexual"}


def test_other_fields_do_not_add_up_with_each_other() -> None:
    fields = {"title": "how to make a lantern", "caption": "女人", "narration": "a gun", "hashtags": ["恶心", "sale"]}

    verdict = SCREEN.screen(fields)

    assert verdict.decision is Decision.REVIEW
    assert verdict.reasons == ("narration: weapons: gun (review)",)


def test_what_is_allowed_is_still_not_so_beside_a_child_in_another_field() -> None:
    screen = TextScreen(DEFAULT, WordOptions(allowed=["nude"]))

    assert screen.screen({"title": "a nude statue", "caption": "tea"}).decision is Decision.PASS
    assert screen.screen({"title": "a nude statue", "caption": "children"}).decision is Decision.BLOCK


def test_marks_are_evidence_only_where_they_count() -> None:
    verdict = SCREEN.screen({"caption": "how to make tea for children: a sexy cup"})

    assert [(hit.category, hit.level) for hit in verdict.hits] == [
        ("minors", Decision.PASS),
        ("sexual", Decision.PASS),
    ]
    assert verdict.reasons == ("caption: minors: minors and sexual together (block)",)


def test_hashtags_are_one_field_of_several_parts() -> None:
    verdict = SCREEN.screen({"hashtags": ["立春", "OnlineCasino", "tea"]})

    assert verdict.decision is Decision.BLOCK
    assert verdict.hits[0].excerpt == "OnlineCasino"
    assert SCREEN.screen({"hashtags": ["开赌", "博士"]}).decision is Decision.PASS


def test_advertising_words_are_for_what_people_read() -> None:
    assert decided("最好喝的茶", name="caption") is Decision.REVIEW
    assert decided("最好喝的茶", name="narration") is Decision.REVIEW
    assert decided("最好喝的茶", name="prompt") is Decision.PASS


@pytest.mark.parametrize(
    ("locales", "decision"),
    [
        (None, Decision.REVIEW),
        (["zh-CN"], Decision.REVIEW),
        (["en-US", "zh-cn"], Decision.REVIEW),
        (["zh"], Decision.REVIEW),
        (["zh-TW"], Decision.PASS),
        (["en"], Decision.PASS),
        ([], Decision.PASS),
    ],
)
def test_some_words_count_only_where_their_rules_apply(locales: list[str] | None, decision: Decision) -> None:
    assert decided("顶级好茶，法轮功", locales=locales) is decision
    assert decided("free porn", locales=locales) is Decision.BLOCK


def test_a_policy_weighs_categories() -> None:
    assert decided("来赌博吧", TextScreen(policy(gambling="block"))) is Decision.BLOCK
    assert decided("网络赌博平台", TextScreen(policy(gambling="review"))) is Decision.REVIEW
    assert decided("网络赌博平台", TextScreen(policy(gambling="off"))) is Decision.PASS
    assert decided("free porn", TextScreen(policy(sexual="review"))) is Decision.REVIEW


def test_a_lenient_policy_does_not_make_marks_decide_nor_crimes_pass() -> None:
    screen = TextScreen(policy(sexual="review", drugs="review"))

    assert decided("a sexy dress", screen) is Decision.PASS
    assert decided("a sexy child", screen) is Decision.BLOCK
    assert decided("buy cocaine", screen) is Decision.BLOCK


def test_strict_is_nowhere_more_lenient_than_default() -> None:
    default, strict = DEFAULT.texts.levels, load("strict", Path()).texts.levels

    assert "off" not in strict.values()
    assert all(strict.get(category) == "block" for category, level in default.items() if level == "block")
    assert decided("来赌博吧", TextScreen(load("strict", Path()))) is Decision.BLOCK


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ("{levels: {sexual: off}}", "texts: Value error, the category sexual cannot be off"),
        ("{levels: {minors: off}}", "minors can only be block"),
        ("{levels: {minors: review}}", "minors can only be block"),
        ("{levels: {tea: block}}", "texts.levels.tea"),
        ("{levels: {drugs: maybe}}", "texts.levels.drugs"),
        ("{enabled: false}", "texts.enabled"),
    ],
)
def test_a_wrong_rule_is_refused_and_told_where(tmp_path: Path, texts: str, told: str) -> None:
    shipped = Path("tasks/screening/policies/default.yaml")
    text = (Path(__file__).parents[2] / shipped).read_text(encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(text.replace("texts:\n  levels: {}", f"texts: {texts}"), encoding="utf-8")

    with pytest.raises(UseError) as caught:
        load("ours.yaml", tmp_path)

    assert told in caught.value.reason


def test_a_policy_from_before_there_were_texts_is_one_still(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "tasks/screening/policies/default.yaml").read_text(encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(text.partition("texts:")[0], encoding="utf-8")

    assert load("ours.yaml", tmp_path).texts == TextRules()


def test_the_verdicts_on_frames_in_a_ledger_stay_theirs() -> None:
    """The identities of what ships: what policies say of texts is no part of them."""
    strict = load("strict", Path())

    assert DEFAULT.identity(["opennsfw"]) == "3+724d287010e0"
    assert DEFAULT.identity(["opennsfw", "nudenet"]) == "3+a6c731ae3d3f"
    assert strict.identity(["opennsfw", "nudenet"]) == "2+fd3133c7ec64"
    assert policy(drugs="block").identity(["opennsfw"]) == DEFAULT.identity(["opennsfw"])


def test_the_identity_of_texts_changes_with_all_that_decides() -> None:
    versions = [
        TextScreen(chosen, words).policy_version
        for chosen, words in (
            (DEFAULT, None),
            (policy(drugs="block"), None),
            (DEFAULT, WordOptions(competitors=["Acme"])),
            (DEFAULT, WordOptions(allowed=["Acme"])),
        )
    ]

    assert len(set(versions)) == 4
    assert all(version.startswith(f"{DEFAULT.version}.2+") and len(version) <= 64 for version in versions)
    assert TextScreen(DEFAULT, WordOptions()).policy_version == versions[0]
    one, other = (TextScreen(DEFAULT, WordOptions(blocked=words)) for words in (["Acme", "茶颜"], ["茶颜", "Acme"]))
    assert one.policy_version == other.policy_version


def test_a_verdict_names_the_texts_that_it_is_about() -> None:
    verdict = SCREEN.screen({"caption": "tea", "hashtags": ["a", "b"]}, locales=["en", "zh-CN"])

    assert verdict.texts_sha256 == texts_identity({"hashtags": "a, b", "caption": "tea"}, ["zh-CN", "en", "en"])
    assert verdict.texts_sha256 != texts_identity({"hashtags": "a, b", "caption": "tea"})
    assert verdict.texts_sha256 != texts_identity({"hashtags": "a, b", "caption": "teas"}, ["en", "zh-CN"])


WORDS = WordOptions(
    competitors=["喜茶", "HeyTea"],
    trademarks=["Star-Mug", "AT&T", "7-Eleven"],
    blocked=["山寨", "foo bar"],
    allowed=["最美时光", "Casino Tea"],
)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("比喜茶好喝", "competitors"),
        ("比 喜 茶 好喝", "competitors"),
        ("HEYTEA", "competitors"),
        ("H3yTe4", "competitors"),
        ("a star mug", "trademarks"),
        ("StarMugs", "trademarks"),
        ("by at&t", "trademarks"),
        ("7-eleven 便利店", "trademarks"),
        ("山寨货", "blocked"),
        ("Foo-Bar", "blocked"),
    ],
)
def test_words_of_ones_own_are_found_in_all_spellings(text: str, category: str) -> None:
    verdict = TextScreen(DEFAULT, WORDS).screen({"caption": text})

    assert [hit.category for hit in verdict.hits] == [category]
    assert verdict.decision is (Decision.BLOCK if category == "blocked" else Decision.REVIEW)
    assert SCREEN.screen({"caption": text}).decision is Decision.PASS


@pytest.mark.parametrize("text", ["欢喜茶会", "The monkey teaches", "17-eleven", "7-11"])
def test_words_of_ones_own_are_not_found_in_others(text: str) -> None:
    words = WORDS.model_copy(update={"competitors": ["HeyTea"]})

    assert decided(text, TextScreen(DEFAULT, words)) is Decision.PASS


def test_what_is_allowed_excuses_what_it_covers() -> None:
    screen = TextScreen(DEFAULT, WORDS)

    assert decided("最美时光，为你而来", screen) is Decision.PASS
    assert decided("Casino Tea, since 1996", screen) is Decision.PASS
    assert decided("最美时光里最顶级的茶", screen) is Decision.REVIEW
    assert decided("Casino Tea opens a casino", screen) is Decision.REVIEW


def test_nobody_can_allow_what_no_platform_does() -> None:
    screen = TextScreen(DEFAULT, WordOptions(allowed=["porn", "free porn videos", "nude", "child", "儿童色情"]))

    assert decided("free porn videos", screen) is Decision.BLOCK
    assert decided("儿童色情", screen) is Decision.BLOCK
    assert decided("a nude statue", screen) is Decision.PASS  # a review is a question, and the brand has answered it
    assert decided("a nude child", screen) is Decision.BLOCK


@pytest.mark.parametrize(
    "values",
    [
        {"competitors": ["ab"]},
        {"competitors": ["茶"]},
        {"blocked": ["***"]},
        {"allowed": [""]},
        {"trademarks": ["x" * 101]},
        {"trademarks": "Acme"},
        {"forbidden": ["Acme"]},
    ],
)
def test_wrong_words_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WordOptions.model_validate(values)


def test_evidence_is_bounded_and_the_decision_is_not() -> None:
    verdict = SCREEN.screen({"caption": "赌博，" * 500 + "free porn"})

    assert verdict.decision is Decision.BLOCK
    assert len(verdict.hits) == EVIDENCE + 1
    assert len(verdict.reasons) == 2


def test_what_lies_in_a_longer_term_is_told_once() -> None:
    verdict = SCREEN.screen({"caption": "在线看黄片"})

    assert [hit.term for hit in verdict.hits] == ["在线看黄片"]
