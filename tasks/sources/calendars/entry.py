"""What a calendar says of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelmill.content import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a calendar says of one day."""

    key: str  #: unique in the calendar and stable, so it names the year or the day: `2026-zhongqiu`
    date: dt.date
    name: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    images: tuple[str, ...] = ()  #: as of a brief
