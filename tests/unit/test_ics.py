"""Events of iCalendar files: on which days they are, in which zone, and that no file can take for ever."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # has no types
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.content import Brief, Skipped
from reelmill.errors import FetchError, ReelmillError, SourceError
from reelmill.fetching import Fetcher
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.calendars.recurrence import Allowance, starts
from tasks.sources.ics import Ics
from tests.simulators.loopback import Handler, serving

BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")


def calendar(*events: str, head: str = "") -> str:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{head}{body}END:VCALENDAR\n".replace("\n", "\r\n")


def event(start: str, *lines: str, uid: str = "a@b", name: str = "Tea") -> str:
    return "\n".join([f"UID:{uid}", f"SUMMARY:{name}", start, *lines])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def context(folder: Path, date: str = "2026-01-01", zone: ZoneInfo = BERLIN, **more: Any) -> SourceContext:
    return SourceContext(Occasion(dt.date.fromisoformat(date), zone), folder, **more)


def source(folder: Path, text: str | bytes, **options: Any) -> Ics:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "x.ics").write_bytes(content)
    return Ics(type="ics", url="x.ics", **options)


def days(folder: Path, text: str, first: str = "2026-01-01", last: str = "2026-12-31", **options: Any) -> list[str]:
    zone = options.pop("zone", BERLIN)
    found = source(folder, text, **options).days(context(folder, first, zone), dt.date.fromisoformat(last))
    return [day.isoformat() for day in found]


def briefs(folder: Path, text: str, date: str, zone: ZoneInfo = BERLIN, **options: Any) -> list[Brief | Skipped]:
    return list(source(folder, text, **options).briefs(context(folder, date, zone)))


# --- days and zones ------------------------------------------------------------------------------------------------


def test_an_event_is_told_whole(folder: Path) -> None:
    text = calendar(
        event(
            "DTSTART;TZID=Europe/Berlin:20261122T190000",
            "DURATION:PT1H30M",
            "LOCATION:Teehaus",
            "DESCRIPTION:<b>First</b> flush\\, served\\nhot",
            "URL:https://shop.example/tea",
            "CATEGORIES:tea,evening",
            name="Tasting ☕",
        )
    )
    [brief] = briefs(folder, text, "2026-11-22")
    assert isinstance(brief, Brief)
    assert brief.title == "Tasting ☕"
    assert brief.key.startswith("2026-11-22-a-b-")
    assert set(brief.fields) == Ics(type="ics", url="x").fields()
    told = {
        name: brief.fields[name] for name in ("begins", "ends", "all_day", "location", "url", "categories", "repeats")
    }
    assert told == {
        "begins": "2026-11-22T19:00:00+01:00",
        "ends": "2026-11-22T20:30:00+01:00",
        "all_day": False,
        "location": "Teehaus",
        "url": "https://shop.example/tea",
        "categories": ["tea", "evening"],
        "repeats": False,
    }
    assert brief.fields["description"] == "First flush, served hot"


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Berlin", "2026-11-22"), ("Asia/Shanghai", "2026-11-23"), ("America/Los_Angeles", "2026-11-22")],
)
def test_the_day_is_that_of_the_zone_that_asks(folder: Path, zone: str, day: str) -> None:
    """19:00 in Berlin is 02:00 of the next day in Beijing."""
    text = calendar(event("DTSTART;TZID=Europe/Berlin:20261122T190000"))
    assert days(folder, text, zone=ZoneInfo(zone)) == [day]
    assert days(folder, text, timezone=zone) == [day]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_whole_days_and_floating_times_are_the_same_everywhere(folder: Path, zone: str) -> None:
    text = calendar(event("DTSTART;VALUE=DATE:20261122", uid="day"), event("DTSTART:20261124T233000", uid="wall"))
    assert days(folder, text, zone=ZoneInfo(zone)) == ["2026-11-22", "2026-11-24"]


def test_several_days_are_one_entry_that_ends_on_its_last_day(folder: Path) -> None:
    text = calendar(event("DTSTART;VALUE=DATE:20261122", "DTEND;VALUE=DATE:20261125"))
    assert days(folder, text) == ["2026-11-22"]
    [brief] = briefs(folder, text, "2026-11-22")
    assert isinstance(brief, Brief)
    assert (brief.fields["begins"], brief.fields["ends"], brief.fields["all_day"]) == ("2026-11-22", "2026-11-24", True)


def test_wall_time_stays_over_a_change_of_the_clocks(folder: Path) -> None:
    text = calendar(event("DTSTART;TZID=Europe/Berlin:20260327T003000", "RRULE:FREQ=DAILY;COUNT=4"))
    assert days(folder, text) == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]
    # in UTC each is on the day before, with one hour less after the change
    assert days(folder, text, zone=UTC) == ["2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29"]
    [brief] = briefs(folder, text, "2026-03-30")
    assert isinstance(brief, Brief)
    assert brief.fields["begins"] == "2026-03-30T00:30:00+02:00"


CUSTOM_ZONE = """BEGIN:VTIMEZONE
TZID:Our office
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0900
TZOFFSETTO:+0800
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0800
TZOFFSETTO:+0900
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Our office", "2026-07-01T14:00:00+00:00"),
        ("W. Europe Standard Time", "2026-07-01T21:00:00+00:00"),  # as Outlook writes it
        ("/freeassociation.sourceforge.net/Europe/Berlin", "2026-07-01T21:00:00+00:00"),
    ],
)
def test_zones_of_other_programs_are_understood(folder: Path, zone: str, begins: str) -> None:
    text = calendar(event(f"DTSTART;TZID={zone}:20260701T230000"), head=CUSTOM_ZONE)
    [brief] = briefs(folder, text, "2026-07-01", UTC)
    assert isinstance(brief, Brief)
    assert brief.fields["begins"] == begins


