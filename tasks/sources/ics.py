"""Events of an iCalendar file or address: what Google, Apple, Outlook and Nextcloud publish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from reelmill.content import Skipped
from tasks.sources import plain
from tasks.sources.base import SourceContext
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.recurrence import Allowance, starts
from tasks.sources.calendars.source import CalendarSource
from tasks.sources.calendars.vevent import Moment, VEvent, events
from tasks.sources.zone import ZoneName

#: The largest file, in bytes: about 30,000 events, which take ten seconds to read.
MOST_BYTES = 8 * 1024 * 1024

#: The names of an entry's fields.
FIELDS = frozenset(
    {"name", "uid", "location", "description", "url", "categories", "all_day", "begins", "ends", "repeats"}
)

#: No zone is further from UTC than this, so an event's day in one is at most a day from its day in another.
_ONE_DAY = dt.timedelta(days=1)


class Ics(CalendarSource):
    """The events of a calendar, each on the day on which it begins; repeating ones on each of their days."""

    type: Literal["ics"]
    url: str = Field(min_length=1)
    """The address of an .ics file (`https://` or `webcal://`), or a file's path relative to this one."""
    timezone: ZoneName | None = None
    """The zone in which an event's day is reckoned, by its IANA name. Without it: the pipeline's zone."""

    def own_fields(self) -> frozenset[str]:
        return FIELDS

    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        zone = ZoneInfo(self.timezone) if self.timezone else context.occasion.zone
        found: list[VEvent] = []
        for one in self._events(context):
            if isinstance(one, Skipped):
                yield one
            else:
                found.append(one)
        replaced: dict[str, set[Moment]] = {}
        for event in found:
            if event.replaces is not None:
                replaced.setdefault(event.uid, set()).add(event.replaces)
        allowance = Allowance()
        for event in found:
            if event.cancelled:
                continue
            gone = event.left_out if event.replaces is not None else event.left_out | replaced.get(event.uid, set())
            try:
                yield from list(_entries(event, gone, zone, first, last, allowance))
            # A rule or a zone of the file's own is reckoned only now, and what libraries raise for an odd one varies.
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                yield Skipped(f"event {event.name!r}", plain.text(str(error), 200))

    def _events(self, context: SourceContext) -> Iterator[VEvent | Skipped]:
        from tasks.sources.feeds.opening import opened

        location = "https://" + self.url[len("webcal://") :] if self.url.lower().startswith("webcal://") else self.url
        with opened(location, context, max_bytes=MOST_BYTES) as feed:
            content, name = feed.body.read(), feed.name
        yield from events(content, name)


def _entries(
    event: VEvent,
    gone: frozenset[Moment] | set[Moment],
    zone: dt.tzinfo,
    first: dt.date,
    last: dt.date,
    allowance: Allowance,
) -> Iterator[Entry]:
    """The entries of one event from `first` to `last`, each on the day in a zone."""
    begin = dt.datetime.combine(max(first, dt.date(1, 1, 3)) - _ONE_DAY, dt.time())
    end = dt.datetime.combine(min(last, dt.date(9999, 12, 29)) + _ONE_DAY, dt.time.max)
    walls = [wall for wall in (event.start, *event.more) if begin <= wall <= end]
    if event.rule is not None:
        walls += starts(event.start, event.rule, begin, end, allowance)
    for wall in sorted(set(walls)):
        if event.moment(wall) in gone or wall.date() in gone:
            continue
        begins = event.begins(wall, zone)
        date = wall.date() if event.all_day else begins.astimezone(zone).date()
        if first <= date <= last:
            yield Entry(
                f"{date.isoformat()}-{plain.key(event.uid)}", date, event.name, _fields(event, wall, begins, zone)
            )


def _fields(event: VEvent, wall: dt.datetime, begins: dt.datetime, zone: dt.tzinfo) -> Mapping[str, object]:
    if event.all_day:
        # The end of whole days is the day after the last; people mean the last.
        last = (wall + max(event.length, _ONE_DAY) - _ONE_DAY).date()
        times = {"begins": wall.date().isoformat(), "ends": last.isoformat()}
    else:
        # Length is real time: an event over a change of the clocks ends when it does.
        ends = (begins.astimezone(dt.UTC) + event.length).astimezone(zone)
        times = {"begins": begins.astimezone(zone).isoformat(), "ends": ends.isoformat()}
    return {**event.fields, **times, "all_day": event.all_day, "repeats": event.rule is not None}
