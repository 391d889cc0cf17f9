"""Charts: bars as long as what they stand for, text that is only text, and numbers as people read them."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as some

from flows.weekly import chart
from flows.weekly.chart import Bar, Column
from flows.weekly.words import change, duration, money, share

SERIES = {"done": "done", "failed": "failed"}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> Element:
    root = fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def rects(root: Element, kind: str) -> list[Element]:
    return [one for one in root.iter(f"{SVG}rect") if one.get("class") == kind]


def number(one: Element, name: str) -> float:
    return float(str(one.get(name)))


def texts(root: Element, kind: str) -> list[str]:
    return [str(one.text) for one in root.iter(f"{SVG}text") if one.get("class") == kind]


def test_columns_are_as_high_as_their_counts_and_stand_on_each_other() -> None:
    days = [Column("Mon", "Monday", {"done": 8, "failed": 2}), Column("Tue", "Tuesday", {"done": 4})]
    root = drawn(chart.columns(days, SERIES, title="Videos by day"))
    monday, tuesday = rects(root, "done")
    (failed,) = rects(root, "failed")
    assert number(monday, "height") == pytest.approx(2 * number(tuesday, "height"), abs=0.2)
    assert number(monday, "height") == pytest.approx(4 * number(failed, "height"), abs=0.2)
    assert number(failed, "y") + number(failed, "height") == pytest.approx(number(monday, "y"), abs=0.2)
    assert number(monday, "y") + number(monday, "height") == pytest.approx(chart.HEIGHT - chart.BOTTOM)
    assert texts(root, "total") == ["10", "4"]
    assert [title.text for title in root.iter(f"{SVG}title")] == [
        "Videos by day",
        "Monday: 8 done",
        "Monday: 2 failed",
        "Tuesday: 4 done",
    ]


def test_days_without_anything_keep_their_place() -> None:
    days = [Column(day, day, {"done": count}) for day, count in (("Mon", 1), ("Tue", 0), ("Wed", 1))]
    root = drawn(chart.columns(days, SERIES, title="t"))
    first, third = (number(one, "x") for one in rects(root, "done"))
    assert third - first == pytest.approx(2 * (chart.WIDTH - chart.LEFT - chart.RIGHT) / 3, abs=0.2)
    assert texts(root, "total") == ["1", "1"]


@given(some.lists(some.dictionaries(some.sampled_from(["done", "failed"]), some.integers(0, 10**6)), max_size=92))
def test_whatever_the_numbers_are_everything_is_within_the_picture(parts: list[dict[str, int]]) -> None:
    days = [Column(f"{place}\nNov", str(place), one) for place, one in enumerate(parts)]
    root = drawn(chart.columns(days, SERIES, title="t"))
    for one in root.iter(f"{SVG}rect"):
        assert number(one, "x") >= chart.LEFT - 0.1
        assert number(one, "x") + number(one, "width") <= chart.WIDTH + 0.1
        assert number(one, "y") >= chart.TOP - 0.1
        assert number(one, "height") >= 0
    grid = [int(text) for text in texts(root, "label") if text.isdigit()][: chart.LINES + 2]
    assert grid[0] == 0
    below = [
        one for one in root.iter(f"{SVG}text") if one.get("class") == "label" and number(one, "y") > chart.HEIGHT - 30
    ]
    assert len(below) <= 2 * chart.LABELS


@pytest.mark.parametrize(
    ("largest", "step"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 5), (20, 5), (21, 10), (399, 100), (4001, 2000)]
)
def test_grid_lines_stand_at_round_numbers(largest: int, step: int) -> None:
    root = drawn(chart.columns([Column("a", "a", {"done": largest})], SERIES, title="t"))
    lines = [int(text) for text in texts(root, "label") if text.isdigit()]
    assert lines == list(range(0, max(lines) + 1, step))
    assert max(lines) >= largest


def test_horizontal_bars_are_as_long_as_their_values() -> None:
    root = drawn(
        chart.bars([Bar("finish", 300.0, "5 min"), Bar("plan", 75.0, "75 s"), Bar("none", 0.0, "0 s")], title="t")
    )
    finish, plan, none = rects(root, "bar")
    assert number(finish, "width") == pytest.approx(4 * number(plan, "width"), abs=0.2)
    assert number(none, "width") == 0
    assert texts(root, "name") == ["finish", "plan", "none"]
    assert texts(root, "note") == ["5 min", "75 s", "0 s"]


def test_a_bar_that_is_almost_nothing_can_still_be_seen() -> None:
    root = drawn(chart.bars([Bar("a", 1e6, ""), Bar("b", 0.1, "")], title="t"))
    assert number(rects(root, "bar")[1], "width") == 1


@pytest.mark.parametrize("evil", ["</svg><script>alert(1)</script>", '" onload="x', "A & B <b>", "小雪&#60;"])
def test_foreign_text_stays_text(evil: str) -> None:
    for svg in (
        chart.bars([Bar(evil, 1.0, evil)], title=evil),
        chart.columns([Column(evil, evil, {"done": 1})], {"done": evil}, title=evil),
    ):
        root = drawn(svg)
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {"svg", "title", "text", "rect", "line"}
        assert not [name for one in root.iter() for name in one.keys() if name.startswith("on")]  # noqa: SIM118
        assert any(evil in str(one.text) for one in root.iter())


def test_a_long_name_is_shortened_by_its_width_and_told_in_full_under_the_pointer() -> None:
    name = "二十四节气每日一片以及其他很长的名字"
    root = drawn(chart.bars([Bar(name, 1.0, "1")], title="t"))
    (shown,) = texts(root, "name")
    assert shown == name[: chart.LONGEST_NAME // 2] + "…"
    assert f"{name}: 1" in [title.text for title in root.iter(f"{SVG}title")]


def test_charts_have_no_colour_of_their_own() -> None:
    svg = chart.columns([Column("a", "a", {"done": 1})], SERIES, title="t") + chart.bars([Bar("a", 1, "1")], title="t")
    assert not re.search(r"fill=|stroke=|style=|#[0-9a-f]{3}", svg)


def test_nothing_at_all_is_a_picture_too() -> None:
    assert texts(drawn(chart.columns([], SERIES, title="t")), "label") == ["0", "1"]
    assert not rects(drawn(chart.bars([], title="t")), "bar")


def test_numbers_as_people_read_them() -> None:
    assert [duration(one) for one in (0, 0.04, 9.96, 59.6, 61, 600, 3600, 359_999, 360_000)] == [
        "0 s", "0.04 s", "10.0 s", "1 min", "1 min 1 s", "10 min", "1 h 0 min", "99 h 59 min", "100 h",
    ]  # fmt: skip
    assert money(0, "USD") == "0.00 USD"
    assert [change(*pair) for pair in ((12, 8), (6, 8), (8, 8), (3, 0), (0, 0), (0, 5))] == [
        "+50 %", "−25 %", "±0 %", "none before", "", "−100 %",
    ]  # fmt: skip
    assert (share(1, 3), share(0, 0)) == ("33 %", "")
