"""`reelmill down`: stop what runs in the background on this machine."""

from __future__ import annotations

import contextlib
import os
import signal

from flows import house, server
from flows.cli.app import FAILED, OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from reelmill.settings import Settings

#: How long `reelmill up` may take to stop: its runs put their work down first. Seconds.
LONGEST_STOP = 330.0


def down(*, as_json: AsJson = False) -> int:
    """Stop `reelmill up` and the local Prefect server. Runs put their work down first; nothing is lost."""
    settings = Settings()
    out = console()
    found = house.read(settings)
    was_up = found is not None and found.alive
    local = server.running(settings)
    if found is not None and was_up:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.process, signal.SIGTERM)
        if not as_json:
            out.print("stopping; runs put their work down after the clip in hand")
        if not house.wait_until_gone(found.process, found.began, LONGEST_STOP):
            out.print(f"process {found.process} does not end; its log is in {settings.folder / 'logs'}")
            return FAILED
    server.stop(settings)
    if as_json:
        print_json({"stopped": local.url if local else None, "up": was_up})
    elif was_up:
        out.print("stopped; `reelmill up` goes on where it was")
    else:
        out.print(f"stopped {local.page}" if local else "no local Prefect server was running")
    return OK
