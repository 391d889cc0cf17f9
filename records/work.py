"""What the stages' own work took: what forecasts, reports and metrics are made of."""

from __future__ import annotations

import datetime as dt
import logging
import socket
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from records.database import Database, now
from records.tables import StageWork
from reelmill.errors import ServerUnavailable

log = logging.getLogger("reelmill.ledger")


@dataclass(frozen=True, slots=True)
class StageSum:
    """One stage's work, added up."""

    stage: str
    count: int
    seconds: float


class Work:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run_id: UUID, video_id: UUID | None, stage: str, seconds: float) -> None:
        """Write down that a stage worked so many seconds. A figure that is lost is no reason to stop the work."""
        row = StageWork(
            run_id=run_id,
            video_id=video_id,
            stage=stage,
            seconds=seconds,
            ended_at=now(),
            host=socket.gethostname()[:64],
        )
        try:
            with self._database.begin() as session:
                session.add(row)
        except ServerUnavailable as error:
            log.warning("what %s took is not written down: %s", stage, error.reason)

    def sums(self, *, run_id: UUID | None = None, since: dt.datetime | None = None) -> list[StageSum]:
        """The work of each stage: of one run, since a moment, or all of it."""
        query = select(StageWork.stage, func.count(), func.sum(StageWork.seconds)).group_by(StageWork.stage)
        if run_id is not None:
            query = query.where(StageWork.run_id == run_id)
        if since is not None:
            query = query.where(StageWork.ended_at >= since)
        with self._database.read() as session:
            return [StageSum(stage, count, seconds) for stage, count, seconds in session.execute(query)]
