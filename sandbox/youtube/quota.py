"""What a project may ask of the YouTube Data API in a day ("Quota and Compliance Audits")."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sandbox.trouble import Clock

#: The day of a quota ends at midnight here.
PACIFIC = ZoneInfo("America/Los_Angeles")


class Quota:
    """A bucket of units that is full again each midnight, Pacific time. The project's, whatever the token."""

    def __init__(self, units: int, clock: Clock) -> None:
        self.units, self._clock = units, clock
        self._day: dt.date | None = None
        self._used = 0

    @property
    def used(self) -> int:
        """Units of today that are gone."""
        today = dt.datetime.fromtimestamp(self._clock.now(), PACIFIC).date()
        if today != self._day:
            self._day, self._used = today, 0
        return self._used

    def take(self, cost: int) -> bool:
        """Whether there were so many units; then they are gone."""
        if self.used + cost > self.units:
            return False
        self._used += cost
        return True
