"""Platforms of one's own, and what a definition is told about platforms before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.definition import Definition, loads
from flows.platforms import profiles_of
from flows.posting import room_of
from reelmill.errors import DefinitionError, Problem
from tasks.finishing.profiles import DATA, YOURS, shipped
from tasks.publishing.base import Room
from tests.posting import make_target

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
    profiles: str,
    deliver: str = "tiktok",
    seconds: float = 5,
    fps: int = 24,
    title: str = "",
    text: str = "",
    more: str = "",
    caption: str = "",
) -> Definition:
    pipeline = PIPELINE.format(deliver=deliver, seconds=seconds, fps=fps, title=title, text=text) + more
    if caption:
        pipeline = pipeline.replace(f'{{title: "{title}", text: "{text}"}}', caption)
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
        ("{x: {codec: hevc}}", "profiles.x", "X takes h264, not hevc"),
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


def shots(count: int, seconds: float) -> str:
    return f"    shots: [{', '.join(f'{{seconds: {seconds}}}' for _ in range(count))}]\n"


@pytest.mark.parametrize(
    ("profiles", "what", "path"),
    [
        ("profiles: {tiktok: {max_bytes: 100000}}\n", {"seconds": 60}, "generate.seconds"),
        ("", {"deliver": "discord", "more": shots(10, 59)}, "shots"),
        ("", {"deliver": "telegram", "more": shots(24, 60)}, "shots"),
    ],
)
def test_a_video_whose_file_would_be_too_large_to_look_like_anything_is_refused(
    profiles: str, what: dict[str, Any], path: str
) -> None:
    found = problem(profiles, **what)
    assert found.path == f"pipelines.p.{path}"
    assert "would have to be encoded with" in found.reason


def test_how_bad_a_video_may_look_is_said_by_the_profile() -> None:
    read("profiles: {tiktok: {max_bytes: 9000000, min_bitrate: 900000}}\n", seconds=60)
    problem("profiles: {tiktok: {max_bytes: 9000000}}\n", seconds=60)


def test_a_length_is_that_of_the_frames_that_are_made() -> None:
    """An engine makes 4k+1 frames: 5 s are 121 of them, which is a little more."""
    found = problem("profiles: {tiktok: {seconds: {most: 5}}}\n")
    assert found.path == "pipelines.p.generate.seconds"
    assert "121 frames" in found.reason
    assert "5.04 s" in found.reason
    read("profiles: {tiktok: {seconds: {most: 5.05}}}\n")


def test_a_rate_that_no_multiple_brings_within_the_bounds_is_refused() -> None:
    found = problem("profiles: {tiktok: {fps: {least: 23, most: 30}}}\n", fps=20)
    assert found.path == "pipelines.p.generate.fps"


TAGS = "[a, b, c, d, e, f]"


def test_more_hashtags_than_a_platform_takes_are_refused() -> None:
    found = problem("", deliver="kuaishou", caption=f"{{title: T, hashtags: {TAGS}}}")
    assert found.path == "pipelines.p.caption.hashtags"
    assert "快手" in found.reason
    assert found.allowed == "at most 4; these are 6"
    read("", deliver="kuaishou", caption="{title: T, hashtags: [a, b, c, d]}")
    read("profiles: {kuaishou: {text: {hashtags: {most: 6}}}}\n", "kuaishou", caption=f"{{title: T, hashtags: {TAGS}}}")


def test_more_hashtags_than_we_would_post_are_no_mistake() -> None:
    """X takes any number: that three are posted is our choice."""
    read("", deliver="x", caption=f"{{title: T, hashtags: {TAGS}}}")


@pytest.mark.parametrize(
    ("deliver", "caption", "path", "told"),
    [
        ("x", f"{{text: {'t' * 280}, hashtags: [tea]}}", "caption.text", "hashtags"),
        ("x", f"{{title: T, text: {'t' * 280}}}", "caption.text", "title"),
        ("telegram", f"{{text: {'t' * 1015}}}", "caption.text", "AI line"),
        ("kuaishou", f"{{text: {'茶' * 995}}}", "caption.text", "AI line"),
        ("x", f"{{title: T, lines: [{'t' * 150}, {'t' * 150}]}}", "caption.lines", "title"),
    ],
)
def test_a_text_is_measured_as_it_is_posted(deliver: str, caption: str, path: str, told: str) -> None:
    found = problem("", deliver=deliver, caption=caption)
    assert found.path == f"pipelines.p.{path}"
    assert told in found.reason


def test_what_a_template_will_say_is_not_known_yet() -> None:
    read("", deliver="x", caption="{text: '{{ brief.prompt }}" + "t" * 280 + "'}")
    read("", deliver="x", caption="{title: '{{ brief.prompt }}', lines: [" + "t" * 281 + "]}")


def test_braces_alone_make_no_template() -> None:
    assert problem("", deliver="x", text="{" + "t" * 280).path == "pipelines.p.caption.text"


def test_a_number_of_ones_own_is_that_of_the_posts_as_well() -> None:
    """A rendition for another platform says nothing about the words of this one."""
    own = read(
        "profiles: {x: {text: {caption: {most: 100}}}, kiosk: {like: x, text: {hashtags: {most: 1}}}}\n"
    ).profiles
    to = make_target("x")
    assert room_of(own["x"], to) == Room(caption=100)
    assert room_of(own["kiosk"], to) == Room(caption=100, hashtags=1)
    assert room_of(own["tiktok"], to) == room_of(shipped()["x"], to) == Room()
    assert room_of(own["x"], make_target("telegram", chat="@tea_channel")) == Room()
    assert room_of(own["x"], make_target("folder", path="outbox")) == Room(caption=100)


@pytest.mark.parametrize(
    ("profiles", "deliver", "path"),
    [
        ("{douyin: {label: {metadata: false}}}", "douyin", "douyin.label.metadata"),
        ("{douyin: {label: {language: en}}}", "douyin", "douyin.label.language"),
        ("{kiosk: {like: kuaishou, label: {metadata: false}}}", "tiktok", "kiosk.label.metadata"),
        ("{kiosk: {like: kuaishou}, stall: {like: kiosk, label: {metadata: false}}}", "tiktok", "stall.label.metadata"),
        ("{douyin: {like: tiktok}}", "douyin", "douyin.like"),
    ],
)
def test_what_the_law_asks_of_a_label_is_not_loosened(profiles: str, deliver: str, path: str) -> None:
    """A Chinese platform would get videos that nobody answers for, and texts that were not read by its rules."""
    found = problem(f"profiles: {profiles}\n", deliver)
    assert found.path == f"profiles.{path}"
    assert "GB 45438-2025" in found.reason
    assert profiles_of({"profiles": YAML(typ="safe").load(profiles)})["douyin"] == shipped()["douyin"]


def test_a_label_may_say_more_than_it_must() -> None:
    own = read("profiles: {tiktok: {label: {language: zh, metadata: true}}, douyin: {label: {metadata: true}}}\n")
    assert own.profiles["tiktok"].label.metadata
    read("profiles: {kiosk: {like: tiktok, label: {metadata: true}}, stall: {like: kiosk, label: {metadata: true}}}\n")


def test_how_a_clip_of_another_shape_is_fitted_is_said_by_each_profile() -> None:
    own = read(
        "profiles: {tiktok: {reframe: follow, codec: hevc}, kiosk: {like: x, codec: av1, codecs: [av1]}}\n"
    ).profiles
    assert (own["tiktok"].reframe.value, own["tiktok"].reframe.source) == ("follow", "definition")
    assert own["kiosk"].codecs.value == ("av1",)
    data = YAML(typ="safe").load(DATA)
    assert "reframe" not in data["defaults"]
    assert all("reframe" in profile for profile in data["profiles"].values())
