"""Trying again what may work in a moment: few times, with pauses that grow, and never against the other side's wish."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from reelmill.errors import StorageError, TransientError

T = TypeVar("T")

#: Seconds before the second attempt, the third …
PAUSES = (0.5, 2.0, 8.0)
#: Who asks for a longer pause is obeyed by giving up: the run is tried again later as a whole. In seconds.
LONGEST_PAUSE = 30.0


def patiently(
    call: Callable[[], T], pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep
) -> T:
    """What a call returns, once it does.

    Raises
    ------
    StorageError
        At once.
    TransientError
        If the last attempt failed as well, or the other side wants to be left alone for longer.
    """
    for pause in pauses:
        try:
            return call()
        except StorageError:
            raise  # no pause makes room on a disk
        except TransientError as error:
            wanted = pause if error.retry_after is None else error.retry_after
            if wanted > LONGEST_PAUSE:
                raise
            sleep(wanted)
    return call()
