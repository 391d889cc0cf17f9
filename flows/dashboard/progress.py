"""How far a run is, as a number in the dashboard."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast
from uuid import UUID

from flows.dashboard.calling import attempt
from records.tables import Run

#: Seconds between two updates. Each is a request, and nobody reads faster.
SECONDS = 2.0


class Progress:
    """A number from 0 to 100 that only grows. To be made in the flow, which it then belongs to.

    Any thread may update it, and none waits for another one's request. At most one request is made each two seconds;
    the end is always told, at once when it is reached, or when the block is left:

        with Progress(run) as progress:
            progress.update(0.5)

    Parameters
    ----------
    clock:
        Seconds from any beginning.
    """

    def __init__(self, run: Run, *, clock: Callable[[], float] = time.monotonic) -> None:
        from prefect.artifacts import create_progress_artifact

        name = f"{run.pipeline} {run.occasion}"
        self._what = f"the progress of {name}"
        self._clock = clock
        self._lock = threading.Lock()
        self._reached = 0.0  #: as far as the run is
        self._shown = 0.0  #: as far as the dashboard says
        self._sent_at = clock()
        self._sending = False
        self._artifact: UUID | None = attempt(
            self._what,
            lambda: cast("UUID", create_progress_artifact(0.0, key=key("progress", run.pipeline), description=name)),
        )

    def update(self, fraction: float) -> None:
        """Say that this part of the run, from 0 to 1, is done."""
        with self._lock:
            self._reached = max(self._reached, min(fraction, 1.0))
        self._tell(at_once=self._reached >= 1.0)

    def close(self) -> None:
        """Tell how far it came, if that was not told yet."""
        self._tell(at_once=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, *, at_once: bool) -> None:
        while (fraction := self._take(at_once=at_once)) is not None:
            told = False
            try:
                told = self._send(fraction)
            finally:
                with self._lock:
                    self._sending = False
                    if told:
                        self._shown = fraction
                    else:
                        self._artifact = None  # it was logged; asking again would only hold the run up

    def _take(self, *, at_once: bool) -> float | None:
        """What is to be sent now by this thread, if anything."""
        with self._lock:
            if self._artifact is None or self._sending or self._reached <= self._shown:
                return None
            if not at_once and self._reached < 1.0 and self._clock() - self._sent_at < SECONDS:
                return None
            self._sending, self._sent_at = True, self._clock()
            return self._reached

    def _send(self, fraction: float) -> bool:
        from prefect.artifacts import update_progress_artifact
        from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

        artifact = self._artifact
        assert artifact is not None
        # Prefect's client would try again for a minute, and a video's thread would wait for a number.
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
            return attempt(self._what, lambda: update_progress_artifact(artifact, round(fraction * 100, 1))) is not None


def key(noun: str, pipeline: str) -> str:
    """The name of a pipeline's artifact: Prefect takes small letters, digits and dashes only.

    >>> key("progress", "product_animation")
    'progress-product-animation'
    """
    return f"{noun}-{re.sub(r'[^a-z0-9]+', '-', pipeline)}"
