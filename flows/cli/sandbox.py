"""`reelmill sandbox`: every platform, simulated on this machine, to rehearse a pipeline without an account."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import OK
from flows.cli.output import console
from reelmill.settings import Settings


def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where it listens, on this machine only.")] = 8100,
) -> int:
    """Serve simulated platforms until Ctrl-C. With REELMILL_SANDBOX set, every post goes to them and to nobody else."""
    from sandbox.platforms import all_platforms
    from sandbox.server import sandbox as serve

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    folder = Path(Settings().home) / "sandbox"
    out = console()
    with serve(all_platforms(), port=port, folder=folder) as running:
        out.print(f"simulated: {', '.join(sorted(running.platforms))}")
        out.print(f"what became public: {running.url}")
        out.print("in another terminal:")
        out.print(Text(f"  export REELMILL_SANDBOX={running.url}", style="bold"))
        out.print(Text("  reelmill run PIPELINE", style="bold"))
        out.print("Ctrl-C stops it and forgets what became public", style="dim")
        stop.wait()
    return OK
