"""The moments that feeds name: RFC 822 in RSS, ISO 8601 in Atom and Dublin Core, and their common slips."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

#: A year that no feed is of is a slip of the one who wrote it.
_YEARS = range(1970, 2200)
_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
#: A space before the zone, which ISO 8601 does not have and people write.
_ZONE = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}$|Z$)")
_LONGEST = 64  #: characters


def parse(text: str) -> dt.datetime | None:
    """The moment, in UTC; None if it is none. Without a zone it is taken for UTC.

    >>> parse("Sun, 22 Nov 2026 06:30:00 +0800").isoformat()
    '2026-11-21T22:30:00+00:00'
    """
    words = " ".join(text.split())
    if not words or len(words) > _LONGEST:
        return None
    found = _iso(words) or _rfc822(words)
    if found is None:
        return None
    try:
        moment = (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (OverflowError, ValueError):
        return None
    return moment if moment.year in _YEARS else None


def _iso(words: str) -> dt.datetime | None:
    if match := _MONTH.fullmatch(words):  # W3C-DTF allows a year, or a year and a month
        words = f"{match[1]}-{match[2] or '01'}-01"
    try:
        return dt.datetime.fromisoformat(_ZONE.sub("", words.upper()))
    except ValueError:
        return None


def _rfc822(words: str) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
