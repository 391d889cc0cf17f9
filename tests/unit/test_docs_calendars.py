"""The page about calendars: its snippets are sources, its fields are there, and its hundred a day are a hundred."""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from flows.definition import Definition, loads
from reelmill.content import Brief, Decision, fingerprint
from tasks import registry
from tasks.prompts.compose import compose
from tasks.prompts.lint import lint
from tasks.prompts.matrix import variants
from tasks.prompts.template import Template, scope
from tasks.screening.policy import load
from tasks.screening.texts.screen import TextScreen
from tasks.screening.texts.words import WordOptions
from tasks.sources.almanac import accent, terms
from tasks.sources.base import Occasion, Source, SourceContext
from tasks.sources.calendars.options import CalendarOptions
from tasks.sources.calendars.source import FIELDS, CalendarSource
from tasks.sources.festivals import festivals

PAGE = (Path(__file__).parents[2] / "docs" / "calendars.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ZONE = ZoneInfo("Asia/Shanghai")
CALENDARS = [name for name in registry.names("sources") if issubclass(registry.find("sources", name), CalendarSource)]


def source(text: str) -> Source:
    options = YAML(typ="safe", pure=True).load(text)["source"]
    model = registry.find("sources", options["type"])
    found = model.model_validate_json(json.dumps(options, default=str))
    assert isinstance(found, Source)
    return found


def section(heading: str) -> str:
    found = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_calendar_and_each_of_its_keys_has_its_place() -> None:
    shared = set(CalendarOptions.model_fields) | set(Source.model_fields)
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|$", PAGE.partition("```")[0], re.MULTILINE))
    del rows["type"]  # the heading
    assert sorted(rows) == sorted(CALENDARS)
    for name, cell in rows.items():
        model = registry.find("sources", name)
        own = [field.alias or key for key, field in model.model_fields.items() if key not in shared]
        assert sorted(re.findall(r"`(\w+)`", cell)) == sorted(own)
    assert re.findall(r"^\| `(\w+)` \|", section("Ahead, between, and afterwards"), re.MULTILINE) == list(
        CalendarOptions.model_fields
    )


def test_every_field_is_named() -> None:
    shared = section("Ahead, between, and afterwards")
    assert set(re.findall(r"`brief\.(\w+)`", shared)) == FIELDS
    told: dict[str, set[str]] = {}
    for name in CALENDARS:
        paragraph = re.search(rf"^`{name}`: .*?(?=\n\n|\Z)", section("Fields"), re.DOTALL | re.MULTILINE)
        assert paragraph is not None
        told[name] = set(re.findall(r"`(\w+)`", paragraph[0]))
    told["festivals"] |= told["solar_terms"]  # "and the same for a video as a solar term"
    needed: dict[str, dict[str, str]] = {"ics": {"url": "x"}, "holidays": {"country": "CN"}}
    for name in set(CALENDARS) - {"calendar"}:  # whose fields are the user's
        assert registry.find("sources", name)(type=name, **needed.get(name, {})).own_fields() - {"date"} <= told[name]


@pytest.mark.parametrize("text", SNIPPETS[:-1], ids=lambda text: source(text).type)
def test_the_snippets_are_sources(text: str) -> None:
    assert isinstance(source(text), CalendarSource)


def test_the_days_of_the_snippet_are_there() -> None:
    found = source(next(text for text in SNIPPETS if "Mother's Day" in text))
    context = SourceContext(Occasion(dt.date(2026, 5, 1), ZONE), Path())
    days = [day.isoformat() for day in found.days(context, dt.date(2026, 12, 31))]
    assert {"2026-05-07", "2026-05-26", "2026-09-22", "2026-12-18", "2026-12-22"} <= set(days)


# --- a hundred a day -----------------------------------------------------------------------------------------------


@cache
def definition() -> Definition:
    return loads(SNIPPETS[-1], Path("pipelines.yaml"))


def briefs(date: dt.date) -> list[Brief]:
    context = SourceContext(Occasion(date, ZONE), Path())
    found = list(definition().pipeline("hundred-a-day").source.briefs(context))
    assert all(isinstance(one, Brief) for one in found)
    return found  # type: ignore[return-value]  # asserted in the line above


@pytest.mark.slow
@pytest.mark.parametrize("first", [dt.date(2026, 1, 1), dt.date(2027, 7, 1)], ids=str)
def test_there_are_a_hundred_different_briefs_for_every_day_of_a_year(first: dt.date) -> None:
    """Real prompts through `compose`: none comes twice in 365 days, and neither do captions or ids.

    The sun's year has 365.24 days, so the 366th of a leap year may be like the first.
    """
    pipeline = definition().pipeline("hundred-a-day")
    cells = variants(pipeline.matrix)
    brand = definition().brand.model_dump(mode="json", exclude={"credentials"})
    assert pipeline.caption.text
    caption = Template(pipeline.caption.text)
    prompts: set[str] = set()
    captions: set[str] = set()
    videos: set[tuple[str, str]] = set()
    fingerprints: set[str] = set()
    for at in range(365):
        [brief] = briefs(first + dt.timedelta(days=at))
        of_day = {(brief.key, cell.id): compose(pipeline.prompt, brief, cell, brand).positive for cell in cells}
        assert len(set(of_day.values())) == len(cells) >= 100, f"two prompts of {first + dt.timedelta(days=at)} are one"
        prompts.update(of_day.values())
        videos.update(of_day)
        captions.update(caption.render(**scope(brief, cell, brand)) for cell in cells)
        fingerprints.update(fingerprint([brief.fingerprint, cell.id]) for cell in cells)
    assert len(prompts) == len(captions) == len(videos) == len(fingerprints) == 365 * len(cells) >= 36_500


def test_the_lint_has_nothing_to_say_of_what_calendars_show() -> None:
    """What ships is what the advice asks for: no letters, no crowds, no cuts, nothing violent."""
    shown = [accent(season, day) for season in ("spring", "summer", "autumn", "winter") for day in range(1, 17)]
    for one in (*terms(), *festivals()):
        shown += [one["scene"], one["motion"], one["place"], *(angle["en"] for angle in one["angles"].values())]
        shown += [pentad["scene"] for pentad in one.get("pentads", ())]
    assert {text: [str(warning) for warning in found] for text in shown if (found := lint(text))} == {}


def test_screening_has_nothing_to_say_of_it_either() -> None:
    """Not even where the Chinese rules hold."""
    screen = TextScreen(load("default", Path()), WordOptions())
    for one in (*terms(), *festivals()):
        texts = [
            *one["names"].values(),
            one["scene_zh"],
            one["verse"]["text"],
            *(a["zh"] for a in one["angles"].values()),
        ]
        texts += [pentad["zh"] for pentad in one.get("pentads", ())]
        said = screen.screen({"caption": texts, "prompt": [one["scene"], one["place"]]}, locales={"zh-CN"})
        assert said.decision is Decision.PASS, (one["slug"], said.reasons)
