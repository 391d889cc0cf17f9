"""The days that a report is about: whole days, in the zone of the machine or in one that is named."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from records.database import now
from reelmill.errors import UseError

#: Days of a report where nothing else is said.
DAYS = 7
#: The most days of one report: a bar a day is to be seen.
LONGEST = 92

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, one after the other."""

    first: dt.date
    last: dt.date
    zone: ZoneInfo | None  #: None: the machine's, whatever its rules are

    @property
    def days(self) -> list[dt.date]:
        return [self.first + DAY * number for number in range((self.last - self.first).days + 1)]

    @property
    def since(self) -> dt.datetime:
        """Its first moment."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> dt.datetime:
        """The first moment after it."""
        return _midnight(self.last + DAY, self.zone)

    @property
    def before(self) -> Period:
        """As many days just before it."""
        return Period(self.first - DAY * len(self.days), self.first - DAY, self.zone)

    @property
    def ends_yesterday(self) -> bool:
        return self.last + DAY == today_in(self.zone)

    @property
    def zone_name(self) -> str:
        return self.zone.key if self.zone is not None else str(self.since.tzname())

    def day_of(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.first:%a} {self.first}"
        return f"{self.first:%a} {self.first} – {self.last:%a} {self.last}"


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of a name; the machine's for "".

    Raises
    ------
    UseError
        If there is no such zone.
    """
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UseError(f"there is no zone {name!r}", "name one such as Asia/Shanghai or Europe/Berlin") from None


def today_in(zone: ZoneInfo | None) -> dt.date:
    return now().astimezone(zone).date()


def choose(week: str, first: str, last: str, *, today: dt.date, zone: ZoneInfo | None) -> Period:
    """The period that a person asks for.

    Parameters
    ----------
    week:
        An ISO week such as `2026-W47`; "" for the last seven whole days.
    first, last:
        Dates as `2026-11-16`, `today` or `yesterday`; they cannot be combined with a week.

    Raises
    ------
    UseError
        If what is asked for is no period, or longer than a report.
    """
    if week and (first or last):
        raise UseError("--week and --from/--to are both given", "give one of them")
    if week:
        chosen = _iso_week(week, zone)
    else:
        end = _day("--to", last, today) if last else None
        begin = _day("--from", first, today) if first else None
        if end is None:
            # Today is not over: it would look worse than it is beside the days before. Who asks from today wants it.
            end = max(today - DAY, begin) if begin is not None else today - DAY
        chosen = Period(begin if begin is not None else end - DAY * (DAYS - 1), end, zone)
    if chosen.last < chosen.first:
        raise UseError(f"--from {chosen.first} is after --to {chosen.last}", "exchange them")
    if len(chosen.days) > LONGEST:
        raise UseError(f"{len(chosen.days)} days are too many for one report", f"ask for at most {LONGEST}")
    if chosen.first > today:
        raise UseError(f"{chosen.first} is not here yet", f"ask for days up to {today}")
    return chosen


def _iso_week(text: str, zone: ZoneInfo | None) -> Period:
    found = re.fullmatch(r"(\d{4})-?[Ww](\d{1,2})", text)
    try:
        if found is None:
            raise ValueError(text)
        monday = dt.date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise UseError(f"{text!r} is no week", "write it as 2026-W47, or leave it out for the last 7 days") from None
    return Period(monday, monday + DAY * 6, zone)


def _day(option: str, text: str, today: dt.date) -> dt.date:
    named = {"today": today, "yesterday": today - DAY}
    try:
        return named.get(text.lower()) or dt.date.fromisoformat(text)
    except ValueError:
        raise UseError(f"{option} is {text!r}", f"write a date as {today}, or `today`, or `yesterday`") from None


def _midnight(day: dt.date, zone: ZoneInfo | None) -> dt.datetime:
    # Without a zone, `astimezone` asks the machine for its rules on that very day, summer time included.
    naive = dt.datetime.combine(day, dt.time.min)
    return naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
