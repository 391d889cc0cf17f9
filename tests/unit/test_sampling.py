"""Samples of a matrix: the same each time, nearly the same after a change, and as heavy as the weights say."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.definition import loads
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from reelmill.settings import Settings
from tasks.prompts.matrix import chosen, variants
from tests.line import DEFINITION
from tests.unit.test_matrix import matrix, problems

STYLES = ["ink wash", "35mm film", "paper cut", "clay", "watercolor", "woodblock", "gouache", "felt"]
ANGLES = ["scenery", "poem", "customs", "food", "wellness"]
ONE = {"sample": {"count": 1}}
NO_VALUE = "`style` has no value of this name"


def drawn(brief: str = "a", run: str = "2026-11-22", **lists: Any) -> list[str]:
    options = matrix(**lists)
    return [cell.id for cell in chosen(options, variants(options), brief=brief, run=run)]


def test_a_sample_is_as_large_as_it_says_and_keeps_the_order_of_the_matrix() -> None:
    whole = drawn(angle=ANGLES, style=STYLES)
    some = drawn(angle=ANGLES, style=STYLES, sample={"count": 7})

    assert len(some) == 7
    assert some == [cell for cell in whole if cell in some]
    assert drawn(angle=ANGLES, style=STYLES, sample={"count": 7}) == some
    assert drawn(angle=ANGLES, style=STYLES, sample={"count": 7, "seed": 1}) != some


def test_a_larger_sample_holds_the_smaller_one() -> None:
    samples = [set(drawn(angle=ANGLES, style=STYLES, sample={"count": count})) for count in range(1, 41)]

    assert all(small < large for small, large in pairwise(samples))
    assert drawn(angle=ANGLES, style=STYLES, sample={"count": 200}) == drawn(angle=ANGLES, style=STYLES)


def test_each_brief_has_a_sample_of_its_own_which_is_the_same_on_every_day() -> None:
    lists: dict[str, Any] = {"angle": ANGLES, "style": STYLES, "sample": {"count": 5}}
    by_brief = {brief: drawn(brief, **lists) for brief in "abcdef"}

    assert len({tuple(cells) for cells in by_brief.values()}) == 6
    assert all(drawn(brief, "2027-01-01", **lists) == cells for brief, cells in by_brief.items())


def test_a_sample_of_the_run_is_the_same_for_all_briefs_and_another_one_on_the_next_day() -> None:
    lists: dict[str, Any] = {"angle": ANGLES, "style": STYLES, "sample": {"count": 5, "per": "run"}}
    by_day = {f"2026-11-{day}": drawn("a", f"2026-11-{day}", **lists) for day in range(10, 20)}

    assert len({tuple(cells) for cells in by_day.values()}) == 10
    assert all(drawn("b", day, **lists) == cells for day, cells in by_day.items())


@pytest.mark.parametrize("brief", ["a", "b", "SY-CUP-01", "立冬", "x|y"])
def test_a_style_that_is_added_takes_places_and_moves_nothing_else(brief: str) -> None:
    lists: dict[str, Any] = {"angle": ANGLES, "sample": {"count": 12}}
    before = drawn(brief, style=STYLES, **lists)
    after = drawn(brief, style=["stained glass", *STYLES], **lists)
    came, went = set(after) - set(before), set(before) - set(after)

    assert all("stained-glass" in cell for cell in came)
    assert len(came) == len(went) <= len(ANGLES)


def test_adding_a_style_renumbers_no_variant_wherever_it_stands() -> None:
    lists: dict[str, Any] = {"angle": ANGLES, "include": [{"style": "clay", "hue": "warm"}, {"angle": "tea house"}]}
    before = {cell.id: dict(cell.values) for cell in variants(matrix(style=STYLES, **lists))}
    for place in range(len(STYLES) + 1):
        styles = [*STYLES[:place], "水墨", *STYLES[place:]]
        after = {cell.id: dict(cell.values) for cell in variants(matrix(style=styles, **lists))}
        assert {identity: after.get(identity) for identity in before} == before


def test_weights_say_how_often_a_value_is_drawn() -> None:
    lists: dict[str, Any] = {"style": ["ink wash", "clay", "felt", "gouache"], "sample": {"count": 1}}
    lists["weights"] = {"style": {"Ink Wash": 3, "clay": 2}}
    counts = Counter(drawn(f"brief {number}", **lists)[0] for number in range(7000))

    # 3 : 2 : 1 : 1, within four standard deviations of a draw of 7,000
    assert counts["ink-wash"] == pytest.approx(3000, abs=170)
    assert counts["clay"] == pytest.approx(2000, abs=155)
    assert counts["felt"] == pytest.approx(1000, abs=120)
    assert counts["gouache"] == pytest.approx(1000, abs=120)


def test_weights_of_several_lists_are_multiplied_and_name_values_as_people_call_them() -> None:
    lists: dict[str, Any] = {"take": [1, 2], "copy": [{"id": "calm"}, {"id": "gift"}], "sample": {"count": 1}}
    lists["weights"] = {"take": {"2": 1000}, "copy": {"gift": 1000}}
    counts = Counter(drawn(f"brief {number}", **lists)[0].split("-")[0] for number in range(300))

    assert counts["2_gift"] >= 297


def test_max_keeps_the_first_cells_and_the_first_drawn() -> None:
    whole = drawn(angle=ANGLES, style=STYLES)
    sampled = drawn(angle=ANGLES, style=STYLES, sample={"count": 9})

    assert drawn(angle=ANGLES, style=STYLES, max=6) == whole[:6]
    assert drawn(angle=ANGLES, style=STYLES, max=4, sample={"count": 9}) == drawn(
        angle=ANGLES, style=STYLES, sample={"count": 4}
    )
    assert set(drawn(angle=ANGLES, style=STYLES, max=4, sample={"count": 9})) < set(sampled)


def test_a_matrix_that_is_sampled_may_be_larger_than_one_that_is_made_whole() -> None:
    assert len(drawn(a=list(range(40)), b=list(range(100)), sample={"count": 256})) == 256
    told = [reason for _, reason, _ in problems(a=list(range(100)), b=list(range(100)), sample={"count": 1})]
    assert told == ["the lists have 10,000 combinations"]


@pytest.mark.parametrize(
    ("more", "path", "words", "near"),
    [
        ({"weights": {"style": {"clay": 2}}}, ["weights"], "nothing is drawn here, so there is nothing to weigh", ""),
        ({"weights": {"styl": {"clay": 2}}, **ONE}, ["weights", "styl"], "`styl` is no list of this matrix", "style"),
        ({"weights": {"style": {"caly": 2}}, **ONE}, ["weights", "style", "caly"], NO_VALUE, "clay"),
    ],
)
def test_weights_of_nothing_are_told(more: dict[str, Any], path: list[str], words: str, near: str) -> None:
    assert problems(style=STYLES, **more) == [(tuple(path), words, near)]


@pytest.mark.parametrize(
    "more",
    [
        {"max": 0}, {"max": 257}, {"max": "3"}, {"sample": {}}, {"sample": {"count": 0}}, {"sample": {"count": 257}},
        {"sample": {"count": 1, "seed": -1}}, {"sample": {"count": 1, "per": "day"}}, {"sample": 3},
        {"sample": {"count": 1}, "weights": {"style": {"clay": 0}}}, {"sample": {"count": 1}, "weights": {"style": {}}},
    ],
)  # fmt: skip
def test_numbers_that_make_no_sense_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        matrix(style=STYLES, **more)


def planned(matrix: str, day: str = "2026-11-22") -> Plan:
    source = "{type: list, items: [{prompt: a pine, name: one}, {prompt: a pine, name: two}]}"
    text = DEFINITION.format(source=source, subject="a pine", title="{{ brief.name }}", more=f"    matrix: {matrix}\n")
    about = on_date(ZoneInfo("Asia/Shanghai"), day)
    return plan_run(loads(text, Path("pipelines.yaml")), "quick", about, Settings(), seen={})


@pytest.mark.parametrize(("per", "differs"), [("brief", False), ("run", True)])
def test_a_plan_has_the_drawn_cells_only(per: str, differs: bool) -> None:
    matrix = f"{{style: [{', '.join(STYLES)}], sample: {{count: 3, per: {per}}}}}"
    by_brief: dict[str, set[str]] = {}
    for video in planned(matrix).videos:
        by_brief.setdefault(video.brief_key, set()).add(video.variant_id)
    first, second = by_brief.values()

    assert (len(first), len(second)) == (3, 3)
    assert (first == second) is (per == "run")
    tomorrow = {(video.brief_key, video.variant_id) for video in planned(matrix, "2026-11-23").videos}
    assert (tomorrow != {(brief, cell) for brief, cells in by_brief.items() for cell in cells}) is differs
