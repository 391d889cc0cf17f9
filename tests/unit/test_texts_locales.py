"""Where texts are read: some terms count only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.definition import loads
from flows.texts import Reader
from flows.video_plan import ShotPlan, VideoPlan
from reelmill.content import Decision, PostText
from tasks.finishing.sound.script import Script
from tasks.finishing.words import Words
from tasks.screening.options import ScreenOptions
from tests.held import DEFINITION

GERMAN = "Kein Platz für den Hakenkreuz-Becher"
CHINESE, TAIWANESE = "台独集会，顶级好茶", "台獨集會，頂級好茶"


def plan(caption: str, *, script: Script | None = None, **variant: Any) -> VideoPlan:
    return VideoPlan(
        brief_key="key",
        variant=variant,
        engine="storyboard",
        shots=(ShotPlan("a dark pine ridge", "blur", 13, 7, None),),
        width=256,
        height=448,
        fps=12,
        steps=1,
        guidance=1.0,
        words=Words("Tea", ()),
        post=PostText("Tea", caption, ()),
        profiles=("youtube_shorts",),
        script=script,
    )


def decided(read: VideoPlan, deliver: str = "youtube_shorts", screen: str = "policy: default") -> Decision:
    text = DEFINITION.replace("deliver: [youtube_shorts]", f"deliver: [{deliver}]")
    text = text.replace("screen: {policy: default,", f"screen: {{{screen},")
    return Reader(loads(text, Path("pipelines.yaml")), "quick").read(read).decision


@pytest.mark.parametrize(
    ("read", "decision"),
    [
        (plan(GERMAN), Decision.PASS),
        (plan(GERMAN, locale="de"), Decision.REVIEW),
        (plan(GERMAN, locale="de-AT"), Decision.REVIEW),
        (plan(GERMAN, locale="fr"), Decision.PASS),
        (plan(GERMAN, locale=3), Decision.PASS),
        (plan("Tee", script=Script(GERMAN, "de", "silent")), Decision.REVIEW),
        (plan("Tee", script=Script(GERMAN, "en", "silent")), Decision.PASS),
        (plan(CHINESE), Decision.REVIEW),
        (plan(CHINESE, locale="zh-CN"), Decision.REVIEW),
        (plan(TAIWANESE, locale="zh-TW"), Decision.PASS),
        (plan("Falun Gong practice"), Decision.PASS),
        (plan("Falun Gong practice", locale="zh"), Decision.REVIEW),
        (plan("茶", script=Script("Falun Gong", "en", "silent")), Decision.REVIEW),
    ],
)
def test_the_locale_of_the_variant_and_the_languages_of_its_words_count(read: VideoPlan, decision: Decision) -> None:
    assert decided(read) is decision


def test_where_a_video_goes_counts_whatever_its_language() -> None:
    german = plan("Falun Gong", locale="de")

    assert decided(german) is Decision.PASS
    assert decided(german, deliver="douyin") is Decision.REVIEW


def test_a_pipeline_may_say_where_it_is_read() -> None:
    assert decided(plan(GERMAN), screen="locales: [en, de]") is Decision.REVIEW
    assert decided(plan(CHINESE), screen="locales: [zh-TW]") is Decision.PASS
    assert decided(plan(CHINESE), "douyin", "locales: [zh-TW]") is Decision.REVIEW


def test_a_caption_that_a_person_changes_is_read_in_its_own_language() -> None:
    english = plan("tea")

    assert decided(english) is Decision.PASS
    assert decided(replace(english, post=PostText("Tea", CHINESE, ()))) is Decision.REVIEW


@pytest.mark.parametrize("locales", [["Germany"], ["de_DE"], [""], "de"])
def test_a_locale_is_a_language_tag(locales: Any) -> None:
    with pytest.raises(ValidationError):
        ScreenOptions.model_validate({"locales": locales})