def test_a_zone_that_nobody_knows_is_told(folder: Path) -> None:
    [skipped] = briefs(folder, calendar(event("DTSTART;TZID=Mars/Olympus:20260701T230000")), "2026-07-01")
    assert isinstance(skipped, Skipped)
    assert "Mars/Olympus" in skipped.reason


# --- repeating -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4"], ["01-02", "01-05", "01-09", "01-12"]),
        (["RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260206T080000Z"], ["01-02", "01-16", "01-30"]),
        (["RRULE:FREQ=DAILY;UNTIL=20260104"], ["01-02", "01-03", "01-04"]),
        (["RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"], ["01-02", "01-30", "02-27", "03-27"]),
        (["RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2"], ["01-02", "01-31", "03-31"]),
        (["RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"], ["01-02", "11-26"]),
        (["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2"], ["01-02", "01-30", "02-27"]),
        (["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20260103T090000"], ["01-02", "01-04", "01-05"]),
        (["RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260103T080000Z,20260104T080000Z"], ["01-02", "01-05"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260103"], ["01-02", "01-04"]),
        (["RDATE;TZID=Europe/Berlin:20260505T090000,20260707T090000"], ["01-02", "05-05", "07-07"]),
        (["RDATE;VALUE=PERIOD:20260505T090000Z/PT1H"], ["01-02", "05-05"]),
    ],
)
def test_a_rule_has_its_days(folder: Path, lines: list[str], expected: list[str]) -> None:
    text = calendar(event("DTSTART;TZID=Europe/Berlin:20260102T090000", *lines))
    assert days(folder, text) == [f"2026-{day}" for day in expected]


def test_one_occurrence_can_be_moved_and_another_cancelled(folder: Path) -> None:
    start = "DTSTART;TZID=Europe/Berlin:20260102T090000"
    text = calendar(
        event(start, "RRULE:FREQ=WEEKLY;COUNT=4"),
        event(
            "DTSTART;TZID=Europe/Berlin:20260110T170000",
            "RECURRENCE-ID;TZID=Europe/Berlin:20260109T090000",
            name="Late",
        ),
        event(start, "RECURRENCE-ID:20260116T080000Z", "STATUS:CANCELLED"),
    )
    assert days(folder, text) == ["2026-01-02", "2026-01-10", "2026-01-23"]
    [brief] = briefs(folder, text, "2026-01-10")
    assert brief.title == "Late" if isinstance(brief, Brief) else False


