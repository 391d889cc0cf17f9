"""What the door asks of the ledger, put together for its answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from records.ledger import Ledger
from records.media import PICTURE, VIDEO
from records.states import VideoState
from records.tables import OutboxEvent, RenditionRow, Run, Video
from reelmill.content import Decision


def find_run(ledger: Ledger, run_id: UUID) -> Run | OutboxEvent | None:
    """A run, or the event that is going to start it."""
    return ledger.runs.get(run_id) or ledger.outbox.of_run(run_id)


def passed(ledger: Ledger, master_sha256: str) -> bool:
    """Whether the last word on a master is that it may be shown."""
    recorded = ledger.verdicts.latest(master_sha256)
    return recorded is not None and recorded.verdict.decision is Decision.PASS


def is_shown(ledger: Ledger, sha256: str, suffix: str) -> bool:
    """Whether content is a rendition, or the cover of one, that anybody may see. Clips never are."""
    column = {VIDEO: RenditionRow.sha256, PICTURE: RenditionRow.cover_sha256}.get(suffix)
    if column is None:
        return False
    with ledger.database.read() as session:
        masters = set(session.scalars(select(RenditionRow.master_sha256).where(column == sha256)))
    return any(passed(ledger, master) for master in masters)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a video stands."""

    id: UUID
    title: str
    state: VideoState
    reason: str
    updated_at: dt.datetime


def steps(ledger: Ledger, run_id: UUID) -> list[Step]:
    """Where each video of a run stands, without the plans, which are long."""
    query = (
        select(Video.id, Video.title, Video.state, Video.reason, Video.updated_at)
        .where(Video.run_id == run_id)
        .order_by(Video.position, Video.id)
    )
    with ledger.database.read() as session:
        return [Step(*row) for row in session.execute(query)]
