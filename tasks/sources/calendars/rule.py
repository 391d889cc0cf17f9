"""A day as people write it: `2026-12-21`, `12-25`, `second Sunday of May`, `2 days before Easter`, `lunar 08-15`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tasks.registry import suggest
from tasks.sources.calendars.lunar import LONGEST_MONTH, MONTHS, civil_day

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1} | {
    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5
}  # fmt: skip
WEEKDAYS = {name.lower(): at for at, name in enumerate(calendar.day_name)}
MONTH_NAMES = {name.lower(): at for at, name in enumerate(calendar.month_name) if name}

#: The years of a rule: those of the lunar calendar.
FIRST_YEAR, LAST_YEAR = 1900, 2100

_DATE = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})")
_LUNAR = re.compile(r"lunar (\d{1,2})-(\d{1,2}|last)")
_NTH = re.compile(r"(?:the )?(\w+) (\w+) (?:of|in) (every month|\w+)")
_OFFSET = re.compile(r"(\d{1,3}) days? (before|after) (.+)")
#: A leap year, so that 02-29 is a day.
_LEAP_YEAR = 2024

ALLOWED = (
    "`2026-12-21`, `12-25`, `second Sunday of May`, `last Friday of every month`, `2 days before Easter` "
    "or `lunar 08-15`"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which days are meant. `parse` makes it."""

    kind: Literal["date", "weekday", "easter", "lunar"]
    year: int = 0  #: 0: every year
    month: int = 0  #: 0: every month
    day: int = 0  #: of the month; -1: its last
    ordinal: int = 0  #: which of the weekdays; -1: the last
    weekday: int = 0  #: 0 is Monday
    offset: int = 0  #: days after, or before, what the rest says

    @property
    def recurs(self) -> bool:
        return not self.year

    def between(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """The days from `first` to `last`, in order. 29 February is one in leap years only."""
        shift = dt.timedelta(days=self.offset)
        # A lunar year ends in the civil year after, and an offset may cross New Year.
        for year in range(max(first.year - 2, FIRST_YEAR), min(last.year + 1, LAST_YEAR) + 1):
            for day in self._of(year):
                if first <= day + shift <= last:
                    yield day + shift

    def _of(self, year: int) -> Iterator[dt.date]:
        if self.kind == "easter":
            from dateutil.easter import easter  # type: ignore[import-untyped]  # has no types

            yield easter(year)
        elif self.kind == "lunar":
            day = civil_day(year, self.month, self.day)
            if day is not None:
                yield day
        elif self.kind == "weekday":
            for month in (self.month,) if self.month else MONTH_NAMES.values():
                weeks = calendar.monthcalendar(year, month)
                found = [week[self.weekday] for week in weeks if week[self.weekday]]
                at = self.ordinal if self.ordinal < 0 else self.ordinal - 1
                if at < len(found):
                    yield dt.date(year, month, found[at])
        elif self.year in (0, year) and self.day <= calendar.monthrange(year, self.month)[1]:
            yield dt.date(year, self.month, self.day)


def parse(words: str) -> Rule:
    """Read a day, or a rule for days.

    Raises
    ------
    ValueError
        If it is none, with the nearest spelling of a word that is nearly one.
    """
    text = re.sub(r"\s+", " ", words.strip().lower())
    if match := _OFFSET.fullmatch(text):
        inner = parse(match[3])
        days = int(match[1]) if match[2] == "after" else -int(match[1])
        if inner.offset or inner.year or abs(days) > 366:
            raise ValueError(f"{words!r} is no day: write {ALLOWED}")
        return Rule(inner.kind, 0, inner.month, inner.day, inner.ordinal, inner.weekday, days)
    if text in ("easter", "easter sunday"):
        return Rule("easter")
    if match := _DATE.fullmatch(text):
        return _date(words, int(match[1] or 0), int(match[2]), int(match[3]))
    if match := _LUNAR.fullmatch(text):
        month, day = int(match[1]), -1 if match[2] == "last" else int(match[2])
        if not (1 <= month <= MONTHS and (day == -1 or 1 <= day <= LONGEST_MONTH)):
            raise ValueError(f"{words!r}: a lunar year has {MONTHS} months of at most {LONGEST_MONTH} days")
        return Rule("lunar", month=month, day=day)
    if match := _NTH.fullmatch(text):
        ordinal, weekday = _word(match[1], ORDINALS, words), _word(match[2], WEEKDAYS, words)
        month = 0 if match[3] == "every month" else _word(match[3], MONTH_NAMES, words)
        return Rule("weekday", month=month, ordinal=ordinal, weekday=weekday)
    raise ValueError(f"{words!r} is no day: write {ALLOWED}")


def _date(words: str, year: int, month: int, day: int) -> Rule:
    if year and not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"{words!r}: years are from {FIRST_YEAR} to {LAST_YEAR}")
    try:
        dt.date(year or _LEAP_YEAR, month, day)
    except ValueError:
        raise ValueError(f"{words!r} is no day of the calendar: write year-month-day or month-day") from None
    return Rule("date", year, month, day)


def _word(word: str, known: dict[str, int], words: str) -> int:
    if word not in known:
        near = suggest(word, known)
        raise ValueError(
            f"{words!r}: {word!r} is unknown" + (f"; did you mean {near!r}?" if near else f": write {ALLOWED}")
        )
    return known[word]
