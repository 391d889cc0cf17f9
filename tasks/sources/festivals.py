"""The traditional festivals of the Chinese calendar, with a scene, a verse and five angles for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.base import SourceContext
from tasks.sources.calendars.entry import Entry
from tasks.sources.calendars.rule import FIRST_YEAR, LAST_YEAR, parse
from tasks.sources.calendars.source import CalendarSource

Festival = Literal[
    "chunjie", "renri", "yuanxiao", "longtaitou", "shangsi", "hanshi", "qingming", "duanwu", "qixi", "zhongyuan",
    "zhongqiu", "chongyang", "hanyi", "dongzhi", "laba", "xiaonian-north", "xiaonian-south", "chuxi",
]  # fmt: skip

#: The names of an entry's fields.
FIELDS = (
    frozenset({"name", "names", "festival", "lunar", "zodiac", "year_name", "color", "angles"})
    | {"scene", "scene_zh", "motion", "place"}
    | {"verse", "verse_author", "verse_title", "verse_dynasty"}
)

#: Festivals that go by the sun are reckoned where the calendar is, like those that go by the moon.
_ZONE = ZoneInfo("Asia/Shanghai")

_ZODIAC = {
    "鼠": "Rat", "牛": "Ox", "虎": "Tiger", "兔": "Rabbit", "龙": "Dragon", "蛇": "Snake",
    "马": "Horse", "羊": "Goat", "猴": "Monkey", "鸡": "Rooster", "狗": "Dog", "猪": "Pig",
}  # fmt: skip


class Festivals(CalendarSource):
    """Lunar New Year, Mid-Autumn and the others on their days.

    The days are those of China's calendar and hold in every zone. It covers 1900 to 2100.
    """

    type: Literal["festivals"]
    only: tuple[Festival, ...] = Field((), strict=False)
    """These festivals, and no others. Without it: all of them."""
    locale: Literal["zh", "en", "ja", "ko"] = "zh"
    """Which of its names `brief.name` is. In `ja` and `ko`, festivals that are not kept there are left out."""

    def own_fields(self) -> frozenset[str]:
        return FIELDS

    def entries(self, context: SourceContext, first: dt.date, last: dt.date) -> Iterator[Entry | Skipped]:
        if not FIRST_YEAR <= (date := context.occasion.date).year <= LAST_YEAR:
            raise SourceError(
                f"there are no festivals for {date.isoformat()}: they are known from {FIRST_YEAR} to {LAST_YEAR}",
                "use a date within these years",
            )
        for festival in festivals():
            if self.locale in festival["names"] and (not self.only or festival["slug"] in self.only):
                for date in _days(festival["on"], first, last):
                    yield self._entry(festival, date)

    def _entry(self, festival: Mapping[str, Any], date: dt.date) -> Entry:
        verse: Mapping[str, str] = festival["verse"]
        return Entry(
            key=f"{date.isoformat()}-{festival['slug']}",
            date=date,
            name=festival["names"][self.locale],
            fields={
                "names": dict(festival["names"]),
                "festival": festival["slug"],
                **_lunar(date),
                "scene": festival["scene"],
                "scene_zh": festival["scene_zh"],
                "motion": festival["motion"],
                "place": festival["place"],
                "verse": verse["text"],
                "verse_author": verse["author"],
                "verse_title": verse["title"],
                "verse_dynasty": verse["dynasty"],
                "angles": {name: dict(angle) for name, angle in festival["angles"].items()},
                "color": dict(festival["color"]),
            },
        )


@cache
def festivals() -> tuple[Mapping[str, Any], ...]:
    """What `festivals.yaml` says of each."""
    from ruamel.yaml import YAML

    text = Path(__file__).with_name("festivals.yaml").read_text(encoding="utf-8")
    return tuple(YAML(typ="safe").load(text)["festivals"])


def _days(on: str | Mapping[str, Any], first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The days of a festival from `first` to `last`."""
    if isinstance(on, str):
        yield from parse(on).between(first, last)
        return
    from tasks.sources.almanac import PENTADS, PENTADS_PER_TERM, Pentad, terms

    index = [term["slug"] for term in terms()].index(on["term"])
    for year in range(max(first.year - 1, FIRST_YEAR), min(last.year + 1, LAST_YEAR) + 1):
        day = Pentad(year * PENTADS + index * PENTADS_PER_TERM).day(_ZONE) + dt.timedelta(days=on["days"])
        if first <= day <= last:
            yield day


def _lunar(date: dt.date) -> dict[str, Any]:
    """What the lunar calendar calls a day."""
    from tyme4py.solar import SolarDay

    day = SolarDay.from_ymd(date.year, date.month, date.day).get_lunar_day()
    month = day.get_lunar_month()
    year = month.get_lunar_year()
    zodiac = year.get_sixty_cycle().get_earth_branch().get_zodiac().get_name()
    return {
        "lunar": {
            "year": year.get_year(),
            "month": month.get_month(),
            "day": day.get_day(),
            "leap": month.is_leap(),
            "zh": f"{month.get_name()}{day.get_name()}",
        },
        "zodiac": {"zh": zodiac, "en": _ZODIAC[zodiac]},
        "year_name": year.get_sixty_cycle().get_name(),
    }
