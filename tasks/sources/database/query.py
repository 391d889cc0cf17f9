"""The question that a database is asked, and its answer as items: read to the end at once, and kept on the disk.

Whoever takes the items may need hours for them; no database is kept waiting with an open transaction so long.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from sqlalchemy import BindParameter, Connection, CursorResult, bindparam, text

from reelmill.content import Json, Skipped
from reelmill.errors import SourceError
from tasks.sources.base import SourceContext
from tasks.sources.database import values
from tasks.sources.database.connection import reading, too_slow
from tasks.sources.items import MAX_ITEMS, Item

#: The most that is kept of an answer, in bytes of JSON, and how much of it stays in memory.
MAX_BYTES, MEMORY_BYTES = 256 * 1024**2, 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Query:
    """A question, as the definition asks it."""

    url: str
    name: str  #: of the database, for messages
    statement: str
    parameters: frozenset[str]  #: of `cursor` and `date`, those that the statement has
    cursor: str | None  #: the column whose value says how far the rows are read
    seconds: float
    most: int | None  #: rows that can be used; None: as many as may be
    usable: Callable[[Item], bool]  #: whether it can; bad rows do not count, or they would end all progress
    check: Callable[[Sequence[str]], None]  #: raises `SourceError` if a column is missing

    @property
    def asks_itself(self) -> bool:
        """It compares with `:cursor` itself, and so must order its rows itself."""
        return "cursor" in self.parameters


@contextmanager
def answered(query: Query, context: SourceContext) -> Iterator[Iterator[Item | Skipped]]:
    """The rows as items, once all have been read.

    Raises
    ------
    SourceError, ServerUnavailable
        If the database cannot be asked, or its answer cannot be used as a whole.
    """
    if not isinstance(context.cursor, str | int | float | None) or isinstance(context.cursor, bool):
        raise SourceError(f"{query.name}: {context.cursor!r} is no cursor of a query", "forget it, and begin anew")
    with SpooledTemporaryFile(MEMORY_BYTES, mode="w+", encoding="utf-8") as kept:
        with (
            reading(query.url, query.name, context.folder, query.seconds) as connection,
            closing(_asked(query, connection, context)) as result,
        ):
            _keep(query, result, kept, on_sqlite=connection.dialect.name == "sqlite")
        kept.seek(0)
        yield map(_restored, kept)


def _asked(query: Query, connection: Connection, context: SourceContext) -> CursorResult[tuple[object, ...]]:
    known: dict[str, Json] = {"cursor": context.cursor, "date": context.occasion.date.isoformat()}
    statement, parameters = query.statement, query.parameters
    if query.cursor is not None and not query.asks_itself:
        column = "q." + connection.dialect.identifier_preparer.quote(query.cursor).replace(":", r"\:")
        statement = f"select q.* from (\n{statement}\n) as q\n"  # noqa: S608 (the definition's own query)
        if context.cursor is not None:
            statement, parameters = f"{statement}where {column} > :cursor\n", parameters | {"cursor"}
        statement += f"order by {column}"
    # Written into the statement as quoted literals: Postgres gives a literal the type of what it is compared with, and
    # a parameter of a server-side cursor none that fits a column of moments.
    bound: list[BindParameter[object]] = [
        bindparam(name, known[name], literal_execute=True) for name in sorted(parameters)
    ]
    return connection.execute(text(statement).bindparams(*bound))


def _keep(query: Query, result: CursorResult[tuple[object, ...]], kept: IO[str], *, on_sqlite: bool) -> None:
    until = time.monotonic() + query.seconds
    columns = list(result.keys())
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise SourceError(f"{query.name}: the query gives two columns {twice!r}", "name one of them with `as`")
    query.check(columns)
    size, good, before = 0, 0, None
    for number, row in enumerate(result, start=1):
        if number > MAX_ITEMS:
            raise SourceError(f"{query.name}: more than {MAX_ITEMS:,} rows", "set `max_items`, or a narrower query")
        found = dict(zip(columns, row, strict=True))
        if query.asks_itself and query.cursor is not None:
            before = _ordered(query, before, found[query.cursor], on_sqlite=on_sqlite)
        entry = _entry(f"row {number}", found, query.cursor)
        if query.most is not None and isinstance(entry, Item) and query.usable(entry):
            if good == query.most:
                return
            good += 1
        size += kept.write(json.dumps(_stored(entry), ensure_ascii=False) + "\n")
        if size > MAX_BYTES:
            raise SourceError(f"{query.name}: its rows are larger than {MAX_BYTES:,} bytes", "ask for fewer columns")
        if time.monotonic() > until:
            raise too_slow(query.name, query.seconds)


def _entry(where: str, found: dict[str, object], cursor: str | None) -> Item | Skipped:
    try:
        reached = None
        if cursor is not None:
            try:
                reached = values.cursor(found[cursor])
            except ValueError as error:
                raise ValueError(f"its cursor {cursor!r} {error}") from None
        return Item(where, values.row(found), reached)
    except ValueError as error:
        return Skipped(where, str(error))


def _stored(entry: Item | Skipped) -> list[Json]:
    return [entry.where, entry.values, entry.cursor] if isinstance(entry, Item) else [entry.where, entry.reason]


def _ordered(query: Query, before: object, found: object, *, on_sqlite: bool) -> object:
    """The value, if it does not come before the last one: what came in between would never be taken."""
    # How Postgres orders texts is up to its collation.
    if found is None or (isinstance(found, str) and not on_sqlite):
        return before
    try:
        falls = before is not None and found < before  # type: ignore[operator]  # that is what is found out
    except TypeError:
        falls = True
    if falls:
        raise SourceError(
            f"{query.name}: the rows are not in the order of {query.cursor!r}",
            f"end the query with `order by {query.cursor}`",
        )
    return found


def _restored(line: str) -> Item | Skipped:
    entry = json.loads(line)
    return Skipped(*entry) if len(entry) == 2 else Item(*entry)
