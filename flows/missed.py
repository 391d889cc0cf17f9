"""The days on which a pipeline should have run and did not: a calendar may make up for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from flows.definition import Definition
from flows.pipeline import Pipeline
from records.ledger import Ledger
from tasks.sources.base import Occasion
from tasks.sources.calendars.options import MOST_DAYS
from tasks.sources.calendars.source import CalendarSource

ONE_DAY = dt.timedelta(days=1)

#: Moments of a schedule that are asked for at once.
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Outage:
    """What lies between a pipeline's last run and an occasion."""

    days: tuple[dt.date, ...] = ()  #: on which it should have run, oldest first
    note: str = ""  #: what is not looked at


def outage(ledger: Ledger, name: str, definition: Definition, about: Occasion) -> Outage:
    """The days that a run may make up for. An event misses none, and neither does a source that makes up for nothing.

    The last run has made up for what was missed before it.
    """
    pipeline = definition.pipeline(name)
    source = pipeline.source
    if about.event is not None or not isinstance(source, CalendarSource) or source.making_up.then == "skip":
        return Outage()
    last = ledger.runs.last_date(name, about.date)
    if last is None:
        return Outage()
    oldest = about.date - MOST_DAYS * ONE_DAY
    first = max(last + ONE_DAY, oldest)
    note = f"the last run was for {last}: nothing is made up for from before {first}" if last + ONE_DAY < oldest else ""
    return Outage(tuple(_days(pipeline, first, about)), note)


def _days(pipeline: Pipeline, first: dt.date, about: Occasion) -> Iterator[dt.date]:
    """The days from `first` on and before the occasion's on which the pipeline should have run."""
    schedule = pipeline.schedule
    # A calendar has nothing for other days than its own.
    if first < about.date and schedule is not None and schedule.dates != "source":
        yield from _scheduled(pipeline, first, about)
    else:
        yield from (first + number * ONE_DAY for number in range((about.date - first).days))


def _scheduled(pipeline: Pipeline, first: dt.date, about: Occasion) -> Iterator[dt.date]:
    from flows.fire_times import LONGEST_GAP, fire_times, logical_date  # bring Prefect's scheduler

    schedule = pipeline.schedule
    assert schedule is not None, "its caller asked"
    named = schedule.dates if schedule.dates and schedule.dates != "source" else ()
    days = tuple(sorted({dt.date.fromisoformat(day) for day in named}))

    def midnight(day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), about.zone)

    # Where the clocks skip midnight, the run of a day is started on the evening before.
    after, until, seen = midnight(first) - LONGEST_GAP, midnight(about.date), first - ONE_DAY
    while after < until:
        moments = fire_times(schedule, days, after, until, limit=_AT_ONCE)
        for moment in moments:
            day = logical_date(schedule, days, moment, about.zone)
            if seen < day < about.date:
                seen = day
                yield day
        if len(moments) < _AT_ONCE:
            return
        after = max(moments[-1], midnight(seen + ONE_DAY) - LONGEST_GAP)
