"""When an event repeats (RFC 5545, 3.3.10), within bounds: days are expanded in the wall time of the event's zone.

dateutil reckons a rule until it ends, and one that never happens (30 February) until the year 9999. Since the Gregorian
calendar repeats every 400 years, to the day of the week, rules are reckoned in the last 400 of those years: such a
rule ends twenty times sooner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reelmill.errors import SourceError

#: How often a rule may repeat. A calendar that repeats by the hour has no days of its own.
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

#: The parts of a rule that choose days and times, and how many values each may list.
CHOICES = frozenset(
    {"BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"}
)
MOST_CHOICES = 400

LONGEST_INTERVAL = 1000

_PERIOD_YEARS = 400
_END_OF_TIME = dt.datetime.combine(dt.date.max, dt.time.max)


@dataclass
class Allowance:
    """What all rules of a calendar may cost together."""

    occurrences: int = 1_000_000  #: seen, wanted or not: about five seconds
    endless: int = 20  #: rules that never happen: up to half a second each

    def spend(self, *, occurrences: int = 0, endless: int = 0) -> None:
        """Take something away.

        Raises
        ------
        SourceError
            If nothing is left.
        """
        self.occurrences -= occurrences
        self.endless -= endless
        if self.occurrences < 0 or self.endless < 0:
            raise SourceError("the events of the calendar repeat too often", "use a calendar of fewer repeating events")


def starts(
    start: dt.datetime, rule: Mapping[str, Sequence[Any]], first: dt.datetime, last: dt.datetime, allowance: Allowance
) -> Iterator[dt.datetime]:
    """The wall times from `first` to `last` at which an event begins. `start` is the first of all.

    Parameters
    ----------
    start, first, last:
        Wall times of the event's zone, without a zone.
    rule:
        The parts of an RRULE by name; UNTIL is a date or a wall time without a zone.

    Raises
    ------
    ValueError
        If the rule cannot be used.
    SourceError
        If the allowance is spent.
    """
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # has no types

    words, until = _checked(rule)
    if start > last:
        return
    begin = start if "COUNT" in rule else _fast_forward(start, rule, first)
    years = (9999 - last.year) // _PERIOD_YEARS * _PERIOD_YEARS
    try:
        found = rrulestr(words, dtstart=_moved(begin, years))
    except (TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"its rule {words!r} cannot be read: {error}") from error
    end = min(_moved(last, years), _END_OF_TIME if until is None else _moved(until, years))
    if first <= start <= last:
        yield start
    seen = 0
    for moment in found:
        seen += 1
        allowance.spend(occurrences=1)
        if moment > end:
            return
        wall = _moved(moment, -years)
        if wall != start and wall >= first:
            yield wall
    if not seen:
        allowance.spend(endless=1)


def _checked(rule: Mapping[str, Sequence[Any]]) -> tuple[str, dt.datetime | None]:
    """The rule in words that are safe to reckon with, and its end."""
    parts = {name.upper(): list(values) for name, values in rule.items()}
    frequency = str(parts.pop("FREQ", [""])[0]).upper()
    if frequency not in FREQUENCIES:
        raise ValueError(f"it repeats {frequency.lower() or 'by no known rule'}; daily is the most")
    interval = int(parts.pop("INTERVAL", [1])[0])
    if not 1 <= interval <= LONGEST_INTERVAL:
        raise ValueError(f"it repeats at an interval of {interval}; 1 to {LONGEST_INTERVAL} can be used")
    words = [f"FREQ={frequency}", f"INTERVAL={interval}"]
    if "COUNT" in parts:
        count = int(parts.pop("COUNT")[0])
        if count < 1:
            raise ValueError(f"it repeats {count} times")
        words.append(f"COUNT={count}")
    until = parts.pop("UNTIL", [None])[0]
    if until is not None and not isinstance(until, dt.datetime):
        until = dt.datetime.combine(until, dt.time.max)
    words += [f"WKST={parts.pop('WKST', ['MO'])[0]}"]
    for name, values in parts.items():
        if name not in CHOICES or len(values) > MOST_CHOICES:
            raise ValueError(f"its rule has {'too many values of ' if name in CHOICES else ''}{name}")
        words.append(f"{name}={','.join(map(str, values))}")
    return ";".join(words), until


def _fast_forward(start: dt.datetime, rule: Mapping[str, Sequence[Any]], first: dt.datetime) -> dt.datetime:
    """A later start in the same rhythm, so that what happened in twenty years is not reckoned again."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(str(rule["FREQ"][0]).upper(), 0) * int(rule.get("INTERVAL", [1])[0])
    ahead = (first - start).days
    return start + dt.timedelta(days=ahead // days * days) if days and ahead > days else start


def _moved(moment: dt.datetime, years: int) -> dt.datetime:
    """The same day of another 400 years; the end of time if it would be after that."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return _END_OF_TIME
