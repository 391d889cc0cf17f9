"""`reelmill plan --from --to`: what each day of a month would bring, as a table or for a calendar program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.output import console, print_json, table
from flows.counting import counted
from flows.definition import Definition
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from reelmill.content import Json, run_identity
from reelmill.errors import ReelmillError, StorageError
from reelmill.settings import Settings

#: Titles that a line of the table names.
MOST_TITLES = 3


@dataclass(frozen=True, slots=True)
class Day:
    """What a day brings, as if nothing was made before."""

    date: dt.date
    titles: tuple[str, ...]
    videos: int
    seconds: float  #: of clips
    problem: str = ""

    def as_json(self) -> dict[str, Json]:
        return {
            "date": self.date.isoformat(),
            "titles": list(self.titles),
            "videos": self.videos,
            "seconds": round(self.seconds, 2),
            "problem": self.problem,
        }


def show_days(
    settings: Settings, definition: Definition, pipeline: str, days: Sequence[str], ics: Path | None, *, as_json: bool
) -> int:
    """Plan each day and show them."""
    found = [_day(settings, definition, pipeline, day) for day in days]
    if ics is not None:
        _write(ics, pipeline, found)
    if as_json:
        print_json({"pipeline": pipeline, "days": [one.as_json() for one in found]})
    else:
        _show(pipeline, found, ics)
    return FAILED if any(one.problem for one in found) else OK


def _day(settings: Settings, definition: Definition, pipeline: str, day: str) -> Day:
    about = on_date(definition.pipeline(pipeline).zone, day)
    try:
        plan = plan_run(definition, pipeline, about, settings, seen={})
    except ReelmillError as error:
        return Day(about.date, (), 0, 0.0, error.reason)
    return Day(about.date, _titles(plan), len(plan.to_make), _seconds(plan))


def _titles(plan: Plan) -> tuple[str, ...]:
    """What the briefs of a plan are called, each once."""
    return tuple(dict.fromkeys(video.title.partition(" · ")[0] for video in plan.to_make))


def _seconds(plan: Plan) -> float:
    from flows.video_plan import VideoPlan

    return sum(VideoPlan.from_json(video.plan).seconds for video in plan.to_make)


def _show(pipeline: str, found: Sequence[Day], ics: Path | None) -> None:
    out = console()
    rows: list[tuple[str | Text, ...]] = []
    for one in found:
        more = len(one.titles) - MOST_TITLES
        titles = ", ".join(one.titles[:MOST_TITLES]) + (f" and {more} more" if more > 0 else "")
        told = Text(one.problem, style="red") if one.problem else Text(titles or "–")
        rows.append((f"{one.date:%a %-d %b}", told, str(one.videos or ""), f"{one.seconds:.0f}" if one.videos else ""))
    columns = {"day": "left", "what": "!left", "videos": "right", "seconds": "right"}
    out.print(table(columns, rows, title=f"{pipeline} {found[0].date} – {found[-1].date}"))
    busy = sum(bool(one.videos) for one in found)
    out.print(f"{counted(sum(one.videos for one in found), 'video')} on {counted(busy, 'day')} of {len(found)}")
    if ics is not None:
        out.print(f"written to {ics}")


def _write(path: Path, pipeline: str, found: Sequence[Day]) -> None:
    """An all-day event for each day that brings anything (RFC 5545)."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Reelmill//reelmill plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", pipeline)
    for one in found:
        if not one.videos:
            continue
        event = Event()
        event.add("uid", f"{run_identity(pipeline, one.date.isoformat())}@reelmill")
        event.add("dtstamp", dt.datetime.now(dt.UTC))
        event.add("dtstart", one.date)
        event.add("dtend", one.date + dt.timedelta(days=1))
        event.add("summary", f"{', '.join(one.titles[:MOST_TITLES])} ({counted(one.videos, 'video')})")
        event.add("description", "\n".join(one.titles))
        event.add("categories", [pipeline])
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    try:
        path.write_bytes(calendar.to_ical())
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", "give another file") from error
