"""The Chinese lunisolar calendar, as GB/T 33661-2017 has it: reckoned in UTC+8, so its dates hold for every zone.

Korea and Vietnam reckon the same calendar in their own zones, so that a new moon around midnight moves a month there:
Seollal of 2028 is on 27 January, 春节 on the 26th. Japan keeps most of the festivals on the same numbers of the
Gregorian calendar.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

MONTHS, LONGEST_MONTH = 12, 30


@lru_cache(maxsize=8192)
def civil_day(year: int, month: int, day: int) -> dt.date | None:
    """The civil day of a lunar date; None where its month is too short. Day -1 is the last of the month.

    Parameters
    ----------
    year:
        The civil year in which the lunar year begins, from 1900 to 2100.
    month:
        1 to 12. A leap month has no festivals and cannot be named.
    """
    from tyme4py.lunar import LunarDay, LunarMonth

    length = LunarMonth.from_ym(year, month).get_day_count()
    if day > length:
        return None
    found = LunarDay.from_ymd(year, month, length if day < 0 else day).get_solar_day()
    return dt.date(found.get_year(), found.get_month(), found.get_day())
