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
from records.ledger import Ledger
from reelmill.amount import Amount
from reelmill.content import Json
from reelmill.errors import ReelmillError, StorageError
from reelmill.identity import run_identity
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
    cost: Amount
    left_out: int = 0  #: videos that the budget would not let in
    problem: str = ""

    def as_json(self) -> dict[str, Json]:
        return {
            "date": self.date.isoformat(),
            "titles": list(self.titles),
            "videos": self.videos,
            "seconds": round(self.seconds, 2),
            "gpu_seconds": round(self.cost.gpu_seconds, 1),
            "spend": round(self.cost.spend, 2),
            "left_out": self.left_out,
            "problem": self.problem,
        }


def show_days(
    settings: Settings, definition: Definition, pipeline: str, days: Sequence[str], ics: Path | None, *, as_json: bool
) -> int:
    """Plan each day and show them."""
    with Ledger(settings) as ledger:
        reckoning = Reckoning(settings, ledger, definition, pipeline)
        found = [_day(settings, definition, pipeline, day, reckoning) for day in days]
    if ics is not None:
        _write(ics, pipeline, found)
    if as_json:
        told = {"currency": settings.currency if settings.gpu_price else None, "days": [one.as_json() for one in found]}
        print_json({"pipeline": pipeline, **told})
    else:
        _show(pipeline, found, ics, settings)
    return FAILED if any(one.problem for one in found) else OK


class Reckoning:
    """What each day costs, and how much of it the budget lets in, if no other pipeline takes any of it."""

    def __init__(self, settings: Settings, ledger: Ledger, definition: Definition, pipeline: str) -> None:
        self._settings, self._ledger, self._budget = settings, ledger, definition.budget
        self._generate, self._zone = definition.pipeline(pipeline).generate, definition.pipeline(pipeline).zone
        self._taken: dict[str, Amount] = {}  #: by the day, week or month of the budget

    def of(self, plan: Plan, date: dt.date) -> tuple[Amount, int]:
        """The cost of what a plan makes, and the videos of it that do not fit the budget."""
        from flows.cost import Costs, to_draw
        from tasks.generation.choice import engine_of

        engine = engine_of(self._generate, self._settings)
        plans = plan.plans_to_make
        asked = Costs(self._ledger, engine, self._settings).of(to_draw(self._ledger, engine, plans))
        if self._budget is None:
            return sum(asked, start=Amount()), 0
        period = self._budget.period(dt.datetime.combine(date, dt.time(12), self._zone))
        before = total = self._taken.get(period, Amount())
        left_out = 0
        for one in asked:
            if self._budget.limit.exceeded(total + one):
                left_out += 1
            else:
                total += one
        self._taken[period] = total
        return Amount(
            total.videos - before.videos, total.gpu_seconds - before.gpu_seconds, total.spend - before.spend
        ), left_out


def _day(settings: Settings, definition: Definition, pipeline: str, day: str, reckoning: Reckoning) -> Day:
    about = on_date(definition.pipeline(pipeline).zone, day)
    try:
        plan = plan_run(definition, pipeline, about, settings, seen={})
        cost, left_out = reckoning.of(plan, about.date)
    except ReelmillError as error:
        return Day(about.date, (), 0, 0.0, Amount(), problem=error.reason)
    return Day(about.date, _titles(plan), len(plan.to_make), _seconds(plan), cost, left_out)


def _titles(plan: Plan) -> tuple[str, ...]:
    """What the briefs of a plan are called, each once."""
    return tuple(dict.fromkeys(video.title.partition(" · ")[0] for video in plan.to_make))


def _seconds(plan: Plan) -> float:
    return sum(one.seconds for one in plan.plans_to_make)


def _show(pipeline: str, found: Sequence[Day], ics: Path | None, settings: Settings) -> None:
    out = console()
    rows: list[tuple[str | Text, ...]] = []
    for one in found:
        more = len(one.titles) - MOST_TITLES
        titles = ", ".join(one.titles[:MOST_TITLES]) + (f" and {more} more" if more > 0 else "")
        told = Text(one.problem, style="red") if one.problem else Text(titles or "–")
        gpu = f"{one.cost.gpu_seconds / 60:.1f} min" if one.cost.gpu_seconds else ""
        money = f"{one.cost.spend:.2f} {settings.currency}" if one.cost.spend else ""
        left_out = str(one.left_out or "")
        seconds = f"{one.seconds:.0f}" if one.videos else ""
        rows.append((f"{one.date:%a %-d %b}", told, gpu, money, left_out, str(one.videos or ""), seconds))
    columns = {"day": "left", "what": "!left", "GPU": "right", "money": "right", "left out": "right"}
    columns |= {"videos": "right", "seconds": "right"}
    places = [place for place, name in enumerate(columns) if name in {"day", "what"} or any(row[place] for row in rows)]
    columns = {name: side for place, (name, side) in enumerate(columns.items()) if place in places}
    title = f"{pipeline} {found[0].date} – {found[-1].date}"
    out.print(table(columns, [[row[place] for place in places] for row in rows], title=title))
    busy = sum(bool(one.videos) for one in found)
    out.print(f"{counted(sum(one.videos for one in found), 'video')} on {counted(busy, 'day')} of {len(found)}")
    if over := sum(one.left_out for one in found):
        out.print(f"the budget has no room for {counted(over, 'video')} of them", style="yellow")
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
