"""The whole ledger in one file (`records.backup_file`), and back: from SQLite or Postgres into either.

Leases are left out: they say which process works on what at this moment, and nothing of that is true of another ledger.
Media files are not in it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import StatementError

from records.backup_file import Backup, damaged, inspect, opened, write
from records.database import HEAD, Database
from records.leases import refuse_if_held
from records.row_lines import inserting, json_of, parameters_of, reading
from records.tables import Base, Lease
from reelmill.content import Json
from reelmill.errors import StorageError, TerminalError, UseError
from reelmill.files import flush

#: Every table that is kept, parents before children.
TABLES = tuple(table for table in Base.metadata.sorted_tables if table.name != Lease.__tablename__)
#: Rows that are read or written at a time.
PAGE = 500


def backup(database: Database, path: Path) -> Backup:
    """Write a ledger to a file, as it is at one moment, while runs go on. The file is whole or not there.

    Raises
    ------
    UseError
        If there is such a file already.
    StorageError
        If the file cannot be written.
    """
    path = path.expanduser().absolute()
    if path.exists():
        raise UseError(f"{path} exists already", "give another name, or remove that file first")
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
                write(raw, _rows(database))
            flush(temporary)
            written = inspect(temporary)
            _publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise UseError(f"{path} exists already", "give another name, or remove that file first") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", "give another place, or make room") from error
    return dataclasses.replace(written, path=path)


def restore(database: Database, path: Path, *, replace: bool = False) -> Backup:
    """Fill a ledger from a file, in one transaction.

    Parameters
    ----------
    replace:
        Let go of what the ledger holds now.

    Raises
    ------
    UseError
        If the ledger is not empty, or the file is of another schema.
    LeaseHeld
        If a process works with the ledger.
    TerminalError
        If the file is no backup, or not whole, or the database refuses a row. Nothing is changed.
    """
    path = path.expanduser().absolute()
    found = inspect(path)
    if found.schema != HEAD:
        raise UseError(
            f"{path} was written by Reelmill {found.version} with schema {found.schema}, this Reelmill needs {HEAD}",
            "restore it with that Reelmill, then update Reelmill and run `reelmill db upgrade`",
        )
    try:
        with database.begin() as session:
            for lease in session.scalars(select(Lease).with_for_update()):
                refuse_if_held(lease, lease.name)
                session.delete(lease)
            session.flush()
            connection = session.connection()
            _make_empty(connection, database.name, replace=replace)
            with opened(path) as lines:
                _fill(connection, lines, path, sqlite=database.is_sqlite)
            if not database.is_sqlite:  # SQLite counts on from the highest number that is there
                _continue_counters(connection)
            _compare(connection, found)
    except StatementError as error:
        reason = str(error.orig or error).strip().splitlines()[0]
        raise TerminalError(
            f"the ledger {database.name} refuses what is in {path}: {reason}", "nothing was changed"
        ) from error
    return found


def _rows(database: Database) -> Iterator[tuple[str, Json]]:
    """Every row of the ledger as it is at one moment."""
    with database.read() as session:
        connection = session.connection()
        for table in TABLES:
            query = reading(table, sqlite=database.is_sqlite)
            for row in connection.execute(query, execution_options={"yield_per": PAGE}):
                yield table.name, json_of(table, row)


def _publish(temporary: Path, path: Path) -> None:
    """Give a file its name, and replace nothing that somebody has put there meanwhile."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        temporary.rename(path)
    flush(path.parent)


def _make_empty(connection: Connection, name: str, *, replace: bool) -> None:
    held = {table.name: _count(connection, table) for table in TABLES}
    if any(held.values()) and not replace:
        raise UseError(
            f"the ledger {name} is not empty: it has {held['runs']} runs, and {sum(held.values())} rows in all",
            "name an empty one in REELMILL_DATABASE_URL, or add --replace to let go of what it holds",
        )
    for table in reversed(TABLES):
        connection.execute(table.delete())


def _fill(connection: Connection, lines: Iterator[dict[str, Json]], path: Path, *, sqlite: bool) -> None:
    tables = {table.name: table for table in TABLES}
    next(lines)  # says what the file is; that was looked at before
    waiting: list[dict[str, Any]] = []
    last: Table | None = None

    def send() -> None:
        if last is not None and waiting:
            connection.execute(inserting(last, sqlite=sqlite), waiting)
            waiting.clear()

    for line in lines:
        try:
            table = tables[line["table"]]
            parameters = parameters_of(table, line["row"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise damaged(path, f"a row of it cannot be read ({error})") from error
        if table is not last or len(waiting) >= PAGE:
            send()
            last = table
        waiting.append(parameters)
    send()


def _continue_counters(connection: Connection) -> None:
    """Let numbers that Postgres gives go on after the highest that is there."""
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            highest = select(func.coalesce(func.max(column), 0)).scalar_subquery()
            connection.execute(select(func.setval(sequence, highest + 1, False)))  # that one is the next


def _compare(connection: Connection, found: Backup) -> None:
    restored = {table.name: count for table in TABLES if (count := _count(connection, table))}
    if restored != found.rows:
        raise TerminalError(f"{found.path} has {found.rows}, restored were {restored}", "nothing was changed")


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
