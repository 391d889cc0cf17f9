"""The calendar of the 24 solar terms: one brief for the date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from reelmill.content import Brief, Skipped
from tasks.registry import suggest
from tasks.sources.base import Source, SourceContext

if TYPE_CHECKING:
    from tasks.sources.almanac import Pentad

#: The names of a brief's fields.
FIELDS = (
    frozenset({"name", "names", "reading", "term", "year", "season", "solar_longitude", "pentad", "color", "angles"})
    | {"date", "begins", "day_of_term", "days_to_next", "next"}
    | {"scene", "scene_zh", "motion", "place"}
    | {"verse", "verse_author", "verse_title", "verse_dynasty"}
)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        near = suggest(name, available_timezones())
        raise ValueError(f"{name!r} is not a time zone" + (f"; did you mean {near!r}?" if near else ""))
    return name


class SolarTerms(Source):
    """The solar term and the pentad of the date, with a scene, a verse and five angles to tell it from.

    The calendar covers 1900 to 2100.
    """

    type: Literal["solar_terms"]
    timezone: Annotated[str, AfterValidator(_known_zone)] | None = None
    """The zone in which a term's first day is reckoned, by its IANA name. Without it: the pipeline's zone."""
    on: Literal["every_day", "term_day", "pentad_day"] = "every_day"
    """When to emit: each day, or only on the day on which a term or a pentad begins."""
    locale: Literal["zh", "en", "ja", "ko"] = "zh"
    """Which of its names `brief.name` is."""

    def fields(self) -> frozenset[str]:
        return FIELDS

    def days(self, context: SourceContext, until: dt.date) -> Iterator[dt.date]:
        from tasks.sources.almanac import pentad_on

        zone = self._zone(context)
        for offset in range((until - context.occasion.date).days + 1):
            day = context.occasion.date + dt.timedelta(days=offset)
            if self._emits(pentad_on(day, zone), day, zone):
                yield day

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.almanac import pentad_on

        date = context.occasion.date
        zone = self._zone(context)
        pentad = pentad_on(date, zone)
        if self._emits(pentad, date, zone):
            yield self._brief(pentad, date, zone)

    def _zone(self, context: SourceContext) -> ZoneInfo:
        return ZoneInfo(self.timezone) if self.timezone else context.occasion.zone

    def _emits(self, pentad: Pentad, date: dt.date, zone: ZoneInfo) -> bool:
        """Whether the date has a brief. `pentad` is the one that it lies in."""
        first = pentad.first_of_term if self.on == "term_day" else pentad
        return self.on == "every_day" or first.day(zone) == date

    def _brief(self, pentad: Pentad, date: dt.date, zone: ZoneInfo) -> Brief:
        from tasks.sources.almanac import terms

        first, following = pentad.first_of_term, pentad.first_of_next_term
        term, next_term = terms()[pentad.term_index], terms()[following.term_index]
        begins = first.begins.astimezone(zone)
        verse: Mapping[str, str] = term["verse"]
        key = {
            "every_day": f"{date.isoformat()}-{term['slug']}",
            "term_day": f"{begins.year}-{term['slug']}",
            "pentad_day": f"{begins.year}-{term['slug']}-{pentad.of_term}",
        }[self.on]
        return Brief(
            key=key,
            title=term["names"][self.locale],
            fields={
                "name": term["names"][self.locale],
                "names": dict(term["names"]),
                "reading": term["reading"],
                "term": term["slug"],
                "year": begins.year,
                "season": term["season"],
                "date": date.isoformat(),
                "day_of_term": (date - begins.date()).days + 1,
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
            "index": pentad.index + 1,
            "of_term": pentad.of_term,
            "begins": pentad.begins.astimezone(zone).isoformat(),
        }
