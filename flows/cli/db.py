"""`reelmill db`: the ledger's schema."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from records.database import HEAD, Database
from reelmill.settings import Settings


def db(
    action: Annotated[
        Literal["current", "upgrade"], Parameter(help="`current` shows the schema, `upgrade` brings it to the newest.")
    ] = "current",
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Look after the ledger's schema."""
    from records import schema

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
