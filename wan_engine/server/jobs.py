"""The table of jobs, as clients see it: what was ordered, and what became of it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Literal
from uuid import uuid4

from reelmill.content import Shot
from wan_engine.server.database import Database
from wan_engine.server.job import Job
from wan_engine.video_api.protocol import Status

#: Jobs whose pace forecasts the next one's: enough to even out, few enough to notice another kind of order.
PACED_BY = 8
#: What becomes a `Job`.
COLUMNS = "number, id, shot, status, starts, created_at, started_at, ended_at, expires_at, code, reason, sha256, record"
#: A job that has expired is none any more, whether it was swept out or not.
_ALIVE = "(expires_at is null or expires_at > ?)"


class QueueFull(Exception):
    """As many jobs wait as may wait."""


class KeyTaken(Exception):
    """Another order has the same idempotency key."""


class Jobs:
    """The jobs in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, identity: str, shot: Shot, *, key: str | None, asked: str, most_waiting: int) -> Job:
        """Put a job at the end of the queue; returns the one that the key already has, if there is one.

        Parameters
        ----------
        asked:
            The fingerprint of the order: the same key with another one is a mistake.

        Raises
        ------
        QueueFull, KeyTaken
        """
        with self._database.writing() as file:
            if key is not None and (known := self.ordered_as(key, asked)) is not None:
                return known
            if self.waiting() >= most_waiting:
                raise QueueFull
            file.execute("update jobs set key = null where key = ?", (key,))  # of one that has expired
            row = file.execute(
                "insert into jobs (id, key, asked, shot, status, created_at) values (?, ?, ?, ?, ?, ?)"  # noqa: S608 (our own words)
                f" returning {COLUMNS}",
                (identity, key, asked, json.dumps(asdict(shot)), Status.QUEUED, self._database.now()),
            ).fetchone()
            return job_of(row)

    def ordered_as(self, key: str, asked: str) -> Job | None:
        """The job that was ordered with an idempotency key, or None.

        Raises
        ------
        KeyTaken
            If it was ordered in other words.
        """
        with self._database.reading() as file:
            row = file.execute(
                f"select asked, {COLUMNS} from jobs where key = ? and {_ALIVE}",  # noqa: S608 (our own words)
                (key, self._database.now()),
            ).fetchone()
        if row is not None and row["asked"] != asked:
            raise KeyTaken
        return job_of(row) if row is not None else None

    def find(self, identity: str) -> Job | None:
        """The job with this id, or None."""
        with self._database.reading() as file:
            row = file.execute(
                f"select {COLUMNS} from jobs where id = ? and {_ALIVE}",  # noqa: S608 (our own words)
                (identity, self._database.now()),
            ).fetchone()
        return job_of(row) if row is not None else None

    def is_gone(self, identity: str) -> bool:
        """Whether such a job was deleted, or has expired, not long ago."""
        with self._database.reading() as file:
            return (
                file.execute(
                    f"select id from gone where id = ? union all select id from jobs where id = ? and not {_ALIVE}",  # noqa: S608 (our own words)
                    (identity, identity, self._database.now()),
                ).fetchone()
                is not None
            )

    def page(self, *, after: int | None, limit: int, order: Literal["asc", "desc"]) -> list[Job]:
        """So many jobs in the order in which they came, or the other way round, after the one with this number."""
        beyond = "" if after is None else f" and number {'>' if order == 'asc' else '<'} {after:d}"
        with self._database.reading() as file:
            rows = file.execute(
                f"select {COLUMNS} from jobs where {_ALIVE}{beyond} order by number {order} limit ?",  # noqa: S608 (our own words)
                (self._database.now(), limit),
            ).fetchall()
        return [job_of(row) for row in rows]

    def delete(self, identity: str) -> Job | None:
        """Strike a job out, whatever it is doing; returns what it was, or None if there is none."""
        with self._database.writing() as file:
            job = self.find(identity)
            if job is not None:
                strike(file, [identity], self._database.now() + self._database.keep)
            return job

    def waiting(self) -> int:
        """How many jobs are queued."""
        with self._database.reading() as file:
            (count,) = file.execute("select count(*) from jobs where status = ?", (Status.QUEUED,)).fetchone()
        return int(count)

    def pace(self) -> float | None:
        """Seconds that the last jobs took, on average; None if none was made yet."""
        with self._database.reading() as file:
            (seconds,) = file.execute(
                "select avg(ended_at - started_at) from"
                " (select * from jobs where status = ? order by ended_at desc limit ?)",
                (Status.COMPLETED, PACED_BY),
            ).fetchone()
        return None if seconds is None else float(seconds)

    def ids(self, *statuses: Status) -> set[str]:
        """The ids of all jobs in one of these states."""
        with self._database.reading() as file:
            return {str(row["id"]) for row in file.execute("select id, status from jobs") if row["status"] in statuses}


def new_identity() -> str:
    """An id for a job, which nobody can guess."""
    return f"video_{uuid4().hex}"


def job_of(row: sqlite3.Row) -> Job:
    """The job in a row that has `COLUMNS`."""
    columns = {name: row[name] for name in COLUMNS.split(", ")}
    shot, record = Shot(**json.loads(row["shot"])), json.loads(row["record"])
    return Job(**columns | {"shot": shot, "status": Status(row["status"]), "record": record})


def strike(file: sqlite3.Connection, ids: list[str], until: float) -> None:
    """Within a transaction: forget jobs, but for the fact that there were such ones."""
    file.executemany("insert or replace into gone (id, until) values (?, ?)", [(one, until) for one in ids])
    file.executemany("delete from jobs where id = ?", [(one,) for one in ids])
