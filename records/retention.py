"""How files that nobody needs are given up. Who needs what is said in `records.need`.

There are two steps. `mark` writes `removed_at` in one transaction: it locks the rows, and only then looks once more who
needs them. Whoever needs a file says so in the ledger first and asks for the file afterwards (`Media.fetch_clip`), so
either the need is seen here, or the mark is seen there. `remove` takes the files away under the locks of all rows that
name them; whoever records a file takes the same locks (`records.naming`), so a file that is made again meanwhile is not
lost. A process that dies between the two steps leaves files that no row names, and `unnamed` finds those.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.database import Database, now
from records.naming import PICTURE, VIDEO, lock_naming
from records.need import Kind, Unneeded, unneeded
from records.store import Content, Store, Stored
from records.tables import ClipRow, MasterRow, RenditionRow, ShotRow

#: So many candidates are read at a time. Each page looks at every row once.
PAGE = 2000
#: So many files are removed in one transaction, for which other writers wait on SQLite.
BATCH = 20


class Retention:
    def __init__(self, database: Database, store: Store, *, page: int = PAGE) -> None:
        self._database = database
        self._store = store
        self._page = page

    def candidates(self, kind: Kind, until: dt.datetime) -> Iterator[Unneeded]:
        """What nobody needs, and was last used until then, oldest first."""
        last: Unneeded | None = None
        while True:
            with self._database.read() as session:
                rows = session.execute(unneeded(kind, now(), until, after=last).limit(self._page)).all()
            for row in rows:
                last = Unneeded(row.used_until, row.sha256)
                yield last
            if len(rows) < self._page:
                return

    def named(self, kind: Kind, sha256s: Sequence[str]) -> tuple[int, set[Content]]:
        """How many rows name this content, and all files that these rows name."""
        with self._database.read() as session:
            return _counted(session.scalars(_rows(kind, sha256s)).all())

    def mark(self, kind: Kind, sha256s: Sequence[str], until: dt.datetime) -> tuple[int, set[Content]]:
        """Give content up in the ledger, as far as nobody has come to need it.

        Returns
        -------
        tuple[int, set[Content]]
            How many rows were marked, and the files that they name.
        """
        with self._database.begin() as session:
            rows = session.scalars(_rows(kind, sha256s).with_for_update()).all()
            # A statement of its own: on Postgres it sees everything that was committed before the locks were had.
            free = set(session.scalars(unneeded(kind, now(), until, only=sha256s)))
            marked = [row for row in rows if row.sha256 in free]
            for row in marked:
                row.removed_at = now()
            return _counted(marked)

    def remove(self, contents: Collection[Content], *, older_than: dt.datetime | None = None) -> list[Stored]:
        """Take files away that no row names any more, and say which they were.

        Parameters
        ----------
        older_than:
            Leave those that were added since.

        Raises
        ------
        StorageError, ServerUnavailable
            If the store cannot do it now. What is left is found by the next sweep.
        """
        removed: list[Stored] = []
        ordered = sorted(contents)
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            with self._database.begin() as session:
                lock_naming(session, batch)
                for content in sorted(set(batch) - _named(session, batch)):
                    found = self._store.look(content)
                    if found is not None and (older_than is None or found.added_at < older_than):
                        self._store.remove(content)
                        removed.append(found)
        return removed

    def unnamed(self, contents: Collection[Content]) -> set[Content]:
        """Those of these files that no row of the ledger names, or only as given up."""
        with self._database.read() as session:
            return set(contents) - _named(session, contents)

    def unknown(self, contents: Collection[Content]) -> set[Content]:
        """Those of these files that no row of the ledger names, not even as given up."""
        with self._database.read() as session:
            return set(contents) - _named(session, contents, given_up=True)


def _rows(kind: Kind, sha256s: Sequence[str]) -> Select[Any]:
    key = kind.shot_id if kind is ClipRow else kind.id  # type: ignore[union-attr]  # clips are known by their shots
    return select(kind).where(kind.sha256.in_(sha256s), kind.removed_at.is_(None)).order_by(key)


def _counted(rows: Sequence[ClipRow | MasterRow | RenditionRow]) -> tuple[int, set[Content]]:
    files = {Content(row.sha256, VIDEO) for row in rows}
    files |= {Content(row.cover_sha256, PICTURE) for row in rows if isinstance(row, RenditionRow)}
    return len(rows), files


def _named(session: Session, contents: Collection[Content], *, given_up: bool = False) -> set[Content]:
    """Those of these files that a row names as kept (or as given up), or that a shot is drawn from."""
    wanted: dict[str, list[str]] = {}
    for content in contents:
        wanted.setdefault(content.suffix, []).append(content.sha256)
    named: set[Content] = set()
    for suffix, names in wanted.items():
        for query in _naming(suffix, names, given_up=given_up):
            named.update(Content(name, suffix) for name in session.scalars(query))
    return named


def _naming(suffix: str, names: Sequence[str], *, given_up: bool) -> Iterator[Select[Any]]:
    """What asks for the rows that name files of a kind."""
    columns: Sequence[tuple[Kind, InstrumentedAttribute[str]]]
    if suffix == VIDEO:
        columns = tuple((kind, kind.sha256) for kind in (ClipRow, MasterRow, RenditionRow))
    elif suffix == PICTURE:
        columns = ((RenditionRow, RenditionRow.cover_sha256),)
    else:
        # A reference image. It stays as long as its shot is known, which is for ever: a clip can be made again.
        columns, image = (), ShotRow.request["image"].as_string()
        yield select(image).where(image.in_(names))
    for kind, column in columns:
        query = select(column).where(column.in_(names))
        yield query if given_up else query.where(kind.removed_at.is_(None))
