"""What a run has at hand: the ledger, the definition that it obeys, the engine, the detectors, and a way to stop."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from flows.definition import Definition
from flows.observer import Observer
from flows.opening import restore
from flows.pipeline import Pipeline
from records.ledger import Ledger
from records.tables import Run
from reelmill.errors import StorageError
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from wan_engine.base import Engine

if TYPE_CHECKING:  # each is imported where it is first needed: a run that finds everything done needs none of them
    from reelmill.fetching import Fetcher
    from tasks.publishing.context import TargetContext
    from tasks.screening.stage import Screener

#: Seconds between two looks at whether the run still goes on.
LOOK = 0.5
#: Videos in hand beyond those that are being finished, so that one is always being screened. With one, the screeners
#: had nothing to do for 12 % of a batch; with two, for 2 %, and the batch took no more memory.
AHEAD = 2


class Workshop:
    """Shared by the threads of one run. What is expensive is made when it is first needed, and once."""

    def __init__(
        self, settings: Settings, ledger: Ledger, run: Run, observer: Observer, *, shared: bool = False
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.run = run
        self.observer = observer
        self.cancel = observer.cancel
        self.shared = shared  #: other processes carry videos of this run, too
        self.hands = settings.parallel + AHEAD  #: threads that carry videos
        self._finishing = threading.Semaphore(settings.parallel)
        self._making = threading.RLock()

    @cached_property
    def definition(self) -> Definition:
        """The definition as it was when the run was opened: a file that was edited since changes nothing."""
        return restore(self.run.definition, self.settings)

    @property
    def pipeline(self) -> Pipeline:
        return self.definition.pipeline(self.run.pipeline)

    @cached_property
    def fetcher(self) -> Fetcher:
        from reelmill.fetching import Fetcher

        return Fetcher(allow=self.settings.fetch_private)

    @cached_property
    def _engine(self) -> Engine:
        return engine_of(self.pipeline.generate, self.settings)

    @cached_property
    def _screener(self) -> Screener:
        from flows.screening import screener_of

        options, folder = self.pipeline.screen, self.definition.folder
        platforms = self.definition.platforms(self.run.pipeline)
        return screener_of(options, folder, platforms, threads=self.settings.screening_threads)

    @property
    def engine(self) -> Engine:
        with self._making:
            return self._engine

    @property
    def screener(self) -> Screener:
        with self._making:
            return self._screener

    @cached_property
    def _publishing(self) -> TargetContext:
        from flows.posting import context_for

        return context_for(self.ledger, self.definition, self.settings)

    @property
    def publishing(self) -> TargetContext:
        """What targets have at hand."""
        with self._making:
            return self._publishing

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """A place where a video is finished. There are as many as `REELMILL_WORKERS` says.

        Raises
        ------
        Interrupted
            If the run ends while it waits for one.
        """
        while not self._finishing.acquire(timeout=LOOK):
            self.cancel.check()
        try:
            yield
        finally:
            self._finishing.release()

    @contextmanager
    def scratch(self, video_id: UUID) -> Iterator[Path]:
        """A folder for half-made files of one video. What a dead process left there is swept away first."""
        folder = self.settings.scratch / str(video_id)
        _sweep(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be made: {error.strerror}", "make room or make it writable, then resume the run"
            ) from error
        try:
            yield folder
        finally:
            _sweep(folder)

    def close(self) -> None:
        """Give back what is loaded."""
        if "_engine" in self.__dict__:
            self._engine.close()
        if "_screener" in self.__dict__:
            self._screener.close()
        if "_publishing" in self.__dict__:
            self._publishing.close()


def _sweep(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
