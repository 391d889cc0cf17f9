"""A run that has ended `in review` goes on once somebody has decided: where it is deployed on a worker, else here."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flows import server
from records.ledger import Ledger
from records.states import ENDED
from records.tables import Run
from reelmill.errors import LeaseHeld

log = logging.getLogger("reelmill.review")

How = Literal["closed", "underway", "started", "later", "here"]


@dataclass(frozen=True, slots=True)
class Continued:
    """What became of a run after a decision."""

    run: Run
    how: How

    @property
    def name(self) -> str:
        return f"{self.run.pipeline}@{self.run.occasion}"

    @property
    def words(self) -> str:
        return {
            "closed": f"{self.name} has ended: {self.run.reason}",
            "underway": f"{self.name} is under way and takes it up",
            "started": f"{self.name} goes on, on the next free worker",
            "later": f"{self.name} goes on as soon as the server answers",
            "here": f"go on with `reelmill resume {self.name}`",
        }[self.how]


def go_on(ledger: Ledger, run_id: UUID) -> Continued:
    """Set a run going again in which somebody has decided.

    Returns
    -------
    Continued
        `here`: it is nobody's but the caller's to go on with it, for it is not deployed.
    """
    run = ledger.runs.get(run_id)
    assert run is not None, "a video is of a run"
    open_videos = [video for video in ledger.videos.of_run(run_id) if video.state not in ENDED]
    if open_videos and (server.configured() is None or ledger.deployments.get(run.pipeline) is None):
        return Continued(run, "here")
    try:
        run = ledger.runs.resume(run_id, "somebody has decided")
    except LeaseHeld:
        return Continued(run, "underway")
    if not open_videos:
        return Continued(ledger.runs.close(run_id), "closed")
    return Continued(run, "started" if _start(ledger, run) else "later")


def _start(ledger: Ledger, run: Run) -> bool:
    """Start a flow run for it. Where the server does not answer, the reconciler does it later: the run is open."""
    from prefect.client.orchestration import get_client

    from flows.pools import AWAY
    from flows.reconciling import deployment_id_of, start_again

    try:
        with get_client(sync_client=True) as client:
            deployment_id = deployment_id_of(client, run.pipeline)
            if deployment_id is None:
                return False
            start_again(ledger, client, run, deployment_id)
    except AWAY as error:
        log.warning("the Prefect API does not answer (%s); the reconciler starts %s", error, run.pipeline)
        return False
    return True
