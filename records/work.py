"""What the stages' own work took: what forecasts, reports and metrics are made of."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from records.database import Database, now
from records.tables import StageWork
from reelmill.errors import ServerUnavailable, StorageError

#: Notes that follow each other sooner than this many seconds are written together.
TOGETHER = 1.0

log = logging.getLogger("reelmill.ledger")


@dataclass(frozen=True, slots=True)
class StageSum:
    """One stage's work, added up."""

    stage: str
    count: int
    seconds: float


class Work:
    """The notes of what stages took.

    Parameters
    ----------
    clock:
        Seconds from any beginning.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[dict[str, Any]] = []
        self._written_at = float("-inf")

    def note(self, run_id: UUID, video_id: UUID | None, stage: str, seconds: float) -> None:
        """Write down that a stage worked so many seconds; soon after, if others were written just now.

        A process that is killed loses the last second of notes: figures are no reason to make the work wait.
        """
        row = {
            "run_id": run_id,
            "video_id": video_id,
            "stage": stage,
            "seconds": seconds,
            "ended_at": now(),
            "host": socket.gethostname()[:64],
        }
        with self._lock:
            self._kept.append(row)
            if self._clock() - self._written_at < TOGETHER:
                return
        self.write()

    def write(self) -> None:
        """Write down what was kept back."""
        with self._lock:
            rows, self._kept = self._kept, []
            self._written_at = self._clock()
        if not rows:
            return
        try:
            with self._database.write(lasting=False) as connection:
                connection.execute(insert(StageWork), rows)
        except (ServerUnavailable, StorageError) as error:
            log.warning("what stages took is written down later: %s", error.reason)
            with self._lock:
                self._kept = rows + self._kept

    def sums(self, *, run_id: UUID | None = None, since: dt.datetime | None = None) -> list[StageSum]:
        """The work of each stage: of one run, since a moment, or all of it."""
        self.write()
        query = (
            select(StageWork.stage, func.count(), func.sum(StageWork.seconds))
            .group_by(StageWork.stage)
            .order_by(StageWork.stage)
        )
        if run_id is not None:
            query = query.where(StageWork.run_id == run_id)
        if since is not None:
            query = query.where(StageWork.ended_at >= since)
        with self._database.read() as session:
            return [StageSum(stage, count, seconds) for stage, count, seconds in session.execute(query)]
