"""The events of an iCalendar file (RFC 5545), with what says on which days they are."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reelmill.content import Json, Skipped, fingerprint
from reelmill.errors import SourceError
from tasks.sources import plain

#: The most events of one file.
MOST_EVENTS = 20_000

#: How exactly an occurrence is named: a day, an instant in UTC, or a wall time of no zone.
Moment = dt.date | dt.datetime

#: What an event cannot be placed without. If one of them is broken, so is the event.
_TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})

_LONGEST_NAME, _LONGEST_TEXT = 200, 2000
_FOLD = re.compile(rb"\r?\n[ \t]")
_ZONE_RULE = re.compile(rb"^BEGIN:VTIMEZONE\s*$(.*?)^END:VTIMEZONE\s*$", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_RULE = re.compile(rb"^RRULE[;:](.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class VEvent:
    """One VEVENT."""

    uid: str
    name: str
    start: dt.datetime  #: wall time of its zone; midnight if it lasts whole days
    zone: dt.tzinfo | None  #: None: it floats, or lasts whole days
    all_day: bool
    length: dt.timedelta
    rule: Mapping[str, Sequence[Any]] | None = None
    more: tuple[dt.datetime, ...] = ()  #: other wall times at which it begins
    left_out: frozenset[Moment] = frozenset()
    replaces: Moment | None = None  #: the occurrence of another event with this uid that it stands in for
    cancelled: bool = False
    fields: Mapping[str, Json] = field(default_factory=dict)

    def moment(self, wall: dt.datetime) -> Moment:
        """The name of the occurrence that begins at a wall time."""
        return wall.date() if self.all_day else _moment(wall.replace(tzinfo=self.zone))

    def begins(self, wall: dt.datetime, floating: dt.tzinfo) -> dt.datetime:
        """The occurrence's first instant; `floating` is where an event without a zone takes place."""
        return wall.replace(tzinfo=self.zone or floating)


def events(content: bytes, name: str) -> Iterator[VEvent | Skipped]:
    """Every event of a file, and a `Skipped` for each that cannot be placed.

    Parameters
    ----------
    name:
        The file's name for messages.

    Raises
    ------
    SourceError
        If it is no iCalendar file, or has too many events.
    """
    from icalendar import Calendar

    if b"BEGIN:VCALENDAR" not in content[:4096].upper():
        raise SourceError(
            f"{name} is no calendar: it does not begin with BEGIN:VCALENDAR", "use the address of an .ics file"
        )
    _check_zones(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it guesses the zone `/vendor/Europe/Berlin`, and rightly so
            found = [event for one in Calendar.from_ical(content, multiple=True) for event in one.walk("VEVENT")]
    # What the parser and the zones that it builds raise for a broken line is no contract of theirs.
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        AssertionError,
    ) as error:
        raise SourceError(
            f"{name} cannot be read: {plain.text(str(error), 200)}", "export the calendar again"
        ) from error
    if len(found) > MOST_EVENTS:
        raise SourceError(f"{name} has {len(found):,} events, and {MOST_EVENTS:,} are read", "use a smaller calendar")
    for number, event in enumerate(found, start=1):
        try:
            yield _event(event)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            yield Skipped(
                f"event {number} {plain.text(str(event.get('SUMMARY', '')), 60)!r}", plain.text(str(error), 200)
            )


def _check_zones(content: bytes, name: str) -> None:
    """Refuse zones that change their clocks by anything but a yearly rule: reckoning them could take for ever."""
    for zone in _ZONE_RULE.finditer(_FOLD.sub(b"", content)):
        for rule in _RULE.finditer(zone[1]):
            if b"FREQ=YEARLY" not in rule[1].upper() or b"INTERVAL" in rule[1].upper():
                raise SourceError(f"{name} has a time zone that changes its clocks not once a year", "export it again")


