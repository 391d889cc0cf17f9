"""How a worker that stops asks the runs in its processes to put their work down: by a file that appears."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.observer import Observer

#: Names the file, in the environment of the processes that a worker starts.
VARIABLE = "REELMILL_PUT_DOWN"
#: Seconds between two looks.
EVERY = 0.5


@contextmanager
def heeding(observer: Observer) -> Iterator[None]:
    """Stop the observed run gently when its worker is about to stop. Without a worker of ours, nothing happens."""
    named = os.environ.get(VARIABLE)
    if not named:
        yield
        return
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(Path(named), observer, ended), name="put-down", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(flag: Path, observer: Observer, ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        # A folder that is gone means that the worker is: nobody is left to wait for this run, so it goes on alone.
        if flag.exists():
            observer.put_down = True
            observer.cancel.cancel()
            return
