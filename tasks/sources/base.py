"""The contract of a source: options in, briefs out, bad items told and passed over.

Every source passes `tests/contract/test_sources.py`.
"""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from reelmill.content import Brief, Json, Skipped
from reelmill.errors import UseError
from tasks.options import Options
from tasks.sources.expand.options import ExpandOptions

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
    cache: Path | None = None  #: a folder for what may be lost and fetched again; None: nothing is kept
    missed: tuple[dt.date, ...] = ()  #: days before the occasion's for which there was no run, oldest first
    cursor: Json = None  #: of the last brief that was taken of this source; None: of none
    notes: list[str] = field(default_factory=list)  #: what a source has to tell besides its briefs, for people


class Source(Options):
    """One `source:` of a pipeline. The class is its options model: its fields are its YAML keys.

    A subclass sets `type: Literal["its_name"]` and stands in a file of its own beside its siblings.
    """

    type: str

    expand: ExpandOptions | None = None
    """Let a language model add fields to each brief, or make several briefs of it. Empty: no."""

    @model_validator(mode="after")
    def _adds_what_is_not_there(self) -> Self:
        taken = (self.fields() or frozenset()) & (self.expand.fields.keys() if self.expand is not None else frozenset())
        if taken:
            raise ValueError(f"`expand` cannot add a field {min(taken)!r}: the source has one; give yours another name")
        if self.expand is not None and self.expand.count > 1 and getattr(self, "changes_only", False):
            raise ValueError(
                "`changes_only` knows an item by its key, and `expand.count` gives it others; use count: 1"
            )
        return self

    def template_fields(self) -> frozenset[str] | None:
        """`fields`, with those that `expand` adds."""
        known = self.fields()
        return known if known is None or self.expand is None else known | self.expand.fields.keys()

    def fields(self) -> frozenset[str] | None:
        """The names that a brief's `fields` always have, so that templates can be checked before a run.

        None means that only the data knows (an event's payload, a list's columns).
        """
        return None

    @property
    def is_calendar(self) -> bool:
        """Whether it has nothing on some days, and that is as it should be; and knows `days`."""
        return False

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
