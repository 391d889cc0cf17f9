"""Invites other workers to a run: as many assistants as there are other workers online."""

from __future__ import annotations

import logging
from typing import Any

from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from flows.labels import TAG, queue_of
from flows.pipeline import Pipeline
from flows.pools import AWAY, online
from records.tables import Run
from reelmill.settings import Settings

#: More would only wait for each other.
MOST = 16

log = logging.getLogger("reelmill.assistants")


def invite(settings: Settings, pipeline: Pipeline, run: Run) -> int:
    """Start an assistant for each other worker of the run's pool. Returns how many; none if Prefect does not answer."""
    pool = pipeline.workers.pool
    try:
        # One of them executes the run.
        wanted = settings.assistants if settings.assistants is not None else max(online(pool) - 1, 0)
        wanted = min(wanted, MOST)
        for number in range(wanted):
            sent: Any = run_deployment(
                f"assist/{pool}",
                parameters={"run_id": str(run.id), "title": f"{run.pipeline} {run.occasion}"},
                timeout=0,
                idempotency_key=f"{run.id}:assist:{number}:{run.attempt}",
                work_queue_name="urgent" if run.event is not None else queue_of(pipeline),
                tags=[TAG, run.pipeline],
            )
            log.info("assistant %d of %d is flow run %s", number + 1, wanted, sent.id)
    except ObjectNotFound:
        log.warning("nothing is deployed for assistants of the pool %s; `reelmill deploy` does that", pool)
        return 0
    except AWAY as error:
        log.warning("no assistants: the Prefect API does not answer (%s)", error)
        return 0
    return wanted
