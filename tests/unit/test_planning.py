"""From a definition and a date to the videos of a run."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, loads
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from flows.video_plan import VideoPlan
from reelmill.errors import EngineError, FinishingError, SourceError
from reelmill.settings import Settings
from tests.line import DEFINITION

TODAY = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")


def definition(source: str, *, more: str = "", title: str = "{{ brief.name }}") -> Definition:
    text = DEFINITION.format(source=source, subject="{{ brief.prompt }}", title=title, more=more)
    return loads(text, Path("pipelines.yaml"))


def plan(source: str, *, limit: int | None = None, seen: dict[str, str] | None = None, **keys: str) -> Plan:
    return plan_run(definition(source, **keys), "quick", TODAY, Settings(), seen=seen or {}, limit=limit)


def items(*names: str) -> str:
    return "{type: list, items: [" + ", ".join(f"{{prompt: a pine, name: {name}}}" for name in names) + "]}"


def test_each_brief_in_each_cell_is_a_video_named_by_both() -> None:
    matrix = "    matrix: {angle: [food, poem], style: [ink wash], include: [{angle: food, place: at a table}]}\n"
    made = plan(items("小雪"), more=matrix)
    assert [video.title for video in made.videos] == ["小雪 · food · ink wash", "小雪 · poem · ink wash"]
    assert VideoPlan.from_json(made.videos[0].plan).variant == {
        "angle": "food",
        "style": "ink wash",
        "place": "at a table",
    }


def test_planning_twice_decides_the_same_and_each_video_has_a_seed_of_its_own() -> None:
    first, second = plan(items("小雪", "大雪")), plan(items("小雪", "大雪"))
    assert [video.plan_hash for video in first.videos] == [video.plan_hash for video in second.videos]
    seeds = {video.plan["seed"] for video in first.videos}
    assert len(seeds) == 2


def test_a_plan_survives_the_ledger() -> None:
    (video,) = plan(items("小雪")).videos
    restored = VideoPlan.from_json(video.plan)
    assert restored.to_json() == video.plan
    assert restored.words.title == "小雪"
    assert restored.shot("storyboard@1", None).frames == 13


def test_a_limit_counts_videos() -> None:
    assert len(plan(items("a", "b", "c"), limit=2).videos) == 2


def test_a_brief_that_is_as_it_was_is_left_out_only_where_changes_are_asked_for() -> None:
    (video,) = plan(items("小雪")).videos
    seen = {video.brief_key: video.fingerprint}
    assert plan(items("小雪"), seen=seen).unchanged == 0


def test_one_video_that_cannot_be_planned_does_not_cost_the_others() -> None:
    made = plan(items("小雪", "ꙮ"))
    assert [bool(video.failed) for video in made.videos] == [False, True]
    assert "ꙮ" in made.videos[1].failed


def test_if_none_can_be_planned_the_first_reason_is_the_reason() -> None:
    with pytest.raises(FinishingError, match="ꙮ"):
        plan(items("ꙮ"))


def test_a_missing_image_fails_where_one_is_required() -> None:
    required = definition(items("小雪")).text.replace("engine: storyboard", "image: required, engine: storyboard")
    with pytest.raises(EngineError, match="has no image"):
        plan_run(loads(required, Path("pipelines.yaml")), "quick", TODAY, Settings(), seen={})


def test_a_source_without_anything_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("prompt,name\n")
    text = definition("{type: list, path: empty.csv}").text
    with pytest.raises(SourceError) as caught:
        plan_run(loads(text, tmp_path / "pipelines.yaml"), "quick", TODAY, Settings(), seen={})
    assert caught.value.instruction


def test_hashtags_are_one_word_each_without_their_sign() -> None:
    text = definition(items("小雪")).text.replace(
        "lines: [花雪随风不厌看]", 'hashtags: ["#二十四 节气", "{{ brief.name }}", " "]'
    )
    made = plan_run(loads(text, Path("pipelines.yaml")), "quick", TODAY, Settings(), seen={})
    assert VideoPlan.from_json(made.videos[0].plan).post.hashtags == ("二十四节气", "小雪")
