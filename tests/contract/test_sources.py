"""The contract of a source, for every source that is installed. See `tasks.sources.base`."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.errors import ReelmillError
from tasks import registry
from tasks.sources import plain
from tasks.sources.base import Occasion, Source, SourceContext
from tasks.sources.calendars.options import CalendarOptions
from tasks.sources.calendars.source import CalendarSource

CALENDARS = [name for name in registry.names("sources") if issubclass(registry.find("sources", name), CalendarSource)]

TODAY = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))

#: What no options model may import.
HEAVY = {
    *("httpx", "httpcore", "tyme4py", "defusedxml", "openpyxl", "sqlalchemy", "jsonschema", "ruamel.yaml", "prefect"),
    *("holidays", "icalendar", "dateutil"),
}

TABLE = (
    "id,title,image_link,price\n"
    "tea-01,Celadon gaiwan,https://shop.example/1.jpg,128.00 CNY\n"
    "TEA 02/红,Tea tin,https://shop.example/2.jpg,88.00 CNY\n"
    "tea-01,again,https://shop.example/3.jpg,1.00 CNY\n"
    ",no id,https://shop.example/4.jpg,1.00 CNY\n"
)

DAYS = "date,name,tone\n2026-11-22,Harvest,warm\n12-22,Solstice,calm\nsome day,x,x\n"

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:tea@shop.example
DTSTART;VALUE=DATE:20261101
RRULE:FREQ=WEEKLY
SUMMARY:Tea fair
END:VEVENT
BEGIN:VEVENT
UID:talk@shop.example
DTSTART:20261122T120000Z
SUMMARY:Talk
END:VEVENT
BEGIN:VEVENT
UID:broken@shop.example
SUMMARY:No day
END:VEVENT
END:VCALENDAR
"""
NEWS = (
    "<rss><channel><title>Tea</title>"
    "<item><title>First snow</title><guid>1</guid><pubDate>Sun, 22 Nov 2026 06:00:00 +0800</pubDate></item>"
    "<item><title>Again</title><guid>1</guid></item><item><link>https://tea.example/no-title</link></item>"
    "<item><title>Undated</title><link>https://tea.example/2</link></item></channel></rss>"
)


@dataclass(frozen=True)
class Example:
    """How a source is tried: a world in which it works, and one in which it cannot."""

    options: Mapping[str, Any]
    briefs: int
    skipped: int
    occasion: Occasion = TODAY
    broken_options: Mapping[str, Any] | None = None
    broken_occasion: Occasion = TODAY


EXAMPLES: dict[str, Callable[[Path], Example]] = {
    "solar_terms": lambda folder: Example(
        {}, 1, 0, broken_options={}, broken_occasion=Occasion(dt.date(1850, 1, 1), ZoneInfo("UTC"))
    ),
    "festivals": lambda folder: Example(
        {"lead_days": [7, 0]},
        1,
        0,
        Occasion(dt.date(2026, 9, 25), ZoneInfo("Asia/Shanghai")),
        broken_options={},
        broken_occasion=Occasion(dt.date(1850, 1, 1), ZoneInfo("UTC")),
    ),
    "holidays": lambda folder: Example({"country": "DE", "fill": "next"}, 1, 0, broken_options={"country": "XX"}),
    "ics": lambda folder: Example(
        {"url": written(folder, "shop.ics", ICS)}, 2, 1, broken_options={"url": written(folder, "x.ics", "<html>")}
    ),
    "product_feed": lambda folder: Example(
        {"url": written(folder, "feed.csv", TABLE)}, 2, 2, broken_options={"url": written(folder, "x.xml", "<html>")}
    ),
    "event": lambda folder: Example(
        {}, 1, 0, Occasion(TODAY.date, TODAY.zone, {"sentence": "一只小狐狸"}, "Evt/1"), broken_options={}
    ),
    "list": lambda folder: Example(
        {"path": written(folder, "list.csv", TABLE)}, 3, 1, broken_options={"path": "gone.csv"}
    ),
    "calendar": lambda folder: Example(
        {"path": written(folder, "days.csv", DAYS), "lead_days": [30, 0]}, 2, 1, broken_options={"path": "gone.csv"}
    ),
    "news": lambda folder: Example(
        {"url": written(folder, "news.xml", NEWS)}, 2, 2, broken_options={"url": "gone.xml"}
    ),
    "spreadsheet": lambda folder: Example(
        {"url": written(folder, "plan.csv", TABLE), "key_from": "id"}, 2, 2, broken_options={"url": "gone.xlsx"}
    ),
    "sql": lambda folder: Example(
        {"url": stored(folder, "shop.db"), "query": "select * from posts"},
        2,
        2,
        broken_options={"url": "sqlite:///gone.db", "query": "select 1 as id"},
    ),
}


