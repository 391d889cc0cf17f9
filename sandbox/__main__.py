"""`python -m sandbox --port 8100`: every simulated platform behind one address, until Ctrl-C.

It prints the address as `export REELMILL_SANDBOX=http://127.0.0.1:8100`. What is there besides the platforms, the page
of what became public and the troubles that can be set, is in `sandbox.console`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sandbox.platforms import PLATFORMS, find
from sandbox.server import sandbox
from sandbox.servers import all_servers


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    parser = _parser()
    told = parser.parse_args(arguments)
    names = told.platforms or list(PLATFORMS)
    servers = [] if told.platforms else all_servers()
    if unknown := [name for name in names if name not in PLATFORMS]:
        parser.error(f"no platform is called {unknown[0]!r}; there are {', '.join(PLATFORMS)}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with sandbox([*map(find, names), *servers], port=told.port, folder=told.folder) as running:
            if told.relaxed:
                for platform in running.platforms.values():
                    platform.relax()
            sys.stdout.write(f"export REELMILL_SANDBOX={running.url}\n")
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        sys.stderr.write(f"port {told.port} cannot be served: {error}; --port 0 takes any that is free\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description="Serve simulated platforms on loopback.")
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=f"of {', '.join(PLATFORMS)} (default: all)")
    parser.add_argument("--port", type=int, default=8100, help="0: any that is free (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where uploads are kept (default: a temporary one)")
    parser.add_argument("--relaxed", action="store_true", help="no limits on calls, no caps, no smallest sizes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
