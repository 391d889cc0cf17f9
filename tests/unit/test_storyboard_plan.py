"""What the storyboard reads in a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_engine.storyboard import lexicon
from wan_engine.storyboard.plan import plan


@pytest.mark.parametrize(
    ("prompt", "elements"),
    [
        ("a quiet lake under a full moon, distant mountains", ("water", "moon", "mountains")),
        ("一只小狐狸在月光下的雪地里散步。", ("fox", "moon", "snow")),
        ("first light snow on a dark pine ridge, flakes drifting slowly", ("snow", "pines", "mountains")),
        ("垂柳下的石桥，细雨", ("willow", "bridge", "rain")),
        ("willows and two bridges", ("willow", "bridge")),
    ],
)
def test_elements_come_in_the_order_of_their_first_mention(prompt: str, elements: tuple[str, ...]) -> None:
    assert plan(prompt, 1).elements == elements


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("white reed plumes beaded with dew", "plum"),
        ("a crane above a sea of clouds", "sea"),
        ("green hills after rain", "rain"),
        ("a peeled snow pear in a bowl", "snow"),
        ("a courtyard with a moon gate", "moon"),
        ("a teapot on a bamboo-clad stove", "bamboo"),
        ("Grain Rain: young tea leaves", "wheat"),
        ("the wind sends a slow wave through the wheat", "sea"),
        ("a passionate startup", "stars"),
    ],
)
def test_words_that_only_look_alike_do_not_mislead(prompt: str, never: str) -> None:
    assert never not in plan(prompt, 1).elements


@pytest.mark.parametrize(
    ("prompt", "season", "hour"),
    [
        ("a plum branch in bloom, snow, dusk", "winter", "dusk"),
        ("lotus pond at dawn", "summer", "dawn"),
        ("red maples at sunset", "autumn", "dusk"),
        ("peach blossom at noon", "spring", "day"),
        ("a withered lotus in the pale winter sun", "winter", "day"),
        ("立秋: 一叶知秋，傍晚", "autumn", "dusk"),
        ("fireflies above reeds", "summer", "night"),
    ],
)
def test_season_and_hour_follow_the_words(prompt: str, season: str, hour: str) -> None:
    for seed in range(6):
        made = plan(prompt, seed)
        assert made.season == season
        if hour != "day":
            assert made.hour == hour


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("mountains, ink wash", "ink"),
        ("山水，水墨画", "ink"),
        ("a city, 35mm film", "film"),
        ("剪纸风格的村庄", "paper"),
        ("a clay pot on a stove, watercolor", "watercolor"),
        ("a fox, clay", "clay"),
        ("a meadow, anime", "flat"),
        ("a meadow", "cinematic"),
    ],
)
def test_the_style_is_what_is_named_last(prompt: str, style: str) -> None:
    assert plan(prompt, 1).style == style


@pytest.mark.parametrize(
    ("prompt", "table"),
    [
        ("a cup of green tea on a wooden table by the window", True),
        ("a plate of dumplings with rising steam", True),
        ("清明 青团", True),
        ("a bamboo basket filled with fresh tea leaves", True),
        ("a small paper boat with a candle on dark water, an old wooden table by a window", False),
        ("a stone path through fresh grass, a quiet room with a paper window", False),
        ("mountains and mist", False),
        ("妈妈在厨房包饺子", True),
        ("a child flies a kite in the village", False),
    ],
)
def test_a_table_is_set_only_for_what_fits_on_one(prompt: str, table: bool) -> None:
    assert plan(prompt, 1).table is table


def test_a_term_alone_brings_its_season_and_its_signs() -> None:
    made = plan("小雪", 1)

    assert made.season == "winter"
    assert made.has("snow")
    assert plan("Minor Snow", 1).has("snow")
    assert plan("Grain Rain", 1).season == "spring"


def test_a_prompt_without_a_known_word_still_shows_something() -> None:
    seen = {plan("qwerty", seed).elements for seed in range(20)}

    assert all(seen)
    assert len(seen) > 1


def test_a_plan_is_the_same_every_time_and_the_seed_matters() -> None:
    assert plan("a lake", 3) == plan("a lake", 3)
    assert len({(made.hour, made.move) for made in (plan("a lake", seed) for seed in range(20))}) > 3


@settings(max_examples=200, deadline=None, derandomize=True)
@given(prompt=st.text(max_size=300), seed=st.integers(0, 2**63))
def test_any_text_gives_a_plan(prompt: str, seed: int) -> None:
    made = plan(prompt, seed)

    assert made.table or made.elements
    assert made == plan(prompt, seed)


def test_the_colour_of_blossoms_is_heard() -> None:
    assert plan("a white plum branch", 1).tint != plan("a red plum branch", 1).tint
    assert plan("a plum branch", 1).tint is None


def test_every_group_of_the_lexicon_names_only_elements() -> None:
    known = set(lexicon.table()["elements"])

    for group in ("table", "air", "outdoors", "woody", "blooms"):
        assert lexicon.group(group) <= known
    for hints in lexicon.table()["terms"].values():
        assert set(hints[2:]) <= known
    assert set(lexicon.table()["english terms"].values()) <= set(lexicon.table()["terms"])
    assert len(lexicon.table()["terms"]) == 24
