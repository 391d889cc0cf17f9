"""A calendar of your own: days in the definition, or in a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources import plain
from tasks.sources.base import SourceContext
from tasks.sources.calendars import rule
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.source import FIELDS, CalendarSource

#: The most days of one calendar, in the definition and in a file.
MOST_DAYS, MOST_ROWS = 1000, 10_000

#: What says when, and what names the day.
WHEN, NAMES = ("date", "rule"), ("name", "title")

#: What an entry of a calendar gets, and nobody else can set.
FILLED_IN = FIELDS - {"name", "date"}

_LONGEST_NAME = 200


def _readable(day: Mapping[str, Any]) -> Mapping[str, Any]:
    _read(day)  # tells what is wrong with it when the definition is read
    return day


class Calendar(CalendarSource):
    """Days of your own, each with a name and whatever else your templates use."""

    type: Literal["calendar"]
    listed: Sequence[Annotated[Mapping[str, Any], AfterValidator(_readable)]] | None = Field(
        None, alias="days", min_length=1, max_length=MOST_DAYS
    )
    """The days: `{date: 2026-12-21, name: …}`; each year: `{date: "12-25", …}`, `{rule: second Sunday of May, …}`."""
    path: str | None = Field(None, min_length=1)
    """A CSV, TSV, JSON, JSONL or YAML file of such days, relative to this one, instead of `days`."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.path is None) == (self.listed is None):
            raise ValueError("give either `days` or `path`")
        return self

    def own_fields(self) -> frozenset[str] | None:
        if self.listed is None:
            return None
        return frozenset.intersection(*(frozenset(map(str, day)) for day in self.listed)) - {*WHEN, "key"}

    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        for found in self._found(context):
            if isinstance(found, Skipped):
                yield found
                continue
            place, day = found
            try:
                when, entry = _read(day)
            except ValueError as error:
                yield Skipped(place, str(error))
                continue
            for date in when.between(first, last):
                yield replace(entry, key=f"{date.isoformat()}-{entry.key}", date=date)

    def _found(self, context: SourceContext) -> Iterator[tuple[str, object] | Skipped]:
        """The days with their places."""
        if self.path is None:
            assert self.listed is not None
            yield from ((f"day {number}", day) for number, day in enumerate(self.listed, start=1))
            return
        from tasks.sources.feeds.entries import entries
        from tasks.sources.feeds.opening import opened

        with opened(self.path, context) as feed:
            for number, found in enumerate(entries(feed, feed.format()), start=1):
                if number > MOST_ROWS:
                    raise SourceError(f"{self.path} has more than {MOST_ROWS:,} days", "use the source `list`")
                yield found


def _read(day: object) -> tuple[rule.Rule, Entry]:
    """When it is, and its entry for no date yet.

    Raises
    ------
    ValueError
        If it says no day that can be read, or has no name.
    """
    fields = plain.value(day)
    if not isinstance(fields, dict):
        raise ValueError("it is no mapping of names to values")  # noqa: TRY004  # a reason, as the others
    given = [fields.pop(name) for name in WHEN if fields.get(name)]
    if len(given) != 1:
        raise ValueError("it has " + ("both `date` and `rule`" if given else "neither a `date` nor a `rule`"))
    taken = FILLED_IN & fields.keys()
    if taken:
        raise ValueError(f"it has {' and '.join(f'`{name}`' for name in sorted(taken))}, which every calendar fills in")
    when = rule.parse(str(given[0]))
    name = str(next((fields[name] for name in NAMES if fields.get(name)), ""))
    if not name:
        raise ValueError("it has no `name`")
    identifier = str(fields.pop("key", None) or name)
    cells = {name: value for name, value in fields.items() if name not in WHEN}
    return when, Entry(plain.key(identifier), dt.date.min, plain.text(name, _LONGEST_NAME), cells)
