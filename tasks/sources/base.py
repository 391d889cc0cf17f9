"""The contract of a source: options in, briefs out, bad items told and passed over.

Every source passes `tests/contract/test_sources.py`.
"""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reelmill.content import Brief, Json, Skipped
from reelmill.errors import UseError
from tasks.options import Options

if TYPE_CHECKING:
    from reelmill.fetching import Fetcher


def _fetcher() -> Fetcher:
    """The guarded client with its defaults. Imported late: options models are read by commands that fetch nothing."""
    from reelmill.fetching import Fetcher

    return Fetcher()


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a run is about: a logical date, or an event. A source reads the clock nowhere else."""

    date: dt.date
    zone: ZoneInfo
    event: Mapping[str, Json] | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source may use of the world."""

    occasion: Occasion
    folder: Path  #: relative paths in the definition are relative to this: the folder of pipelines.yaml
    fetcher: Fetcher = field(default_factory=_fetcher)  #: the only way to the network


class Source(Options):
    """One `source:` of a pipeline. The class is its options model: its fields are its YAML keys.

    A subclass sets `type: Literal["its_name"]` and stands in a file of its own beside its siblings.
    """

    type: str

    def fields(self) -> frozenset[str] | None:
        """The names that a brief's `fields` always have, so that templates can be checked before a run.

        None means that only the data knows (an event's payload, a list's columns).
        """
        return None

    def days(self, context: SourceContext, until: dt.date) -> Iterator[dt.date]:
        """The days from the occasion's to `until` for which it has a brief: what `schedule: {dates: source}` asks.

        Raises
        ------
        UseError
            If it is no calendar.
        """
        raise UseError(
            f"the source {self.type!r} is no calendar", "give the days: `schedule: {dates: [2026-12-21]}`, or a cron"
        )

    @abstractmethod
    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        """Emit each brief, and a `Skipped` for each item that cannot be used. Streams: memory does not grow with items.

        Keys are unique within one call and stable from day to day.

        Raises
        ------
        SourceError, FetchError
            If the source as a whole cannot be read.
        TransientError
            If it may work later.
        """
