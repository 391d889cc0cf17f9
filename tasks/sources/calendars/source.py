"""The base of every calendar: it lists entries, and this makes briefs of those that are due."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.sources import plain
from tasks.sources.base import Source, SourceContext
from tasks.sources.calendars.due import Due, days, due, window
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.options import CalendarOptions

#: The fields of a brief of any calendar.
FIELDS = frozenset({"name", "date", "days_until", "late", "filler"})

#: The most entries that are looked at for one run: a year's, and the year before it, of a very full calendar.
MOST_ENTRIES = 50_000

_TITLE_LENGTH = 120


class CalendarSource(CalendarOptions, Source):
    """A source whose entries have days. A subclass says what they are; `lead_days`, `fill` and `missed` work by itself.

    Each brief has `name`, `date` (the entry's), `days_until` (from the run's date to it, negative afterwards), `late`
    (how many days ago it was to be made) and `filler` (whether it is another day's entry, on a day without one).
    """

    @abstractmethod
    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        """Each entry from `first` to `last`, in any order, and a `Skipped` for each that cannot be used.

        Raises
        ------
        SourceError, FetchError, TransientError
            As `briefs`.
        """

    def own_fields(self) -> frozenset[str] | None:
        """The names that an entry's fields always have; None if only the data knows."""
        return None

    def filling(self, entry: Entry, day: dt.date, context: SourceContext) -> Entry:
        """The entry that a day without one gets in place of its own, under a key of that day."""
        return replace(entry, key=f"{entry.key}-on-{day.isoformat()}")

    def fields(self) -> frozenset[str] | None:
        own = self.own_fields()
        return None if own is None else own | FIELDS

    @property
    def is_calendar(self) -> bool:
        return True

    def days(self, context: SourceContext, until: dt.date) -> Iterator[dt.date]:
        today = context.occasion.date
        first, last = window(self, today, ())
        found, _ = self._listed(context, first, last + (until - today))
        yield from days(self, found, today, until)

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        today = context.occasion.date
        entries, skipped = self._listed(context, *window(self, today, context.missed))
        taken: set[str] = set()
        for one in due(self, entries, today, context.missed):
            if isinstance(one, Skipped):
                yield one
                continue
            brief = self._brief(one, context)
            if brief.key in taken:
                yield Skipped(
                    f"{one.entry.date.isoformat()} {one.entry.name}", f"the key {brief.key!r} was there before"
                )
                continue
            taken.add(brief.key)
            yield brief
        yield from skipped

    def _listed(self, context: SourceContext, first: dt.date, last: dt.date) -> tuple[list[Entry], list[Skipped]]:
        entries: list[Entry] = []
        skipped: list[Skipped] = []
        for one in self.entries(context, first, last):
            if isinstance(one, Entry):
                entries.append(one)
            else:
                skipped.append(one)
            if len(entries) + len(skipped) > MOST_ENTRIES:
                raise SourceError(
                    f"the calendar has more than {MOST_ENTRIES:,} entries from {first} to {last}", "use a smaller one"
                )
        return entries, skipped

    def _brief(self, one: Due, context: SourceContext) -> Brief:
        today = context.occasion.date
        entry = self.filling(one.entry, today, context) if one.filler else one.entry
        # Ahead of its day an entry has a key for each lead. Made late it keeps its key: it is the same video.
        key = f"{entry.key}-in-{one.lead}" if one.lead else entry.key
        return Brief(
            key=plain.key(key),
            title=plain.text(entry.name, _TITLE_LENGTH),
            fields={
                **entry.fields,
                "name": entry.name,
                "date": entry.date.isoformat(),
                "days_until": (entry.date - today).days,
                "late": one.late,
                "filler": one.filler,
            },
            images=entry.images,
        )
