"""What all calendars share: ahead of a day, between two, and after days without a run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.definition import loads
from flows.schedule import days_of
from reelmill.content import Brief, Skipped
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.calendar import Calendar
from tasks.sources.solar_terms import SolarTerms
from tests.line import DEFINITION

BEIJING = ZoneInfo("Asia/Shanghai")
DAYS = [
    {"date": "2026-11-20", "name": "Harvest", "key": "harvest", "tone": "warm"},
    {"date": "12-25", "name": "Christmas", "key": "christmas", "tone": "calm"},
    {"rule": "second Sunday of May", "name": "Mother's Day", "key": "mother", "tone": "soft"},
]


def context(date: dt.date, missed: Sequence[dt.date] = ()) -> SourceContext:
    return SourceContext(Occasion(date, BEIJING), Path(), missed=tuple(missed))


def made(date: str, without: Collection[str] = (), days: Sequence[Any] = DAYS, **options: Any) -> list[Brief | Skipped]:
    """What a run makes, on a date and after days without a run."""
    source = Calendar(type="calendar", days=days, **options)
    past = [dt.date.fromisoformat(day) for day in without]
    return list(source.briefs(context(dt.date.fromisoformat(date), past)))


def briefs(date: str, without: Collection[str] = (), **options: Any) -> list[Brief]:
    found = made(date, without, **options)
    assert all(isinstance(one, Brief) for one in found)
    return found  # type: ignore[return-value]  # asserted in the line above


def keys(date: str, without: Collection[str] = (), **options: Any) -> list[str]:
    return [brief.key for brief in briefs(date, without, **options)]


# --- on the day and ahead ------------------------------------------------------------------------------------------


def test_an_entry_is_made_on_its_day() -> None:
    [brief] = briefs("2026-11-20")
    assert (brief.key, brief.title) == ("2026-11-20-harvest", "Harvest")
    assert brief.fields == {
        "name": "Harvest",
        "tone": "warm",
        "date": "2026-11-20",
        "days_until": 0,
        "late": 0,
        "filler": False,
    }
    assert briefs("2026-11-21") == []


def test_one_lead_moves_the_day_and_several_make_several_with_keys_of_their_own() -> None:
    assert keys("2026-11-20", lead_days=7) == []
    assert keys("2026-11-13", lead_days=7) == ["2026-11-20-harvest-in-7"]

    told = [
        (brief.key, brief.fields["days_until"])
        for day in range(13, 21)
        for brief in briefs(f"2026-11-{day}", lead_days=[7, 1, 0])
    ]
    assert told == [("2026-11-20-harvest-in-7", 7), ("2026-11-20-harvest-in-1", 1), ("2026-11-20-harvest", 0)]


def test_a_lead_crosses_new_year() -> None:
    new_year = [{"date": "01-01", "name": "New Year", "key": "new-year"}]
    assert keys("2026-12-31", lead_days=1, days=new_year) == ["2027-01-01-new-year-in-1"]


@pytest.mark.parametrize("lead", [-1, 367, [], [7, -1], True, "7"])
def test_a_lead_that_is_none_is_refused(lead: object) -> None:
    with pytest.raises(ValidationError):
        Calendar(type="calendar", days=DAYS, lead_days=lead)


def test_a_schedule_by_the_calendar_runs_on_the_days_ahead(tmp_path: Path) -> None:
    text = DEFINITION.format(
        source="{type: festivals, only: [zhongqiu], lead_days: [7, 0]}", subject="a", title="{{ brief.name }}", more=""
    ).replace("timezone: Asia/Shanghai", "schedule: {dates: source, timezone: Asia/Shanghai}")
    pipeline = loads(text, tmp_path / "pipelines.yaml").pipeline("quick")
    days = days_of(pipeline, tmp_path, dt.date(2026, 6, 1))
    assert [day.isoformat() for day in days] == ["2026-09-18", "2026-09-25"]


# --- days without an entry -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fill", "date", "key", "days_until"),
    [
        ("last", "2026-11-30", "2026-11-20-harvest-on-2026-11-30", -10),
        ("next", "2026-11-30", "2026-12-25-christmas-on-2026-11-30", 25),
        ("nearest", "2026-11-30", "2026-11-20-harvest-on-2026-11-30", -10),
        ("nearest", "2026-12-10", "2026-12-25-christmas-on-2026-12-10", 15),
        ("last", "2026-04-01", "2025-12-25-christmas-on-2026-04-01", -97),
    ],
)
def test_an_empty_day_is_filled(fill: str, date: str, key: str, days_until: int) -> None:
    [brief] = briefs(date, fill=fill)
    assert (brief.key, brief.fields["days_until"], brief.fields["filler"]) == (key, days_until, True)


def test_of_two_that_are_equally_near_the_coming_one_fills_the_day() -> None:
    days = [{"date": "2026-11-01", "name": "a"}, {"date": "2026-11-03", "name": "b"}]
    assert [brief.title for brief in briefs("2026-11-02", fill="nearest", days=days)] == ["b"]


def test_a_day_with_an_entry_is_not_filled_and_neither_is_one_with_an_entry_ahead() -> None:
    for date in ("2026-11-20", "2026-11-13"):
        assert [brief.fields["filler"] for brief in briefs(date, fill="next", lead_days=[7, 0])] == [False]


def test_between_the_terms_the_current_one_goes_on_with_its_pentads() -> None:
    source = SolarTerms(type="solar_terms", on="term_day", fill="last")
    first = dt.date(2026, 11, 22)
    told = [brief for at in range(15) for brief in source.briefs(context(first + dt.timedelta(days=at)))]
    assert all(isinstance(brief, Brief) and brief.title == "小雪" for brief in told)
    fields = [brief.fields for brief in told if isinstance(brief, Brief)]
    assert [one["day_of_term"] for one in fields] == list(range(1, 16))
    assert list(dict.fromkeys(one["pentad"]["zh"] for one in fields)) == [
        "虹藏不见",
        "天气上升，地气下降",
        "闭塞而成冬",
    ]
    assert [one["filler"] for one in fields] == [False] + [True] * 14
    assert len({brief.key for brief in told if isinstance(brief, Brief)}) == 15


def test_every_day_has_no_day_to_fill() -> None:
    with pytest.raises(ValidationError, match="no day is empty"):
        SolarTerms(type="solar_terms", fill="last")


# --- days without a run --------------------------------------------------------------------------------------------

DAILY = [{"date": f"2026-11-{day:02}", "name": f"day {day}", "key": f"d{day}"} for day in range(1, 21)]
MISSED = [f"2026-11-{day:02}" for day in range(10, 20)]


def test_missed_days_are_skipped_unless_they_are_asked_for() -> None:
    assert keys("2026-11-20", MISSED, days=DAILY) == ["2026-11-20-d20"]
    assert keys("2026-11-20", MISSED, days=DAILY, missed="skip") == ["2026-11-20-d20"]


def test_the_newest_missed_entry_is_made_late_under_the_key_that_it_would_have_had() -> None:
    late, today = briefs("2026-11-22", ["2026-11-18", "2026-11-20", "2026-11-21"], missed="run_late", fill="last")
    assert (late.key, late.fields["late"], late.fields["days_until"]) == ("2026-11-20-harvest", 2, -2)
    assert today.fields["filler"]


def test_a_missed_lead_is_made_late_while_its_day_is_still_ahead() -> None:
    [late] = briefs("2026-11-15", ["2026-11-13", "2026-11-14"], missed="run_late", lead_days=[7, 0])
    assert (late.key, late.fields["late"], late.fields["days_until"]) == ("2026-11-20-harvest-in-7", 2, 5)


def test_backfill_makes_each_up_to_the_cap_oldest_first_and_tells_what_it_leaves_out() -> None:
    skipped, *found = made("2026-11-20", MISSED, days=DAILY, missed={"then": "backfill", "most": 3})
    assert isinstance(skipped, Skipped)
    assert skipped.where == "2026-11-10 to 2026-11-16"
    assert "7 more missed than the 3" in skipped.reason
    told = [(one.key, one.fields["late"]) for one in found if isinstance(one, Brief)]
    assert told == [("2026-11-17-d17", 3), ("2026-11-18-d18", 2), ("2026-11-19-d19", 1), ("2026-11-20-d20", 0)]

    assert len(keys("2026-11-20", MISSED, days=DAILY, missed={"then": "backfill", "most": 10})) == 11
    assert len(made("2026-11-20", MISSED, days=DAILY, missed="backfill")) == 1 + 7 + 1  # 7 where nothing is said


def test_days_of_more_than_a_year_ago_and_days_to_come_are_left_alone() -> None:
    days = [{"date": date, "name": date} for date in ("2025-11-18", "2025-11-19", "2026-11-21")]
    dates = [day["date"] for day in days]
    assert [brief.title for brief in briefs("2026-11-20", dates, days=days, missed="backfill")] == ["2025-11-19"]


@pytest.mark.parametrize("missed", ["later", {"then": "backfill", "most": 0}, {"most": 3}, {"then": "x"}])
def test_an_answer_to_missed_days_that_is_none_is_refused(missed: object) -> None:
    with pytest.raises(ValidationError):
        Calendar(type="calendar", days=DAYS, missed=missed)


# --- properties ----------------------------------------------------------------------------------------------------

JANUARY = st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 28))


@settings(max_examples=150, deadline=None)
@given(
    dates=st.lists(JANUARY, min_size=1, max_size=8, unique=True),
    leads=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    fill=st.sampled_from(["none", "last", "next", "nearest"]),
    today=JANUARY,
    length=st.integers(0, 30),
)
def test_the_days_of_a_schedule_are_those_on_which_there_is_a_brief(
    dates: list[dt.date], leads: list[int], fill: Any, today: dt.date, length: int
) -> None:
    days = [{"date": date.isoformat(), "name": f"{date:%d %b}"} for date in dates]
    source = Calendar(type="calendar", days=days, lead_days=leads, fill=fill)
    until = today + dt.timedelta(days=length)
    found = list(source.days(context(today), until))
    assert found == sorted(set(found))
    for at in range(length + 1):
        day = today + dt.timedelta(days=at)
        made = list(source.briefs(context(day)))
        if fill in ("none", "nearest"):  # before the first and after the last, `last` and `next` have nothing
            assert (day in found) == bool(made)
        assert day in found or not made


@settings(max_examples=150, deadline=None)
@given(
    dates=st.lists(JANUARY, min_size=1, max_size=12, unique=True),
    leads=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    runs=st.lists(JANUARY, min_size=1, max_size=12, unique=True),
)
def test_whatever_runs_are_left_out_backfill_makes_each_entry_once(
    dates: list[dt.date], leads: list[int], runs: list[dt.date]
) -> None:
    days = [{"date": date.isoformat(), "name": date.isoformat()} for date in dates]
    source = Calendar(type="calendar", days=days, lead_days=leads, missed={"then": "backfill", "most": 366})
    begin, end = min(runs), max(runs)
    wanted = [
        brief
        for at in range((end - begin).days + 1)
        for brief in source.briefs(context(begin + dt.timedelta(days=at)))
        if isinstance(brief, Brief)
    ]
    found: list[Brief] = []
    last = begin - dt.timedelta(days=1)
    for day in sorted(runs):
        missed = [last + dt.timedelta(days=at) for at in range(1, (day - last).days)]
        found += [one for one in source.briefs(context(day, missed)) if isinstance(one, Brief)]
        last = day
    assert sorted(brief.key for brief in found) == sorted(brief.key for brief in wanted)
    assert len({brief.key for brief in found}) == len(found)


# --- a calendar of your own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("2026-12-21", ["2026-12-21"]),
        ("12-25", ["2026-12-25", "2027-12-25"]),
        ("02-29", []),
        ("second Sunday of May", ["2026-05-10", "2027-05-09"]),
        ("the 4th Thursday in November", ["2026-11-26", "2027-11-25"]),
        ("last Monday of May", ["2026-05-25", "2027-05-31"]),
        ("fifth Friday of February", []),
        ("Easter", ["2026-04-05", "2027-03-28"]),
        ("2 days before Easter", ["2026-04-03", "2027-03-26"]),
        ("1 day after fourth Thursday of November", ["2026-11-27", "2027-11-26"]),
        ("40 days before 01-10", ["2026-12-01", "2027-12-01"]),
        ("lunar 8-15", ["2026-09-25", "2027-09-15"]),
        ("lunar 12-last", ["2026-02-16", "2027-02-05"]),
    ],
)
def test_a_rule_says_its_days(rule: str, days: list[str]) -> None:
    source = Calendar(type="calendar", days=[{"rule": rule, "name": "x"}])
    found = source.days(context(dt.date(2026, 1, 1)), dt.date(2027, 12, 31))
    assert [day.isoformat() for day in found] == days


def test_every_month_has_its_last_friday_and_a_leap_year_its_29th() -> None:
    source = Calendar(type="calendar", days=[{"rule": "last Friday of every month", "name": "x"}])
    found = list(source.days(context(dt.date(2026, 1, 1)), dt.date(2026, 12, 31)))
    assert [day.month for day in found] == list(range(1, 13))
    assert all(day.weekday() == 4 and (day + dt.timedelta(days=7)).month != day.month for day in found)
    assert [brief.title for brief in briefs("2028-02-29", days=[{"date": "02-29", "name": "leap"}])] == ["leap"]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ({"name": "x"}, "neither a `date` nor a `rule`"),
        ({"date": "12-25", "rule": "Easter", "name": "x"}, "both `date` and `rule`"),
        ({"date": "12-25"}, "no `name`"),
        ({"date": "12-25", "name": "x", "late": "yes"}, "`late`, which every calendar fills in"),
        ({"date": "2026-02-30", "name": "x"}, "no day of the calendar"),
        ({"date": "1899-01-01", "name": "x"}, "from 1900 to 2100"),
        ({"rule": "second Sonday of May", "name": "x"}, "did you mean 'sunday'"),
        ({"rule": "sometime", "name": "x"}, "write `2026-12-21`"),
        ({"rule": "lunar 13-1", "name": "x"}, "12 months of at most 30 days"),
        ({"rule": "2 days after 3 days after Easter", "name": "x"}, "is no day"),
    ],
)
def test_a_day_that_cannot_be_read_is_refused_with_the_definition_and_told_of_a_file(
    day: dict[str, str], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError, match=re.escape(reason)):
        Calendar(type="calendar", days=[day])

    rows = [{"date": "2026-11-20", "name": "Harvest"}, day]
    names = sorted({name for row in rows for name in row})
    lines = [",".join(row.get(name, "") for name in names) for row in rows]
    (tmp_path / "days.csv").write_text("\n".join([",".join(names), *lines]) + "\n")
    source = Calendar(type="calendar", path="days.csv")
    brief, skipped = source.briefs(SourceContext(Occasion(dt.date(2026, 11, 20), BEIJING), tmp_path))
    assert isinstance(skipped, Skipped)
    assert reason in skipped.reason
    assert "line 3" in skipped.where
    assert isinstance(brief, Brief)


def test_a_file_of_yaml_has_days_as_the_definition_does(tmp_path: Path) -> None:
    (tmp_path / "days.yaml").write_text("- {date: 2026-11-20, name: 丰收, tone: warm}\n- {date: '11-20', name: b}\n")
    source = Calendar(type="calendar", path="days.yaml")
    found = list(source.briefs(SourceContext(Occasion(dt.date(2026, 11, 20), BEIJING), tmp_path)))
    assert [one.title for one in found if isinstance(one, Brief)] == ["丰收", "b"]
    assert source.fields() is None


def test_the_fields_that_all_days_have_are_promised() -> None:
    assert Calendar(type="calendar", days=DAYS).fields() == {
        "name", "tone", "date", "days_until", "late", "filler",
    }  # fmt: skip


def test_two_days_with_one_key_are_told() -> None:
    first, second = made("2026-11-20", days=[DAYS[0], DAYS[0]])
    assert isinstance(first, Brief)
    assert isinstance(second, Skipped)
    assert "was there before" in second.reason
