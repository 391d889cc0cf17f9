"""A connection to somebody's database that can only read, and only for so long."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from reelmill.errors import ServerUnavailable, SourceError

#: Seconds until a server that does not answer is away, and that SQLite waits for whoever is writing.
CONNECT_SECONDS, BUSY_SECONDS = 10, 5.0
#: After how many steps of its machine SQLite looks at the clock.
_STEPS = 10_000

#: Postgres' classes of errors that may pass: connection, resources, shut down. `57014` is our own timeout.
#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = ("08", "53", "57P")
_TIMED_OUT, _WRITES = "57014", "25006"
#: What SQLite says where another try may help.
_BUSY = ("locked", "busy")


@contextmanager
def reading(url: str, name: str, folder: Path, seconds: float) -> Iterator[Connection]:
    """A connection in a transaction that is never committed.

    SQLite is opened with `mode=ro` and may attach nothing; on Postgres the transaction is `read only`, rows come
    through a server-side cursor, and each statement has a timeout.

    Parameters
    ----------
    url:
        `sqlite:///FILE`, or `postgresql://USER@HOST/DATABASE`. It may hold a password, and is never shown.
    name:
        What messages call it.
    folder:
        What the path of an SQLite file is relative to.
    seconds:
        For the whole reading.

    Raises
    ------
    SourceError
        If it cannot be opened, or what is asked of it fails for good.
    ServerUnavailable
        If it may work later.
    """
    engine = _engine(url, name, folder, seconds)
    try:
        with engine.connect() as connection:
            yield connection.execution_options(stream_results=True, yield_per=500)
    except DBAPIError as error:
        raise _explained(error, name, seconds) from None  # the error itself shows the query's parameters
    except UnicodeError as error:
        raise SourceError(f"{name} holds a text that is not UTF-8", "correct it, or leave its column out") from error
    finally:
        engine.dispose()


def _engine(url: str, name: str, folder: Path, seconds: float) -> Engine:
    advice = "use sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceError(f"{name} is no URL of a database", advice) from None
    if parsed.drivername == "sqlite":
        return _sqlite(parsed, name, folder, seconds)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _postgres(parsed, seconds)
    raise SourceError(f"{name} is a database of the kind {parsed.drivername[:40]!r}, which is not read", advice)


def _sqlite(url: URL, name: str, folder: Path, seconds: float) -> Engine:
    try:
        path = (folder / (url.database or "")).resolve()
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise SourceError(f"{name}: there is no file {(url.database or '')[:200]!r}", f"paths are relative to {folder}")

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=min(BUSY_SECONDS, seconds))
        made.execute("pragma query_only = on")
        made.set_authorizer(_authorise)
        until = time.monotonic() + seconds
        made.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        return made

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _authorise(action: int, _name: str | None, value: str | None, *_about: object) -> int:
    """Only what a query needs: nothing is attached, and no switch is turned back."""
    refused = action in {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
    sets = action == sqlite3.SQLITE_PRAGMA and value is not None
    return sqlite3.SQLITE_DENY if refused or sets else sqlite3.SQLITE_OK


def _postgres(url: URL, seconds: float) -> Engine:
    milliseconds = max(1, round(seconds * 1000))
    options = f"-c statement_timeout={milliseconds} -c application_name=reelmill"
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            connect_args={"connect_timeout": CONNECT_SECONDS, "options": options},
            execution_options={"postgresql_readonly": True},
        )
    except ModuleNotFoundError as error:
        raise SourceError("the driver for Postgres is not installed", "pip install 'reelmill[postgres]'") from error


def _explained(error: DBAPIError, name: str, seconds: float) -> SourceError | ServerUnavailable:
    original: Any = error.orig
    words = str(original).strip().splitlines() or [type(original).__name__]
    reason, state = words[0][:300], getattr(original, "sqlstate", None) or ""
    if state == _TIMED_OUT or reason == "interrupted":
        return too_slow(name, seconds)
    if state == _WRITES or "readonly database" in reason or reason == "not authorized":
        return SourceError(f"{name}: the query does more than read: {reason}", "write a query that only selects")
    if state.startswith(_PASSING) or any(sign in reason for sign in _BUSY):
        return ServerUnavailable(f"{name} is not ready: {reason}", "try again later")
    if not state and _is_away(original):
        return ServerUnavailable(f"{name} does not answer: {reason}", "see that the database runs, then try again")
    return SourceError(f"{name}: {reason}", "correct the query, or the URL of the database")


def too_slow(name: str, seconds: float) -> SourceError:
    """The error for a query that takes longer than it may."""
    return SourceError(f"{name}: the query took more than {seconds:g} s", "make it quicker, or raise `timeout`")


def _is_away(error: Any) -> bool:
    """Whether Postgres was not reached at all. One that turns a login away, or has no such database, was."""
    if isinstance(error, sqlite3.Error):
        return False
    import psycopg

    for_good = ("authentication failed", "does not exist", "no password supplied", "no pg_hba.conf entry", "invalid")
    return isinstance(error, psycopg.OperationalError) and not any(sign in str(error) for sign in for_good)