def test_an_event_of_long_ago_goes_on_in_its_rhythm(folder: Path) -> None:
    text = calendar(event("DTSTART;VALUE=DATE:16010103", "RRULE:FREQ=WEEKLY;INTERVAL=2"))
    found = days(folder, text, last="2026-02-28")
    expected = [
        day
        for at in range(59)
        if ((day := dt.date(2026, 1, 1) + dt.timedelta(days=at)) - dt.date(1601, 1, 3)).days % 14 == 0
    ]
    assert found == [day.isoformat() for day in expected]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["RRULE:FREQ=HOURLY"], "daily is the most"),
        (["RRULE:FREQ=SECONDLY"], "daily is the most"),
        (["RRULE:FREQ=DAILY;INTERVAL=0"], "interval of 0"),
        (["RRULE:FREQ=DAILY;INTERVAL=99999"], "interval of 99999"),
        (["RRULE:FREQ=DAILY;COUNT=0"], "repeats 0 times"),
        (["RRULE:FREQ=MONTHLY;BYSETPOS=0;BYDAY=MO"], "bysetpos must be"),
        (["RRULE:FREQ=WEEKLY;UNTIL=sometime"], "times cannot be read"),
        (["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], "more than one RRULE"),
        (["DTEND:20250101T090000Z"], "ends before it begins"),
        (["RECURRENCE-ID;RANGE=THISANDFUTURE:20260109T080000Z"], "all later ones"),
    ],
)
def test_an_event_that_cannot_be_placed_is_told_and_the_rest_goes_on(
    folder: Path, lines: list[str], reason: str
) -> None:
    text = calendar(event("DTSTART:20260102T080000Z", *lines), event("DTSTART:20260102T100000Z", uid="other"))
    brief, skipped = briefs(folder, text, "2026-01-02")
    assert isinstance(brief, Brief)
    assert isinstance(skipped, Skipped)
    assert "Tea" in skipped.where
    assert reason in skipped.reason


RULES = st.fixed_dictionaries(
    {"FREQ": st.sampled_from([["DAILY"], ["WEEKLY"], ["MONTHLY"], ["YEARLY"]])},
    optional={
        "INTERVAL": st.integers(1, 5).map(lambda one: [one]),
        "COUNT": st.integers(1, 40).map(lambda one: [one]),
        "UNTIL": st.dates(dt.date(2020, 1, 1), dt.date(2027, 1, 1)).map(lambda one: [one]),
        "BYMONTH": st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True),
        "BYMONTHDAY": st.lists(st.integers(-5, 31).filter(bool), min_size=1, max_size=3, unique=True),
        "BYDAY": st.lists(st.sampled_from(["MO", "WE", "FR", "SU"]), min_size=1, max_size=2, unique=True),
    },
)


@settings(max_examples=200, deadline=None)
@given(rule=RULES, start=st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2026, 6, 1)))  # noqa: DTZ001 (wall times)
def test_reckoning_in_the_last_400_years_gives_the_days_of_these(
    rule: dict[str, list[Any]], start: dt.datetime
) -> None:
    """Against dateutil on the very years, without shifts and short cuts."""
    start = start.replace(microsecond=0)
    if "COUNT" in rule:
        rule.pop("UNTIL", None)
    first, last = (dt.datetime.combine(dt.date(2026, month, 1), dt.time()) for month in (2, 12))
    words = ";".join(
        f"{name}={','.join(f'{one:%Y%m%d}T235959' if name == 'UNTIL' else str(one) for one in values)}"
        for name, values in rule.items()
    )
    plain = set(rrulestr(words, dtstart=start).between(first, last, inc=True))
    assert set(starts(start, rule, first, last, Allowance())) == plain | ({start} if first <= start <= last else set())


# --- bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_rules_that_never_happen_and_repeat_too_often_end_in_a_typed_error(folder: Path) -> None:
    never = [
        event("DTSTART:20260102T080000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=str(n)) for n in range(21)
    ]
    with pytest.raises(SourceError, match="repeat too often"):
        briefs(folder, calendar(*never), "2026-01-02")

    minutes = ",".join(map(str, range(60)))
    hours = ",".join(map(str, range(24)))
    often = event("DTSTART:20260102T080000Z", f"RRULE:FREQ=DAILY;BYHOUR={hours};BYMINUTE={minutes};BYSECOND={minutes}")
    with pytest.raises(SourceError, match="repeat too often"):
        briefs(folder, calendar(often), "2026-11-02", fill="next")


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=DAILY", "FREQ=YEARLY;INTERVAL=0", "FREQ=YE\r\n ARLY;INTERVAL=1"]
)
def test_a_zone_with_a_rule_that_takes_for_ever_is_refused(folder: Path, rule: str) -> None:
    zone = CUSTOM_ZONE.replace("Our office", "Bomb").replace("FREQ=YEARLY", rule)
    with pytest.raises(SourceError, match="not once a year"):
        briefs(folder, calendar(event("DTSTART;TZID=Bomb:20260102T080000"), head=zone), "2026-01-02")


