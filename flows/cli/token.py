"""`reelmill token`: what lets programs and people in at the web door."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, table
from reelmill.errors import UseError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from records.tables import Token

token = App(name="token", help="Make, list and revoke what lets callers in at the web door.")

#: Longest name, as the ledger keeps it.
LONGEST_NAME = 64
#: Longest life of a token that ends, in days.
LONGEST_LIFE = 3650


@token.command
def make(
    name: Annotated[str, Parameter(help="Who has it: the log and the list call it so.")],
    /,
    *,
    scope: Annotated[
        list[Literal["hook", "read", "review", "admin"]],
        Parameter(negative="", help="What it may do: send events, read, review, or everything. May be given again."),
    ],
    days: Annotated[int | None, Parameter(help="How long it is good. Default: until it is revoked.")] = None,
    as_json: AsJson = False,
) -> int:
    """Make a token. It is shown this one time: the ledger keeps a hash only."""
    from records.ledger import Ledger
    from records.tokens import Scope

    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UseError(f"{name!r} is no name for a token", f"give 1 to {LONGEST_NAME} printable characters")
    if days is not None and not 1 <= days <= LONGEST_LIFE:
        raise UseError(f"{days} days is no life for a token", f"give 1 to {LONGEST_LIFE}, or leave it out")
    lasts = dt.timedelta(days=days) if days is not None else None
    with Ledger(Settings()) as ledger:
        made = ledger.tokens.make(name, {Scope(one) for one in scope}, lasts=lasts)
    if as_json:
        print_json({"name": name, "scopes": sorted(set(scope)), "token": made})
        return OK
    out = console()
    out.print(made, style="bold")
    out.print("This is the only time that it is shown. Send it as `Authorization: Bearer …`.", style="dim")
    return OK


@token.command(name="list")
def list_tokens(*, as_json: AsJson = False) -> int:
    """List the tokens: who has them, what they may do, and when they were last used."""
    from records.ledger import Ledger

    with Ledger(Settings()) as ledger:
        tokens = ledger.tokens.all()
    if as_json:
        print_json([_as_json(one) for one in tokens])
        return OK
    out = console()
    if not tokens:
        out.print("there are none; make one with `reelmill token make NAME --scope hook`")
        return OK
    rows = [
        (one.name, ", ".join(one.scopes), _standing(one), _day(one.created_at), _day(one.used_at), _day(one.expires_at))
        for one in tokens
    ]
    columns = ("name", "scopes", "state", "made", "last used", "until")
    out.print(table(dict.fromkeys(columns, "left"), rows))
    return OK


@token.command
def revoke(name: Annotated[str, Parameter(help="Its name.")], /, *, as_json: AsJson = False) -> int:
    """Close a token for good, with every session that was begun with it."""
    from records.ledger import Ledger

    with Ledger(Settings()) as ledger:
        revoked = ledger.tokens.revoke(name)
    if as_json:
        print_json(_as_json(revoked))
    else:
        console().print(f"{revoked.name} opens nothing any more")
    return OK


def _standing(one: Token) -> str:
    from records.database import now

    if one.revoked_at is not None:
        return "revoked"
    return "expired" if one.expires_at is not None and one.expires_at <= now() else "ok"


def _as_json(one: Token) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": one.scopes,
        "state": _standing(one),
        "created_at": _iso(one.created_at),
        "used_at": _iso(one.used_at),
        "expires_at": _iso(one.expires_at),
        "revoked_at": _iso(one.revoked_at),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _day(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else "–"
