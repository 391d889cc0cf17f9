"""Stops work that nobody wants any more: somebody else closed the run that it is for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from flows.observer import Observer
from records.ledger import Ledger
from records.states import RunState
from reelmill.errors import TransientError

#: Seconds between two looks.
EVERY = 2.0


def is_running(ledger: Ledger, run_id: UUID) -> bool:
    """Whether a run goes on."""
    run = ledger.runs.get(run_id)
    return run is not None and run.state is RunState.RUNNING


@contextmanager
def while_wanted(observer: Observer, wanted: Callable[[], bool]) -> Iterator[None]:
    """Cancel the observed work soon after it is wanted no more.

    Parameters
    ----------
    wanted:
        Asked every few seconds, from another thread.
    """
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY):
            try:
                if wanted():
                    continue
            except TransientError:
                continue  # the ledger is away; whoever writes to it next says so
            observer.cancel.cancel()
            return

    watcher = threading.Thread(target=watch, name="wanted", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
