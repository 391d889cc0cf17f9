"""Schedules in Prefect's own words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flows.occasion import on_date
from flows.pipeline import Pipeline
from flows.schedule_options import ScheduleOptions
from reelmill.errors import SourceError
from tasks.sources.base import SourceContext

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import SCHEDULE_TYPES

#: How far ahead the days of a calendar are deployed. They are asked for again when half of it has passed.
HORIZON = dt.timedelta(days=366)


def days_of(pipeline: Pipeline, folder: Path, today: dt.date) -> tuple[dt.date, ...]:
    """The days of a schedule by `dates`, empty if it has another kind of schedule.

    Raises
    ------
    SourceError
        If its calendar has nothing within a year.
    UseError
        If its source is no calendar.
    """
    schedule = pipeline.schedule
    if schedule is None or schedule.dates is None:
        return ()
    if schedule.dates != "source":
        return tuple(sorted({dt.date.fromisoformat(day) for day in schedule.dates}))
    context = SourceContext(on_date(pipeline.zone, today.isoformat()), folder)
    found = tuple(sorted(pipeline.source.days(context, today + HORIZON)))
    if not found:
        raise SourceError(
            f"the calendar has nothing from {today} to {today + HORIZON}",
            "look at `source`, or give the days themselves: `schedule: {dates: [2026-12-21]}`",
        )
    return found


def as_prefect(options: ScheduleOptions, days: Sequence[dt.date]) -> SCHEDULE_TYPES:
    """The schedule as Prefect keeps it.

    Parameters
    ----------
    days:
        What `days_of` gave.
    """
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

    if options.cron is not None:
        return CronSchedule(cron=options.cron, timezone=options.timezone)
    if options.every is not None:
        return IntervalSchedule(interval=options.every, anchor_date=options.anchor, timezone=options.timezone)
    return RRuleSchedule(rrule=options.rrule or _as_rrule(days, options.time), timezone=options.timezone)


def _as_rrule(days: Sequence[dt.date], time: dt.time) -> str:
    """Single days as a recurrence set: RDATEs in the schedule's zone (RFC 5545, 3.8.5.2)."""
    moments = [dt.datetime.combine(day, time).strftime("%Y%m%dT%H%M%S") for day in days]
    return f"DTSTART:{moments[0]}\nRDATE:{','.join(moments)}"
