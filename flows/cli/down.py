"""`reelmill down`: stop the local Prefect server."""

from __future__ import annotations

from flows import server
from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from reelmill.settings import Settings


def down(*, as_json: AsJson = False) -> int:
    """Stop the local Prefect server. The next run starts it again; nothing is lost."""
    stopped = server.stop(Settings())
    if as_json:
        print_json({"stopped": stopped.url if stopped else None})
    else:
        console().print(f"stopped {stopped.page}" if stopped else "no local Prefect server was running")
    return OK