def _event(event: Any) -> VEvent:
    broken = [error for where, error in event.errors if (where or "").upper() in _TIMES]
    if broken:
        raise ValueError(f"its times cannot be read: {broken[0]}")
    begin = event.get("DTSTART")
    if begin is None:
        raise ValueError("it has no DTSTART")
    start, zone, all_day = _wall(begin)
    summary = plain.text(str(event.get("SUMMARY", "")), _LONGEST_NAME)
    if not summary:
        raise ValueError("it has no SUMMARY")
    uid = plain.text(str(event.get("UID", ""))) or fingerprint([summary, start.isoformat()])
    rules, replaced = _listed(event.get("RRULE")), event.get("RECURRENCE-ID")
    if len(rules) > 1:
        raise ValueError("it has more than one RRULE")
    if replaced is not None and str(replaced.params.get("RANGE", "")).upper() == "THISANDFUTURE":
        raise ValueError("it changes this and all later ones (RANGE=THISANDFUTURE), which is not supported")
    return VEvent(
        uid=uid,
        name=summary,
        start=start,
        zone=zone,
        all_day=all_day,
        length=_length(event, begin.dt, all_day=all_day),
        rule=_rule(rules[0], zone) if rules and replaced is None else None,
        more=tuple(_placed(moment, zone) for moment in _moments(event.get("RDATE"))),
        left_out=frozenset(_moment(moment) for moment in _moments(event.get("EXDATE"))),
        replaces=None if replaced is None else _moment(replaced.dt),
        cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
        fields={
            "uid": uid,
            "location": plain.text(str(event.get("LOCATION", "")), _LONGEST_NAME),
            "description": plain.text_of_html(str(event.get("DESCRIPTION", "")), _LONGEST_TEXT),
            "url": plain.text(str(event.get("URL", "")), _LONGEST_TEXT),
            "categories": [
                plain.text(str(category), _LONGEST_NAME)
                for listed in _listed(event.get("CATEGORIES"))
                for category in listed.cats
            ],
        },
    )


def _wall(prop: Any) -> tuple[dt.datetime, dt.tzinfo | None, bool]:
    """A time as wall time, its zone, and whether it is a whole day."""
    value = prop.dt
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time()), None, True
    if value.tzinfo is None and "TZID" in prop.params:
        raise ValueError(f"its time zone {plain.text(str(prop.params['TZID']), 60)!r} is unknown")
    return value.replace(tzinfo=None), value.tzinfo, False


def _length(event: Any, begin: Moment, *, all_day: bool) -> dt.timedelta:
    end, duration = event.get("DTEND"), event.get("DURATION")
    length = dt.timedelta(days=1) if all_day else dt.timedelta()
    if end is not None and isinstance(end.dt, dt.datetime) != all_day:
        length = end.dt - begin
    elif duration is not None:
        length = duration.dt
    if length < dt.timedelta():
        raise ValueError("it ends before it begins")
    return length


def _rule(rule: Any, zone: dt.tzinfo | None) -> dict[str, Sequence[Any]]:
    """The parts of a rule, with its end in the event's wall time."""
    parts: dict[str, Sequence[Any]] = {
        name.upper(): values if isinstance(values, list) else [values] for name, values in rule.items()
    }
    if "UNTIL" in parts:
        until = parts["UNTIL"][0]
        parts["UNTIL"] = [_placed(until, zone) if isinstance(until, dt.datetime) else until]
    return parts


def _placed(moment: Moment, zone: dt.tzinfo | None) -> dt.datetime:
    """A moment as wall time of a zone."""
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time())
    return (moment.astimezone(zone) if moment.tzinfo and zone else moment).replace(tzinfo=None)


def _moment(value: Moment) -> Moment:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def _moments(prop: Any) -> Iterator[Moment]:
    """The values of one or several properties of dates; of a period, its beginning."""
    for listed in _listed(prop):
        for one in listed.dts:
            yield one.dt[0] if isinstance(one.dt, tuple) else one.dt


def _listed(prop: Any) -> list[Any]:
    return [] if prop is None else prop if isinstance(prop, list) else [prop]
