"""When a platform's day is over."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.publishing.midnight import next_midnight


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("Asia/Shanghai", "2026-11-22T15:59:59Z", "2026-11-22T16:00:00Z"),
        ("Asia/Shanghai", "2026-11-22T16:00:00Z", "2026-11-23T16:00:00Z"),
        ("America/Los_Angeles", "2026-07-01T06:59:00Z", "2026-07-01T07:00:00Z"),
        ("America/Los_Angeles", "2026-07-01T07:00:00Z", "2026-07-02T07:00:00Z"),
        ("America/Los_Angeles", "2026-11-01T06:59:00Z", "2026-11-01T07:00:00Z"),
        ("America/Los_Angeles", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),  # a day of 25 hours
    ],
)
def test_it_is_the_midnight_of_the_zone(zone: str, now: str, then: str) -> None:
    assert next_midnight(zone, dt.datetime.fromisoformat(now)) == dt.datetime.fromisoformat(then)
