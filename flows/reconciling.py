"""What dead processes and lost messages left behind: found, and set going again.

A plain function under a lease of the ledger, called every half minute by `reelmill up` and `reelmill reconcile
--every`. As a flow of its own it would start a process each minute and bury the runs that people look for.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from flows.definition import Definition
from flows.deploying import apply
from flows.fire_times import fire_times, logical_date
from flows.keeping import tidy
from flows.occasion import on_date
from flows.opening import definition_of, opening
from flows.schedule import HORIZON, days_of
from flows.telling import tell
from records.database import now
from records.ledger import Ledger
from records.runs import DIED, lease_of
from records.states import RunState
from records.tables import Deployment, Run
from reelmill.errors import LeaseHeld, ReelmillError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

#: A process has this long to say that it works on a run, an event, or a scheduled time.
GRACE = dt.timedelta(seconds=60)
#: Prefect says that it runs, and nobody holds its lease, for so long: then it is dead.
SILENCE = dt.timedelta(minutes=3)
#: A run whose process died once more than this is not started again.
MOST_DEATHS = 4
#: The most days that are made up for after an outage.
MOST_MISSED = 31

log = logging.getLogger("reelmill.reconcile")


def reconcile(settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> list[str]:
    """Look once at everything that may have been left behind. Returns what was done, in words.

    Two at once do nothing twice: one of them holds the lease, and the other one returns.
    """
    done: list[str] = []
    try:
        with ledger.leases.hold("reconcile", "the reconciling"):
            for look in (_events, _reviews, _dead_runs, _missed, _calendars, _keep, tell):
                done += _guarded(look, settings, ledger, client)
    except LeaseHeld:
        return []
    for line in done:
        log.info("%s", line)
    return done


Look = Callable[[Settings, Ledger, "SyncPrefectClient"], Iterator[str]]


def _guarded(look: Look, settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> list[str]:
    """What keeps one look from its end must not keep the other looks from being taken."""
    done: list[str] = []
    try:
        done.extend(look(settings, ledger, client))
    except LeaseHeld:
        raise
    except ReelmillError as error:
        log.warning("%s", error)
    return done


def _events(_settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> Iterator[str]:
    """Events that came in and have no run: Prefect never heard of them, or its server lost what they started."""
    for row in ledger.outbox.waiting(older=GRACE):
        if _waits_for_a_worker(client, f"event:{row.id}:{row.emitted - 1}"):
            continue
        deployment_id = deployment_id_of(client, row.pipeline)
        if deployment_id is None:
            log.warning("an event waits for %s, which is not deployed; `reelmill deploy` it", row.pipeline)
            continue
        client.create_flow_run_from_deployment(
            deployment_id,
            parameters={"pipeline": row.pipeline, "event_id": str(row.id)},
            idempotency_key=f"event:{row.id}:{row.emitted}",
        )
        ledger.outbox.emitted(row.id)
        yield f"started {row.pipeline} for an event of {row.received_at:%Y-%m-%d %H:%M} that had no run"


def _reviews(settings: Settings, ledger: Ledger, _client: SyncPrefectClient) -> Iterator[str]:
    """Videos that nobody has decided about in time."""
    from flows.deciding import expire  # brings what screens texts

    if ledger.reviews.count():
        yield from expire(settings, ledger)


def _dead_runs(_settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> Iterator[str]:
    """Runs that are open while nobody works on them."""
    for run in ledger.runs.recent(limit=200, states=(RunState.RUNNING,)):
        if ledger.leases.held(lease_of(run.id)) is not None:
            continue
        what = f"{run.pipeline} {run.occasion}"
        attempt = _flow_run(client, run.flow_run_id)
        was_put_down = attempt is not None and attempt.state is not None and attempt.state.name == "PutDown"
        if not was_put_down and now() - ledger.runs.touched(run.id) < GRACE:
            continue  # whoever has it is just beginning
        if attempt is not None and attempt.state is not None and not attempt.state.is_final():
            if not (attempt.state.is_running() and now() - attempt.state.timestamp > SILENCE):
                continue  # it waits for a worker, or is just starting
            _mark_crashed(client, attempt)
        if attempt is not None and attempt.state is not None and attempt.state.is_cancelled():
            ledger.runs.close(run.id, interrupted="it was cancelled in the dashboard")
            yield f"closed {what}: it was cancelled in the dashboard"
        elif (deaths := ledger.runs.deaths(run.id)) >= MOST_DEATHS:
            ledger.runs.close(run.id, failure=f"its process died {deaths + 1} times")
            yield f"gave up {what}: its process died {deaths + 1} times"
        else:
            deployment_id = deployment_id_of(client, run.pipeline)
            if deployment_id is None:
                continue  # a person started it at a terminal, and goes on with it there
            yield _take_up(ledger, client, run, deployment_id, "it was put down" if was_put_down else DIED)


def _take_up(ledger: Ledger, client: SyncPrefectClient, run: Run, deployment_id: UUID, reason: str) -> str:
    again = ledger.runs.resume(run.id, reason)
    start_again(ledger, client, again, deployment_id)
    return f"took {again.pipeline} {again.occasion} up again, attempt {again.attempt}"


def start_again(ledger: Ledger, client: SyncPrefectClient, again: Run, deployment_id: UUID) -> None:
    """Start a flow run for a run that is open in the ledger; a second start of the same attempt is none."""
    about = {"event_id": again.occasion} if again.event is not None else {"date": again.occasion}
    started = client.create_flow_run_from_deployment(
        deployment_id,
        parameters={"pipeline": again.pipeline, **about, "run_id": str(again.id)},
        idempotency_key=f"run:{again.id}:{again.attempt}",
    )
    ledger.runs.attach(again.id, str(started.id))


def _missed(settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> Iterator[str]:
    """Scheduled times that have no run because no scheduler was there."""
    until = now() - 2 * GRACE
    for row, definition in _readable(ledger, settings):
        schedule = definition.pipeline(row.pipeline).schedule
        if schedule is None or row.considered_until >= until:
            continue
        days = days_of(definition.pipeline(row.pipeline), definition.folder, row.considered_until.date())
        moments = fire_times(schedule, days, row.considered_until, until, limit=10_000)
        due = {"skip": [], "last": moments[-1:], "all": moments[-MOST_MISSED:]}[schedule.missed]
        deployment_id = deployment_id_of(client, row.pipeline)
        if deployment_id is None:
            continue
        for moment in due:
            date = logical_date(schedule, days, moment, definition.pipeline(row.pipeline).zone)
            if _has_run(ledger, client, definition, row, date, moment, deployment_id):
                continue
            client.create_flow_run_from_deployment(
                deployment_id,
                parameters={"pipeline": row.pipeline, "date": date.isoformat()},
                idempotency_key=f"missed:{row.pipeline}:{date}",
            )
            yield f"started {row.pipeline} for {date}, which was missed"
        ledger.deployments.considered(row.pipeline, until)


def _has_run(
    ledger: Ledger,
    client: SyncPrefectClient,
    definition: Definition,
    row: Deployment,
    date: dt.date,
    moment: dt.datetime,
    deployment_id: UUID,
) -> bool:
    """Whether the day has a run in the ledger, or its scheduled time has one in Prefect that will open it."""
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterDeploymentId,
        FlowRunFilterExpectedStartTime,
    )

    about = on_date(definition.pipeline(row.pipeline).zone, date.isoformat())
    if ledger.runs.get(opening(definition, row.pipeline, about).run_id) is not None:
        return True
    second = dt.timedelta(seconds=1)
    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
            expected_start_time=FlowRunFilterExpectedStartTime(after_=moment - second, before_=moment + second),
        ),
        limit=5,
    )
    return any(one.state is not None and not one.state.is_crashed() for one in found)


def _calendars(settings: Settings, ledger: Ledger, _client: SyncPrefectClient) -> Iterator[str]:
    """Calendars of which less than half a year is deployed."""
    for row, definition in _readable(ledger, settings):
        if row.dates_until is not None and row.dates_until - now().date() < HORIZON / 2:
            apply(ledger, definition, row.pipeline)
            yield f"deployed more days of the calendar of {row.pipeline}"


def _keep(settings: Settings, ledger: Ledger, _client: SyncPrefectClient) -> Iterator[str]:
    """Media files that nobody needs any more make room, as the definition that was deployed last says."""
    deployed = list(_readable(ledger, settings))
    if not deployed or not _TIDY.is_due():
        return
    _, newest = max(deployed, key=lambda one: one[0].deployed_at)
    made = tidy(ledger, newest.keep, scratch=settings.scratch)
    if made.clips or made.renditions or made.orphans:
        yield (
            f"made {made.bytes / 1e6:.0f} MB of room: {made.clips} clips, {made.renditions} renditions, "
            f"{made.orphans} left-over files"
        )


class _Every:
    """Something that is done now and then by a process that looks often."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: float | None = None

    def is_due(self) -> bool:
        present = time.monotonic()
        if self._last is not None and present - self._last < self._seconds:
            return False
        self._last = present
        return True


