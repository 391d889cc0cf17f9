"""One pipeline as a Prefect deployment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.definition import Definition
from flows.heartbeat import job_variables
from flows.labels import HOOK, TAG, queue_of
from flows.pipeline import Pipeline
from flows.schedule import as_prefect
from reelmill import __version__
from reelmill.content import fingerprint

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


def version_of(definition: Definition, name: str, days: Sequence[dt.date]) -> str:
    """Changes with everything that a deployment says, and with Reelmill itself."""
    return fingerprint([definition.hash(name), [day.isoformat() for day in days], __version__])[:32]


def build(definition: Definition, name: str, days: Sequence[dt.date]) -> RunnerDeployment:
    """The deployment of a pipeline.

    Parameters
    ----------
    days:
        The days of its schedule, if it is one by dates.
    """
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.types.entrypoint import EntrypointType

    from flows.batch import run_pipeline

    pipeline = definition.pipeline(name)
    schedule = pipeline.schedule
    schedules = [DeploymentScheduleCreate(schedule=as_prefect(schedule, days), active=True)] if schedule else []
    deployment = run_pipeline.to_deployment(
        name=name,
        description=describe(pipeline),
        tags=[TAG, *pipeline.tags],
        version=version_of(definition, name, days),
        parameters={"pipeline": name},
        schedules=schedules,
        triggers=_triggers(name, pipeline),
        concurrency_limit=_concurrency(pipeline),
        work_pool_name=pipeline.workers.pool,
        work_queue_name=queue_of(pipeline),
        job_variables=job_variables(pipeline.workers.job_variables),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert not isinstance(deployment, BaseException)
    return deployment  # type: ignore[return-value]  # the sync half of a method that can be both


def describe(pipeline: Pipeline) -> str:
    """When it runs and where its videos go, in one sentence: what the dashboard shows of it."""
    schedule = pipeline.schedule
    when = []
    if schedule is not None:
        how = f"cron {schedule.cron}" if schedule.cron else f"every {schedule.interval}" if schedule.interval else ""
        how = how or (schedule.rrule or f"on the days of its calendar at {schedule.time:%H:%M}")
        when.append(f"{how} ({schedule.timezone})")
    if pipeline.on is not None:
        when.append(f"when `{pipeline.on.event}` happens")
    where = ", ".join(pipeline.target_names) or "the store"
    return f"{' and '.join(when) or 'When asked'}: {', '.join(pipeline.deliver)} → {where}."


def _concurrency(pipeline: Pipeline) -> Any:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

    asked = pipeline.concurrency
    if asked is None:
        # Two days of one schedule at once would only get into each other's way; two events have nothing in common.
        return ConcurrencyLimitConfig(limit=1) if pipeline.schedule else None
    strategy = ConcurrencyLimitStrategy(asked.collision.upper())
    return ConcurrencyLimitConfig(limit=asked.limit, collision_strategy=strategy)


def _triggers(name: str, pipeline: Pipeline) -> list[Any]:
    """What starts it: an event by our own door, whose payload the ledger has, or one that somebody emits in Prefect."""
    if pipeline.on is None:
        return []
    from prefect.events import DeploymentEventTrigger

    def taken(template: str) -> dict[str, str]:
        return {"__prefect_kind": "jinja", "template": template}

    return [
        DeploymentEventTrigger(
            name=f"{name}: hook",
            expect={f"{HOOK}{name}"},
            parameters={"pipeline": name, "event_id": taken("{{ event.payload.event_id }}")},
        ),
        DeploymentEventTrigger(
            name=f"{name}: {pipeline.on.event}",
            expect={pipeline.on.event},
            parameters={
                "pipeline": name,
                "event_id": taken("{{ event.id }}"),
                "event": {"__prefect_kind": "json", "value": taken("{{ event.payload | tojson }}")},
            },
        ),
    ]
