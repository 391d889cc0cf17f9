"""`reelmill resume`: go on with a run as it was planned."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from records.ledger import Ledger
from records.states import RunState
from reelmill.settings import Settings

#: The states of a run in which there is something to go on with.
UNFINISHED = (RunState.RUNNING, RunState.INTERRUPTED, RunState.FAILED)


def resume(
    run: Annotated[str, Parameter(help="An id, PIPELINE, or PIPELINE@DATE. Default: the newest unfinished.")] = "",
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Go on with a run that was stopped or has failures. Nothing that is finished is made again."""
    from flows.cli.execution import execute

    settings = Settings()
    with Ledger(settings) as ledger:
        if run:
            found = ledger.runs.find(run)
        else:
            unfinished = ledger.runs.recent(limit=1, states=UNFINISHED)
            if not unfinished:
                if as_json:
                    print_json(None)
                else:
                    console().print("nothing to resume: every run is at its end")
                return OK
            found = unfinished[0]
        resumed = ledger.runs.resume(found.id)
    return execute(settings, resumed, as_json=as_json) or OK