#: Tidying lists the whole store.
_TIDY = _Every(3600)


def _readable(ledger: Ledger, settings: Settings) -> Iterator[tuple[Deployment, Definition]]:
    """What is deployed. One pipeline that cannot be read any more must not keep the others from being looked at."""
    for row in ledger.deployments.all():
        try:
            definition = definition_of(row, settings)
        except ReelmillError as error:
            log.warning("%s cannot be looked at; `reelmill deploy` it again: %s", row.pipeline, error)
            continue
        yield row, definition


def _waits_for_a_worker(client: SyncPrefectClient, key: str) -> bool:
    """Whether the flow run that was made under a key has yet to come to its end."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey

    wanted = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[key]))
    found = client.read_flow_runs(flow_run_filter=wanted, limit=1)
    return any(one.state is not None and not one.state.is_final() for one in found)


def _flow_run(client: SyncPrefectClient, flow_run_id: str | None) -> FlowRun | None:
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_flow_run(UUID(flow_run_id)) if flow_run_id else None
    except ObjectNotFound:
        return None


def _mark_crashed(client: SyncPrefectClient, attempt: FlowRun) -> None:
    from prefect.states import Crashed

    client.set_flow_run_state(attempt.id, Crashed(message="its process is gone; it is taken up again"), force=True)


def deployment_id_of(client: SyncPrefectClient, pipeline: str) -> UUID | None:
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_deployment_by_name(f"run-pipeline/{pipeline}").id
    except ObjectNotFound:
        return None
