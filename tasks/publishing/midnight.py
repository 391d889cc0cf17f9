"""When a platform's day is over: the moment at which its daily limits begin anew."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def next_midnight(zone: str, now: dt.datetime) -> dt.datetime:
    """The next midnight on the clocks of `zone`, in UTC."""
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
