"""The moments at which a schedule fires, and the day that each is about.

Moments are reckoned by the code that Prefect's scheduler uses, so that both always agree.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flows.schedule import as_prefect
from flows.schedule_options import ScheduleOptions

#: Later than this, a run of a schedule that makes up for nothing is not made any more.
LATE = dt.timedelta(hours=1)
#: A change of the clocks is looked for so far after a moment. No zone moves its clocks by more.
LONGEST_GAP = dt.timedelta(hours=2)


def fire_times(
    options: ScheduleOptions, days: Sequence[dt.date], after: dt.datetime, until: dt.datetime, *, limit: int
) -> list[dt.datetime]:
    """The moments (UTC) at which a schedule fires, `after` < moment ≤ `until`: the first `limit` of them.

    Parameters
    ----------
    days:
        What `flows.schedule.days_of` gave.
    """
    from prefect.server.schemas import schedules
    from prefect.types._datetime import DateTime

    asked = as_prefect(options, days)
    kind: Any = getattr(schedules, type(asked).__name__)
    schedule = kind.model_validate(asked.model_dump())
    start, end = (DateTime.fromtimestamp(moment.timestamp(), dt.UTC) for moment in (after, until))
    # A schedule that fires at `after` itself gives that one too; it is not asked for.
    found = asyncio.run(schedule.get_dates(n=limit + 1, start=start, end=end))
    moments = (dt.datetime.fromtimestamp(moment.timestamp(), dt.UTC) for moment in found)
    return [moment for moment in moments if after < moment <= until][:limit]


def logical_date(options: ScheduleOptions, days: Sequence[dt.date], scheduled: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The day that a scheduled run is about: that of its scheduled time in the pipeline's zone.

    Where the clocks skip midnight, a run of 00:00 is started an hour earlier, at 23:00 of the day before. It is still
    about the day that it was scheduled for, or that day would have no run.
    """
    local = scheduled.astimezone(zone)
    skipped = (scheduled + LONGEST_GAP).astimezone(zone).utcoffset(), local.utcoffset()
    gap = (skipped[0] or dt.timedelta()) - (skipped[1] or dt.timedelta())
    wall = local.replace(tzinfo=dt.UTC, fold=0)
    if gap <= dt.timedelta() or (wall + gap).date() == wall.date() or options.timezone != zone.key:
        return local.date()
    by_wall_clock = options.model_copy(update={"timezone": "UTC"})
    second = dt.timedelta(seconds=1)
    if fire_times(by_wall_clock, days, wall - second, wall, limit=1):
        return local.date()
    return (wall + gap).date()


def is_given_up(options: ScheduleOptions, days: Sequence[dt.date], scheduled: dt.datetime, present: dt.datetime) -> str:
    """Why a run that comes this late is not made any more, by the schedule's `missed:`; empty if it is made."""
    if options.missed == "all":
        return ""
    when = scheduled.astimezone(ZoneInfo(options.timezone)).strftime("%Y-%m-%d %H:%M")
    if options.missed == "skip" and present - scheduled > LATE:
        return f"it was to start at {when}; `missed: skip` makes up for nothing"
    if fire_times(options, days, scheduled, present, limit=1):
        return f"it was to start at {when}, and a later one is due; `missed: {options.missed}` makes only that"
    return ""
