"""The times of one account: which are taken, and which one is free next.

Rules      what a pipeline wants: between 18:00 and 22:00, 20 minutes apart, at most 12 a day
Limits     what the platform allows
Calendar   when posts of the account went out or are going to
"""

from __future__ import annotations

import datetime as dt
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tasks.publishing.base import Limits

DAY = dt.timedelta(days=1)
#: What is so near is now.
SOON = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Rules:
    """When a pipeline posts to a target. Days and times of day are those of its zone."""

    zone: ZoneInfo
    between: tuple[dt.time, dt.time] | None = None  #: an end that is not after its beginning is on the next day
    spacing: dt.timedelta = dt.timedelta(0)
    per_day: int | None = None
    days: int = 1  #: how many days posts may be spread over, the first one included

    def window(self, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        """The first and the last moment of a day at which it may post, in UTC."""
        first, last = self.between or (dt.time.min, dt.time.max)
        ends_on = day if self.between is None or last > first else day + DAY
        begin = dt.datetime.combine(day, first, self.zone)
        end = dt.datetime.combine(ends_on, last, self.zone)
        return begin.astimezone(dt.UTC), end.astimezone(dt.UTC)

    def opens(self, at: dt.datetime) -> dt.datetime:
        """`at`, or the beginning of the next window if none is open then."""
        if self.between is None:
            return at
        day = at.astimezone(self.zone).date()
        for offset in (-1, 0, 1, 2):
            begin, end = self.window(day + offset * DAY)
            if at <= end:
                return max(at, begin)
        raise AssertionError("every day has a window")


class Calendar:
    """The times of one account.

    Parameters
    ----------
    taken:
        When posts went out, and when others are going to.
    left:
        What the account may still post in the next 24 hours, if the platform said so at `asked`.
    """

    def __init__(
        self,
        taken: Iterable[dt.datetime] = (),
        limits: Limits | None = None,
        *,
        left: int | None = None,
        asked: dt.datetime | None = None,
    ) -> None:
        self._taken = sorted(taken)
        self._limits = limits or Limits()
        self._left, self._asked = left, asked or dt.datetime.now(dt.UTC)

    def next(self, rules: Rules, first_day: dt.date, now: dt.datetime) -> dt.datetime | None:
        """The first free time of the days from `first_day` on, not before `now`; None if there is none."""
        for offset in range(rules.days):
            at, end = rules.window(first_day + offset * DAY)
            at = max(at, now)
            while at <= end:
                later = self._blocked(at, rules)
                if later is None:
                    return at
                at = later
        return None

    def take(self, at: dt.datetime) -> None:
        """It is no longer free."""
        insort(self._taken, at)

    def count(self, begin: dt.datetime, end: dt.datetime) -> int:
        """Posts from `begin` on and before `end`."""
        return sum(begin <= one < end for one in self._taken)

    def _blocked(self, at: dt.datetime, rules: Rules) -> dt.datetime | None:
        """None if a post may go out then; else the next time that is worth asking about."""
        spacing = max(rules.spacing, self._limits.spacing)
        near = [one + spacing for one in self._taken if abs(one - at) < spacing]
        if near:
            return max(near)
        if rules.per_day is not None and (later := self._full_day(at, rules.per_day, rules.zone)):
            return later
        if self._limits.per_day is not None:
            zone, most = self._limits.zone, self._limits.per_day
            later = self._full_day(at, most, ZoneInfo(zone)) if zone else self._full_span(at, most)
            if later is not None:
                return later
        if self._left is not None and at < self._asked + DAY:
            promised = sum(one > self._asked for one in self._taken if one < self._asked + DAY)
            if promised >= self._left:
                return self._asked + DAY
        return None

    def _full_day(self, at: dt.datetime, most: int, zone: ZoneInfo) -> dt.datetime | None:
        """The next midnight, if the day of a moment has as many as it may have."""
        day = at.astimezone(zone).date()
        begin = dt.datetime.combine(day, dt.time.min, zone).astimezone(dt.UTC)
        end = dt.datetime.combine(day + DAY, dt.time.min, zone).astimezone(dt.UTC)
        return end if self.count(begin, end) >= most else None

    def _full_span(self, at: dt.datetime, most: int) -> dt.datetime | None:
        """A later moment, if some 24 hours around this one would have more than they may have."""
        around = sorted([*(one for one in self._taken if at - DAY < one < at + DAY), at])
        for first in (one for one in around if one <= at):
            within = [one for one in around if first <= one < first + DAY]
            if len(within) > most:
                return first + DAY if first < at else within[1] + dt.timedelta(minutes=1)
        return None
