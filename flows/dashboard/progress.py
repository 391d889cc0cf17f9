"""How far a run, or a piece of one, is: as a number in the dashboard."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from types import TracebackType
from typing import Self, cast
from uuid import UUID

from flows.dashboard.calling import attempt
from records.tables import Run

#: Seconds between two updates. Each is a request, and nobody reads faster.
SECONDS = 2.0
#: Seconds until the next attempt when one failed: each is a warning in the log.
AFTER_FAILURE = 30.0
#: Seconds that the end waits for its last update.
PATIENCE = 10.0


class Progress:
    """A number from 0 to 100 that only grows. To be made in the flow, which it then belongs to.

    Any thread may update it, and none waits for it: a thread of its own tells the dashboard every few seconds, and at
    the end of the block.

        with Progress.of(run) as progress:
            progress.update(0.5)

    Parameters
    ----------
    title:
        What it is the progress of, for people.
    name:
        Of the artifact.
    seconds:
        Between two updates.
    """

    def __init__(self, title: str, name: str, *, seconds: float = SECONDS) -> None:
        from prefect.artifacts import create_progress_artifact

        self._what = f"the progress of {title}"
        self._seconds = seconds
        self._reached = 0.0  #: as far as the run is
        self._lock = threading.Lock()
        self._ended = threading.Event()
        artifact = attempt(
            self._what,
            lambda: cast("UUID", create_progress_artifact(0.0, key=name, description=title)),
        )
        self._teller = threading.Thread(
            target=copy_context().run, args=(self._tell, artifact), name="progress", daemon=True
        )
        if artifact is not None:
            self._teller.start()

    @classmethod
    def of(cls, run: Run, *, seconds: float = SECONDS) -> Self:
        """The progress of a run."""
        return cls(f"{run.pipeline} {run.occasion}", key("progress", run.pipeline), seconds=seconds)

    def update(self, fraction: float) -> None:
        """Say that this part of it, from 0 to 1, is done."""
        with self._lock:
            self._reached = max(self._reached, min(fraction, 1.0))

    def finish(self) -> None:
        """Tell how far it came, and no more after that, without waiting for it."""
        self._ended.set()

    def close(self) -> None:
        """Tell how far it came, if that was not told yet."""
        self.finish()
        if self._teller.ident is not None:
            self._teller.join(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, artifact: UUID) -> None:
        from prefect.artifacts import update_progress_artifact

        shown, pause = 0.0, self._seconds
        with _single_attempts():
            while True:
                last = self._ended.wait(pause)
                pause = self._seconds
                if (reached := self._reached) > shown:
                    percent = round(reached * 100, 1)
                    if attempt(self._what, lambda percent=percent: update_progress_artifact(artifact, percent)) is None:  # type: ignore[misc]
                        pause = AFTER_FAILURE
                    else:
                        shown = reached
                if last:
                    return


@contextmanager
def _single_attempts() -> Iterator[None]:
    """Have Prefect's client give up at the first failure: it would try again for a minute, for a number.

    As `prefect.settings.temporary_settings`, which reads every setting anew, and takes a third of a second for that.
    """
    from prefect.context import SettingsContext

    now = SettingsContext.get()
    assert now is not None
    client = now.settings.client.model_copy(update={"max_retries": 0})
    with now.model_copy(update={"settings": now.settings.model_copy(update={"client": client})}):
        yield


def key(noun: str, pipeline: str) -> str:
    """The name of a pipeline's artifact: Prefect takes small letters, digits and dashes only.

    >>> key("progress", "product_animation")
    'progress-product-animation'
    """
    return f"{noun}-{re.sub(r'[^a-z0-9]+', '-', pipeline)}"
