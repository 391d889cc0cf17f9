"""From a definition and a date to the videos of a run."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, loads
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from flows.video_plan import VideoPlan, image_of, prompts_of
from records.videos import PlannedVideo
from reelmill.content import Brief, Joint, Skipped
from reelmill.errors import EngineError, FinishingError, SourceError
from reelmill.settings import Settings
from tasks.finishing.cards import Cards, EndCard, LowerThird
from tasks.generation.options import GenerateOptions
from tests.line import DEFINITION

TODAY = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")


def definition(source: str, *, more: str = "", title: str = "{{ brief.name }}") -> Definition:
    text = DEFINITION.format(source=source, subject="{{ brief.prompt }}", title=title, more=more)
    return loads(text, Path("pipelines.yaml"))


def plan(source: str, *, limit: int | None = None, seen: dict[str, str] | None = None, **keys: str) -> Plan:
    return plan_run(definition(source, **keys), "quick", TODAY, Settings(), seen=seen or {}, limit=limit)


def test_what_a_source_brings_is_shortened_for_a_platform_and_the_plan_says_so() -> None:
    """What a person writes is refused by `check`; a thousand goods of a shop are not left out for one long name."""
    source = f"{{type: list, items: [{{prompt: a pine, name: {'雪' * 18}, about: {'a' * 1200}}}]}}"
    text = definition(source).text.replace(
        "lines: [花雪随风不厌看]", 'text: "{{ brief.about }}", hashtags: [z, a, b, c, "{{ brief.prompt }}"]'
    )
    text = text.replace("deliver: [douyin]", "deliver: [kuaishou, wechat_channels]")
    made = plan_run(loads(text, Path("pipelines.yaml")), "quick", TODAY, Settings(), seen={})
    (video,) = made.videos
    assert not video.failed
    assert VideoPlan.from_json(video.plan).shortened == (
        "快手: the text, with title, AI line and hashtags, has 1240 chars of 1000, and is shortened",
        "快手: the first 4 of 5 hashtags are posted",
        "微信视频号: the title has 18 chars of 16, and is shortened",
        "微信视频号: the text, with AI line and hashtags, has 1228 chars of 1000, and is shortened",
    )


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
    seeds = {video.plan["shots"][0]["seed"] for video in first.videos}
    assert len(seeds) == 2


def test_a_plan_survives_the_ledger() -> None:
    (video,) = plan(items("小雪")).videos
    restored = VideoPlan.from_json(video.plan)
    assert restored.to_json() == video.plan
    assert restored.words.title == "小雪"
    assert restored.requests("storyboard@1")[0].frames == 13


def test_a_plan_that_was_written_before_there_were_several_shots_is_read_as_one_of_one_shot() -> None:
    (video,) = plan(items("小雪")).videos
    old = dict(video.plan)
    (shot,) = old.pop("shots")
    del old["joints"]
    assert VideoPlan.from_json(old | shot) == VideoPlan.from_json(video.plan)
    whole = "a pine, snow falls slowly, a quiet valley, ink wash, steady camera, slow smooth movement"
    assert prompts_of(old | shot) == prompts_of(video.plan) == [whole]
    assert prompts_of({}) == []


SHOTS = """\
    shots: [{}, {action: it stops, seconds: 2, join: cut}, {subject: "{{ brief.name }}", image: none, seed: 9}]
    assemble: {join: crossfade, join_seconds: 0.5}
"""


def test_each_shot_is_what_all_have_in_common_and_what_it_says_itself() -> None:
    (video,) = plan(items("小雪"), more=SHOTS).videos
    decided = VideoPlan.from_json(video.plan)
    common = "a quiet valley, ink wash, steady camera, slow smooth movement"
    assert [shot.prompt for shot in decided.shots] == [
        f"a pine, snow falls slowly, {common}", f"a pine, it stops, {common}", f"小雪, snow falls slowly, {common}",
    ]  # fmt: skip
    assert [shot.frames for shot in decided.shots] == [13, 25, 13]
    assert decided.joints == (Joint("cut"), Joint("crossfade", 6))
    assert (decided.frames, decided.seconds) == (45, 45 / 12)
    (alone,) = plan(items("小雪")).videos
    assert decided.shots[0].seed == VideoPlan.from_json(alone.plan).shots[0].seed
    assert len({shot.seed for shot in decided.shots}) == 3
    assert decided.shots[2].seed == 9


def test_each_shot_gets_the_image_of_its_number(tmp_path: Path) -> None:
    recipe_images = [
        image_of(Brief("k", "t", {}, ("a.png", "b.png")), GenerateOptions(image=image), index)
        for index, image in enumerate(("auto", "required", "auto", "none"))
    ]
    assert recipe_images == ["a.png", "b.png", "a.png", None]
    with pytest.raises(EngineError, match="has no image"):
        image_of(Brief("k", "t", {}), GenerateOptions(image="required"), 1)


def test_cards_are_written_from_the_brief_and_kept_with_the_plan() -> None:
    text = DEFINITION.format(source=items("小雪"), subject="{{ brief.prompt }}", title="{{ brief.name }}", more="")
    third = '{title: "{{ brief.name }} 🍵", text: 老陈, start: 0.5}'
    cards = f'lower_third: {third}, end_card: {{text: "{{{{ brand.name }}}}"}}, '
    read = loads(text.replace("caption: {", f"caption: {{{cards}"), Path("pipelines.yaml"))
    made = plan_run(read, "quick", TODAY, Settings(), seen={})
    (video,) = made.videos
    restored = VideoPlan.from_json(video.plan).cards
    assert restored == Cards(LowerThird("小雪 🍵", "老陈", 0.5, 3.0), EndCard("山野茶事", 1.5))
    (without,) = plan(items("小雪")).videos
    assert VideoPlan.from_json(without.plan).cards is None


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


def test_what_is_skipped_is_numbered_and_counted_with_what_is_left_out() -> None:
    plan = Plan(videos=[PlannedVideo("fox", "", "fox", "", {})])
    for number in (1, 2):
        plan.skip(Skipped("line 7", "it has no title"))
        assert plan.videos[number].brief_key == f"line 7 ({number})"
    plan.leave_out({0: "the budget of the day has no videos left"})
    assert plan.skipped == sum(bool(video.skipped) for video in plan.videos) == 3
