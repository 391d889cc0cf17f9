"""The room that an account has for posts: its window and limits, and what others have taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reelmill.content import Json
from tasks.publishing.account import Limits, Quota
from tasks.publishing.calendar import DAY, Rules


@dataclass(frozen=True, slots=True)
class Room:
    """What an account has room for, and what of it is taken by other posts than those of the plan."""

    target: str
    platform: str
    account: str
    rules: Rules  #: what the pipeline wants
    limits: Limits  #: what the platform allows
    quota: Quota | None  #: what the platform says now, if it was asked and does say
    others: tuple[dt.datetime, ...]  #: when other posts went out, or are going to

    @property
    def a_day(self) -> int | None:
        """The most posts of a day that pipeline and platform both allow; None: as many as one likes."""
        return min((most for most in (self.rules.per_day, self.limits.per_day) if most is not None), default=None)

    @property
    def window(self) -> str:
        """The times of day between which the pipeline posts; "": at any."""
        return "-".join(f"{one:%H:%M}" for one in self.rules.between) if self.rules.between else ""

    @property
    def zone(self) -> ZoneInfo:
        """The zone that its days and times are told in."""
        return self.rules.zone

    def taken(self, day: dt.date) -> int:
        """Other posts on a day."""
        begin, end = Rules(self.zone).window(day)
        return sum(begin <= at < end for at in self.others)

    def as_json(self, posts: Sequence[dt.datetime | None], now: dt.datetime) -> dict[str, Json]:
        """With the posts that a plan has for it; None: at once."""
        today = now.astimezone(self.zone).date()
        days = sorted({today if at is None else at.astimezone(self.zone).date() for at in posts} | {today})
        on = [today if at is None else at.astimezone(self.zone).date() for at in posts]
        return {
            "platform": self.platform,
            "account": self.account,
            "posts": len(posts),
            "at_once": sum(at is None for at in posts),
            "days": [{"date": day.isoformat(), "posts": on.count(day), "taken": self.taken(day)} for day in days],
            "a_day": self.a_day,
            "per_day": self.rules.per_day,
            "platform_allows": self.limits.per_day,
            "platform_counts": self.limits.zone or f"any {DAY.total_seconds() / 3600:.0f} hours",
            "left": self.quota.left if self.quota is not None else None,
            "between": self.window or None,
            "spacing_seconds": max(self.rules.spacing, self.limits.spacing).total_seconds(),
            "timezone": self.zone.key,
        }
