"""The thread that has the engine: one job after the other, for as long as the server lives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from reelmill.content import Clip
from reelmill.errors import EngineError, Interrupted, ReelmillError, StorageError
from wan_engine.base import Engine, Failure
from wan_engine.server.current import Current
from wan_engine.server.folder import StateFolder
from wan_engine.server.job import Job, code_of
from wan_engine.server.metrics import DONE, FAILED, Figures
from wan_engine.server.queueing import Queue

#: Seconds after which an idle worker looks for what has expired.
IDLE = 30.0
#: Seconds until a table that could not be written is tried again.
PAUSE = 2.0
#: Seconds between a shot's failure and its verdict: what stops the whole service may reach its encoder first.
SECOND_THOUGHT = 0.5

log = logging.getLogger("reelmill.engine")


class Worker:
    """Makes the films that wait in a queue. Nobody else may use its engine.

    A shot that fails, and an engine that breaks down, end their job and nothing else.
    """

    def __init__(self, engine: Engine, queue: Queue, folder: StateFolder, figures: Figures) -> None:
        self._engine, self._queue, self._folder, self._figures = engine, queue, folder, figures
        self._changed = threading.Condition()  # guards what follows
        self._current: Current | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is a new job."""
        with self._changed:
            self._changed.notify_all()

    def percent(self, identity: str) -> int:
        """How far a job is; 0 unless it is the one in the making."""
        with self._changed:
            return self._current.percent if self._current is not None and self._current.job.id == identity else 0

    def cancel(self, identity: str) -> None:
        """Stop making a job that was deleted, if it is the one in the making."""
        with self._changed:
            if self._current is not None and self._current.job.id == identity:
                self._current.token.cancel()

    @property
    def trouble(self) -> str:
        """Why nothing is made any more; "" if all is well."""
        if self._stopping:
            return "the server stops"
        return "" if self._thread.is_alive() else "the worker has ended: start the server again"

    def stop(self) -> None:
        """Begin nothing more, and put the job in the making back. Returns at once."""
        with self._changed:
            self._stopping = True
            if self._current is not None:
                self._current.token.cancel()
            self._changed.notify_all()

    def join(self, patience: float) -> bool:
        """Wait for the end so many seconds; whether it came."""
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (current := self._next()) is not None:
            self._figures.began(time.time() - current.job.created_at)
            try:
                self._make(current)
            except StorageError:
                log.warning("how %s has ended cannot be written: the next start makes it anew", current.job.id)
            except Exception:  # whatever is wrong here, the next job has its chance
                log.exception("%s has ended badly", current.job.id)
            finally:
                with self._changed:
                    self._current = None
                self._figures.rested()
        self._unload()

    def _next(self) -> Current | None:
        """The next job, as soon as there is one. None: the server stops."""
        with self._changed:
            while not self._stopping:
                try:
                    for expired in self._queue.sweep():
                        self._folder.discard(expired)
                    job = self._queue.take()
                except (OSError, StorageError) as error:
                    log.warning("no job can be taken: %s", error)
                    self._changed.wait(PAUSE)
                    continue
                if job is not None:
                    # Under the lock: who deletes it from now on finds its token here.
                    self._current = Current(job)
                    return self._current
                self._changed.wait(IDLE)
        return None

    def _make(self, current: Current) -> None:
        """One job to its end, whichever it is."""
        job, began = current.job, time.monotonic()
        log.info("%s begins: %dx%d, %d frames", job.id, job.shot.width, job.shot.height, job.shot.frames)
        try:
            clip = self._film(current)
        except Interrupted:
            self._interrupted(current)
        except ReelmillError as error:
            if self._stops_with_it():
                self._interrupted(current)
            else:
                self._failed(job, code_of(error), str(error))
        except OSError as error:
            self._failed(job, "storage_error", f"the film cannot be written: {error.strerror}")
        except Exception:  # whatever an engine raises, the next job has its chance
            log.exception("%s: the engine broke down", job.id)
            self._failed(job, "internal_error", "the engine broke down; the server's log says where")
            self._unload()
        else:
            self._done(job, clip, time.monotonic() - began)

    def _film(self, current: Current) -> Clip:
        """Have the engine make the shot, and put its film where it stays."""
        shot = current.job.shot
        made: Clip | None = None
        error: ReelmillError | None = None
        images = {shot.image: self._folder.picture(current.job.id)} if shot.image is not None else {}
        with self._folder.scratch() as scratch:
            for outcome in self._engine.generate(
                [shot], scratch, images=images, progress=current.listen, cancel=current.token
            ):
                if isinstance(outcome, Failure):
                    error = outcome.error
                else:
                    self._folder.keep_film(outcome.path, current.job.id)
                    made = outcome
        if made is None:
            raise error or EngineError("the engine gave neither a clip nor a reason", "")
        return made

    def _done(self, job: Job, clip: Clip, seconds: float) -> None:
        record = {**clip.record, "seconds_taken": round(seconds, 3)}
        if not self._insist(lambda: self._queue.complete(job, clip.sha256, record)):
            self._folder.discard(job.id)
            return
        self._folder.discard_picture(job.id)
        self._figures.made(clip, seconds)
        self._figures.ended(DONE)
        log.info("%s is done after %.1f s", job.id, seconds)

    def _failed(self, job: Job, code: str, reason: str) -> None:
        if self._insist(lambda: self._queue.fail(job, code, reason)):
            self._figures.ended(FAILED)
            log.warning("%s has failed: %s", job.id, reason)
        self._folder.discard(job.id)

    def _interrupted(self, current: Current) -> None:
        """It was deleted, the server stops, or somebody else has ended a process of the engine's."""
        job = current.job
        log.info("%s is interrupted", job.id)
        if not self._insist(lambda: self._queue.put_back(job, blameless=self._stopping)):
            self._folder.discard(job.id)

    def _stops_with_it(self) -> bool:
        """Whether a shot has failed because the server stops: an init system tells the encoder so before us."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, SECOND_THOUGHT)

    def _insist(self, write: Callable[[], bool]) -> bool:
        """Write to the table, however long the disk is full. While the server stops, what stands there stays true."""
        while True:
            try:
                return write()
            except StorageError as error:
                log.warning("%s", error)
                with self._changed:
                    if self._stopping:
                        raise
                    self._changed.wait(PAUSE)

    def _unload(self) -> None:
        try:
            self._engine.close()
        except Exception:  # an engine that broke down may break down once more
            log.exception("the engine cannot be closed")
