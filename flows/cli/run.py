"""`reelmill run`: a pipeline for today, a date, or an event."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows import occasion
from flows.cli.options import DEFINITION, AsJson, Date, Event, File, Limit
from flows.definition import Definition, load
from records.ledger import Ledger
from records.runs import Opening
from records.tables import Run
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings
from tasks.sources.base import Occasion

#: An event is a message, not a file transfer.
MOST_EVENT_BYTES = 64 * 1024


def run(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")],
    *,
    date: Date = "",
    event: Event = "",
    limit: Limit = None,
    remake: Annotated[bool, Parameter(negative="", help="Make videos again that are done.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Run a pipeline: for today, a date, or an event.

    A run is one per pipeline and date (or event): running it again makes what is missing and nothing twice.
    """
    from flows.cli.execution import execute

    settings = Settings()
    opened = open_run(settings, file, pipeline, date=date, event=event, limit=limit, remake=remake)
    return execute(settings, opened, as_json=as_json)


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
    opening = Opening(
        pipeline=pipeline,
        occasion=occasion.name_of(about),
        date=about.date,
        zone=about.zone.key,
        event=about.event,
        definition=definition.snapshot,
        definition_hash=definition.hash(pipeline),
        folder=str(definition.folder),
        options={"limit": limit, "remake": remake},
    )
    with Ledger(settings) as ledger:
        return ledger.runs.open(opening)


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
