"""`reelmill runs`: the newest runs and their counts."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, state, table
from flows.cli.run_table import run_as_json
from flows.post_status import counts, outlooks_of
from records.ledger import Ledger
from records.runs import Tally
from records.states import RunState
from records.tables import Run
from reelmill.settings import Settings


def runs(
    pipeline: Annotated[str, Parameter(help="Only this pipeline's.")] = "",
    /,
    *,
    state: Annotated[tuple[RunState, ...], Parameter(help="Only runs in this state.", negative="")] = (),
    limit: Annotated[int, Parameter(help="How many.")] = 20,
    as_json: AsJson = False,
) -> int:
    """List runs with their counts, newest first."""
    with Ledger(Settings()) as ledger:
        found = ledger.runs.recent(limit=limit, pipeline=pipeline, states=state)
        if as_json:
            print_json([run_as_json(ledger, run, videos=False) for run in found])
            return OK
        tallies = ledger.runs.tallies(found)
        waiting = outlooks_of(ledger, found, local=True)
    out = console()
    if not found:
        out.print("no runs yet; start one with `reelmill run PIPELINE`")
        return OK
    columns = dict.fromkeys(("id", "pipeline", "occasion", "state"), "left")
    columns |= dict.fromkeys(("done", "found", "failed"), "right") | {"opened": "left"}
    rows = [_row(run, tallies[run.id]) for run in found]
    if any(waiting.values()):  # what is still to be told of posts; those that are live are not
        columns["posts"] = "!left"
        how = (counts(waiting[run.id]) for run in found)
        rows = [(*row, words) for row, words in zip(rows, how, strict=True)]
    out.print(table(columns, rows))
    return OK


def _row(run: Run, tally: Tally) -> tuple[str | Text, ...]:
    return (
        str(run.id)[:8],
        run.pipeline,
        run.occasion,
        state(run.state.value),
        str(tally.states.get("done", 0)),
        str(tally.found),
        str(tally.states.get("failed", 0) or ""),
        run.opened_at.astimezone().strftime("%Y-%m-%d %H:%M"),
    )
