"""Which occasion a run is about: a logical date in the pipeline's zone, or an event."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from records.tables import Run
from reelmill.content import Json, fingerprint
from reelmill.errors import UseError
from tasks.sources.base import Occasion

#: Longest id of an event that is kept as it is.
LONGEST_EVENT_ID = 160


def on_date(zone: ZoneInfo, date: str = "") -> Occasion:
    """The occasion of a date, or of today in that zone.

    Raises
    ------
    UseError
        If the date is not one.
    """
    if not date:
        return Occasion(dt.datetime.now(zone).date(), zone)
    try:
        return Occasion(dt.date.fromisoformat(date), zone)
    except ValueError:
        raise UseError(f"{date!r} is not a date", "write it as 2026-12-21") from None


def on_event(zone: ZoneInfo, payload: Mapping[str, Json], date: str = "") -> Occasion:
    """The occasion of an event. Its `id` identifies it; without one, what it says does."""
    given = payload.get("id")
    identity = str(given) if isinstance(given, str | int) and not isinstance(given, bool) and str(given) else ""
    if not identity or len(identity) > LONGEST_EVENT_ID or re.search(r"[\x00-\x1f\x7f]", identity):
        identity = fingerprint(dict(payload))[:32]
    return Occasion(on_date(zone, date).date, zone, event=payload, event_id=identity)


def name_of(occasion: Occasion) -> str:
    """What makes a run unique within its pipeline."""
    return f"event:{occasion.event_id}" if occasion.event_id is not None else occasion.date.isoformat()


def occasion_of(run: Run) -> Occasion:
    """The occasion as the ledger has it."""
    event_id = run.occasion.removeprefix("event:") if run.event is not None else None
    return Occasion(run.date, ZoneInfo(run.zone), event=run.event, event_id=event_id)
