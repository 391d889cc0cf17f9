"""The times of one account: which are taken, and which one is free next.

Rules      what a pipeline wants: between 18:00 and 22:00, 20 minutes apart, at most 12 a day
Limits     what the platform allows
Calendar   when posts of the account went out or are going to
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from tasks.publishing.account import Limits

DAY = dt.timedelta(days=1)
#: What is so near is now.
SOON = dt.timedelta(seconds=60)

Obstacle = tuple[dt.datetime, str]
"""Why a moment is not free, and the next one that is worth asking about."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a pipeline posts to a target. Days and times of day are those of its zone."""

    zone: ZoneInfo
    between: tuple[dt.time, dt.time] | None = None  #: an end that is not after its beginning is on the next day
    spacing: dt.timedelta = dt.timedelta(0)
    per_day: int | None = None  #: of a day from midnight to midnight, also where the window is open over midnight
    days: int = 1  #: how many days posts may be spread over, the first one included

    @property
    def given(self) -> bool:
        """Whether they forbid anything."""
        return bool(self.between or self.spacing or self.per_day)

    def window(self, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        """When it may post on a day, in UTC: from the first moment on, and before the second one.

        Of a time that the clocks show twice, the first one is meant; one that they skip is as much later (RFC 5545,
        3.3.5). A window whose beginning they skip is moved as a whole.
        """
        return _window(self.zone, self.between, day)

    def opens_at(self, at: dt.datetime) -> bool:
        """Whether it may post at a moment, as far as the time of day goes."""
        day = at.astimezone(self.zone).date()
        return any(begin <= at < end for begin, end in (self.window(day - DAY), self.window(day)))


@lru_cache(maxsize=4096)  # a plan asks for the same few days with every post
def _window(zone: ZoneInfo, between: tuple[dt.time, dt.time] | None, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    first, last = between or (dt.time.min, dt.time.min)
    begin = dt.datetime.combine(day, first)
    end = dt.datetime.combine(day if last > first else day + DAY, last)
    opens, closes = (one.replace(tzinfo=zone).astimezone(dt.UTC) for one in (begin, end))
    return opens, closes if closes > opens else opens + (end - begin)


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
        """The first free time of the days from `first_day` on, not before `now`; None if there is none.

        A window of the night before is one of them if it is open now.
        """
        return self._search(rules, first_day, now)[0]

    def why_not(self, rules: Rules, first_day: dt.date, now: dt.datetime) -> str:
        """What stands in the way, where `next` finds nothing: what the account does or has."""
        return self._search(rules, first_day, now)[1]

    @property
    def limited(self) -> bool:
        """Whether the platform limits how often the account may post."""
        return bool(self._limits.per_day or self._limits.spacing or self._left is not None)

    def take(self, at: dt.datetime) -> None:
        """It is no longer free."""
        insort(self._taken, at)

    def count(self, begin: dt.datetime, end: dt.datetime) -> int:
        """Posts from `begin` on and before `end`."""
        return bisect_left(self._taken, end) - bisect_left(self._taken, begin)

    def left(self, at: dt.datetime) -> int | None:
        """How many posts its limits leave of the day of a moment, or of 24 hours around it. None: they do not say."""
        if (most := self._limits.per_day) is None:
            return None
        if self._limits.zone:
            zone = ZoneInfo(self._limits.zone)
            return max(0, most - self.count(*Rules(zone).window(at.astimezone(zone).date())))
        begins = [*self._taken[bisect_right(self._taken, at - DAY) : bisect_right(self._taken, at)], at]
        return max(0, most - max(self.count(begin, begin + DAY) for begin in begins))

    def _search(self, rules: Rules, first_day: dt.date, now: dt.datetime) -> tuple[dt.datetime | None, str]:
        why = "has no hours left"
        begun = now.astimezone(rules.zone).date() >= first_day
        for offset in range(-1 if begun else 0, rules.days):
            begin, end = rules.window(first_day + offset * DAY)
            if offset < 0 and begin > now:
                continue  # not of the days that are asked for, and not open
            at = max(begin, now)
            while at < end:
                obstacle = self._obstacle(at, rules)
                if obstacle is None:
                    return at, ""
                at, why = obstacle
        return None, why

    def _obstacle(self, at: dt.datetime, rules: Rules) -> Obstacle | None:
        """None if a post may go out then."""
        spacing = max(rules.spacing, self._limits.spacing)
        before = bisect_left(self._taken, at + spacing)
        if before and self._taken[before - 1] > at - spacing:
            return self._taken[before - 1] + spacing, f"keeps its posts {_length(spacing)} apart"
        if rules.per_day is not None and (end := self._full_day(at, rules.per_day, rules.zone)):
            return end, f"has its {_posts(rules.per_day)} of the day"
        if (most := self._limits.per_day) is not None:
            zone = self._limits.zone
            later = self._full_day(at, most, ZoneInfo(zone)) if zone else self._full_span(at, most)
            if later is not None:
                return later, f"takes {_posts(most)} {'a day' if zone else 'in 24 hours'}"
        over = self._asked + DAY
        if self._left is not None and at < over and self.count(self._asked, over) >= self._left:
            return over, f"takes {_posts(self._left, 'more ')} in 24 hours"
        return None

    def _full_day(self, at: dt.datetime, most: int, zone: ZoneInfo) -> dt.datetime | None:
        """The next midnight, if the day of a moment has as many as it may have."""
        begin, end = Rules(zone).window(at.astimezone(zone).date())
        return end if self.count(begin, end) >= most else None

    def _full_span(self, at: dt.datetime, most: int) -> dt.datetime | None:
        """The next moment that is worth asking about, if some 24 hours around this one have as many as they may."""
        around = self._taken[bisect_right(self._taken, at - DAY) : bisect_left(self._taken, at + DAY)]
        if len(around) < most:
            return None
        for first, last in zip(around, around[most - 1 :], strict=False):
            if max(last, at) - min(first, at) < DAY:
                return first + DAY
        return None


def _length(span: dt.timedelta) -> str:
    seconds = round(span.total_seconds())
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _posts(count: int, more: str = "") -> str:
    return f"{count} {more}post" + ("s" if count != 1 else "")
