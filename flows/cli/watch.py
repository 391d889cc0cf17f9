"""`reelmill watch`: deploy again whenever the definition changes."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from flows.cli.app import OK
from flows.cli.options import DEFINITION, File
from flows.cli.output import console
from reelmill.errors import DefinitionError, ReelmillError
from reelmill.settings import Settings

#: Seconds between two looks at the file.
EVERY = 1.0


def watch(*, file: File = DEFINITION) -> int:
    """Deploy, and deploy again whenever the file changes. A file with mistakes is told of, and changes nothing."""
    from flows.cli.deploy import deploy_file
    from flows.definition import load

    settings, stop = Settings(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    deploy_file(settings, load(file), dry_run=False)
    console().print(f"watching {file}; Ctrl-C ends it")
    keep_watching(settings, file, stop)
    return OK


def keep_watching(settings: Settings, file: Path, stop: threading.Event) -> None:
    """Look at the file again and again, and deploy what it says when its content changes."""
    from flows.cli.deploy import deploy_file
    from flows.definition import load

    out = console()
    seen = _content(file)
    while not stop.wait(EVERY):
        found = _content(file)
        # An editor empties a file before it writes it: what is not there, or empty, is looked at again.
        if not found or found == seen:
            continue
        seen = found
        try:
            deploy_file(settings, load(file), dry_run=False)
        except DefinitionError as error:
            out.print(f"{error}\nnothing was deployed")
        except ReelmillError as error:
            out.print(f"nothing was deployed: {error}")
            seen = b""  # it may work in a second


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
