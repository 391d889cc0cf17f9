"""Schedules: cron expressions mean what Prefect makes of them, and wrong ones are told why."""

from __future__ import annotations

import pytest

from flows.cron import ALIASES, check_cron

GOOD = [
    "0 6 * * *", "*/15 * * * *", "0 0 1 1 *", "0 9-17/2 * * mon-fri", "5,10,15 0 * jan,jul sun", "30 4 1,15 * 5",
    "0 0 29 2 *", "59 23 31 12 7", "0 0 31 2 1", "5/20 * * * *", "0 0 * * 0-7", "0  6\t* * *", "0 22 * * MON",
    "1-5/1 * * * *",
]  # fmt: skip
BAD = [
    ("", "it has 0 fields instead of five"),
    ("* * * *", "it has 4 fields instead of five"),
    ("0 0 6 * * *", "it has six fields; seconds are not read"),
    ("60 * * * *", "'60' is not between 0 and 59 in the field minute"),
    ("* 24 * * *", "'24' is not between 0 and 23 in the field hour"),
    ("* * 0 * *", "'0' is not between 1 and 31 in the field day of the month"),
    ("* * * 13 *", "'13' is not between 1 and 12 in the field month"),
    ("* * * * 8", "'8' is not between 0 and 7 in the field day of the week"),
    ("* * * foo *", "'foo' is not between 1 and 12 in the field month"),
    ("mon * * * *", "'mon' is not between 0 and 59 in the field minute"),
    ("*/0 * * * *", "the step of '*/0' is not between 1 and 59 in the field minute"),
    ("a-b-c * * * *", "'a-b-c' cannot be read in the field minute"),
    ("1,,2 * * * *", "'' cannot be read in the field minute"),
    ("-1 * * * *", "'-1' cannot be read in the field minute"),
    ("0 22-2 * * *", "'22-2' runs backwards; write 22-23,0-2 in the field hour"),
    ("0 0 31 2,4,6 *", "day 31 is in none of these months, so it never comes"),
    ("0 0 30 2 *", "day 30 is in none of these months, so it never comes"),
    ("H * * * *", "'h' is not between 0 and 59 in the field minute"),
    ("@reboot", "it has 1 fields instead of five"),
    ("٣ * * * *", "'٣' cannot be read in the field minute"),
    ("99999999999999999999 * * * *", "is not between 0 and 59 in the field minute"),
]


@pytest.mark.parametrize("expression", GOOD)
def test_a_good_expression_passes_here_and_at_prefect(expression: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    assert check_cron(expression) is None
    assert CronSchedule(cron=expression).cron == expression


@pytest.mark.parametrize(("expression", "reason"), BAD)
def test_a_bad_expression_is_told_why(expression: str, reason: str) -> None:
    told = check_cron(expression)

    assert told is not None
    assert reason in told[0]


@pytest.mark.parametrize("alias", ALIASES)
def test_short_forms_are_told_with_what_they_stand_for(alias: str) -> None:
    told = check_cron(alias)

    assert told is not None
    assert check_cron(told[1]) is None


def test_seconds_are_taken_away_in_the_suggestion() -> None:
    assert check_cron("0 30 6 * * *") == ("it has six fields; seconds are not read", "30 6 * * *")
