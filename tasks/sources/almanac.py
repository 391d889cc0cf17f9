"""The solar year: when each of its 24 terms and 72 pentads begins, and what people call it and see in it.

A term begins at the instant at which the sun's apparent longitude passes a multiple of 15 degrees, a pentad at each
multiple of 5. The instant is one for the whole earth; the *day* depends on the zone, so Beijing and Los Angeles may
disagree. Instants come from tyme4py, which reckons in UTC+8; `tests/unit/test_solar_terms.py` holds them against
ephemerides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from tyme4py.culture.phenology import Phenology
from tyme4py.solar import SolarTerm
from tyme4py.util import ShouXingUtil

from reelmill.errors import SourceError

#: The civil years that are tested against an ephemeris.
FIRST_YEAR, LAST_YEAR = 1900, 2100

TERMS, PENTADS = 24, 72
PENTADS_PER_TERM = PENTADS // TERMS

#: The solar year begins with 立春, tyme4py's with 冬至, three terms earlier.
TERMS_BEFORE_SPRING = 3

_DAYS_PER_PENTAD = 365.2422 / PENTADS
_J2000 = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
_J2000_DAYS = 2451545
_UTC_PLUS_8 = dt.timedelta(hours=8)
#: From this year on, tyme4py's forecast of the earth's rotation is replaced: see `_seconds_too_early`.
_FORECAST_YEAR = 2050


@dataclass(frozen=True, slots=True)
class Pentad:
    """One pentad of one solar year, and with it the term that it belongs to."""

    ordinal: int  #: solar year × 72 + index; the solar year begins with 立春

    @property
    def index(self) -> int:
        """0 to 71; 0 is the first pentad of 立春."""
        return self.ordinal % PENTADS

    @property
    def term_index(self) -> int:
        """0 to 23; 0 is 立春."""
        return self.index // PENTADS_PER_TERM

    @property
    def of_term(self) -> int:
        """1 to 3."""
        return self.index % PENTADS_PER_TERM + 1

    @property
    def first_of_term(self) -> Pentad:
        return Pentad(self.ordinal - self.index % PENTADS_PER_TERM)

    @property
    def first_of_next_term(self) -> Pentad:
        return Pentad(self.first_of_term.ordinal + PENTADS_PER_TERM)

    @property
    def begins(self) -> dt.datetime:
        """The instant, in UTC, to the second."""
        return _begins(self.ordinal)

    def day(self, zone: ZoneInfo) -> dt.date:
        """The civil day on which it begins in a zone."""
        return self.begins.astimezone(zone).date()


def pentad_on(date: dt.date, zone: ZoneInfo) -> Pentad:
    """The pentad of a date: the last one whose first day in this zone is not after it.

    Raises
    ------
    SourceError
        If the date is not from 1900 to 2100.
    """
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        raise SourceError(
            f"there are no solar terms for {date.isoformat()}: they are known from {FIRST_YEAR} to {LAST_YEAR}",
            "use a date within these years",
        )
    spring = dt.date(date.year, 2, 4)  # within a day or two of 立春 in all of these years
    pentad = Pentad(date.year * PENTADS + int((date - spring).days // _DAYS_PER_PENTAD))
    while pentad.day(zone) > date:
        pentad = Pentad(pentad.ordinal - 1)
    while (following := Pentad(pentad.ordinal + 1)).day(zone) <= date:
        pentad = following
    return pentad


@lru_cache(maxsize=4096)
def _begins(ordinal: int) -> dt.datetime:
    year, index = divmod(ordinal, PENTADS)
    term, rest = divmod(index, PENTADS_PER_TERM)
    first = TERMS_BEFORE_SPRING + term
    # The first pentad of a term begins with it; asking for both would give two answers a second apart.
    moment = Phenology.from_index(year, first * PENTADS_PER_TERM + rest) if rest else SolarTerm.from_index(year, first)
    days = moment.get_julian_day().get_day() - _J2000_DAYS
    instant = _J2000 + dt.timedelta(days=days) - _UTC_PLUS_8
    if year >= _FORECAST_YEAR:
        instant += dt.timedelta(seconds=_seconds_too_early(days))
    return (instant + dt.timedelta(milliseconds=500)).replace(microsecond=0)


def _seconds_too_early(days: float) -> float:
    """How much earlier tyme4py says that something happens, because it takes clocks to part from the stars faster.

    ΔT, the seconds by which the turning earth lags behind even time, can only be forecast. tyme4py's parabola begins
    to climb by 2 s a year in 2050 and is at 187 s in 2100. What was measured since 2000, joined to the long-term trend
    of Stephenson, Morrison and Hohenkerk (2016, doi:10.1098/rspa.2016.0404) as Skyfield 1.55 does, gives 96 s then.

    Parameters
    ----------
    days:
        Since noon of 1 January 2000.
    """
    year = 2000 + days / 365.2425
    expected = 69.08 + 0.0053 * (year - 2028.9) ** 2  # within 0.1 s of Skyfield from 2040 to 2100
    return float(ShouXingUtil.dt_t(days)) * 86_400 - expected


@cache
def terms() -> tuple[Mapping[str, Any], ...]:
    """What `solar_terms.yaml` says of each term, from 立春 to 大寒."""
    return tuple(_data()["terms"])


def accent(season: str, day_of_term: int) -> str:
    """What the day of a term, from 1, adds to a shot: a fragment of a prompt that tells it from its neighbours."""
    accents: list[str] = _data()["accents"][season]
    return accents[(day_of_term - 1) % len(accents)]


@cache
def _data() -> Mapping[str, Any]:
    text = Path(__file__).with_name("solar_terms.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = YAML(typ="safe").load(text)
    return found
