"""How a run is opened: from a definition that lies here, or from what was deployed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from flows.definition import Definition, loads
from flows.occasion import name_of, on_event
from flows.trigger_options import TriggerOptions
from records.ledger import Ledger
from records.runs import Opening
from records.tables import Deployment, OutboxEvent
from reelmill.content import Json
from reelmill.errors import SourceError, UseError
from reelmill.settings import Settings
from tasks.sources.base import Occasion


def opening(
    definition: Definition, pipeline: str, about: Occasion, *, limit: int | None = None, remake: bool = False
) -> Opening:
    """What the ledger is told when a run of a pipeline begins."""
    return Opening(
        pipeline=pipeline,
        occasion=name_of(about),
        date=about.date,
        zone=about.zone.key,
        event=about.event,
        definition=definition.snapshot,
        definition_hash=definition.hash(pipeline),
        folder=str(definition.folder),
        options={"limit": limit, "remake": remake},
    )


def deployed(ledger: Ledger, pipeline: str, settings: Settings) -> Definition:
    """The definition that a pipeline was deployed with.

    Raises
    ------
    UseError
        If it is not deployed.
    """
    row = ledger.deployments.get(pipeline)
    if row is None:
        raise UseError(f"the pipeline {pipeline!r} is not deployed", "deploy it with `reelmill deploy`")
    return definition_of(row, settings)


def definition_of(row: Deployment, settings: Settings) -> Definition:
    """A deployed definition, with its relative paths where this machine has them."""
    return restore(row.definition, settings)


def restore(snapshot: Mapping[str, Json], settings: Settings) -> Definition:
    """A definition from the ledger's copy of it."""
    file = Path(snapshot["file"])
    return loads(snapshot["text"], Path(settings.project).absolute() / file.name if settings.project else file)


def about_event(row: OutboxEvent, zone: ZoneInfo) -> Occasion:
    """The occasion of an event that came in by the door."""
    return Occasion(row.received_at.astimezone(zone).date(), zone, event=row.payload, event_id=str(row.id))


def about_foreign(zone: ZoneInfo, event_id: str, payload: Mapping[str, Json], scheduled: dt.datetime) -> Occasion:
    """The occasion of an event that somebody else emitted into Prefect, or gave in the dashboard without an id."""
    date = scheduled.astimezone(zone).date()
    if not event_id:
        return on_event(zone, payload, date.isoformat())
    return Occasion(date, zone, event=payload, event_id=str(UUID(event_id)))


def check_payload(trigger: TriggerOptions, payload: Mapping[str, Json]) -> None:
    """Hold a payload against the schema that its pipeline asks for.

    Raises
    ------
    SourceError
        With the place in the payload and what is wrong there.
    """
    if not trigger.payload:
        return
    import jsonschema

    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(trigger.payload).iter_errors(payload))
    if error is not None:
        raise SourceError(f"the event's {error.json_path.removeprefix('$.')}: {error.message}", "send what it asks for")
