"""Executes a run that is open in the ledger, shows it, and says at the end what there is and what to type next."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence

from rich.text import Text

from flows import server
from flows.cli.app import FAILED, OK
from flows.cli.output import console, print_json
from flows.cli.run_table import posts_by_target, run_as_json, videos_table
from flows.cli.terminal import watched
from flows.observer import Observer, watching
from flows.post_status import BY_ITSELF, Status, outlook, outlook_of
from records.ledger import Ledger
from records.runs import Tally
from records.states import RunState
from records.tables import Run
from reelmill.settings import Settings


def execute(settings: Settings, run: Run, *, as_json: bool) -> int:
    """Run the flow in this process and report.

    Returns
    -------
    int
        The exit code.
    """
    began = time.monotonic()
    url = server.connect(settings)
    with watched(quiet=as_json) as observer:
        try:
            broken = execute_watched(run, observer)
        except KeyboardInterrupt:  # the second one: the ledger knows how far it came
            broken = None
    if broken is not None:
        raise broken  # the ledger could not be told, so it has nothing to report
    with Ledger(settings) as ledger:
        return _report(ledger, run, url, time.monotonic() - began, as_json=as_json)


def execute_watched(run: Run, observer: Observer) -> Exception | None:
    """Run the flow in this process, on the Prefect API that `server.connect` chose.

    Returns
    -------
    Exception | None
        What broke the flow itself, such as a ledger that cannot be written. Failures of videos are in the ledger.
    """
    # Prefect takes a second to import, and reads its settings then.
    from prefect.exceptions import CancelledRun, FailedRun
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from flows.batch import run_pipeline

    # The heartbeat thread costs a second at the end of each run; the lease in the ledger is our heartbeat.
    with watching(observer), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        about = {"event_id": run.occasion} if run.event is not None else {"date": run.occasion}
        state = run_pipeline(run.pipeline, **about, run_id=str(run.id), return_state=True)
    outcome = state.data if isinstance(state.data, Exception) else state.result(raise_on_failure=False)
    return outcome if isinstance(outcome, Exception) and not isinstance(outcome, FailedRun | CancelledRun) else None


def _report(ledger: Ledger, run: Run, url: str, seconds: float, *, as_json: bool) -> int:
    ended = ledger.runs.get(run.id)
    assert ended is not None
    tally = ledger.runs.tallies([ended])[ended.id]
    code = OK if ended.state in {RunState.DONE, RunState.IN_REVIEW} else FAILED
    page = f"{url.removesuffix('/api')}/runs/flow-run/{ended.flow_run_id}"
    if as_json:
        print_json({**run_as_json(ledger, ended), "seconds": round(seconds, 3), "page": page})
        return code
    out = console()
    out.print(videos_table(ledger, ended))
    for line in posts_by_target(ledger, ended):
        out.print(line)
    what = f"{ended.pipeline} {ended.occasion}: {ended.state.value.replace('_', ' ')}"
    out.print(Text.assemble((what, "bold"), f" in {seconds:.1f} s"))
    for line in closing_words(ended, tally, outlook_of(ledger, ended, local=True)):
        out.print(line)
    out.print(f"dashboard: {page}", style="dim")
    return code


def closing_words(run: Run, tally: Tally, posts: Sequence[Status]) -> list[str]:
    """What is there, what is still to come, what is left behind, and the next command.

    Parameters
    ----------
    posts:
        How those stand that are not live.
    """
    again = f"reelmill resume {run.pipeline}@{run.occasion}"
    words = [str(tally)] if tally.found else []
    words += _posts_to_come(tally, posts, f"{run.pipeline}@{run.occasion}")
    match run.state:
        case RunState.FAILED if tally.found and tally.states.get("failed", 0):
            words.append(f"everything finished is kept; try the failed ones again with `{again}`")
        case RunState.FAILED:
            words.append(f"{run.reason}\nnothing is lost; try again with `{again}`")
        case RunState.INTERRUPTED:
            words.append(f"{run.reason}; everything finished is kept; go on with `{again}`")
        case RunState.RUNNING:  # it was stopped before it had begun
            words.append(f"everything finished is kept; go on with `{again}`")
        case RunState.IN_REVIEW:
            words.append("some videos wait for a person: see `reelmill review list`")
        case _:
            pass
    return words


def _posts_to_come(tally: Tally, posts: Sequence[Status], name: str) -> list[str]:
    """`12 done, 9 posts wait for their time (next 18:20)`, and the commands that help."""
    told = outlook(posts)
    if not told:
        return []
    words = [", ".join([f"{tally.states.get('done', 0)} done", *told])]
    if any(one.kind in BY_ITSELF for one in posts):
        words.append("`reelmill up` sends them when their time comes, and so does `reelmill reconcile`")
    if any(one.command for one in posts):
        words.append(f"what needs you, and what to type: `reelmill posts --pipeline {shlex.quote(name)}`")
    return words
