"""What a calendar has for a day: entries ahead of their day, entries of missed days, and what fills an empty day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reelmill.content import Skipped
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.options import MOST_DAYS, CalendarOptions, Missed

ONE_DAY = dt.timedelta(days=1)

#: How far around an empty day an entry is looked for: beyond a year, for what comes once a year.
REACH = dt.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Due:
    """An entry, and why it is made today."""

    entry: Entry
    lead: int = 0  #: how many days before the entry's day it was to be made
    late: int = 0  #: how many days ago it was to be made
    filler: bool = False  #: today has no entry: this is one of another day


def window(options: CalendarOptions, today: dt.date, missed: Collection[dt.date]) -> tuple[dt.date, dt.date]:
    """The first and the last day whose entries `due` needs."""
    past = _kept(options.making_up, today, missed)
    first = min((*past, today))
    last = today + options.leads[0] * ONE_DAY
    return (first, last) if options.fill == "none" else (min(first, today - REACH), max(last, today + REACH))


def due(
    options: CalendarOptions, entries: Sequence[Entry], today: dt.date, missed: Collection[dt.date]
) -> Iterator[Due | Skipped]:
    """What is made today: what was missed, oldest first, then what is due, else what fills the day.

    Parameters
    ----------
    entries:
        Those of `window`, in any order.
    missed:
        The days without a run. Those of more than a year ago are left alone.
    """
    in_order = sorted(entries, key=lambda entry: entry.date)
    yield from _made_up(options, in_order, today, missed)
    on_time = [Due(entry, lead) for lead, entry in _planned(options, in_order, {today})]
    if on_time:
        yield from on_time
    else:
        yield from (Due(entry, filler=True) for entry in _filling(options, in_order, today))


def days(options: CalendarOptions, entries: Sequence[Entry], first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The days on which something is due, in order."""
    if options.fill != "none":
        yield from (first + at * ONE_DAY for at in range((last - first).days + 1) if entries)
        return
    planned = {entry.date - lead * ONE_DAY for entry in entries for lead in options.leads}
    yield from sorted(day for day in planned if first <= day <= last)


def _planned(
    options: CalendarOptions, entries: Sequence[Entry], on: Collection[dt.date]
) -> Iterator[tuple[int, Entry]]:
    """The entries that are to be made on some days, each with its lead; the nearest to its day first."""
    for lead in reversed(options.leads):
        for entry in entries:
            if entry.date - lead * ONE_DAY in on:
                yield lead, entry


def _made_up(
    options: CalendarOptions, entries: Sequence[Entry], today: dt.date, missed: Collection[dt.date]
) -> Iterator[Due | Skipped]:
    making_up = options.making_up
    past = _kept(making_up, today, missed)
    found = [(entry.date - lead * ONE_DAY, lead, entry) for lead, entry in _planned(options, entries, past)]
    found.sort(key=lambda one: one[0])
    if making_up.then == "run_late" and found:
        newest = found[-1][0]
        found = [one for one in found if one[0] == newest]
    left_out = found[: -making_up.most]
    if left_out:
        yield Skipped(
            f"{left_out[0][0].isoformat()} to {left_out[-1][0].isoformat()}",
            f"{len(left_out)} more missed than the {making_up.most} that `missed` makes up for, from "
            f"{left_out[0][2].name} on",
        )
    for day, lead, entry in found[-making_up.most :]:
        yield Due(entry, lead, late=(today - day).days)


def _kept(making_up: Missed, today: dt.date, missed: Collection[dt.date]) -> frozenset[dt.date]:
    """The missed days that are looked at."""
    if making_up.then == "skip":
        return frozenset()
    return frozenset(day for day in missed if today - MOST_DAYS * ONE_DAY <= day < today)


def _filling(options: CalendarOptions, entries: Sequence[Entry], today: dt.date) -> Iterator[Entry]:
    """All entries of the day that stands in for today: today itself, where its entries were made ahead only."""
    candidates: dict[Literal["last", "next"], dt.date] = {}
    if options.fill in ("last", "nearest"):
        candidates["last"] = max((entry.date for entry in entries if entry.date <= today), default=dt.date.min)
    if options.fill in ("next", "nearest"):
        candidates["next"] = min((entry.date for entry in entries if entry.date > today), default=dt.date.max)
    if candidates:
        # Of two that are equally near, the coming one.
        chosen = min(candidates.values(), key=lambda day: (abs(day - today), day < today))
        yield from (entry for entry in entries if entry.date == chosen)
