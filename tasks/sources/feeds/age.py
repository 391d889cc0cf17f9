"""When an item was made, as feeds write it: `2026-11-20T13:00:00+08:00`, `Fri, 20 Nov 2026 13:00:00 GMT`, seconds."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

#: Seconds since 1970 have ten digits until the year 2286; milliseconds have three more.
_SECONDS = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?")


def parse(text: str, zone: ZoneInfo) -> str:
    """A moment as ISO text in UTC that sorts, to the second; "" if it cannot be read.

    Parameters
    ----------
    zone:
        Of a moment that names none.

    >>> parse("Fri, 20 Nov 2026 13:00:00 +0800", ZoneInfo("UTC"))
    '2026-11-20T05:00:00+00:00'
    """
    text = text.strip()
    try:
        if seconds := _SECONDS.fullmatch(text):
            moment = dt.datetime.fromtimestamp(int(seconds[1]), dt.UTC)
        elif text[:4].isdecimal():
            moment = dt.datetime.fromisoformat(text)
        else:
            moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC).isoformat("T", "seconds")
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""
