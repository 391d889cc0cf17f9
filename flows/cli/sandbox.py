"""`reelmill sandbox`: every platform, simulated on this machine, to rehearse a pipeline without an account."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators
from rich.text import Text

from flows.cli.app import OK
from flows.cli.output import console
from reelmill.errors import UseError
from reelmill.settings import Settings


def sandbox(
    *,
    port: Annotated[
        int,
        Parameter(
            help="Where it listens, on this machine only. 0: any that is free.",
            validator=validators.Number(gte=0, lte=65535),
        ),
    ] = 8100,
) -> int:
    """Serve simulated platforms until Ctrl-C, with a receiver of webhooks and a bucket in place of your own.

    With REELMILL_SANDBOX set, every post goes to them and to nobody else.
    """
    from sandbox.platforms import all_platforms
    from sandbox.server import sandbox as serve
    from sandbox.servers import all_servers

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    folder = Path(Settings().home) / "sandbox"
    out = console()
    with ExitStack() as held:
        try:
            running = held.enter_context(serve([*all_platforms(), *all_servers()], port=port, folder=folder))
        except OSError as error:
            raise UseError(
                f"port {port} cannot be served: {error.strerror}", "--port 0 takes any that is free"
            ) from error
        out.print(f"simulated: {', '.join(sorted(running.platforms))}")
        out.print("sftp: posts go into a folder HOST.sandbox beside the definition")
        out.print(f"what became public: {running.url}")
        out.print("in another terminal:")
        out.print(Text(f"  export REELMILL_SANDBOX={running.url}", style="bold"))
        out.print(Text("  reelmill run PIPELINE", style="bold"))
        out.print("Ctrl-C stops it and forgets what became public", style="dim")
        sys.stdout.flush()  # a script that starts it reads the address
        stop.wait()
    return OK
