"""Platforms of one's own, and what a definition is told about platforms before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.definition import Definition, loads
from reelmill.errors import DefinitionError, Problem
from tasks.finishing.profiles import YOURS

HEAD = """\
version: 1
brand: {name: Tea}
targets: {outbox: {type: folder, path: outbox}}
"""
PIPELINE = """\
pipelines:
  p:
    source: {{type: list, items: [tea]}}
    prompt: {{subject: "{{{{ brief.prompt }}}}", action: it steams, environment: a room, style: ink wash}}
    generate: {{seconds: {seconds}, fps: {fps}}}
    caption: {{title: "{title}", text: "{text}"}}
    deliver: [{deliver}]
    publish: [outbox]
"""


def read(
    profiles: str, deliver: str = "tiktok", seconds: float = 5, fps: int = 24, title: str = "", text: str = ""
) -> Definition:
    pipeline = PIPELINE.format(deliver=deliver, seconds=seconds, fps=fps, title=title, text=text)
    return loads(f"{HEAD}{profiles}{pipeline}", Path("pipelines.yaml"))


def problem(*arguments: object, **more: object) -> Problem:
    with pytest.raises(DefinitionError) as caught:
        read(*arguments, **more)  # type: ignore[arg-type]
    (found,) = caught.value.problems
    return found


def test_a_platform_of_ones_own_is_like_another_one_but_for_what_it_says() -> None:
    definition = read(
        "profiles: {kiosk: {like: tiktok, title: The kiosk, width: 540, height: 960, seconds: {most: 20}}}\n", "kiosk"
    )
    kiosk, tiktok = definition.profiles["kiosk"], definition.profiles["tiktok"]
    assert (kiosk.title, kiosk.size) == ("The kiosk", (540, 960))
    assert (kiosk.seconds.least, kiosk.seconds.most) == (tiktok.seconds.least, 20)
    assert kiosk.safe_zone.bottom == tiktok.safe_zone.bottom // 2, "it grows and shrinks with the picture"
    assert kiosk.text == tiktok.text


def test_what_a_definition_says_names_it_as_its_source() -> None:
    profiles = read("profiles: {tiktok: {crf: 18, text: {caption: {most: 100}}}}\n").profiles
    tiktok = profiles["tiktok"]
    assert (tiktok.crf.value, tiktok.text.caption.most) == (18, 100)
    assert {tiktok.crf.source, tiktok.text.caption.source} == {"definition"}
    assert profiles.source("definition") == YOURS
    assert tiktok.text.title.source != "definition", "the rest keeps its own"


def test_a_changed_platform_changes_the_pipelines_that_deliver_to_it_and_no_others() -> None:
    plain = read("")
    assert read("profiles: {tiktok: {crf: 18}}\n").hash("p") != plain.hash("p")
    assert read("profiles: {x: {crf: 18}}\n").hash("p") == plain.hash("p")


@pytest.mark.parametrize(
    ("profiles", "path", "reason"),
    [
        ("{kiosk: {width: 540, height: 960}}", "profiles.kiosk", "a profile of your own says which one it is like"),
        ("{kiosk: {like: tictoc}}", "profiles.kiosk.like", "there is no profile of this name"),
        ("{tiktok: {width: 541}}", "profiles.tiktok", "541x1920: width and height are even numbers"),
        ("{youtube_shorts: {width: 1920, height: 1080}}", "profiles.youtube_shorts", "YouTube Shorts takes 0.5 to 1"),
        ("{tiktok: {safe_zone: {left: 900}}}", "profiles.tiktok", "the safe zone leaves less than a third"),
        ("{tiktok: {crf: 80}}", "profiles.tiktok.crf", "80"),
        ("{tiktok: {label: {visible: false}}}", "profiles.tiktok.label.visible", "this key is not known"),
        ("{master: {width: 540}}", "profiles.master", "give both width and height, or neither"),
    ],
)
def test_what_does_not_fit_together_is_told_at_its_place(profiles: str, path: str, reason: str) -> None:
    found = problem(f"profiles: {profiles}\n")
    assert found.path == path
    assert reason in f"{found.reason} {found.value}"


def test_a_slip_in_a_name_is_told_with_the_nearest_one() -> None:
    found = problem("", deliver="tiktock")
    assert (found.path, found.suggestion) == ("pipelines.p.deliver[0]", "tiktok")
    assert "there is no platform profile 'tiktock'" in found.reason


@pytest.mark.parametrize(
    "target",
    [
        "{type: douyin, open_id: o, login: {file: f}}",
        "{type: kuaishou, app_id: a, token: {env: K}}",
        "{type: handoff, for: xiaohongshu, path: h}",
    ],
)
def test_a_chinese_platform_gets_no_video_that_does_not_say_who_answers_for_it(target: str) -> None:
    text = f"{HEAD}{PIPELINE.format(deliver='douyin, xiaohongshu', seconds=5, fps=24, title='', text='')}"
    text = text.replace("{type: folder, path: outbox}", target)
    with pytest.raises(DefinitionError) as caught:
        loads(text, Path("pipelines.yaml"))
    (found,) = caught.value.problems
    assert found.path == "pipelines.p.publish[0]"
    assert "who answers for them" in found.reason
    assert "`brand.ai_producer`" in found.allowed
    loads(text.replace("{name: Tea}", f"{{name: Tea, ai_producer: {'00' + 'A' * 25}}}"), Path("pipelines.yaml"))


@pytest.mark.parametrize(
    ("deliver", "what", "path"),
    [
        ("pinterest", {"seconds": 3}, "generate.seconds"),
        ("linkedin", {"fps": 60}, "generate.fps"),
        ("wechat_channels", {"title": "茶" * 17}, "caption.title"),
        ("x", {"text": "茶" * 141}, "caption.text"),
        ("telegram", {"text": "🍵" * 513}, "caption.text"),
        ("youtube_shorts", {"text": "茶" * 1667}, "caption.text"),
    ],
)
def test_what_a_platform_would_refuse_is_refused_before_anything_is_made(
    deliver: str, what: dict[str, object], path: str
) -> None:
    assert problem("", deliver=deliver, **what).path == f"pipelines.p.{path}"


@pytest.mark.parametrize("text", ["茶" * 140, "t" * 280, "https://example.com/" + "a" * 300 + " tea"])
def test_what_just_fits_is_taken_in_the_units_of_the_platform(text: str) -> None:
    read("", deliver="x", text=text)
