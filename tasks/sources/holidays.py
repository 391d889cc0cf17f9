"""Public holidays of a country or a part of it, as the package `holidays` knows them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.registry import suggest
from tasks.sources.base import SourceContext
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.source import CalendarSource

if TYPE_CHECKING:
    from holidays import HolidayBase

#: The names of an entry's fields.
FIELDS = frozenset({"name", "names", "country", "subdivision", "categories", "observed"})


def _country_code(given: str) -> str:
    if re.fullmatch(r"[A-Z]{2}", given):
        return given
    raise PydanticCustomError(
        "country",
        "this is no code of a country",
        {
            "allowed": "two capital letters of ISO 3166, such as CN, DE or US",
            "suggestion": given.upper() if re.fullmatch(r"[A-Za-z]{2}", given) else "",
        },
    )


Code = Annotated[str, AfterValidator(_country_code), Field(json_schema_extra={"pattern": r"^[A-Z]{2}$"})]
Word = Annotated[str, Field(min_length=1, max_length=40)]


class Holidays(CalendarSource):
    """The public holidays of a country: one entry a day, also where two fall together."""

    type: Literal["holidays"]
    country: Code
    """The country's ISO 3166 code, as `CN`, `DE` or `US`."""
    subdivision: Word | None = None
    """A state or province by its code, as `BY` in Germany. Without it: what holds in the whole country."""
    categories: tuple[Word, ...] = Field(("public",), min_length=1, max_length=12, strict=False)
    """Which kinds: `public`, and where the country has them `bank`, `school`, `half_day`, `optional` …"""
    observed: bool = True
    """Whether days off in lieu are in, as the Monday after a holiday on a Sunday, or a day that is swapped in China."""
    language: Word | None = None
    """The language of `brief.name`, as `zh_CN` or `en_US`. Without it: the country's own."""

    def own_fields(self) -> frozenset[str]:
        return FIELDS

    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        years = range(first.year, last.year + 1)
        own, english = self._languages()
        named = {category: self._holidays(years, category, self.language or own) for category in self.categories}
        local = [self._holidays(years, category, own) for category in self.categories]
        in_english = [self._holidays(years, category, english) for category in self.categories]
        real = [self._holidays(years, category, own, observed=False) for category in self.categories]
        for date in sorted({date for found in named.values() for date in found if first <= date <= last}):
            name = _joined(named.values(), date)
            in_lieu = not any(date in found and not _is_swapped(found, date) for found in real)
            if in_lieu and not self.observed:
                continue
            yield Entry(
                key=f"{date.isoformat()}-{self.country.lower()}",
                date=date,
                name=name,
                fields={
                    "names": {"local": _joined(local, date), "en": _joined(in_english, date)},
                    "country": self.country,
                    "subdivision": self.subdivision or "",
                    "categories": [category for category, found in named.items() if date in found],
                    "observed": in_lieu,
                },
            )

    def _languages(self) -> tuple[str, str]:
        """The country's own language and the nearest to English, as the package names them.

        Raises
        ------
        SourceError
            If the package does not know the country, the subdivision, a category or the language.
        """
        import holidays

        known = holidays.list_supported_countries(include_aliases=False)
        if self.country not in known:
            raise SourceError(*_unknown("country", self.country, known))
        country = getattr(holidays, self.country)
        # Subdivisions may be named by their codes or their names.
        parts = {*country.subdivisions, *country.subdivisions_aliases}
        if self.subdivision is not None and self.subdivision not in parts:
            raise SourceError(*_unknown(f"subdivision of {self.country}", self.subdivision, country.subdivisions))
        for category in self.categories:
            if category not in country.supported_categories:
                raise SourceError(
                    *_unknown(f"category of holidays in {self.country}", category, country.supported_categories)
                )
        languages = country.supported_languages
        own = country.default_language or "en_US"
        if self.language is not None and self.language not in (*languages, own):
            raise SourceError(*_unknown(f"language for {self.country}", self.language, languages or (own,)))
        return own, next((one for one in ("en_US", *sorted(languages)) if one in languages and one[:2] == "en"), own)

    def _holidays(
        self, years: Collection[int], category: str, language: str, *, observed: bool | None = None
    ) -> HolidayBase:
        import holidays

        return holidays.country_holidays(
            self.country,
            subdiv=self.subdivision,
            years=years,
            expand=False,
            observed=self.observed if observed is None else observed,
            language=language,
            categories=(category,),
        )


def _joined(found: Collection[HolidayBase], date: dt.date) -> str:
    """What the holidays of a day are called, each name once."""
    return " / ".join(dict.fromkeys(name for one in found for name in one.get_list(date)))


def _is_swapped(found: HolidayBase, date: dt.date) -> bool:
    """Whether a government gives this working day off for a weekend that is worked, as China does around holidays.

    The package calls all of them by one label with a date in it, in each of its 30 countries that do so.
    """
    label = getattr(found, "substituted_label", None)
    if not label:
        return False
    before, _, after = found.tr(label).partition("%s")
    return all(name.startswith(before) and name.endswith(after) for name in found.get_list(date))


def _unknown(what: str, given: str, known: Collection[str]) -> tuple[str, str]:
    near = suggest(given, known)
    reason = f"there is no {what} {given!r}" + (f"; did you mean {near!r}?" if near else "")
    return reason, f"use one of: {', '.join(sorted(known)) or 'none, leave it out'}"
