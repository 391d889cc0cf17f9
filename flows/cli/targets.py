"""`reelmill targets`: the accounts of a definition, whether they are well, and when the next post may go out."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.cells import cell_len
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import COLOURS, console, print_json, table
from flows.definition import load
from flows.health import Health, health_of
from flows.post_status import clock
from flows.posting import context_for
from records.database import now
from records.ledger import Ledger
from reelmill.errors import UseError
from reelmill.settings import Settings
from tasks.registry import suggest


def targets(
    name: Annotated[str, Parameter(help="Only this one.")] = "",
    /,
    *,
    offline: Annotated[bool, Parameter(negative="", help="Ask no platform: say what the ledger knows.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """List targets with their health, what may still be posted today, and the next free time.

    A target that was paused because of its login is tried again, and goes on if it is well. The exit code is 1 if one
    cannot be posted to: its login is over, it cannot be reached, or it refuses us.
    """
    settings, definition = Settings(), load(file)
    if name and name not in definition.targets:
        known = ", ".join(definition.targets) or "none"
        near = suggest(name, definition.targets)
        meant = f"did you mean `{near}`?" if near else f"there are: {known}"
        raise UseError(f"the definition has no target {name!r}", meant)
    with Ledger(settings) as ledger:
        context = context_for(ledger, definition, settings)
        wanted = [one for one in definition.targets if name in {"", one}]
        found = [health_of(ledger, definition, context, one, offline=offline) for one in wanted]
        context.close()
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        _tell(found)
    return FAILED if any(not one.well for one in found) else OK


def _tell(found: list[Health]) -> None:
    out = console()
    if not found:
        out.print("the definition has no targets; name one in `targets:`")
        return
    columns = {
        "target": "left", "type": "left", "account": "!left", "health": "left", "left today": "right",
        "next free": "left", "waiting": "right", "AI": "!left",
    }  # fmt: skip
    rows: list[tuple[str | Text, ...]] = [
        (
            one.name,
            one.kind,
            one.who or one.account,
            Text(one.state, style=_colour(one)),
            "" if one.left is None else f"{one.left} of {one.total}",
            _next(one),
            str(one.waiting or ""),
            one.ai,
        )
        for one in found
    ]
    made = table(columns, rows)
    made.columns[0].min_width = max(cell_len(one.name) for one in found)  # whoever copies a name wants it whole
    out.print(made)
    for one in found:
        if one.words:
            then = f"; then `{one.command}`" if one.command else ""
            out.print(Text(f"{one.name}: {one.words}{then}", style=_colour(one)))


def _next(one: Health) -> str:
    """The next free time, and for which pipeline where there are several."""
    if one.free is None:
        return ""
    at = "now" if one.free <= now() else clock(one.free)
    return f"{at} ({one.free_for})" if len(one.pipelines) > 1 and one.free_for else at


def _colour(one: Health) -> str:
    return COLOURS[one.state] if one.well else "red"
