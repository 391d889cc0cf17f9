"""The calendar of the 24 solar terms and their pentads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from reelmill.content import Skipped
from tasks.sources.base import SourceContext
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.source import CalendarSource
from tasks.sources.zone import ZoneName

if TYPE_CHECKING:
    from tasks.sources.almanac import Pentad

#: The names of an entry's fields.
FIELDS = (
    frozenset({"name", "names", "reading", "term", "year", "season", "solar_longitude", "pentad", "color", "angles"})
    | {"date", "begins", "day_of_term", "day_of_pentad", "days_to_next", "next"}
    | {"scene", "scene_zh", "motion", "place", "accent"}
    | {"verse", "verse_author", "verse_title", "verse_dynasty"}
)


class SolarTerms(CalendarSource):
    """The solar term and the pentad of the date, with a scene, a verse and five angles to tell it from.

    The calendar covers 1900 to 2100.
    """

    type: Literal["solar_terms"]
    timezone: ZoneName | None = None
    """The zone in which a term's first day is reckoned, by its IANA name. Without it: the pipeline's zone."""
    on: Literal["every_day", "term_day", "pentad_day"] = "every_day"
    """What has an entry: each day, or only the day on which a term or a pentad begins."""
    locale: Literal["zh", "en", "ja", "ko"] = "zh"
    """Which of its names `brief.name` is."""

    @model_validator(mode="after")
    def _something_to_fill(self) -> Self:
        if self.on == "every_day" and self.fill != "none":
            raise ValueError("`fill` goes with `on: term_day` or `on: pentad_day`; with `every_day` no day is empty")
        return self

    def own_fields(self) -> frozenset[str]:
        return FIELDS

    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        from tasks.sources.almanac import FIRST_YEAR, LAST_YEAR, pentad_on

        zone = self._zone(context)
        pentad_on(context.occasion.date, zone)  # refuses a run for a date outside of the calendar
        first, last = max(first, dt.date(FIRST_YEAR, 1, 1)), min(last, dt.date(LAST_YEAR, 12, 31))
        for offset in range((last - first).days + 1):
            day = first + dt.timedelta(days=offset)
            pentad = pentad_on(day, zone)
            begins = pentad.first_of_term if self.on == "term_day" else pentad
            if self.on == "every_day" or begins.day(zone) == day:
                yield self._entry(pentad, day, zone)

    def filling(self, entry: Entry, day: dt.date, context: SourceContext) -> Entry:
        from tasks.sources.almanac import pentad_on

        if entry.date > day:
            return super().filling(entry, day, context)
        # The term that began last goes on: the day has its own pentad, day of the term and accent.
        zone = self._zone(context)
        return self._entry(pentad_on(day, zone), day, zone, on="every_day")

    def _zone(self, context: SourceContext) -> ZoneInfo:
        return ZoneInfo(self.timezone) if self.timezone else context.occasion.zone

    def _entry(self, pentad: Pentad, date: dt.date, zone: ZoneInfo, *, on: str = "") -> Entry:
        from tasks.sources.almanac import accent, terms

        first, following = pentad.first_of_term, pentad.first_of_next_term
        term, next_term = terms()[pentad.term_index], terms()[following.term_index]
        begins = first.begins.astimezone(zone)
        day_of_term = (date - begins.date()).days + 1
        verse: Mapping[str, str] = term["verse"]
        key = {
            "every_day": f"{date.isoformat()}-{term['slug']}",
            "term_day": f"{begins.year}-{term['slug']}",
            "pentad_day": f"{begins.year}-{term['slug']}-{pentad.of_term}",
        }[on or self.on]
        return Entry(
            key=key,
            date=date,
            name=term["names"][self.locale],
            fields={
                "names": dict(term["names"]),
                "reading": term["reading"],
                "term": term["slug"],
                "year": begins.year,
                "season": term["season"],
                "day_of_term": day_of_term,
                "day_of_pentad": (date - pentad.day(zone)).days + 1,
                "days_to_next": (following.day(zone) - date).days,
                "next": {
                    "name": next_term["names"][self.locale],
                    "term": next_term["slug"],
                    "date": following.day(zone).isoformat(),
                },
                "begins": begins.isoformat(),
                "solar_longitude": term["longitude"],
                "pentad": self._pentad(pentad, term, zone),
                "scene": term["scene"],
                "scene_zh": term["scene_zh"],
                "motion": term["motion"],
                "place": term["place"],
                "accent": accent(term["season"], day_of_term),
                "verse": verse["text"],
                "verse_author": verse["author"],
                "verse_title": verse["title"],
                "verse_dynasty": verse["dynasty"],
                "angles": {name: dict(angle) for name, angle in term["angles"].items()},
                "color": dict(term["color"]),
            },
        )

    def _pentad(self, pentad: Pentad, term: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
        names: Mapping[str, str] = term["pentads"][pentad.of_term - 1]
        return {
            "name": names["en"] if self.locale == "en" else names["zh"],
            "zh": names["zh"],
            "en": names["en"],
            "scene": names["scene"],
            "index": pentad.index + 1,
            "of_term": pentad.of_term,
            "begins": pentad.begins.astimezone(zone).isoformat(),
        }
