"""What is known of an account: whose it is, what it may post, and whether its platform keeps times itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reelmill.account_name import plain_name


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose the login is."""

    id: str
    name: str

    def is_called(self, account: str) -> bool:
        """Whether `account` means it, by its id or its name. Case and an @ do not count."""
        return plain_name(account) in {plain_name(self.id), plain_name(self.name)}


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account may still post, as the platform says at this moment."""

    total: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.total - self.used)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may post, as far as that is known without asking. `source` says who says so."""

    per_day: int | None = None
    zone: str = ""  #: whose midnight begins a day; "": any 24 hours
    spacing: dt.timedelta = dt.timedelta(0)  #: at least, between two posts
    source: str = ""


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A platform that publishes by itself at a time: how far ahead that time may be."""

    least: dt.timedelta
    most: dt.timedelta

    def takes(self, at: dt.datetime) -> bool:
        """Whether it keeps this time, if it is told now."""
        return self.least <= at - dt.datetime.now(dt.UTC) <= self.most
