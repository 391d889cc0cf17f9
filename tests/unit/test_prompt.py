"""From the parts of a prompt to what an engine is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reelmill.content import Brief, Variant
from reelmill.errors import TemplateError
from tasks.prompts.compose import DEFAULT_NEGATIVE, Prompt, compose
from tasks.prompts.lint import lint
from tasks.prompts.options import PromptOptions

BRIEF = Brief(
    "2026-11-22-xiaoxue", "小雪", {"scene": "a dark pine ridge.", "motion": " flakes drift slowly,", "place": ""}
)


def prompt(**parts: Any) -> Prompt:
    given = {"subject": "{{ brief.scene }}", "action": "{{ brief.motion }}", "environment": "dusk", "style": "ink wash"}
    return compose(PromptOptions(**(given | parts)), BRIEF, Variant("a", {"style": "clay"}), {"name": "山野茶事"})


def test_the_parts_are_joined_in_the_standard_order_as_one_clean_line() -> None:
    assert prompt(camera="slow push in").positive == (
        "a dark pine ridge, flakes drift slowly, dusk, ink wash, slow push in"
    )


def test_the_camera_is_steady_unless_the_pipeline_says_otherwise() -> None:
    assert prompt().positive.endswith("ink wash, steady camera, slow smooth movement")
    assert prompt(camera="").positive.endswith("ink wash")


def test_parts_that_turn_out_empty_are_left_out() -> None:
    assert (
        prompt(environment="{{ brief.place }}", camera="").positive
        == "a dark pine ridge, flakes drift slowly, ink wash"
    )


def test_variant_and_brand_are_seen() -> None:
    assert prompt(style="{{ variant.style }} for {{ brand.name }}", camera="").positive.endswith("clay for 山野茶事")


def test_control_characters_and_direction_marks_of_the_data_are_removed() -> None:
    brief = Brief("k", "t", {"name": "tea\u202egnp\u0007\n\tcup \u200b"})

    made = compose(PromptOptions(subject="{{ brief.name }}", action="a", environment="e", style="s", camera=""), brief,
                   Variant(""), {})  # fmt: skip

    assert made.positive == "teagnp cup, a, e, s"


def test_a_subject_that_turns_out_empty_is_an_error_that_names_the_brief() -> None:
    with pytest.raises(TemplateError, match="the subject of the prompt is empty for '小雪'"):
        prompt(subject="{{ brief.place }}")


def test_a_missing_field_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(TemplateError, match=re.escape("did you mean `brief.scene`?")):
        prompt(subject="{{ brief.scen }}")


def test_the_default_negative_prompt_speaks_both_languages_and_can_be_replaced() -> None:
    assert prompt().negative == DEFAULT_NEGATIVE
    assert "watermark" in DEFAULT_NEGATIVE
    assert "水印" in DEFAULT_NEGATIVE
    assert prompt(negative="{{ variant.style }}, blur").negative == "clay, blur"
    assert prompt(negative="").negative == ""


def test_the_default_camera_is_one_that_lint_has_nothing_to_say_about() -> None:
    assert lint(prompt().positive) == []
