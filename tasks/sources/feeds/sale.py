"""When a sale price holds: an ISO 8601 interval, as Merchant's `sale_price_effective_date` writes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Sale:
    """The days of a sale, both included. None: it has no beginning, or no end."""

    starts: dt.date | None = None
    ends: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


def parse(text: str, zone: ZoneInfo) -> Sale | None:
    """The days of an interval such as `2026-11-20T13:00-0800/2026-12-01T15:30-0800`, as they are in `zone`.

    Either side may be empty or a date. None if it cannot be read: nobody knows then when the price holds.

    >>> parse("2026-11-20T23:00-0800/2026-12-01", ZoneInfo("Asia/Shanghai"))
    Sale(starts=datetime.date(2026, 11, 21), ends=datetime.date(2026, 12, 1))
    """
    first, mark, last = text.partition("/")
    if not mark:
        return None
    try:
        starts, ends = _day(first, zone), _day(last, zone)
    except (ValueError, OverflowError):
        return None
    return Sale(starts, ends)


def _day(text: str, zone: ZoneInfo) -> dt.date | None:
    if not text.strip():
        return None
    moment = dt.datetime.fromisoformat(text.strip())
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()
