"""Tells Prefect what came in by the door, so that a trigger starts a run, and what people have decided."""

from __future__ import annotations

from uuid import UUID, uuid5

from flows.labels import HOOK, REVIEW
from records.tables import OutboxEvent, ReviewDecision, Run
from reelmill.content import Json
from reelmill.errors import ServerUnavailable


def emit(event: OutboxEvent) -> None:
    """Send an event on its way and return at once: a thread of Prefect's delivers it, or not.

    Nobody learns here whether it arrived. Its row in the outbox was there first, and the reconciler starts what no
    event has started. The sender's payload stays in the ledger, where the flow reads it: Prefect would show it to
    everyone who sees the dashboard.

    Raises
    ------
    ServerUnavailable
        If this process knows no Prefect API.
    """
    _send(f"{HOOK}{event.pipeline}", event.pipeline, {"event_id": str(event.id), "name": event.name}, event.id)


def decided(decision: ReviewDecision, run: Run) -> None:
    """Send a person's decision on its way, for the dashboard and for automations of your own.

    The run does not wait for it to arrive: the ledger knows, and it is set going from there.

    Raises
    ------
    ServerUnavailable
        If this process knows no Prefect API.
    """
    told = {"run": f"{run.pipeline}@{run.occasion}", "video_id": str(decision.video_id), "about": decision.about}
    _send(f"{REVIEW}{decision.action}", run.pipeline, told, identity(decision))


def identity(decision: ReviewDecision) -> UUID:
    """The id of the event of a decision."""
    return uuid5(decision.video_id, f"decision {decision.id}")


def _send(name: str, pipeline: str, payload: dict[str, Json], event_id: UUID) -> None:
    # Prefect takes a second to import, and reads its settings then.
    from prefect.events import emit_event
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise ServerUnavailable("no Prefect API is known here", "set PREFECT_API_URL, or start `reelmill up`")
    emit_event(name, resource={"prefect.resource.id": f"reelmill.pipeline.{pipeline}"}, payload=payload, id=event_id)
