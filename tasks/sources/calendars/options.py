"""The options that every calendar has: how long before a day, what between two, and what for days without a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.options import Options

#: The longest time ahead, and the oldest day that is made up for.
MOST_DAYS = 366

#: How many entries are made up for where `most` does not say.
DEFAULT_MOST = 7

Lead = Annotated[int, Field(ge=0, le=MOST_DAYS)]
Then = Literal["skip", "run_late", "backfill"]


class Missed(Options):
    """What becomes of the days on which no run was made, with a limit."""

    then: Then
    """`skip`: nothing. `run_late`: the last missed day that had entries is made up for. `backfill`: all are."""
    most: int = Field(DEFAULT_MOST, ge=1, le=MOST_DAYS)
    """How many entries are made up for at most: the newest ones. The others are told as skipped."""


class CalendarOptions(Options):
    """What every calendar can be asked for."""

    lead_days: Lead | Annotated[tuple[Lead, ...], Field(min_length=1, max_length=12, strict=False)] = 0
    """How many days before its day an entry is made: a number, or several, as `[7, 1, 0]`."""
    fill: Literal["none", "last", "next", "nearest"] = "none"
    """What is made on a day without an entry: nothing, or the last, the next or the nearest entry once more."""
    missed: Then | Missed = "skip"
    """What becomes of days without a run: `skip`, `run_late`, `backfill`, or `{then: backfill, most: 7}`."""

    @property
    def leads(self) -> tuple[int, ...]:
        """The days ahead, each once, the longest first."""
        given = (self.lead_days,) if isinstance(self.lead_days, int) else self.lead_days
        return tuple(sorted(set(given), reverse=True))

    @property
    def making_up(self) -> Missed:
        return self.missed if isinstance(self.missed, Missed) else Missed(then=self.missed)