def stored(folder: Path, name: str) -> str:
    """A database in which one row has a key that was there before, and one is empty."""
    (folder / name).unlink(missing_ok=True)
    with sqlite3.connect(folder / name) as connection:
        connection.execute("create table posts (n integer, id text, title text)")
        rows = [(1, "tea-01", "Celadon"), (2, "TEA 02/红", "Tea tin"), (3, "tea-01", "again"), (None, None, None)]
        connection.executemany("insert into posts values (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{name}"


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


@pytest.fixture(params=registry.names("sources"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def example(name: str, tmp_path: Path) -> Example:
    assert name in EXAMPLES, f"give {name} an example in this file"
    return EXAMPLES[name](tmp_path)


def made(name: str, options: Mapping[str, Any]) -> Source:
    source = registry.find("sources", name)(type=name, **options)
    assert isinstance(source, Source)
    return source


def emitted(name: str, example: Example, folder: Path) -> list[Brief | Skipped]:
    return list(made(name, example.options).briefs(SourceContext(example.occasion, folder)))


def test_each_item_is_a_brief_or_is_told_as_skipped(name: str, example: Example, tmp_path: Path) -> None:
    found = emitted(name, example, tmp_path)
    assert sum(isinstance(one, Brief) for one in found) == example.briefs
    assert sum(isinstance(one, Skipped) for one in found) == example.skipped
    for one in found:
        if isinstance(one, Skipped):
            assert one.where
            assert one.reason


def test_keys_are_slugs_and_unique(name: str, example: Example, tmp_path: Path) -> None:
    keys = [one.key for one in emitted(name, example, tmp_path) if isinstance(one, Brief)]
    assert len(set(keys)) == len(keys) > 0
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", key) for key in keys)


def test_the_same_world_gives_the_same_briefs_and_fingerprints(name: str, example: Example, tmp_path: Path) -> None:
    first, second = emitted(name, example, tmp_path), emitted(name, example, tmp_path)
    assert first == second
    assert [one.fingerprint for one in first if isinstance(one, Brief)] == [
        one.fingerprint for one in second if isinstance(one, Brief)
    ]


def test_every_brief_has_the_fields_that_are_promised_and_json_can_hold_them(
    name: str, example: Example, tmp_path: Path
) -> None:
    promised = made(name, example.options).fields() or frozenset()
    for one in emitted(name, example, tmp_path):
        if isinstance(one, Brief):
            assert promised <= set(one.fields)
            fields = dict(one.fields)
            assert json.loads(json.dumps(fields, allow_nan=False).encode()) == fields
            assert one.title
            assert one.title.isprintable()
            assert all(image.startswith(("https://", "http://", "/")) for image in one.images)


def test_briefs_stream(name: str, example: Example, tmp_path: Path) -> None:
    stream = made(name, example.options).briefs(SourceContext(example.occasion, tmp_path))
    assert inspect.isgenerator(stream)
    assert isinstance(next(stream), Brief)
    stream.close()


def test_a_world_in_which_it_cannot_work_is_a_typed_error_with_an_instruction(
    name: str, example: Example, tmp_path: Path
) -> None:
    assert example.broken_options is not None
    source = made(name, example.broken_options)
    with pytest.raises(ReelmillError) as caught:
        list(source.briefs(SourceContext(example.broken_occasion, tmp_path)))
    assert caught.value.reason
    assert caught.value.instruction


def test_an_option_that_nobody_owns_is_an_error(name: str, example: Example) -> None:
    with pytest.raises(ValidationError, match="no_such_option"):
        made(name, {**example.options, "no_such_option": 1})


def test_every_option_says_what_it_is_for(name: str) -> None:
    for option, field in registry.find("sources", name).model_fields.items():
        assert field.description or option == "type", option


def test_making_the_options_imports_nothing_heavy(name: str, example: Example) -> None:
    """`reelmill check` reads options only: it must not wait for the network's or the calendar's libraries."""
    import subprocess
    import sys

    code = (
        "import sys; from tasks import registry; "
        f"registry.find('sources', {name!r})(type={name!r}, **{dict(example.options)!r}).fields(); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("calendar", CALENDARS)
def test_every_calendar_is_ahead_of_its_days_and_makes_up_for_missed_ones(calendar: str, tmp_path: Path) -> None:
    example = EXAMPLES[calendar](tmp_path)
    options = {key: value for key, value in example.options.items() if key not in CalendarOptions.model_fields}

    def briefs(date: dt.date, without: tuple[dt.date, ...] = (), **shared: Any) -> list[Brief]:
        context = SourceContext(Occasion(date, TODAY.zone), tmp_path, missed=without)
        found = made(calendar, {**options, **shared}).briefs(context)
        return [one for one in found if isinstance(one, Brief)]

    world = SourceContext(TODAY, tmp_path)
    day = next(made(calendar, options).days(world, TODAY.date + dt.timedelta(days=400)))
    on_time = briefs(day)
    assert on_time
    assert all((one.fields["days_until"], one.fields["late"], one.fields["filler"]) == (0, 0, False) for one in on_time)

    ahead = briefs(day - dt.timedelta(days=3), lead_days=3)
    assert [one.key for one in ahead] == [plain.key(f"{one.key}-in-3") for one in on_time]
    assert [one.fields["days_until"] for one in ahead] == [3] * len(on_time)

    day_after = day + dt.timedelta(days=1)
    late = [one for one in briefs(day_after, (day,), missed="backfill") if one.fields["late"]]
    assert [(one.key, one.fields["late"], one.fields["days_until"]) for one in late] == [
        (one.key, 1, -1) for one in on_time
    ]
    assert briefs(day_after, (day,)) == briefs(day_after)
