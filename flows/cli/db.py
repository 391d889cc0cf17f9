"""`reelmill db`: the ledger's schema, its backups, and its way to another database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from reelmill.errors import UseError
from reelmill.settings import Settings

Action = Annotated[
    Literal["current", "upgrade", "backup", "restore"],
    Parameter(
        help="`current` shows the schema, `upgrade` brings it to the newest. `backup` writes the whole ledger to FILE "
        "while runs go on; `restore` fills an empty ledger from it, on SQLite or Postgres: so a ledger can move to the "
        "other one. Media files are not in it: they stay in the store."
    ),
]


def db(
    action: Action = "current",
    file: Annotated[Path | None, Parameter(help="For `backup` and `restore`. Never overwritten.")] = None,
    /,
    *,
    replace: Annotated[
        bool, Parameter(negative="", help="With `restore`: let go of everything that the ledger holds now.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Look after the ledger: its schema and its backups."""
    if (action in {"backup", "restore"}) != (file is not None):
        raise UseError(
            f"`reelmill db {action}` needs a file" if file is None else f"`reelmill db {action}` takes no file",
            "such as `reelmill db backup ledger.backup` and `reelmill db restore ledger.backup`",
        )
    if replace and action != "restore":
        raise UseError(f"`reelmill db {action}` takes no --replace", "it is for `reelmill db restore`")
    if file is not None:
        return _copy(action, file, replace=replace, as_json=as_json)
    return _schema(action, as_json=as_json)


def _schema(action: str, *, as_json: bool) -> int:
    from records import schema
    from records.database import HEAD, Database

    database = Database(Settings().ledger_url)
    try:
        before = database.revision()
        if action == "upgrade":
            schema.upgrade(database)
        after = database.revision()
    finally:
        database.close()
    if as_json:
        print_json({"ledger": database.name, "before": before, "schema": after, "newest": HEAD})
        return OK
    out = console()
    if action == "upgrade":
        out.print(f"{database.name}: {before or 'empty'} → {after}")
    else:
        out.print(f"{database.name}: schema {after or 'empty'}, newest {HEAD}")
    return OK


def _copy(action: str, file: Path, *, replace: bool, as_json: bool) -> int:
    from records.backup import backup, restore
    from records.ledger import Ledger

    with Ledger(Settings()) as ledger:
        database = ledger.database
        done = backup(database, file) if action == "backup" else restore(database, file, replace=replace)
    if as_json:
        print_json(
            {
                "ledger": database.name,
                "file": str(done.path),
                "bytes": done.path.stat().st_size,
                "schema": done.schema,
                "version": done.version,
                "written_at": done.written_at,
                "rows": done.rows,
            }
        )
        return OK
    way = f"{database.name} → {done.path}" if action == "backup" else f"{done.path} → {database.name}"
    console().print(f"{way}: {done.total} rows of {done.rows.get('runs', 0)} runs. Media files are not in it.")
    return OK
