"""Days without a run, with a ledger: a calendar makes up for those on which its pipeline should have run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, loads
from flows.drawing_up import draw_up
from flows.missed import outage
from flows.occasion import on_date
from flows.planning import Plan
from records.ledger import Ledger
from records.runs import Opening
from reelmill.content import Json
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from tasks.publishing.context import TargetContext
from tests.line import DEFINITION

#: The first of January 2026 is a Thursday.
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(366)]


def definition(folder: Path, missed: str, schedule: str = "", zone: str = "Asia/Shanghai") -> Definition:
    days = ", ".join(f'{{date: "{day}", name: "{day:%m-%d}"}}' for day in DAYS)
    source = f"{{type: calendar, missed: {missed}, days: [{days}]}}"
    more = f"    schedule: {schedule}\n" if schedule else ""
    text = DEFINITION.format(source=source, subject="{{ brief.name }}", title="{{ brief.name }}", more=more)
    return loads(text.replace("Asia/Shanghai", zone), folder / "pipelines.yaml")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(Settings(home=tmp_path)) as opened:
        yield opened


def ran(ledger: Ledger, day: str, event: Json = None) -> None:
    about = on_date(ZoneInfo("UTC"), day)
    occasion = f"event:{event}" if event else about.date.isoformat()
    payload = {"id": event} if event else None
    ledger.runs.open(Opening("quick", occasion, about.date, "UTC", payload, {}, "", "."))


def made_up(ledger: Ledger, read: Definition, folder: Path, day: str) -> tuple[list[str], list[str], Plan]:
    """What a day's run makes, what is told, and its plan."""
    settings, pipeline = Settings(home=folder), read.pipeline("quick")
    with closing(TargetContext(folder=folder)) as context:
        engine = engine_of(pipeline.generate, settings)
        about = on_date(pipeline.zone, day)
        draft = draw_up(settings, ledger, read, engine, context, "quick", about, limit=None, keep=False)
    return [video.title for video in draft.plan.to_make], draft.told, draft.plan


def test_what_was_missed_since_the_last_run_is_made_up_for_once(ledger: Ledger, tmp_path: Path) -> None:
    read = definition(tmp_path, "backfill")
    assert made_up(ledger, read, tmp_path, "2026-03-10")[0] == ["03-10"], "a first run has missed nothing"
    ran(ledger, "2026-03-01")
    ran(ledger, "2026-03-06")
    assert made_up(ledger, read, tmp_path, "2026-03-10")[0] == ["03-07", "03-08", "03-09", "03-10"]
    ran(ledger, "2026-03-10")
    assert made_up(ledger, read, tmp_path, "2026-03-10")[0] == ["03-07", "03-08", "03-09", "03-10"], "run again"
    assert made_up(ledger, read, tmp_path, "2026-03-11")[0] == ["03-11"], "the run of the 10th made up for it"


def test_an_event_misses_nothing_and_makes_up_for_nothing(ledger: Ledger, tmp_path: Path) -> None:
    read = definition(tmp_path, "backfill")
    ran(ledger, "2026-03-06")
    ran(ledger, "2026-03-09", event="e1")
    assert made_up(ledger, read, tmp_path, "2026-03-10")[0] == ["03-07", "03-08", "03-09", "03-10"]


@pytest.mark.parametrize(("most", "first"), [(7, "05-14"), (200, "03-02")])
def test_an_outage_may_be_longer_than_a_month(ledger: Ledger, tmp_path: Path, most: int, first: str) -> None:
    ran(ledger, "2026-03-01")
    made, _, plan = made_up(ledger, definition(tmp_path, f"{{then: backfill, most: {most}}}"), tmp_path, "2026-05-21")
    assert (made[0], made[-1]) == (first, "05-21")
    left = [video.skipped for video in plan.videos if video.skipped]
    assert left == (["73 more missed than the 7 that `missed` makes up for, from 03-02 on"] if most == 7 else [])


def test_what_is_older_than_a_year_is_told(ledger: Ledger, tmp_path: Path) -> None:
    ran(ledger, "2025-06-01")
    made, told, _ = made_up(ledger, definition(tmp_path, "run_late"), tmp_path, "2026-12-01")
    assert made == ["11-30", "12-01"]
    assert told == ["the last run was for 2025-06-01: nothing is made up for from before 2025-11-30"]
    assert made_up(ledger, definition(tmp_path, "skip"), tmp_path, "2026-12-01")[1] == [], "nobody asks"


@pytest.mark.parametrize(
    ("schedule", "made"),
    [
        ('{cron: "0 6 * * *", timezone: Asia/Shanghai}', [f"03-{day:02}" for day in range(3, 26)]),
        ('{cron: "0 6 * * mon", timezone: Asia/Shanghai}', ["03-09", "03-16", "03-23", "03-25"]),
        ('{cron: "*/5 * * * tue", timezone: Asia/Shanghai}', ["03-03", "03-10", "03-17", "03-24", "03-25"]),
        ('{rrule: "FREQ=WEEKLY;BYDAY=WE;BYHOUR=9;BYMINUTE=0", timezone: UTC}', ["03-04", "03-11", "03-18", "03-25"]),
        ("{dates: [2026-03-04, 2026-03-20, 2026-04-01], timezone: Asia/Shanghai}", ["03-04", "03-20", "03-25"]),
        ("{dates: source, timezone: Asia/Shanghai}", [f"03-{day:02}" for day in range(3, 26)]),
    ],
)
def test_only_days_on_which_it_should_have_run_are_missed(
    ledger: Ledger, tmp_path: Path, schedule: str, made: list[str]
) -> None:
    ran(ledger, "2026-03-02")
    read = definition(tmp_path, "{then: backfill, most: 366}", schedule)
    assert made_up(ledger, read, tmp_path, "2026-03-25")[0] == made


def test_a_run_at_night_is_about_the_day_of_its_pipelines_zone(ledger: Ledger, tmp_path: Path) -> None:
    """At 20:00 on Sundays in UTC it is Monday in Shanghai, which the pipeline goes by."""
    ran(ledger, "2026-03-02")
    read = definition(tmp_path, "backfill", '{cron: "0 20 * * sun", timezone: UTC}')
    assert made_up(ledger, read, tmp_path, "2026-03-18")[0] == ["03-09", "03-16", "03-18"]


def test_a_day_without_a_midnight_is_missed_too(ledger: Ledger, tmp_path: Path) -> None:
    """In Beirut the clocks went from 23:59 on 28 March 2026 to 01:00 on the 29th."""
    ran(ledger, "2026-03-27")
    schedule = '{cron: "0 0 * * *", timezone: Asia/Beirut}'
    read = definition(tmp_path, "backfill", schedule, zone="Asia/Beirut")
    assert made_up(ledger, read, tmp_path, "2026-03-31")[0] == ["03-28", "03-29", "03-30", "03-31"]


def test_a_year_of_a_busy_schedule_is_looked_through_quickly(ledger: Ledger, tmp_path: Path) -> None:
    ran(ledger, "2026-01-01")
    schedule = '{cron: "*/10 * * * mon", timezone: Asia/Shanghai}'
    read = definition(tmp_path, "{then: backfill, most: 366}", schedule)
    found = outage(ledger, "quick", read, on_date(read.pipeline("quick").zone, "2027-01-01"))
    assert len(found.days) == 52
