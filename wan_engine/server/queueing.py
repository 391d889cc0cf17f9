"""The table of jobs, as the worker sees it: what is next, and how it ended.

A job moves `queued → in_progress → completed` or `failed`. Each step is one transaction, so whatever dies in between,
the next process goes on with what is written here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reelmill.content import Json
from wan_engine.server.database import Database
from wan_engine.server.job import Job
from wan_engine.server.jobs import COLUMNS, job_of, strike
from wan_engine.video_api.protocol import Status

#: How often a job is begun. One that ends the whole process, as a crash in a driver does, must not do so for ever.
MOST_STARTS = 10


class Queue:
    """The jobs in a database, one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recover(self) -> None:
        """At the start: what was in the making goes on, unless it has ended so many processes already."""
        with self._database.writing() as file:
            for row in file.execute(f"select {COLUMNS} from jobs where status = ?", (Status.IN_PROGRESS,)).fetchall():  # noqa: S608 (our own words)
                self.put_back(job_of(row))

    def take(self) -> Job | None:
        """Begin with the job that has waited longest, or None if none waits."""
        with self._database.writing() as file:
            row = file.execute(
                "update jobs set status = ?, started_at = ?, starts = starts + 1 where number ="  # noqa: S608 (our own words)
                f" (select min(number) from jobs where status = ?) returning {COLUMNS}",
                (Status.IN_PROGRESS, self._database.now(), Status.QUEUED),
            ).fetchone()
            return job_of(row) if row is not None else None

    def put_back(self, job: Job, *, blameless: bool = False) -> bool:
        """A job was interrupted: it is the next one again, or has failed if it was begun as often as may be.

        Returns False if it was deleted meanwhile.

        Parameters
        ----------
        blameless:
            It is not counted, because the server was told to stop.
        """
        if job.starts >= MOST_STARTS and not blameless:
            return self.fail(job, "interrupted", f"it was interrupted {job.starts} times; the server's log says more")
        with self._database.writing() as file:
            changed = file.execute(
                "update jobs set status = ?, started_at = null, starts = ? where id = ? and status = ?",
                (Status.QUEUED, job.starts - blameless, job.id, Status.IN_PROGRESS),
            )
            return changed.rowcount == 1

    def complete(self, job: Job, sha256: str, record: Mapping[str, Json]) -> bool:
        """A job's film is whole and in its place. False: it was deleted meanwhile."""
        return self._end(job, Status.COMPLETED, sha256=sha256, record=json.dumps(record, default=str))

    def fail(self, job: Job, code: str, reason: str) -> bool:
        """A job came to nothing. False: it was deleted meanwhile."""
        return self._end(job, Status.FAILED, code=code, reason=reason)

    def sweep(self) -> list[str]:
        """Forget what has expired; returns the ids, whose files can go."""
        now = self._database.now()
        with self._database.writing() as file:
            rows = file.execute("select id from jobs where expires_at <= ?", (now,)).fetchall()
            expired = [str(row["id"]) for row in rows]
            strike(file, expired, now + self._database.keep)
            file.execute("delete from gone where until <= ?", (now,))
        return expired

    def _end(self, job: Job, status: Status, **columns: str) -> bool:
        now = self._database.now()
        named = ", ".join(f"{column} = ?" for column in columns)
        with self._database.writing() as file:
            changed = file.execute(
                f"update jobs set status = ?, ended_at = ?, expires_at = ?, {named} where id = ? and status = ?",  # noqa: S608 (our own words)
                (status, now, now + self._database.keep, *columns.values(), job.id, Status.IN_PROGRESS),
            )
            return changed.rowcount == 1
