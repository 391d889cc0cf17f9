"""Advice for the model that is going to draw: what it wants to be told, its languages, what it never hears."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from flows.definition import loads
from flows.occasion import on_date
from flows.planning import plan_run
from flows.video_plan import VideoPlan
from reelmill.content import Brief, Variant
from reelmill.settings import Settings
from tasks.prompts.advice import LIGHT, Model, advise
from tasks.prompts.compose import DEFAULT_NEGATIVE, Prompt, compose
from tasks.prompts.lint import families
from tasks.prompts.options import PromptOptions
from tests.line import DEFINITION
from wan_engine.wan.profiles import PROFILES

DISTILLED = Model("fastwan22-5b@3e187042", 1.0)


def rules(positive: str, model: Model = LIGHT, negative: str = "", *, own: bool = False) -> list[str]:
    return [remark.rule for remark in advise(Prompt(positive, negative), model, own_negative=own)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a celadon cup, steam rises, a table, clay, steady camera", []),
        ("a celadon cup, steam rises slowly, a table, clay", ["camera-unsaid"]),
        ("a celadon cup, it turns, a table, clay, static shot", ["motion-unsaid"]),
        ("a celadon cup in morning light, it turns, calm background", ["camera-unsaid", "motion-unsaid"]),
        ("a plum branch, petals drift down, the camera holds still", []),
        ("a plum branch, petals fall, slow push in", []),
        ("一只青瓷杯，热气袅袅，固定机位", []),
        ("一只青瓷杯，茶水注入，木桌上", ["camera-unsaid", "motion-unsaid"]),
        ("雪落松林，雪花缓缓飘下，镜头缓慢推近", []),
    ],
)
def test_a_light_model_wants_a_camera_and_a_smooth_word(prompt: str, expected: list[str]) -> None:
    assert rules(prompt) == expected


def test_every_model_that_the_engine_knows_is_in_a_family_and_no_other_is() -> None:
    for name in PROFILES:
        family = Model(f"{name}@0123", 5.0).family
        assert family is not None, name
    assert Model("Wan-AI/Wan2.2-TI2V-5B-Diffusers", 5.0).family == families()[0]
    assert Model("hunyuan-video@1", 6.0).family is None
    assert rules("a cup, it turns", Model("hunyuan-video@1", 6.0)) == []


def test_a_preview_says_what_would_be_said_of_the_model_that_it_stands_in_for() -> None:
    preview = Model("storyboard@2", 1.0, preview=True)

    assert rules("a cup, it turns", preview) == ["camera-unsaid", "motion-unsaid"]
    assert rules("a cup, steam rises, steady camera", preview, "hands", own=True) == []


@pytest.mark.parametrize(
    ("model", "negative", "own", "told"),
    [
        (DISTILLED, "hands", True, True),
        (DISTILLED, DEFAULT_NEGATIVE, False, False),  # nobody wrote it for this pipeline
        (DISTILLED, "", True, False),
        (LIGHT, "hands", True, False),
        (Model("wan22-ti2v-5b", 1.0), "hands", True, True),
        (Model("hunyuan-video", 0.0), "hands", True, True),
        (Model("wan22-ti2v-5b", 1.1), "hands", True, False),
    ],
)
def test_a_negative_prompt_that_no_model_reads_is_told(model: Model, negative: str, own: bool, told: bool) -> None:
    found = rules("a cup, steam rises, steady camera", model, negative, own=own)
    assert found == ["negative-unheard"] * told


def test_what_is_said_names_the_model_and_what_to_do() -> None:
    (remark,) = advise(Prompt("a cup, steam rises, steady camera", "hands"), DISTILLED, own_negative=True)
    assert str(remark) == (
        "'hands': at guidance 1, fastwan22-5b does not read the negative prompt – "
        "say in the prompt what is there instead, or leave `negative` out"
    )


def options(**parts: Any) -> PromptOptions:
    given = {"subject": "a cup", "action": "steam rises", "environment": "a table", "style": "clay", "camera": ""}
    return PromptOptions.model_validate_json(json.dumps(given | parts))


def composed(made: PromptOptions, languages: tuple[str, ...] = ("en", "zh")) -> str:
    return compose(made, Brief("a", "青瓷杯", {}), Variant("", {"locale": "zh"}), {}, languages).positive


TWO: dict[str, Any] = {
    "subject": {"en": "a cup", "zh": "一只杯"},
    "action": {"zh": "热气缓缓升起", "en": "steam rises"},
}


def test_parts_are_taken_in_the_language_that_the_model_knows_best_or_the_one_that_is_named() -> None:
    assert composed(options(**TWO)) == "a cup, steam rises, a table, clay"
    assert composed(options(**TWO), ("zh", "en")) == "一只杯, 热气缓缓升起, a table, clay"
    assert composed(options(**TWO, language="zh")) == "一只杯, 热气缓缓升起, a table, clay"
    assert composed(options(**TWO), ("ja",)) == "a cup, 热气缓缓升起, a table, clay"  # each in its own first one


def test_one_language_for_all_parts_where_there_is_one() -> None:
    made = options(subject={"en": "a cup", "zh": "一只杯"}, action={"zh": "热气缓缓升起"})
    assert composed(made) == "一只杯, 热气缓缓升起, a table, clay"


@pytest.mark.parametrize(
    "parts",
    [
        {**TWO, "language": "ja"}, {"subject": {}}, {"subject": {"en": ""}}, {"subject": {"English": "a cup"}},
        {"subject": ["a cup"]}, {"camera": {"en": 1}}, {"language": "Chinese"}, {"subject": {"en": "x" * 4001}},
    ],
)  # fmt: skip
def test_a_part_that_is_no_text_in_a_language_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**parts)


def test_a_language_that_no_part_needs_is_fine() -> None:
    assert composed(options(language="ja")) == "a cup, steam rises, a table, clay"


@pytest.mark.parametrize(("guidance", "told"), [(1.0, True), (5.0, False)])
def test_a_plan_passes_on_what_draws(guidance: float, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "{type: list, items: [{prompt: a pine, name: 小雪}]}"
    text = DEFINITION.format(source=source, subject="a pine", title="{{ brief.name }}", more="")
    text = text.replace("subject:", 'negative: "hands", camera: "", subject:', 1)
    text = text.replace(
        "{engine: storyboard, seconds: 1, size: 256x448, fps: 12}", f"{{engine: wan, guidance: {guidance}}}"
    )
    monkeypatch.setenv("REELMILL_GENERATION", "pool")  # another machine has the model
    about = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")
    (video,) = plan_run(loads(text, Path("pipelines.yaml")), "quick", about, Settings(), seen={}).videos
    assert not video.failed
    advice = VideoPlan.from_json(video.plan).advice
    assert any("does not read the negative prompt" in line for line in advice) is told
    assert any("nothing says what the camera does" in line for line in advice)
