"""Remarks on prompts, in English and in Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tasks.prompts import lint as lint_module
from tasks.prompts.lint import estimated_tokens, lint

GOOD = [
    "a dark pine ridge under first snow, flakes drift slowly, a quiet mountain valley at dusk, ink wash",
    "a celadon cup on a walnut table, steam rises, morning light from a window, 35mm film, steady camera",
    "a little fox walking through moonlit snow, clay",
    "雪落在松林的山脊上，雪花缓缓飘下，黄昏的山谷，水墨",
    "一只青瓷杯，热气轻轻升起，清晨的窗光",
    "notebooks and knotted rope on a breakfast table",  # words that hold `no`, `not` and `fast`
]


@pytest.mark.parametrize("prompt", GOOD)
def test_a_good_prompt_gets_no_remark(prompt: str) -> None:
    assert lint(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "rule", "found"),
    [
        ("a beautiful scene", "vague", "a beautiful scene"),
        ("stunning, cinematic, high quality, 4k", "vague", "stunning, cinematic, high quality, 4k"),
        ("唯美高级感的画面", "vague", "唯美高级感的画面"),
        ("a teapot on a table, whip pan to a window", "violent-camera", "whip pan"),
        ("fast zoom into a clay teapot", "violent-camera", "fast zoom"),
        ("a bamboo grove, shaky camera", "violent-camera", "shaky camera"),
        ("İzmir at dusk, a Whip-Pan", "violent-camera", "Whip-Pan"),  # whose İ is two characters in small letters
        ("竹林，镜头快速推拉", "violent-camera", "快速推拉"),
        ("竹林小径，画面抖动", "violent-camera", "画面抖动"),
        ("a market street with a crowd at noon", "crowd", "crowd"),
        ("hundreds of people under lanterns", "crowd", "hundreds of people"),
        ("灯会上的人群", "crowd", "人群"),
        ('a tea shop with a sign that says "SALE"', "text", "sign that says"),
        ("a red box with the brand logo", "text", "logo"),
        ("一张写着新品的海报", "text", "写着"),
        ("a boy kicks a ball and then climbs a tree", "several-actions", "and then"),
        ("少年踢球然后爬树", "several-actions", "然后"),
        ("a fox, a bear, and a hare in snow", "several-subjects", "a fox, a bear, and a hare"),
        ("two people at a tea table", "several-subjects", "two people"),
        ("a horse running fast over a meadow", "fast-motion", "fast"),
        ("骏马在草原上疾驰", "fast-motion", "疾驰"),
        ("an empty street, no people", "negation", "no"),
        ("空荡的街道，没有行人", "negation", "没有"),
        ("a plum branch, cut to a mountain", "cuts", "cut to"),
        ("梅枝，切换到远山", "cuts", "切换到"),
    ],
)
def test_what_a_light_model_does_badly_is_found_with_a_reason_and_advice(prompt: str, rule: str, found: str) -> None:
    (remark,) = lint(prompt)

    assert (remark.rule, remark.found) == (rule, found)
    assert remark.reason
    assert remark.advice


def test_several_remarks_come_in_the_order_of_the_text_and_no_word_is_told_twice() -> None:
    remarks = lint("fast zoom over a crowd, then an explosion, no smoke")

    assert [(remark.rule, remark.found) for remark in remarks] == [
        ("violent-camera", "fast zoom"),
        ("crowd", "crowd"),
        ("several-actions", "then"),
        ("fast-motion", "explosion"),
        ("negation", "no"),
    ]


@pytest.mark.parametrize("prompt", ["a teapot in the rain " * 80, "雨中的茶壶" * 150])
def test_a_prompt_that_the_text_encoder_would_cut_off_is_told(prompt: str) -> None:
    assert [remark.rule for remark in lint(prompt)] == ["too-long"]


def test_the_estimate_of_tokens_knows_both_scripts() -> None:
    assert estimated_tokens("a" * 1500) == 500
    assert 400 < estimated_tokens("雪" * 650) < 520


def test_what_a_template_inserts_is_not_called_vague() -> None:
    assert lint("{{ brief.scene }}") == []
    assert [remark.found for remark in lint("{{ brief.scene }} with a crowd")] == ["crowd"]


def test_a_remark_reads_as_one_sentence() -> None:
    (remark,) = lint("an empty street, no people")

    assert str(remark).startswith("'no': a prompt that names what must not be seen")


def test_rules_are_written_in_small_letters() -> None:
    """They are looked for in small letters, so that one with a capital would never be found."""
    data = YAML(typ="safe").load((Path(lint_module.__file__).with_name("lint.yaml")).read_text(encoding="utf-8"))
    words = [word for rule in (*data["rules"], *data["wants"]) for word in (*rule["en"], *rule["zh"])]
    assert len(words) > 100
    assert [word for word in words if word != word.lower()] == []
