"""What a flow run was told of the run that it shall execute, and the run in the ledger that this means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flows.definition import Definition
from flows.fire_times import is_given_up, logical_date
from flows.occasion import on_date
from flows.opening import about_event, about_foreign, check_payload, deployed, opening
from flows.schedule import days_of
from records.database import now
from records.ledger import Ledger
from records.states import RunState
from records.tables import Run
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings
from tasks.sources.base import Occasion


@dataclass(frozen=True, slots=True)
class Start:
    """A start as Prefect brings it."""

    pipeline: str
    date: str
    event_id: str
    event: Mapping[str, Json] | None
    limit: int | None
    remake: bool
    run_id: str
    scheduled: dt.datetime  #: when it was meant to start; the same however late it does, and over retries
    by_schedule: bool  #: started by a schedule, and not by a person or an event


def open_run(ledger: Ledger, settings: Settings, start: Start) -> tuple[Run | None, str]:
    """The run in the ledger that a start means, open; or None and the reason why there is nothing to do.

    Raises
    ------
    UseError
        If the pipeline is not deployed, or the run or the event is not known.
    SourceError
        If the event's payload is not what the pipeline asks for.
    LeaseHeld
        If another process works on it.
    """
    if start.run_id:
        run = ledger.runs.get(UUID(start.run_id))
        if run is None:
            raise UseError(f"there is no run {start.run_id!r} in this ledger", "see `reelmill runs`")
        return run, ""
    definition = deployed(ledger, start.pipeline, settings)
    about = _occasion(ledger, definition, start)
    told = opening(definition, start.pipeline, about, limit=start.limit, remake=start.remake)
    reason = _given_up(definition, start) or _had_already(ledger.runs.get(told.run_id), start)
    run = None if reason else ledger.runs.open(told)
    if about.event_id is not None:
        # Also where the run was there already: the process that opened it may have died before it could say so.
        ledger.outbox.taken_by(told.run_id)
    return run, reason


def _occasion(ledger: Ledger, definition: Definition, start: Start) -> Occasion:
    pipeline = definition.pipeline(start.pipeline)
    if start.event is not None:
        if pipeline.on is not None:
            check_payload(pipeline.on, start.event)
        return about_foreign(pipeline.zone, start.event_id, start.event, start.scheduled)
    if start.event_id:
        row = ledger.outbox.get(UUID(start.event_id))
        if row is None:
            raise UseError(f"there is no event {start.event_id!r} in this ledger", "send it to the web door again")
        return about_event(row, pipeline.zone)
    if not start.date and start.by_schedule and pipeline.schedule is not None:
        date = logical_date(pipeline.schedule, _days(definition, start), start.scheduled, pipeline.zone)
        return on_date(pipeline.zone, date.isoformat())
    return on_date(pipeline.zone, start.date or start.scheduled.astimezone(pipeline.zone).date().isoformat())


def _given_up(definition: Definition, start: Start) -> str:
    pipeline = definition.pipeline(start.pipeline)
    if not start.by_schedule or pipeline.schedule is None:
        return ""
    return is_given_up(pipeline.schedule, _days(definition, start), start.scheduled, now())


def _days(definition: Definition, start: Start) -> tuple[dt.date, ...]:
    """The days of the schedule from the one on which this run was due, which in some zones is UTC's day before."""
    due = (start.scheduled - dt.timedelta(days=1)).date()
    return days_of(definition.pipeline(start.pipeline), definition.folder, due)


def _had_already(run: Run | None, start: Start) -> str:
    """Why a start adds nothing to a run that there is: a second scheduler, or an event that was delivered twice.

    A schedule that fires more than once a day looks again each time; so does a person who asks for it.
    """
    if run is None or run.state is RunState.RUNNING:
        return ""
    if start.event_id or (start.by_schedule and start.scheduled <= run.opened_at):
        return f"{run.pipeline} {run.occasion} had its run: it is {run.state.value.replace('_', ' ')}"
    return ""
