"""`reelmill deploy`: hand the pipelines to Prefect."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows import server
from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json
from flows.definition import Definition, load
from records.ledger import Ledger
from reelmill.settings import Settings

#: How a change is marked, as in a plan.
MARKS = {"new": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red"), "unchanged": (" ", "dim")}


def deploy(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only say what would change.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Hand the pipelines of a definition to Prefect: schedules, triggers, pools. Only what changed is touched."""
    deploy_file(Settings(), load(file), dry_run=dry_run, as_json=as_json)
    return OK


def deploy_file(settings: Settings, definition: Definition, *, dry_run: bool, as_json: bool = False) -> None:
    """Deploy a definition and report what was done."""
    server.connect(settings)
    from prefect.client.orchestration import get_client

    from flows.deploying import deploy as deploy_all
    from flows.deploying import plan_changes

    with Ledger(settings) as ledger, get_client(sync_client=True) as client:
        act = plan_changes if dry_run else deploy_all
        changes = act(client, ledger, settings, definition)
    if as_json:
        told = [{"pipeline": one.pipeline, "action": one.action, "details": list(one.details)} for one in changes]
        print_json({"dry_run": dry_run, "changes": told})
        return
    out = console()
    for change in changes:
        mark, colour = MARKS[change.action]
        out.print(f"{mark} {change.pipeline}: {change.action}", style=colour)
        for line in change.details:
            out.print(f"    {line}")
    touched = sum(change.action != "unchanged" for change in changes)
    if dry_run:
        out.print("nothing was done; leave --dry-run out to do it" if touched else "nothing would change")
    elif not touched:
        out.print("nothing has changed")
