"""`reelmill run`: a pipeline for today, a date, or an event."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from flows import occasion, promise
from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, Date, Event, File, Limit
from flows.definition import Definition, load
from flows.opening import opening
from records.ledger import Ledger
from records.states import RunState
from records.tables import Run
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings
from tasks.sources.base import Occasion

#: More days at once are a slip.
MOST_DAYS = 366
#: An event is a message, not a file transfer.
MOST_EVENT_BYTES = 64 * 1024


def run(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")] = "",
    *,
    date: Date = "",
    plan: Annotated[
        Path | None, Parameter(help="Do just what this plan says, or nothing if the world has changed.")
    ] = None,
    first: Annotated[str, Parameter(name="--from", help="Make up for the days from this date on.")] = "",
    last: Annotated[str, Parameter(name="--to", help="The last of these days. Default: today in its zone.")] = "",
    event: Event = "",
    limit: Limit = None,
    remake: Annotated[bool, Parameter(negative="", help="Make videos again that are done.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Run a pipeline: for today, a date, several days, or an event.

    A run is one per pipeline and date (or event): running it again makes what is missing and nothing twice.
    """
    from flows.cli.execution import execute

    settings = Settings()
    if plan is not None:
        if date or event or first or last or limit is not None or remake:
            raise UseError("--plan says everything that a run needs", "leave the others out")
        return execute(settings, _open_planned(settings, file, pipeline, plan), as_json=as_json)
    if not pipeline:
        raise UseError("nothing says which pipeline to run", "name it, or give --plan FILE")
    if first or last:
        if date or event:
            raise UseError("--from and --to name several days; --date and --event name one thing", "leave one out")
        days = days_between(load(file).pipeline(pipeline).zone, first, last)
        return _run_days(settings, file, pipeline, days, limit=limit, remake=remake, as_json=as_json)
    opened = open_run(settings, file, pipeline, date=date, event=event, limit=limit, remake=remake)
    return execute(settings, opened, as_json=as_json)


def days_between(zone: ZoneInfo, first: str, last: str) -> list[str]:
    """Every day from the first to the last, as ISO dates.

    Raises
    ------
    UseError
        If one is no date, the first is missing, they are in the wrong order, or there are more than a year's.
    """
    if not first:
        raise UseError("--to says where the days end, and nothing says where they begin", "give --from as well")
    begin, end = occasion.on_date(zone, first).date, occasion.on_date(zone, last).date
    count = (end - begin).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise UseError(f"from {begin} to {end} are {count} days", f"give 1 to {MOST_DAYS} days, the earlier one first")
    return [(begin + dt.timedelta(days=n)).isoformat() for n in range(count)]


def _run_days(
    settings: Settings,
    file: Path,
    pipeline: str,
    days: Sequence[str],
    *,
    limit: int | None,
    remake: bool,
    as_json: bool,
) -> int:
    """One run a day, one after the other. A day that fails does not keep the others from being made; a stop does."""
    from flows.cli.execution import execute

    code = OK
    for day in days:
        opened = open_run(settings, file, pipeline, date=day, limit=limit, remake=remake)
        code = max(code, execute(settings, opened, as_json=as_json))
        with Ledger(settings) as ledger:
            ended = ledger.runs.get(opened.id)
        if ended is not None and ended.state is RunState.INTERRUPTED:
            break
    return code


def open_run(
    settings: Settings,
    file: Path,
    pipeline: str,
    *,
    date: str = "",
    event: str = "",
    limit: int | None = None,
    remake: bool = False,
) -> Run:
    """Open the run in the ledger, with a snapshot of the definition that it obeys.

    Raises
    ------
    UseError
        If the definition, the pipeline, the date or the event is wrong.
    LeaseHeld
        If another process works on this very run.
    """
    definition = load(file)
    about = occasion_for(definition, pipeline, date, event)
    with Ledger(settings) as ledger:
        return ledger.runs.open(opening(definition, pipeline, about, limit=limit, remake=remake))


def _open_planned(settings: Settings, file: Path, pipeline: str, path: Path) -> Run:
    """Open the run that a plan is about.

    Raises
    ------
    UseError
        If the file is no plan, or not of this definition.
    """
    wanted, definition = promise.read(path), load(file)
    if pipeline not in ("", wanted.pipeline):
        raise UseError(f"{path} is a plan of {wanted.pipeline}, not of {pipeline}", "name one of them")
    if definition.hash(wanted.pipeline) != wanted.definition:
        raise UseError(f"{file} has changed since {path} was planned", "plan again, and look at what is new")
    zone = definition.pipeline(wanted.pipeline).zone
    about = (
        occasion.on_event(zone, wanted.event) if wanted.event is not None else occasion.on_date(zone, wanted.occasion)
    )
    with Ledger(settings) as ledger:
        told = opening(definition, wanted.pipeline, about, limit=wanted.limit)
        return ledger.runs.open(replace(told, options={**told.options, "promise": dict(wanted.held)}))


def occasion_for(definition: Definition, pipeline: str, date: str, event: str) -> Occasion:
    """What the run is about, from the command line.

    Raises
    ------
    UseError
        If the date or the event cannot be read, or the pipeline does not exist.
    """
    zone = definition.pipeline(pipeline).zone
    return occasion.on_event(zone, _payload(event), date) if event else occasion.on_date(zone, date)


def _payload(event: str) -> Mapping[str, Json]:
    if event == "-":
        text, where = sys.stdin.read(MOST_EVENT_BYTES + 1), "standard input"
    elif event.lstrip().startswith("{"):
        text, where = event, "the command line"
    else:
        where = event
        try:
            with Path(event).open(encoding="utf-8") as stream:
                text = stream.read(MOST_EVENT_BYTES + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UseError(f"the event {event} cannot be read: {reason}", "give a JSON file, `-`, or JSON") from None
    if len(text) > MOST_EVENT_BYTES:
        raise UseError(f"the event is larger than {MOST_EVENT_BYTES} bytes", "send what the templates need, and URLs")
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UseError(f"the event in {where} is not JSON: {error}", "an event is one JSON object") from None
    if not isinstance(payload, dict):
        raise UseError(f"the event in {where} is a {type(payload).__name__}", "an event is one JSON object")
    return payload
