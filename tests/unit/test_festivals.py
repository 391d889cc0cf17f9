"""Traditional festivals: their days against a second calendar, and what the data says of them."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from lunar_python import Lunar, LunarMonth
from pydantic import ValidationError

from reelmill.content import Brief
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.calendars.entry import Entry
from tasks.sources.festivals import Festival, Festivals, festivals

BEIJING = ZoneInfo("Asia/Shanghai")


def context(date: dt.date, zone: ZoneInfo = BEIJING) -> SourceContext:
    return SourceContext(Occasion(date, zone), Path())


def briefs(date: str, **options: Any) -> list[Brief]:
    found = list(Festivals(type="festivals", **options).briefs(context(dt.date.fromisoformat(date))))
    assert all(isinstance(one, Brief) for one in found)
    return found  # type: ignore[return-value]  # asserted in the line above


@cache
def all_days() -> dict[str, list[dt.date]]:
    """Each festival's days from 1901 to 2100."""
    source = Festivals(type="festivals")
    days: dict[str, list[dt.date]] = {}
    for entry in source.entries(context(dt.date(2000, 1, 1)), dt.date(1901, 1, 1), dt.date(2100, 12, 31)):
        assert isinstance(entry, Entry)
        days.setdefault(entry.key[11:], []).append(entry.date)
    return days


LUNAR = [one for one in festivals() if isinstance(one["on"], str)]


@cache
def expected() -> dict[str, list[dt.date]]:
    """Each lunar festival's days from 1901 to 2100 by another library. Year by year: it keeps one year at a time."""
    days: dict[str, list[dt.date]] = {one["slug"]: [] for one in LUNAR}
    for year in range(1900, 2101):
        for one in LUNAR:
            month, _, day = one["on"].removeprefix("lunar ").partition("-")
            last = LunarMonth.fromYm(year, int(month)).getDayCount() if day == "last" else 0
            solar = Lunar.fromYmd(year, int(month), last or int(day)).getSolar()
            days[one["slug"]].append(dt.date(solar.getYear(), solar.getMonth(), solar.getDay()))
    return {slug: [date for date in found if 1901 <= date.year <= 2100] for slug, found in days.items()}


@pytest.mark.parametrize("slug", [one["slug"] for one in LUNAR])
def test_each_lunar_day_from_1901_to_2100_agrees_with_a_second_calendar(slug: str) -> None:
    assert len(expected()[slug]) >= 199
    assert all_days()[slug] == expected()[slug]


@pytest.mark.parametrize(
    ("date", "names"),
    [
        ("2026-02-16", ["除夕"]),
        ("2026-02-17", ["春节"]),
        ("2026-03-03", ["元宵节"]),
        ("2026-04-04", ["寒食节"]),
        ("2026-04-05", ["清明节"]),
        ("2026-06-19", ["端午节"]),
        ("2026-09-25", ["中秋节"]),
        ("2025-10-06", ["中秋节"]),  # after a leap sixth month
        ("2026-10-18", ["重阳节"]),
        ("2026-12-22", ["冬至节"]),
        ("2027-01-15", ["腊八节"]),
        ("2027-02-05", ["除夕"]),  # the twelfth month has 29 days
        ("2025-01-28", ["除夕"]),
        ("2033-12-21", ["冬至节"]),  # the year whose leap month was long disputed
        ("2034-02-19", ["春节"]),
        ("2026-11-29", []),
    ],
)
def test_a_known_day(date: str, names: list[str]) -> None:
    assert [brief.title for brief in briefs(date)] == names


def test_the_days_are_the_same_in_every_zone() -> None:
    """The day of a solar term differs between zones; a festival is a date, and 中秋 is the 25th for everybody."""
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        source = Festivals(type="festivals")
        found = list(source.briefs(context(dt.date(2026, 9, 25), ZoneInfo(zone))))
        assert [one.title for one in found if isinstance(one, Brief)] == ["中秋节"]


def test_mid_autumn_is_told_whole() -> None:
    [brief] = briefs("2026-09-18", lead_days=7, locale="en")
    assert (brief.key, brief.title) == ("2026-09-25-zhongqiu-in-7", "Mid-Autumn Festival")
    assert set(brief.fields) == Festivals(type="festivals").fields()
    assert brief.fields["lunar"] == {"year": 2026, "month": 8, "day": 15, "leap": False, "zh": "八月十五"}
    assert (brief.fields["zodiac"], brief.fields["year_name"]) == ({"zh": "马", "en": "Horse"}, "丙午")
    assert (brief.fields["verse"], brief.fields["verse_author"]) == ("海上生明月，天涯共此时。", "张九龄")


def test_only_some_and_only_those_that_are_kept_there() -> None:
    year = context(dt.date(2026, 1, 1))
    until = dt.date(2026, 12, 31)
    only = Festivals(type="festivals", only=["zhongqiu", "chunjie"])
    assert [day.isoformat() for day in only.days(year, until)] == ["2026-02-17", "2026-09-25"]
    assert [brief.title for brief in briefs("2026-02-17", locale="ko")] == ["설날"]
    assert briefs("2026-03-20", locale="ko") == []  # 龙抬头
    with pytest.raises(ValidationError, match="zhongqiu"):
        Festivals(type="festivals", only=["mid-autumn"])


def test_a_date_outside_of_the_calendar_is_a_typed_error() -> None:
    for date in ("1899-12-31", "2101-01-01"):
        with pytest.raises(SourceError, match="from 1900 to 2100"):
            briefs(date)
    assert list(Festivals(type="festivals").days(context(dt.date(2100, 9, 1)), dt.date(2101, 3, 1)))


# --- the data ------------------------------------------------------------------------------------------------------


def test_every_festival_has_all_that_a_brief_needs() -> None:
    assert [one["slug"] for one in festivals()] == list(get_args(Festival))
    for one in festivals():
        assert {"zh", "en"} <= set(one["names"]) <= {"zh", "en", "ja", "ko"}
        assert set(one["angles"]) == {"customs", "food", "scenery", "poem", "wellness"}
        assert all(set(angle) == {"zh", "en"} for angle in one["angles"].values())
        assert re.fullmatch(r"#[0-9A-F]{6}", one["color"]["hex"])


def test_prompt_fragments_are_english_short_and_without_crowds_or_negations() -> None:
    seen: set[str] = set()
    for one in festivals():
        fragments = [one["scene"], one["motion"], one["place"], *(angle["en"] for angle in one["angles"].values())]
        for fragment in fragments:
            assert fragment.isascii(), fragment
            assert 3 <= len(fragment.split()) <= 18, fragment
            assert not re.search(r"\b(crowd|people|many|no|not|without|text|letters|words|fast|quick)\b", fragment)
            assert fragment not in seen, fragment
            seen.add(fragment)


def test_verses_are_whole_lines_by_an_author_of_a_dynasty() -> None:
    verses = [one["verse"] for one in festivals()]
    assert len({verse["text"] for verse in verses}) == len(verses)
    for verse in verses:
        assert verse["dynasty"] in ("隋", "唐", "宋")
        assert re.fullmatch(r"[\u4e00-\u9fff]{2,4}", verse["author"])
        lines = re.findall(r"[\u4e00-\u9fff]+", verse["text"])
        assert [len(line) for line in lines] in ([5, 5], [7, 7]), verse["text"]
        assert verse["text"].endswith("。")


def test_chinese_captions_are_short_enough_for_one_line() -> None:
    for one in festivals():
        for angle in one["angles"].values():
            assert len(angle["zh"]) <= 16, angle["zh"]
