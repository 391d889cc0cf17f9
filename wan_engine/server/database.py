"""The file that outlives the server: SQLite, its tables, and one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from reelmill.errors import StorageError, UseError

#: Of the tables below, as `PRAGMA user_version`. A file with a higher number was written by a newer Reelmill.
SCHEMA = 1
#: Seconds to wait for somebody else's hand on the file: a backup may have it for a moment.
LOCKED = 2.0

_TABLES = """
create table if not exists jobs (
    number integer primary key autoincrement, -- never given twice: it is the order of the queue
    id text not null unique,
    key text unique,                          -- what the client calls the order, so that it can send it twice
    asked text not null,                      -- fingerprint of the order's words
    shot text not null,
    status text not null,
    starts integer not null default 0,
    created_at real not null,
    started_at real,
    ended_at real,
    expires_at real,
    code text not null default '',
    reason text not null default '',
    sha256 text not null default '',
    record text not null default '{}'
);
create index if not exists jobs_by_status on jobs (status, number);
create table if not exists gone (id text primary key, until real not null); -- deleted or expired not long ago
"""


class Database:
    """The open file. Safe between threads; only one process may have it open.

    Parameters
    ----------
    keep:
        Seconds that a job is remembered after its end, and its film kept.
    clock:
        Seconds since 1970.

    Raises
    ------
    UseError
        If a newer Reelmill has written it.
    StorageError
        From every use, if the file cannot be read or written.
    """

    def __init__(self, path: Path, *, keep: float, clock: Callable[[], float] = time.time) -> None:
        self.keep, self.now = keep, clock
        self._lock = threading.RLock()
        with _typed():
            self._file = sqlite3.connect(path, timeout=LOCKED, isolation_level=None, check_same_thread=False)
            self._file.row_factory = sqlite3.Row
            # FULL: an order that was answered is on the disk, also after a power cut.
            self._file.executescript("pragma journal_mode = wal; pragma synchronous = full;")
            (version,) = self._file.execute("pragma user_version").fetchone()
            if version > SCHEMA:
                self._file.close()
                raise UseError(f"{path} was written by a newer Reelmill", "update this one, or move the file away")
            self._file.executescript(f"{_TABLES} pragma user_version = {SCHEMA};")

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For as long as the block lasts, nobody else writes."""
        with self._lock, _typed():
            yield self._file

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block, or nothing if it raises. Within another one, a part of it."""
        with self._lock, _typed():
            within = self._file.in_transaction
            if within:
                yield self._file
                return
            self._file.execute("begin immediate")
            try:
                yield self._file
                self._file.execute("commit")
            finally:
                if self._file.in_transaction:
                    self._file.execute("rollback")


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"the table of jobs cannot be used: {error}", "look at the disk that REELMILL_HOME is on"
        ) from error