def test_a_file_that_is_too_large_or_has_too_many_events_is_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match="larger than"):
        briefs(folder, calendar(event("DTSTART:20260102T080000Z", "DESCRIPTION:" + "x" * 9_000_000)), "2026-01-02")
    small = "BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 20_001
    with pytest.raises(SourceError, match="20,001 events"):
        briefs(folder, calendar().replace("END:VCALENDAR", small + "END:VCALENDAR"), "2026-01-02")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>Sign in</body></html>",
        "BEGIN:VCALENDAR",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 20_000,
        "BEGIN:VCALENDAR\r\nnonsense\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\n"
        + CUSTOM_ZONE.replace("TZID:Our office", "TZID:Odd").replace("+0900", "soon")
        + "END:VCALENDAR",
        calendar(head="BEGIN:VTIMEZONE\nEND:VTIMEZONE\n"),
    ],
    ids=["empty", "html", "head", "open", "deep", "nonsense", "zone", "no-zone-id"],
)
def test_a_file_that_is_no_calendar_is_a_typed_error_or_empty(folder: Path, text: str) -> None:
    found = attempt(source(folder, text), context(folder, "2026-01-02"))
    assert all(isinstance(one, Skipped) for one in found)


GOOD = calendar(
    event("DTSTART;TZID=Our office:20260102T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270101", "DURATION:PT1H"),
    event("DTSTART;VALUE=DATE:20260103", "DTEND;VALUE=DATE:20260105", "EXDATE;VALUE=DATE:20260103", "CATEGORIES:a,b"),
    event("DTSTART:20260104T090000Z", "RECURRENCE-ID:20260105T090000Z", "RDATE:20260505T090000Z"),
    head=CUSTOM_ZONE,
).encode()


@settings(max_examples=300, deadline=None)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.binary(max_size=8)), min_size=1, max_size=4
    )
)
def test_whatever_is_broken_in_a_file_the_error_is_ours(
    cuts: list[tuple[int, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = GOOD
    for at, length, other in cuts:
        content = content[:at] + other + content[at + length :]
    folder = tmp_path_factory.getbasetemp()
    attempt(source(folder, content, fill="nearest"), context(folder, "2026-01-05"))


def attempt(calendar: Ics, world: SourceContext) -> list[Brief | Skipped]:
    """What it makes; nothing where it refuses the file with an error of ours. Any other error is one of the test."""
    try:
        return list(calendar.briefs(world))
    except ReelmillError as error:
        if not (error.reason and error.instruction):
            raise AssertionError from error
        return []


# --- from the web --------------------------------------------------------------------------------------------------


class _Calendar(Handler):
    def do_GET(self) -> None:  # noqa: N802 (the base class looks for this name)
        text = calendar(event("DTSTART;VALUE=DATE:20261122"))
        self.answer(HTTPStatus.OK, text.encode(), {"Content-Type": "text/calendar"})


def test_an_address_is_read_through_the_guarded_client(folder: Path) -> None:
    with serving(_Calendar) as address:
        host = address.removeprefix("http://")
        ours = context(folder, "2026-11-22", fetcher=Fetcher(allow=(host,)))
        [brief] = Ics(type="ics", url=f"{address}/tea.ics").briefs(ours)
        assert isinstance(brief, Brief)
        with pytest.raises(FetchError, match="refused"):
            list(Ics(type="ics", url=f"{address}/tea.ics").briefs(context(folder, "2026-11-22")))
        with pytest.raises(FetchError, match="https://127"):
            list(Ics(type="ics", url=f"webcal://{host}/tea.ics").briefs(context(folder, "2026-11-22")))
