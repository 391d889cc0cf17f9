"""Public holidays: the days, their names in two languages, and what is a day off in lieu."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reelmill.content import Brief
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.holidays import Holidays


def context(date: str) -> SourceContext:
    return SourceContext(Occasion(dt.date.fromisoformat(date), ZoneInfo("UTC")), Path())


def briefs(date: str, country: str, **options: Any) -> list[Brief]:
    found = list(Holidays(type="holidays", country=country, **options).briefs(context(date)))
    assert all(isinstance(one, Brief) for one in found)
    return found  # type: ignore[return-value]  # asserted in the line above


@pytest.mark.parametrize(
    ("date", "country", "local", "english"),
    [
        ("2026-10-01", "CN", "国庆节", "National Day"),
        ("2026-09-25", "CN", "中秋节", "Mid-Autumn Festival"),
        ("2026-10-03", "DE", "Tag der Deutschen Einheit", "German Unity Day"),
        ("2026-07-14", "FR", "Fête nationale", "National Day"),
        ("2026-11-03", "JP", "文化の日", "Culture Day"),
        ("2026-11-26", "US", "Thanksgiving Day", "Thanksgiving Day"),
    ],
)
def test_a_holiday_is_named_as_it_is_at_home_and_in_english(
    date: str, country: str, local: str, english: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("C", "de_DE.UTF-8"):  # the language of the machine changes nothing
        monkeypatch.setenv("LANG", language)
        monkeypatch.setenv("LANGUAGE", language)
        [brief] = briefs(date, country)
        assert brief.key == f"{date}-{country.lower()}"
        assert brief.title == local
        assert brief.fields["names"] == {"local": local, "en": english}
        assert (brief.fields["country"], brief.fields["categories"]) == (country, ["public"])


def test_the_language_of_the_name_can_be_chosen() -> None:
    [brief] = briefs("2026-10-01", "CN", language="en_US")
    assert (brief.title, brief.fields["names"]["local"]) == ("National Day", "国庆节")


def test_a_subdivision_has_days_of_its_own() -> None:
    assert [brief.title for brief in briefs("2026-01-06", "DE", subdivision="BY")] == ["Heilige Drei Könige"]
    assert briefs("2026-01-06", "DE") == briefs("2026-01-06", "DE", subdivision="BE") == []


def test_a_day_in_lieu_says_so_and_can_be_left_out() -> None:
    """4 July 2026 is a Saturday."""
    [friday], [saturday] = briefs("2026-07-03", "US"), briefs("2026-07-04", "US")
    assert (friday.fields["observed"], saturday.fields["observed"]) == (True, False)
    assert friday.title.startswith("Independence Day")
    assert briefs("2026-07-03", "US", observed=False) == []


def test_a_day_that_is_swapped_for_a_weekend_is_one_in_lieu() -> None:
    """The State Council's notice for 2026: 6 October is off, and 20 September is worked."""
    [brief] = briefs("2026-10-06", "CN")
    assert brief.fields["observed"]
    assert "2026-09-20" in brief.title
    assert briefs("2026-10-06", "CN", observed=False) == []
    assert briefs("2026-10-02", "CN", observed=False)


def test_other_categories_are_asked_for_by_name() -> None:
    assert briefs("2026-02-14", "US") == []
    [brief] = briefs("2026-02-14", "US", categories=["public", "unofficial"])
    assert (brief.title, brief.fields["categories"]) == ("Valentine's Day", ["unofficial"])


def test_two_on_one_day_are_one_entry() -> None:
    """5 May 2044: Children's Day and Buddha's birthday in Korea."""
    [brief] = briefs("2044-05-05", "KR", language="en_US")
    assert set(brief.title.split(" / ")) == {"Buddha's Birthday", "Children's Day"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"country": "XX"}, "there is no country 'XX'"),
        ({"country": "DE", "subdivision": "BYY"}, "did you mean 'BY'"),
        ({"country": "DE", "categories": ["publik"]}, "did you mean 'public'"),
        ({"country": "CN", "language": "zh_CH"}, "did you mean 'zh_CN'"),
    ],
)
def test_what_the_package_does_not_know_is_told_with_the_nearest_name(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        briefs("2026-10-01", **options)
    assert reason in caught.value.reason
    assert caught.value.instruction.startswith("use one of: ")


def test_a_country_is_two_capital_letters() -> None:
    with pytest.raises(ValidationError, match="country"):
        Holidays(type="holidays", country="China")


def test_every_country_that_the_package_knows_can_be_asked() -> None:
    import holidays

    countries = holidays.list_supported_countries(include_aliases=False)
    days = {
        country: len(
            list(Holidays(type="holidays", country=country).days(context("2026-01-01"), dt.date(2026, 12, 31)))
        )
        for country in sorted(countries)
    }
    assert len(days) > 200
    assert sum(count > 0 for count in days.values()) > 0.9 * len(days)  # a few territories have days by part only
