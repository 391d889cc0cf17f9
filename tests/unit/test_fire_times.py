"""Which day a scheduled run is about, also when the clocks change, and which late runs are still made."""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.fire_times import fire_times, is_given_up, logical_date
from flows.schedule import days_of
from flows.schedule_options import ScheduleOptions

YEAR = (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 3, tzinfo=dt.UTC))


def schedule(**keys: object) -> ScheduleOptions:
    return ScheduleOptions.model_validate_json(json.dumps(keys))


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Africa/Cairo", "0 0"),  # the clocks skip midnight
        ("Africa/Cairo", "30 0"),
        ("Africa/Cairo", "0 23"),  # the moment to which midnight is moved
        ("America/Havana", "0 0"),
        ("Asia/Beirut", "0 0"),
        ("Europe/Berlin", "30 2"),  # a time that does not exist in March, and comes twice in October
        ("America/New_York", "59 23"),
        ("Australia/Lord_Howe", "15 2"),  # half an hour
        ("Asia/Shanghai", "0 6"),
    ],
)
def test_every_day_of_a_year_has_exactly_one_run(zone: str, at: str) -> None:
    options = schedule(cron=f"{at} * * *", timezone=zone)
    moments = fire_times(options, (), *YEAR, limit=400)
    about = [logical_date(options, (), moment, ZoneInfo(zone)) for moment in moments]
    within = [day for day in about if day.year == 2026]
    assert within[0] <= dt.date(2026, 1, 2)
    assert within == [within[0] + dt.timedelta(days=n) for n in range(len(within))]
    assert within[-1] == dt.date(2026, 12, 31)


def test_days_of_a_list_are_about_themselves_where_the_clocks_skip_midnight() -> None:
    options = schedule(dates=["2026-04-23", "2026-04-24", "2026-04-25"], at="00:00", timezone="Africa/Cairo")
    days = tuple(dt.date.fromisoformat(day) for day in options.dates or ())
    moments = fire_times(options, days, *YEAR, limit=10)
    assert tuple(logical_date(options, days, moment, ZoneInfo("Africa/Cairo")) for moment in moments) == days


def test_the_zone_of_the_pipeline_says_which_day_it_is() -> None:
    options = schedule(cron="0 18 * * *", timezone="America/Los_Angeles")
    moment = fire_times(options, (), *YEAR, limit=2)[1]  # on 1 January in Los Angeles
    assert logical_date(options, (), moment, ZoneInfo("Asia/Shanghai")) == dt.date(2026, 1, 2)


DAILY = dt.datetime(2026, 5, 4, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("missed", "hours", "made"),
    [
        ("skip", 0.5, True),
        ("skip", 3, False),
        ("last", 3, True),
        ("last", 23, True),
        ("last", 25, False),  # the next day's is due
        ("all", 24 * 9, True),
    ],
)
def test_late_runs_are_made_as_the_schedule_says(missed: str, hours: float, made: bool) -> None:
    options = schedule(cron="0 6 * * *", missed=missed)
    reason = is_given_up(options, (), DAILY, DAILY + dt.timedelta(hours=hours))
    assert (reason == "") is made
    assert made or "2026-05-04 06:00" in reason


def test_a_calendar_gives_the_days_on_which_it_has_something(tmp_path: Path) -> None:
    from flows.definition import loads
    from tests.line import DEFINITION

    more = DEFINITION.format(
        source="{type: solar_terms, on: term_day}", subject="{{ brief.scene }}", title="{{ brief.name }}", more=""
    ).replace("timezone: Asia/Shanghai", "schedule: {dates: source, timezone: Asia/Shanghai}")
    pipeline = loads(more, tmp_path / "pipelines.yaml").pipeline("quick")
    days = days_of(pipeline, tmp_path, dt.date(2026, 12, 1))
    assert len(days) in {24, 25}
    assert days[:3] == (dt.date(2026, 12, 7), dt.date(2026, 12, 22), dt.date(2027, 1, 5))
