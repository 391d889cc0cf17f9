"""Texts by locale: each video speaks the language of its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.definition import loads
from flows.occasion import on_date
from flows.planning import plan_run
from flows.video_plan import VideoPlan
from reelmill.errors import DefinitionError
from reelmill.settings import Settings
from tasks.prompts.locales import localised
from tasks.prompts.matrix import variants
from tests.line import DEFINITION
from tests.unit.test_matrix import matrix, problems

SOURCE = "{type: list, items: [{prompt: a pine, name: 小雪}]}"


def values(**lists: Any) -> list[dict[str, Any]]:
    options = matrix(**lists)
    return [dict(localised(cell, options.locales).values) for cell in variants(options)]


def test_a_mapping_of_locales_is_the_text_of_the_cells_own() -> None:
    copies = [{"zh": "慢下来", "en": "Slow down"}, {"id": "gift", "zh": "送一只杯", "en": "Give a cup"}]

    assert values(locale=["zh", "en"], copy=copies) == [
        {"locale": "zh", "copy": "慢下来"},
        {"locale": "zh", "copy": "送一只杯"},
        {"locale": "en", "copy": "Slow down"},
        {"locale": "en", "copy": "Give a cup"},
    ]


def test_so_is_one_that_include_adds() -> None:
    found = values(
        locale=["zh", "en"],
        copy=["calm", "gift"],
        include=[{"copy": "calm", "line": {"zh": "慢下来", "en": "Slow down"}}, {"copy": "gift", "line": "…"}],
    )

    assert [cell["line"] for cell in found] == ["慢下来", "…", "Slow down", "…"]


def test_other_mappings_and_a_matrix_without_locales_are_left_alone() -> None:
    mixed = {"zh": "慢下来", "en": "Slow down", "tone": "warm"}

    assert values(locale=["zh", "en"], copy=[mixed]) == [
        {"locale": "zh", "copy": mixed},
        {"locale": "en", "copy": mixed},
    ]
    assert values(copy=[{"zh": "慢下来", "en": "Slow down"}]) == [{"copy": {"zh": "慢下来", "en": "Slow down"}}]


def test_a_text_that_changes_under_an_id_and_a_locale_that_is_added_are_what_the_id_tells() -> None:
    def names(**more: Any) -> list[str]:
        return [cell.id for cell in variants(matrix(copy=[{"id": "calm", "zh": "慢", "en": "Slow"}], **more))]

    assert set(names(locale=["zh"])) < set(names(locale=["zh", "en"]))


def test_a_locale_without_a_text_is_told_at_its_place() -> None:
    told = problems(
        locale=["zh", "en", "ja"],
        copy=[{"zh": "慢", "en": "Slow", "ja": "ゆっくり"}, {"zh": "送", "en": "Give"}],
        include=[{"line": {"zh": "一"}}],
    )

    assert told == [
        (("copy", 1), "there is no text for ja", ""),
        (("include", 0, "line"), "there is no text for en, ja", ""),
    ]
    assert values(locale=["zh", "en"], copy=[{"zh": "送"}], exclude=[{"locale": "en"}]) == [
        {"locale": "zh", "copy": "送"}
    ]


def definition(matrix: str, *, title: str, sound: str = "") -> str:
    return DEFINITION.format(source=SOURCE, subject="a pine", title=title, more=f"    matrix: {matrix}\n{sound}")


def plans(text: str) -> list[VideoPlan]:
    about = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")
    found = plan_run(loads(text, Path("pipelines.yaml")), "quick", about, Settings(), seen={})
    return [VideoPlan.from_json(video.plan) for video in found.videos]


def test_captions_and_narration_follow_the_locale_and_the_title_of_a_video_is_short() -> None:
    matrix = "{copy: [{id: calm, zh: 慢下来, fr: Doucement}], locale: [zh, fr]}"
    sound = "    sound: {narration: {text: '{{ variant.copy }}', engine: espeak}}\n"
    text = definition(matrix, title="{{ variant.copy }}", sound=sound)
    chinese, french = plans(text)

    assert (chinese.words.title, french.words.title) == ("慢下来", "Doucement")
    assert chinese.script is not None
    assert french.script is not None
    assert (chinese.script.language, french.script.language) == ("zh", "fr")  # its letters alone would say English
    assert french.variant == {"copy": "Doucement", "locale": "fr"}
    about = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")
    found = plan_run(loads(text, Path("pipelines.yaml")), "quick", about, Settings(), seen={})
    assert [video.title for video in found.videos] == ["小雪 · calm · zh", "小雪 · calm · fr"]


def test_a_template_may_not_ask_a_text_by_locale_for_its_parts() -> None:
    text = definition("{locale: [zh, en], copy: [{zh: 慢, en: Slow}]}", title="{{ variant.copy.zh }}")
    with pytest.raises(DefinitionError, match=r"variant\.copy\.zh"):
        loads(text, Path("pipelines.yaml"))
