"""Which time of an account is free next: windows, zones, clocks that change, caps of people and of platforms."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.publishing.account import Limits
from tasks.publishing.calendar import DAY, Calendar, Rules

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def moment(text: str, zone: ZoneInfo = UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


def hours(text: str) -> tuple[dt.time, dt.time]:
    first, last = text.split("-")
    return dt.time.fromisoformat(first), dt.time.fromisoformat(last)


def rules(zone: str = "UTC", between: str = "", spacing: int = 0, per_day: int | None = None, days: int = 1) -> Rules:
    """Spacing in minutes."""
    return Rules(ZoneInfo(zone), hours(between) if between else None, spacing * MINUTE, per_day, days)


def take_all(calendar: Calendar, wanted: Rules, first_day: dt.date, now: dt.datetime, most: int) -> list[dt.datetime]:
    """One time after the other, until there is none or there are enough."""
    found: list[dt.datetime] = []
    while len(found) < most and (at := calendar.next(wanted, first_day, now)) is not None:
        calendar.take(at)
        found.append(at)
    return found


def clock(moments: list[dt.datetime], zone: str = "UTC") -> list[str]:
    return [f"{one.astimezone(ZoneInfo(zone)):%d %H:%M}" for one in moments]


SUNDAY = dt.date(2026, 11, 29)


# Windows.


def test_the_times_of_a_window_are_apart_and_end_before_it_closes() -> None:
    wanted = rules("Asia/Shanghai", "18:00-22:00", 20)
    found = take_all(Calendar(), wanted, SUNDAY, moment("2026-11-29T06:00"), 99)
    assert clock(found, "Asia/Shanghai")[:3] == ["29 18:00", "29 18:20", "29 18:40"]
    assert (len(found), clock(found, "Asia/Shanghai")[-1]) == (12, "29 21:40")


def test_a_window_that_is_open_begins_now_and_one_that_is_over_is_over() -> None:
    wanted = rules("UTC", "18:00-22:00", 20)
    assert Calendar().next(wanted, SUNDAY, moment("2026-11-29T21:59:59")) == moment("2026-11-29T21:59:59")
    assert Calendar().next(wanted, SUNDAY, moment("2026-11-29T22:00")) is None
    tomorrow = rules("UTC", "18:00-22:00", 20, days=2)
    assert Calendar().next(tomorrow, SUNDAY, moment("2026-11-29T22:00")) == moment("2026-11-30T18:00")


def test_a_window_over_midnight_is_one_window_and_has_posts_of_two_days() -> None:
    wanted = rules("UTC", "22:00-02:00", 60, per_day=2)
    found = take_all(Calendar(), wanted, SUNDAY, moment("2026-11-29T12:00"), 99)
    assert clock(found) == ["29 22:00", "29 23:00", "30 00:00", "30 01:00"]


def test_the_window_of_the_night_before_is_not_left_out_while_it_is_open() -> None:
    wanted = rules("UTC", "22:00-02:00", 60)
    found = take_all(Calendar(), wanted, SUNDAY, moment("2026-11-29T00:30"), 3)
    assert clock(found) == ["29 00:30", "29 01:30", "29 22:00"]


def test_a_day_that_has_not_come_is_waited_for_though_a_window_is_open_now() -> None:
    for between in ("18:00-22:00", "18:00-02:00"):
        at = Calendar().next(rules("UTC", between), SUNDAY + DAY, moment("2026-11-29T19:00"))
        assert at == moment("2026-11-30T18:00")
    assert Calendar().next(rules(), SUNDAY + DAY, moment("2026-11-29T19:00")) == moment("2026-11-30T00:00")


def test_a_window_until_midnight_ends_there() -> None:
    assert rules("UTC", "18:00-00:00").window(SUNDAY) == (moment("2026-11-29T18:00"), moment("2026-11-30T00:00"))
    assert rules("UTC", "00:00-06:00").window(SUNDAY) == (moment("2026-11-29T00:00"), moment("2026-11-29T06:00"))


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("Pacific/Kiritimati", "2026-11-29T04:00", "2026-11-29T08:00"),  # UTC+14
        ("Pacific/Niue", "2026-11-30T05:00", "2026-11-30T09:00"),  # UTC-11
        ("Asia/Kathmandu", "2026-11-29T12:15", "2026-11-29T16:15"),  # UTC+5:45
        ("Pacific/Chatham", "2026-11-29T04:15", "2026-11-29T08:15"),  # UTC+13:45 in its summer
    ],
)
def test_a_day_is_one_of_the_zone(zone: str, begins: str, ends: str) -> None:
    assert rules(zone, "18:00-22:00").window(SUNDAY) == (moment(begins), moment(ends))


def test_the_day_of_a_cap_is_one_of_the_zone() -> None:
    wanted = rules("Pacific/Kiritimati", per_day=1, days=2)
    taken = moment("2026-11-29T01:00", ZoneInfo("Pacific/Kiritimati"))  # the 28th in UTC
    at = Calendar([taken]).next(wanted, SUNDAY, moment("2026-11-29T08:00"))
    assert at == moment("2026-11-29T10:00")  # midnight there


# Clocks that change.

SPRING_BERLIN, AUTUMN_BERLIN = dt.date(2026, 3, 29), dt.date(2026, 10, 25)  # 02:00 → 03:00; 03:00 → 02:00
SPRING_NEW_YORK, AUTUMN_NEW_YORK = dt.date(2026, 3, 8), dt.date(2026, 11, 1)  # 02:00 → 03:00; 02:00 → 01:00


@pytest.mark.parametrize(
    ("zone", "day", "between", "begins", "ends"),
    [
        ("Europe/Berlin", SPRING_BERLIN, "18:00-22:00", "2026-03-29T16:00", "2026-03-29T20:00"),
        ("Europe/Berlin", SPRING_BERLIN, "01:00-04:00", "2026-03-29T00:00", "2026-03-29T02:00"),  # two hours long
        ("Europe/Berlin", SPRING_BERLIN, "02:15-02:45", "2026-03-29T01:15", "2026-03-29T01:45"),  # 03:15 on the clock
        ("Europe/Berlin", SPRING_BERLIN, "02:30-03:15", "2026-03-29T01:30", "2026-03-29T02:15"),  # moved as a whole
        ("Europe/Berlin", SPRING_BERLIN, "01:30-02:30", "2026-03-29T00:30", "2026-03-29T01:30"),
        ("Europe/Berlin", AUTUMN_BERLIN, "01:00-04:00", "2026-10-24T23:00", "2026-10-25T03:00"),  # four hours long
        ("Europe/Berlin", AUTUMN_BERLIN, "02:15-02:45", "2026-10-25T00:15", "2026-10-25T00:45"),  # the first time
        ("Europe/Berlin", AUTUMN_BERLIN, "22:00-02:30", "2026-10-25T21:00", "2026-10-26T01:30"),
        ("America/New_York", SPRING_NEW_YORK, "23:00-04:00", "2026-03-09T03:00", "2026-03-09T08:00"),
        ("America/New_York", SPRING_NEW_YORK - DAY, "23:00-04:00", "2026-03-08T04:00", "2026-03-08T08:00"),
        ("America/New_York", AUTUMN_NEW_YORK - DAY, "23:00-04:00", "2026-11-01T03:00", "2026-11-01T09:00"),
        ("America/New_York", AUTUMN_NEW_YORK, "01:10-01:50", "2026-11-01T05:10", "2026-11-01T05:50"),
    ],
)
def test_a_window_is_by_the_clocks_of_its_zone(zone: str, day: dt.date, between: str, begins: str, ends: str) -> None:
    assert rules(zone, between).window(day) == (moment(begins), moment(ends))


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", SPRING_BERLIN, 23),
        ("Europe/Berlin", AUTUMN_BERLIN, 25),
        ("America/New_York", SPRING_NEW_YORK, 23),
        ("America/New_York", AUTUMN_NEW_YORK, 25),
        ("America/Havana", dt.date(2026, 3, 8), 23),  # midnight itself is skipped
        ("America/Havana", dt.date(2026, 11, 1), 25),  # and shown twice
        ("Australia/Lord_Howe", dt.date(2026, 4, 5), 24.5),
    ],
)
def test_a_cap_holds_for_all_the_hours_that_a_day_has(zone: str, day: dt.date, length: float) -> None:
    wanted = rules(zone, spacing=30, per_day=40)
    begin, end = wanted.window(day)
    assert end - begin == length * HOUR
    found = take_all(Calendar(), wanted, day, begin, 99)
    assert len(found) == 40
    assert all(begin <= one < end for one in found)
    assert wanted.window(day + DAY)[0] == end


def test_spacing_is_time_that_passes_and_not_what_the_clocks_show() -> None:
    wanted = rules("Europe/Berlin", "00:00-05:00", 60)
    found = take_all(Calendar(), wanted, SPRING_BERLIN, moment("2026-03-28T12:00"), 99)
    assert clock(found, "Europe/Berlin") == ["29 00:00", "29 01:00", "29 03:00", "29 04:00"]
    found = take_all(Calendar(), wanted, AUTUMN_BERLIN, moment("2026-10-24T12:00"), 99)
    assert [one[3:] for one in clock(found, "Europe/Berlin")] == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00"]


# What is taken already, and what a platform allows.


def test_a_time_is_found_between_and_after_what_is_taken() -> None:
    taken = [moment(f"2026-11-29T{at}") for at in ("17:50", "18:35", "19:30")]
    found = take_all(Calendar(taken), rules("UTC", "18:00-20:00", 20), SUNDAY, moment("2026-11-29T06:00"), 99)
    assert clock(found) == ["29 18:10", "29 18:55", "29 19:50"]


def test_a_post_of_this_morning_counts_for_today() -> None:
    taken = [moment("2026-11-29T01:00"), moment("2026-11-28T23:59")]
    wanted = rules("UTC", "18:00-22:00", 20, per_day=3)
    assert len(take_all(Calendar(taken), wanted, SUNDAY, moment("2026-11-29T06:00"), 99)) == 2


def test_several_days_are_filled_one_after_the_other() -> None:
    wanted = rules("UTC", "18:00-22:00", 20, per_day=2, days=3)
    found = take_all(Calendar(), wanted, SUNDAY, moment("2026-11-29T06:00"), 99)
    assert clock(found) == ["29 18:00", "29 18:20", "30 18:00", "30 18:20", "01 18:00", "01 18:20"]


def test_the_narrower_of_two_caps_and_the_wider_of_two_spacings_hold() -> None:
    now = moment("2026-11-29T06:00")
    for mine, theirs in ((2, 9), (9, 2)):
        limits = Limits(per_day=theirs, zone="UTC", spacing=40 * MINUTE)
        found = take_all(Calendar([], limits), rules("UTC", "18:00-22:00", 20, per_day=mine), SUNDAY, now, 99)
        assert clock(found) == ["29 18:00", "29 18:40"]
    found = take_all(Calendar([], Limits(spacing=5 * MINUTE)), rules(spacing=90), SUNDAY, now, 2)
    assert clock(found) == ["29 06:00", "29 07:30"]


def test_a_cap_of_the_platforms_day_is_of_its_zone() -> None:
    limits = Limits(per_day=1, zone="America/Los_Angeles")
    taken = [moment("2026-11-29T07:30")]  # the 28th in Los Angeles
    assert Calendar(taken, limits).next(rules(), SUNDAY, moment("2026-11-29T07:45")) == moment("2026-11-29T08:00")
    taken = [moment("2026-11-29T08:30")]
    assert Calendar(taken, limits).next(rules(days=2), SUNDAY, moment("2026-11-29T09:00")) == moment("2026-11-30T08:00")


def test_a_cap_of_any_24_hours_looks_back_and_ahead() -> None:
    limits = Limits(per_day=2)
    taken = [moment("2026-11-28T20:00"), moment("2026-11-28T21:00")]
    at = Calendar(taken, limits).next(rules(), SUNDAY, moment("2026-11-29T06:00"))
    assert at == moment("2026-11-29T20:00")
    ahead = [moment("2026-11-29T20:00"), moment("2026-11-30T05:00")]
    at = Calendar(ahead, limits).next(rules(days=3), SUNDAY, moment("2026-11-29T06:00"))
    assert at == moment("2026-11-30T20:00")


def test_what_a_platform_has_left_is_all_that_it_takes_in_a_day() -> None:
    now = moment("2026-11-29T06:00")
    calendar = Calendar([moment("2026-11-29T05:00")], left=2, asked=now)  # what is over is in what it said
    found = take_all(calendar, rules(days=2), SUNDAY, now, 4)
    assert clock(found) == ["29 06:00", "29 06:00", "30 06:00", "30 06:00"]
    assert Calendar(left=0, asked=now).next(rules(), SUNDAY, now) is None
    promised = Calendar([moment("2026-11-29T20:00")], left=1, asked=now)
    assert promised.next(rules(), SUNDAY, now) is None


@pytest.mark.parametrize(
    ("calendar", "wanted", "why"),
    [
        (Calendar(), rules("UTC", "05:00-05:30"), "has no hours left"),
        (Calendar([moment("2026-11-29T23:55")]), rules("UTC", "23:50-00:00", 20), "keeps its posts 20 min apart"),
        (Calendar([moment("2026-11-29T07:00")]), rules(per_day=1), "has its 1 post of the day"),
        (Calendar([moment("2026-11-29T07:00")], Limits(per_day=1, zone="UTC")), rules(), "takes 1 post a day"),
        (Calendar([moment("2026-11-29T07:00")], Limits(per_day=1)), rules(), "takes 1 post in 24 hours"),
        (
            Calendar(left=0, asked=moment("2026-11-29T06:00")),
            rules(),
            "takes 0 more posts in 24 hours",
        ),
    ],
)
def test_what_does_not_fit_has_its_reason(calendar: Calendar, wanted: Rules, why: str) -> None:
    now = moment("2026-11-29T06:00")
    assert calendar.next(wanted, SUNDAY, now) is None
    assert calendar.why_not(wanted, SUNDAY, now) == why


# What holds for all of them. A quarter of an hour is the grain, so that a slow search can look at every one.

GRAIN = 15 * MINUTE
#: The days around which clocks change, and one when they do not.
DAYS = st.sampled_from([SUNDAY, SPRING_BERLIN, AUTUMN_BERLIN, SPRING_NEW_YORK, AUTUMN_NEW_YORK])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue"])
TIMES = st.integers(0, 95).map(lambda one: dt.time(one // 4, one % 4 * 15))
GRAINS = st.integers(0, 16).map(lambda one: one * GRAIN)


@st.composite
def all_rules(draw: st.DrawFn) -> Rules:
    between = draw(st.none() | st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]))
    caps = st.none() | st.integers(1, 5)
    return Rules(ZoneInfo(draw(ZONES)), between, draw(GRAINS), draw(caps), draw(st.integers(1, 3)))


LIMITS = st.builds(
    Limits, per_day=st.none() | st.integers(1, 5), zone=st.just("") | ZONES, spacing=st.sampled_from([0 * GRAIN, GRAIN])
)

MARKS = st.lists(st.integers(-96, 288), max_size=12)
#: Machines may be slow: nothing here is about time that passes.
PATIENT = settings(deadline=None)


def allowed(taken: list[dt.datetime], at: dt.datetime, wanted: Rules, limits: Limits) -> bool:
    """What the rules say, as plainly as it can be said."""
    spacing = max(wanted.spacing, limits.spacing)
    if any(abs(one - at) < spacing for one in taken):
        return False
    for most, zone in ((wanted.per_day, wanted.zone), (limits.per_day, limits.zone and ZoneInfo(limits.zone))):
        if most is None:
            continue
        if zone:
            day = at.astimezone(zone).date()
            if sum(one.astimezone(zone).date() == day for one in taken) >= most:
                return False
        elif any(sum(first <= one < first + DAY for one in [*taken, at]) > most for first in [*taken, at]
                 if first <= at < first + DAY):  # fmt: skip
            return False
    return True


@PATIENT
@given(wanted=all_rules(), limits=LIMITS, day=DAYS, begin=st.integers(0, 95), marks=MARKS)
def test_the_first_free_time_is_the_earliest_that_is_allowed(
    wanted: Rules, limits: Limits, day: dt.date, begin: int, marks: list[int]
) -> None:
    midnight = wanted.window(day)[0] if wanted.between is None else Rules(wanted.zone).window(day)[0]
    now = midnight + begin * GRAIN
    taken = sorted(midnight + mark * GRAIN for mark in marks)
    windows = [wanted.window(day + offset * DAY) for offset in range(-1, wanted.days)]
    open_now = windows[0][0] <= now < windows[0][1]
    moments = (now + one * GRAIN for one in range(4 * 24 * 5))
    expected = next(
        (
            at
            for at in moments
            if any(first <= at < last for first, last in (windows if open_now else windows[1:]))
            and allowed(taken, at, wanted, limits)
        ),
        None,
    )
    assert Calendar(taken, limits).next(wanted, day, now) == expected


@PATIENT
@given(wanted=all_rules(), limits=LIMITS, day=DAYS, seconds=st.integers(0, 86_399), marks=MARKS)
def test_what_is_taken_is_apart_within_the_caps_and_within_the_windows(
    wanted: Rules, limits: Limits, day: dt.date, seconds: int, marks: list[int]
) -> None:
    midnight = Rules(wanted.zone).window(day)[0]
    now = midnight + dt.timedelta(seconds=seconds)
    taken = [midnight + mark * GRAIN for mark in marks]
    calendar = Calendar(taken, limits)
    found = take_all(calendar, wanted, day, now, 30)
    assert found == sorted(found)
    for at in found:
        others = [*taken, *(one for one in found if one is not at)]
        assert all(abs(one - at) >= max(wanted.spacing, limits.spacing) for one in others)
        windows = [wanted.window(day + offset * DAY) for offset in range(-1, wanted.days)]
        assert any(first <= at < last for first, last in windows)
        assert at >= now
        local = at.astimezone(wanted.zone)
        if wanted.per_day is not None:
            assert sum(one.astimezone(wanted.zone).date() == local.date() for one in found) <= wanted.per_day
        if limits.per_day is not None and not limits.zone:
            assert sum(at <= one < at + DAY for one in found) <= limits.per_day


@PATIENT
@given(wanted=all_rules(), day=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
def test_a_window_is_never_empty_and_is_right_by_the_clocks_of_its_zone(wanted: Rules, day: dt.date) -> None:
    first, last = wanted.window(day)
    assert first < last
    local, end = first.astimezone(wanted.zone), last.astimezone(wanted.zone)
    if wanted.between is not None and local.utcoffset() == end.utcoffset():
        gap = Rules(wanted.zone).window(day)
        if gap[1] - gap[0] == DAY:
            assert (local.date(), local.time(), end.time()) == (day, *wanted.between)


# What is left.


@pytest.mark.parametrize(("zone", "left"), [("", 1), ("Asia/Shanghai", 2), ("America/Los_Angeles", 1)])
def test_what_is_left_of_a_day_is_that_of_the_platforms_day(zone: str, left: int) -> None:
    taken = [moment("2026-11-29T15:00"), moment("2026-11-29T20:00")]  # 23:00 and 04:00 in Shanghai
    assert Calendar(taken, Limits(per_day=3, zone=zone)).left(moment("2026-11-29T23:00")) == left


def test_what_nobody_limits_has_no_end() -> None:
    assert Calendar([moment("2026-11-29T15:00")]).left(moment("2026-11-29T23:00")) is None


@given(st.lists(st.integers(-48, 48), max_size=8), st.integers(1, 4), st.sampled_from(["", "Asia/Shanghai"]))
def test_there_is_something_left_if_and_only_if_now_is_free(taken: list[int], most: int, zone: str) -> None:
    now = moment("2026-11-29T12:00")
    calendar = Calendar((now + hours * HOUR for hours in taken), Limits(per_day=most, zone=zone))
    left = calendar.left(now)
    assert left is not None
    assert (left > 0) == (calendar.next(rules(), SUNDAY, now) == now)
