"""When a pipeline runs: the keys of `schedule:` and `on:`, and what a time zone may be called."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from flows.cron import check_cron
from tasks.options import Options
from tasks.registry import suggest

#: Places that people name and the IANA list does not, and short names that stand for several zones.
_MEANT = {
    "beijing": "Asia/Shanghai", "asia/beijing": "Asia/Shanghai", "china": "Asia/Shanghai", "utc+8": "Asia/Shanghai",
    "gmt+8": "Asia/Shanghai", "shenzhen": "Asia/Shanghai", "guangzhou": "Asia/Shanghai", "hangzhou": "Asia/Shanghai",
    "cst": "Asia/Shanghai", "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "ist": "Asia/Kolkata",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "edt": "America/New_York", "et": "America/New_York", "cdt": "America/Chicago", "bst": "Europe/London",
    "cest": "Europe/Berlin", "local": "UTC", "z": "UTC",
}  # fmt: skip

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}  # seconds
#: Longest recurrence rule that Prefect takes, in characters.
LONGEST_RRULE = 6500


def _known_zone(name: str) -> str:
    if name in _zones():
        return name
    raise PydanticCustomError(
        "unknown_zone",
        "there is no time zone with this name",
        {"allowed": "an IANA name, such as Asia/Shanghai, Europe/Berlin or UTC", "suggestion": _nearest_zone(name)},
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory", "posixrules"})


def _nearest_zone(name: str) -> str:
    if name.lower() in _MEANT:
        return _MEANT[name.lower()]
    folded = {zone.lower(): zone for zone in sorted(_zones())}
    cities = {zone.rsplit("/", 1)[-1].lower(): zone for zone in sorted(_zones(), reverse=True) if "/" in zone}
    wanted = name.lower().strip().replace(" ", "_")
    near = suggest(wanted, folded)
    if near:
        return folded[near]
    city = suggest(wanted.rsplit("/", 1)[-1], cities)
    return cities[city] if city else ""


def _known_cron(expression: str) -> str:
    wrong = check_cron(expression)
    if wrong is not None:
        raise PydanticCustomError(
            "cron",
            "{reason}",
            {"reason": wrong[0], "allowed": "five fields, such as 0 6 * * *", "suggestion": wrong[1]},
        )
    return expression


def _known_interval(interval: str) -> str:
    number = re.match(r"\s*(\d{1,6})\s*([mhdw])", interval.lower())
    if re.fullmatch(r"[1-9][0-9]{0,5}[mhdw]", interval) is None:
        raise PydanticCustomError(
            "interval",
            "this is not a length of time",
            {
                "allowed": "a whole number and m, h, d or w, such as 30m, 6h or 1d",
                "suggestion": f"{int(number[1])}{number[2]}" if number and int(number[1]) else "",
            },
        )
    return interval


def _known_rrule(rule: str) -> str:
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # has no types; loaded only for a rule

    reason = "every second is too often" if "SECONDLY" in rule.upper() else ""
    try:
        rrulestr(rule)
    # What dateutil raises for a rule that it cannot read depends on the place of the mistake.
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        reason = f"this recurrence rule cannot be read: {error}"
    if reason:
        raise PydanticCustomError(
            "rrule", "{reason}", {"reason": reason, "allowed": "RFC 5545, such as FREQ=WEEKLY;BYDAY=MO"}
        )
    return rule


def as_text(value: Any) -> Any:
    """A bare number is told what it lacks, a unit, rather than that it is not a text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Zone = Annotated[str, AfterValidator(_known_zone)]
Interval = Annotated[
    str,
    BeforeValidator(as_text),
    AfterValidator(_known_interval),
    Field(json_schema_extra={"pattern": r"^[1-9][0-9]{0,5}[mhdw]$"}),
]


def _known_date(date: str) -> str:
    try:
        return dt.date.fromisoformat(date).isoformat()
    except ValueError:
        raise PydanticCustomError("date", "this is not a date", {"allowed": "a day such as 2026-12-21"}) from None


Date = Annotated[str, AfterValidator(_known_date), Field(json_schema_extra={"format": "date"})]

#: The ways of saying when.
WAYS = ("cron", "interval", "rrule", "dates")


class ScheduleOptions(Options):
    """Runs at set times. Exactly one of `cron`, `interval`, `rrule` and `dates`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in WAYS]})

    cron: Annotated[str, AfterValidator(_known_cron), Field(max_length=200)] | None = None
    """Five fields: minute, hour, day of the month, month, day of the week. `0 6 * * *` is every day at six."""

    interval: Interval | None = None
    """Every so often, counted from midnight of 1 January 2024 in the time zone: `30m`, `6h`, `1d`, `2w`."""

    rrule: Annotated[str, AfterValidator(_known_rrule), Field(max_length=LONGEST_RRULE)] | None = None
    """A recurrence rule of RFC 5545: `FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=18;BYMINUTE=0`."""

    dates: Literal["source"] | Annotated[tuple[Date, ...], Field(min_length=1, max_length=366)] | None = None
    """Days, as `[2026-12-21, 2027-01-05]`, or `source`: those on which the pipeline's calendar has something."""

    at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    """The time of day for `dates`, as `06:00`. Empty: 06:00."""

    timezone: Zone = "UTC"
    """The IANA time zone that the times are in, and that says which date a run is for."""

    missed: Literal["skip", "last", "all"] = "last"
    """Of the runs that fell into an outage: none is made up for, only the last one, or each."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [key for key in WAYS if getattr(self, key) is not None]
        if len(given) != 1:
            reason = f"{' and '.join(given)} are both there" if given else "it says no time"
            raise PydanticCustomError(
                "schedule", "{reason}", {"reason": reason, "allowed": "one of cron, interval, rrule and dates"}
            )
        if self.at is not None and self.dates is None:
            raise PydanticCustomError(
                "schedule", "`at` goes with `dates` only", {"allowed": "`dates: [2026-12-21]` beside it"}
            )
        return self

    @property
    def time(self) -> dt.time:
        """The time of day for `dates`."""
        return dt.time.fromisoformat(self.at or "06:00")

    @property
    def every(self) -> dt.timedelta | None:
        """The interval as a length of time, if it is an interval."""
        return dt.timedelta(seconds=int(self.interval[:-1]) * _UNITS[self.interval[-1]]) if self.interval else None

    @property
    def anchor(self) -> dt.datetime:
        """What an interval is counted from: a fixed moment, so that a restart moves nothing."""
        return dt.datetime(2024, 1, 1, tzinfo=ZoneInfo(self.timezone))
