"""Where clients are served: orders are taken, answered for, and taken back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from reelmill.content import Json
from reelmill.errors import StorageError
from wan_engine.base import Engine
from wan_engine.server.folder import StateFolder
from wan_engine.server.job import Job
from wan_engine.server.jobs import Jobs, KeyTaken, QueueFull, new_identity
from wan_engine.server.metrics import CANCELLED, Figures
from wan_engine.server.orders import Order, Served, read_order
from wan_engine.server.refusals import Refusal, not_found, unavailable
from wan_engine.server.worker import Worker
from wan_engine.video_api.inspection import inspect_picture
from wan_engine.video_api.protocol import Status

#: Seconds that a job is taken to last before one was made.
UNKNOWN_PACE = 10.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the server is."""

    engine: str
    model: str
    queued: int
    trouble: str  #: why nothing can be made; "" if all is well


class Desk:
    """One server, as its routes see it. Safe between threads.

    Parameters
    ----------
    engine:
        Says what is legal. It is another object than the worker's: an engine serves one caller at a time.
    most_waiting:
        Jobs that may wait.
    """

    def __init__(
        self, engine: Engine, jobs: Jobs, worker: Worker, folder: StateFolder, figures: Figures, *, most_waiting: int
    ) -> None:
        self._engine, self._jobs, self._worker, self._folder = engine, jobs, worker, folder
        self.figures, self._most_waiting = figures, most_waiting
        self.served = Served(engine.name, engine.model, engine.recommended_steps, engine.recommended_guidance)
        self._asking = threading.Lock()  # the engine that is asked, and one picture in memory at a time
        figures.count_waiting(jobs.waiting)

    def order(self, fields: Mapping[str, Json], picture: bytes | None, key: str | None) -> Job:
        """Take an order, or find the one that was taken with the same idempotency key.

        Raises
        ------
        Refusal
            If it cannot be understood, if the queue is full, or if the key is another order's.
        EngineError, MediaError
            If the engine cannot make it.
        """
        if trouble := self._worker.trouble:
            raise unavailable(trouble)
        order = read_order(fields, self.served, hashlib.sha256(picture).hexdigest() if picture is not None else None)
        try:
            if key is not None and (known := self._jobs.ordered_as(key, order.asked)) is not None:
                return known
            self._check(order)
            job = self._take(order, picture, key)
        except KeyTaken:
            raise Refusal(
                HTTPStatus.UNPROCESSABLE_ENTITY, "key_taken", "another order has this Idempotency-Key",
                "send each order with a key of its own",
            ) from None  # fmt: skip
        except QueueFull:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS, "queue_full", f"{self._most_waiting} jobs wait already",
                "send the same again after the seconds in Retry-After", {"Retry-After": str(self._until_room())},
            ) from None  # fmt: skip
        self._worker.wake()
        return job

    def find(self, identity: str) -> Job:
        """The job with this id; raises `Refusal` if there is none."""
        job = self._jobs.find(identity)
        if job is None:
            raise not_found()
        return job

    def film(self, identity: str) -> tuple[Job, Path]:
        """A job and its film.

        Raises
        ------
        Refusal
            404 while it is not there yet, 409 if it never will be, 410 if it is not there any more.
        """
        job = self._jobs.find(identity)
        if job is None:
            if self._jobs.is_gone(identity):
                raise Refusal(HTTPStatus.GONE, "gone", "the video was deleted, or has expired", "order it anew")
            raise not_found()
        if job.status is Status.FAILED:
            raise Refusal(HTTPStatus.CONFLICT, job.code, f"there is no film: {job.reason}", "")
        if job.status is not Status.COMPLETED:
            raise Refusal(HTTPStatus.NOT_FOUND, "not_ready", f"the video is {job.status.value}", "ask again later")
        return job, self._folder.film(job.id)

    def page(self, after: str | None, limit: int, *, newest_first: bool) -> list[Job]:
        """Up to so many jobs, after the one with this id."""
        beyond = self.find(after).number if after else None
        return self._jobs.page(after=beyond, limit=limit, order="desc" if newest_first else "asc")

    def delete(self, identity: str) -> None:
        """Forget a job; one that waits or is being made is not made any more."""
        job = self._jobs.delete(identity)
        if job is None:
            raise not_found()
        self._worker.cancel(identity)
        if job.status in (Status.QUEUED, Status.IN_PROGRESS):
            self.figures.ended(CANCELLED)
        self._folder.discard(identity)

    def tell(self, job: Job) -> dict[str, Json]:
        """A job as its client is told of it."""
        return job.to_json(self._worker.percent(job.id), preview=self._engine.preview)

    def standing(self) -> Standing:
        """How the server is at the moment."""
        with self._asking:
            trouble = self._worker.trouble or self._engine.unavailable() or ""
        return Standing(self.served.engine, self.served.model, self._jobs.waiting(), trouble)

    def _check(self, order: Order) -> None:
        with self._asking:
            self._engine.check(order.shot)

    def _take(self, order: Order, picture: bytes | None, key: str | None) -> Job:
        """Write an order down; its image comes first, or a job could wait for one that never came."""
        identity = new_identity()
        try:
            if picture is not None:
                self._keep(picture, identity)
            job = self._jobs.add(identity, order.shot, key=key, asked=order.asked, most_waiting=self._most_waiting)
        except BaseException:
            self._folder.discard_picture(identity)
            raise
        if job.id != identity:  # somebody else was quicker with the same key
            self._folder.discard_picture(identity)
        return job

    def _keep(self, picture: bytes, identity: str) -> None:
        try:
            with self._asking:
                self._folder.keep_picture(picture, identity)
                inspect_picture(self._folder.picture(identity))
        except OSError as error:
            raise StorageError(f"the reference image cannot be written: {error.strerror}", "make room") from error

    def _until_room(self) -> int:
        """Seconds until the next job is taken up, by the pace of the last ones."""
        pace = self._jobs.pace() or UNKNOWN_PACE
        return max(1, round(pace))
