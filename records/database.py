"""The connection to the ledger's database: SQLite by default, Postgres for many machines, the same code on both."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from reelmill.errors import ServerUnavailable, StorageError, UseError

#: The newest schema; `migrations/` ends with it, and a test holds the two together.
HEAD = "0009"
#: How long a writer waits for another one, in milliseconds.
BUSY_TIMEOUT = 30_000

#: Between two attempts to reach a database that is away, in seconds.
PAUSE = 0.5

#: Looks into a transaction that is about to write, and raises if it must not.
Fence = Callable[[Connection], None]


def now() -> dt.datetime:
    """The present moment in UTC: the one clock of the ledger."""
    return dt.datetime.now(dt.UTC)


class Database:
    """An open ledger database.

    Parameters
    ----------
    url:
        An SQLAlchemy URL: `sqlite:////…/ledger.db` or `postgresql+psycopg://…`.
    patience:
        Seconds for which a transaction waits for a database that is away before it begins.

    Raises
    ------
    UseError
        If the URL is of no kind that we can open, or its driver is not installed.
    StorageError
        If the folder of an SQLite file cannot be made.
    """

    def __init__(self, url: str, *, patience: float = 0.0) -> None:
        self._patience = patience
        try:
            parsed = make_url(url)
            if parsed.drivername in {"postgres", "postgresql"}:
                parsed = parsed.set(drivername="postgresql+psycopg")
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                _make_folder(Path(parsed.database).parent)
            self.engine: Engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
        except (ArgumentError, NoSuchModuleError) as error:
            raise UseError(
                f"the ledger's URL cannot be used: {error}",
                "set REELMILL_DATABASE_URL to sqlite:///FILE or postgresql://USER@HOST/DATABASE, or unset it",
            ) from None
        except ModuleNotFoundError as error:
            raise UseError(f"the database driver is missing: {error}", "pip install 'reelmill[postgres]'") from None
        self.url = parsed
        self._fences: ContextVar[tuple[Fence, ...]] = ContextVar("fences", default=())
        self._moment: ContextVar[Session | None] = ContextVar("moment", default=None)
        self._settled = self._reading = self.engine.execution_options(reading=True)  # shares the pool
        self._passing = self.engine.execution_options(lasting=False)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if not self.is_sqlite:  # Postgres by itself shows each statement another moment
            self._reading = self._reading.execution_options(isolation_level="REPEATABLE READ")
        # SQLite has one writer. One that finds another at work sleeps and looks again; threads can do better than that.
        self._turn: AbstractContextManager[object] = threading.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_immediate)

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A transaction in plain statements: committed if the block ends well, else rolled back.

        On SQLite it takes the write lock at once, so that a read followed by a write cannot meet a changed world.

        Parameters
        ----------
        lasting:
            Whether it must outlive a power cut from the moment of its commit, as everything that the world may have
            seen. Without that, SQLite may forget it with the last second before the cut – in order, never a later one
            and not an earlier one – together with the process that wrote it. https://sqlite.org/pragma.html#pragma_synchronous
            Another machine's database outlives its writers, and is always asked for lasting ones.

        Raises
        ------
        StorageError
            If the disk is full or the file is read-only.
        ServerUnavailable
            If the database does not answer.
        LeaseHeld
            If a fence finds that somebody else holds a lease under which this context writes.
        """
        try:
            with self._turn, self._connect(self.engine if lasting else self._passing) as connection, connection.begin():
                for fence in self._fences.get():
                    fence(connection)
                yield connection
        except OperationalError as error:
            raise self._translate(error) from error

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """The same with objects instead of statements: three times the work, for what is not done for every video."""
        with self.write() as connection, Session(connection, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def fenced(self, fence: Fence) -> Iterator[None]:
        """Have every writing transaction of this context, and of threads that copy it, pass this fence first."""
        token = self._fences.set((*self._fences.get(), fence))
        try:
            yield
        finally:
            self._fences.reset(token)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads: it sees one moment, and waits for no writer on SQLite.

        Raises
        ------
        ServerUnavailable, StorageError
        """
        if session := self._moment.get():
            yield session
            return
        with self._session(self._reading) as session:
            yield session

    def read_settled(self) -> AbstractContextManager[Session]:
        """A transaction for rows that are read with a lock: as they are once whoever is writing them has ended.

        SQLite has no such locks: there it is any other reading.

        Raises
        ------
        ServerUnavailable, StorageError
        """
        return self._session(self._settled)

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with (
                self._connect(engine) as connection,
                Session(connection, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session
        except OperationalError as error:
            raise self._translate(error) from error

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Have everything that this context reads be of one moment, as one transaction; its own writes are not seen.

        Raises
        ------
        ServerUnavailable, StorageError
        """
        with self.read() as session:
            token = self._moment.set(session)
            try:
                yield
            finally:
                self._moment.reset(token)

    def _connect(self, engine: Engine) -> Connection:
        """A connection, waiting for a database that is away: nothing was asked of it yet, so that is safe."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return engine.connect()
            except OperationalError:
                if self.is_sqlite or time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE)

    def revision(self) -> str | None:
        """The schema revision that the database has, or None if it is empty."""
        try:
            with self._reading.connect() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return None
                found: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
                return found
        except (OperationalError, ProgrammingError) as error:
            raise self._translate(error) from error

    def close(self) -> None:
        self.engine.dispose()

    def _translate(self, error: OperationalError | ProgrammingError) -> StorageError | ServerUnavailable:
        reason = str(error.orig or error).strip().splitlines()[0]
        if any(sign in reason for sign in ("readonly", "disk is full", "disk I/O", "unable to open", "No space left")):
            return StorageError(
                f"the ledger {self.name} cannot be written: {reason}",
                "make room or make its folder writable; nothing that was recorded is lost; then repeat the command",
            )
        return ServerUnavailable(
            f"the ledger {self.name} does not answer: {reason}",
            "see that the database runs and that REELMILL_DATABASE_URL is right, then repeat the command",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made: {error.strerror}", "set REELMILL_HOME to a folder that you may write"
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # transactions are ours: see _begin_immediate
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("reading", False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('lasting', True) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
