"""Tells Prefect of an event that came in by the door, so that the trigger of its pipeline starts a run."""

from __future__ import annotations

from flows.labels import HOOK
from records.tables import OutboxEvent
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
    # Prefect takes a second to import, and reads its settings then.
    from prefect.events import emit_event
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise ServerUnavailable("no Prefect API is known here", "set PREFECT_API_URL, or start `reelmill up`")
    emit_event(
        f"{HOOK}{event.pipeline}",
        resource={"prefect.resource.id": f"reelmill.pipeline.{event.pipeline}"},
        payload={"event_id": str(event.id), "name": event.name},
        id=event.id,
    )
