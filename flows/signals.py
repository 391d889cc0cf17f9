"""What SIGTERM means to a run at a terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Within a flow, SIGTERM does what Ctrl-C does: the first one stops the run gently.

    Prefect puts a handler of its own there for the time of a flow, which would cut it off wherever it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are never handled here
        return
    before = signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
