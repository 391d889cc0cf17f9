"""The outbox: events that came in, each written down before Prefect hears of it, so that none is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from records.database import Database, now
from records.tables import OutboxEvent
from reelmill.content import Json
from reelmill.identity import NAMESPACE, run_identity


def event_identity(pipeline: str, sender_id: str) -> UUID:
    """The identity of an event: the same message to the same pipeline is the same event, however often it is sent."""
    return uuid5(NAMESPACE, f"event|{pipeline}|{sender_id}")


def run_of(pipeline: str, event_id: UUID) -> UUID:
    """The run that an event of the outbox starts, also before it is opened."""
    return run_identity(pipeline, f"event:{event_id}")


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self, pipeline: str, name: str, sender_id: str, payload: Mapping[str, Json], *, sender: str
    ) -> tuple[OutboxEvent, bool]:
        """Write an event down.

        Parameters
        ----------
        name:
            The event's name, such as `product.created`.
        sender_id:
            The sender's own id of the message.
        sender:
            How it was let in, for people.

        Returns
        -------
        tuple[OutboxEvent, bool]
            The event, and whether it is new. One that was sent before keeps its first payload.
        """
        add = partial(self._add, pipeline, name, event_identity(pipeline, sender_id), payload, sender)
        try:
            return add()
        except IntegrityError:
            return add()  # the same message came in at the same moment on another connection, whose row is there now

    def _add(
        self, pipeline: str, name: str, identity: UUID, payload: Mapping[str, Json], sender: str
    ) -> tuple[OutboxEvent, bool]:
        with self._database.begin() as session:
            row = session.get(OutboxEvent, identity, with_for_update=True)
            if row is not None:
                return row, False
            row = OutboxEvent(
                id=identity,
                run_id=run_of(pipeline, identity),
                pipeline=pipeline,
                name=name,
                payload=dict(payload),
                sender=sender,
                received_at=now(),
                emitted=0,
            )
            session.add(row)
            return row, True

    def get(self, event_id: UUID) -> OutboxEvent | None:
        with self._database.read() as session:
            return session.get(OutboxEvent, event_id)

    def of_run(self, run_id: UUID) -> OutboxEvent | None:
        """The event that starts a run, also before the run is opened."""
        with self._database.read() as session:
            return session.scalar(select(OutboxEvent).where(OutboxEvent.run_id == run_id))

    def emitted(self, event_id: UUID) -> None:
        """Note that Prefect was told. Whether it listened shows when the run opens."""
        with self._database.begin() as session:
            row = session.get_one(OutboxEvent, event_id, with_for_update=True)
            row.emitted_at, row.emitted = now(), row.emitted + 1

    def taken_by(self, run_id: UUID) -> None:
        """Note that the run of an event was opened."""
        with self._database.begin() as session:
            row = session.scalar(select(OutboxEvent).where(OutboxEvent.run_id == run_id).with_for_update())
            if row is not None and row.taken_at is None:
                row.taken_at = now()

    def waiting(self, *, older: dt.timedelta = dt.timedelta(), limit: int = 1000) -> list[OutboxEvent]:
        """Events without a run that came in, and were last told to Prefect, longer ago than this. Oldest first."""
        before = now() - older
        query = (
            select(OutboxEvent)
            .where(OutboxEvent.taken_at.is_(None))
            .where(func.coalesce(OutboxEvent.emitted_at, OutboxEvent.received_at) <= before)
            .order_by(OutboxEvent.received_at)
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(query))
