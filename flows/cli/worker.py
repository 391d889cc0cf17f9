"""`reelmill worker`: serve a work pool on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows import server, tracing
from flows.cli.app import OK
from reelmill.settings import Settings


def worker(
    pool: Annotated[str, Parameter(help="The work pool.")] = "default",
    /,
    *,
    limit: Annotated[int | None, Parameter(help="Runs at once. Default: 1 for `gpu`, 4 for others.")] = None,
    name: Annotated[str, Parameter(help="What the dashboard calls it. Default: pool and host.")] = "",
    queue: Annotated[list[str] | None, Parameter(help="Serve only these queues.")] = None,
    drain_seconds: Annotated[float, Parameter(help="At the end, how long runs may take to put work down.")] = 300,
) -> int:
    """Serve a work pool until SIGTERM or Ctrl-C; then runs put their work down, and the next worker goes on with it."""
    from reelmill import logs

    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    tracing.configure("reelmill-worker")
    at_home(settings)
    server.connect(settings)
    from flows.worker import Assignment, work

    host = socket.gethostname()
    most = limit if limit is not None else (1 if pool.startswith("gpu") else 4)
    work(Assignment(pool, name or f"{pool} on {host} ({os.getpid()})", most, drain_seconds, tuple(queue or ())))
    return OK


def at_home(settings: Settings) -> None:
    """Tell the processes that are started here where this machine keeps its things: they start in another folder."""
    os.environ["REELMILL_HOME"] = str(settings.folder)
    os.environ["REELMILL_GENERATION"] = settings.generation
    for name, value in (("REELMILL_PROJECT", settings.project), ("REELMILL_STORE_URL", settings.store_url)):
        if value and "://" not in value:
            os.environ[name] = str(Path(value).absolute())
