"""One call of `generate`: its shots at the server, several at a time, on a thread with an event loop of its own.

An event loop, because a cancel must not wait for a server that is slow to answer: a task that waits for it can be
cancelled at once, a thread cannot. A thread, because the caller's may have a loop already, and because films are
watched and fetched while the caller is busy with the last one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted, ReelmillError
from wan_engine.base import CancelToken, Failure, Progress
from wan_engine.video_api.account import Account
from wan_engine.video_api.address import MODEL, Address
from wan_engine.video_api.catalogue import choose
from wan_engine.video_api.client import Tempo, VideoClient
from wan_engine.video_api.filming import Filming
from wan_engine.video_api.orders import Orders

#: Seconds between two looks of the caller's thread at whether it is cancelled.
LISTEN_SECONDS = 0.05
#: Seconds for the last words to the server: after a cancel or an error, and after all is done.
HURRIED_SECONDS, LEISURELY_SECONDS = 0.6, 5.0
#: Films that are decoded at the same time to see whether they are whole.
INSPECTORS = 2


class Rendering:
    """The shots of one call. A context manager, used by one thread.

    Leaving it by `Interrupted` has every job deleted that is at the server; leaving it by any other exception keeps
    them, for whoever tries again. Files of clips that were not handed over are removed in both cases.
    """

    def __init__(
        self,
        address: Address,
        tempo: Tempo,
        shots: Sequence[Shot],
        folder: Path,
        orders: Orders,
        images: Mapping[str, Path],
        progress: Progress,
    ) -> None:
        self._address, self._tempo, self._orders = address, tempo, orders
        self._shots, self._folder, self._images, self._progress = shots, folder, images, progress
        self._outcomes: queue.SimpleQueue[Clip | Failure | BaseException] = queue.SimpleQueue()
        self._files: dict[str, Path] = {}  # clips that nobody took yet, by shot
        self._stopped = threading.Event()
        self._cancelled, self._patience = False, LEISURELY_SECONDS
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="video-api")
        self._inspectors = ThreadPoolExecutor(INSPECTORS, thread_name_prefix="video-api-inspect")
        self._slots = asyncio.Semaphore(address.shots)
        self._asking, self._model = asyncio.Lock(), ""
        self._account: Account
        self._work: Future[None]

    # The caller's side.

    def __enter__(self) -> Self:
        self._work = self._thread.submit(self._loop_to_its_end)
        return self

    def next(self, token: CancelToken) -> Clip | Failure:
        """The next outcome, whichever shot it is of.

        Raises
        ------
        Interrupted
            If the token fired.
        """
        while True:
            token.check()
            try:
                outcome = self._outcomes.get(timeout=LISTEN_SECONDS)
            except queue.Empty:
                if self._work.done():
                    self._work.result()
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            self._files.pop(outcome.shot_id, None)
            return outcome

    def taken(self, outcome: Clip | Failure) -> None:
        """The caller has kept what it wanted: the server may forget it."""
        if isinstance(outcome, Clip):
            self._loop.call_soon_threadsafe(self._account.take_leave, outcome.shot_id)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancelled = isinstance(error, Interrupted)
        if error is not None:
            self._patience = HURRIED_SECONDS
        self._stopped.set()
        if not self._work.done():
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.shutdown(wait=True)
        for path in self._files.values():
            path.unlink(missing_ok=True)
        if error is None:
            self._work.result()

    # The loop's side.

    def _loop_to_its_end(self) -> None:
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self._inspectors.shutdown(wait=True)

    async def _run(self) -> None:
        async with VideoClient(self._address, self._tempo) as client:
            self._account = Account(client, self._orders)
            filming = Filming(
                client, self._account, self._folder, self._images, self._progress, self._inspectors,
                self._stopped.is_set,
            )  # fmt: skip
            crew = [asyncio.create_task(self._shoot(filming, shot)) for shot in self._shots]
            for task in crew:
                task.add_done_callback(self._tell_of_the_unexpected)
            await self._end.wait()
            client.last_calls()
            for task in crew:
                task.cancel()
            await asyncio.gather(*crew, return_exceptions=True)
            await self._account.close(self._patience, cancelled=self._cancelled)

    async def _shoot(self, filming: Filming, shot: Shot) -> None:
        async with self._slots:
            outcome: Clip | Failure
            try:
                await self._confirm(filming.client, shot)
                outcome = await filming.film(shot)
                self._files[shot.id] = outcome.path
            except Interrupted:
                raise
            except ReelmillError as error:
                outcome = Failure(shot.id, error)
            self._outcomes.put(outcome)

    async def _confirm(self, client: VideoClient, shot: Shot) -> None:
        """Make sure that the server draws with the model that the shot names: it may be another one than yesterday."""
        async with self._asking:
            if not self._model:
                self._model = choose(self._address, await client.models())
        if shot.model != self._model:
            raise EngineError(
                f"the video server draws with {self._model}, not {shot.model}",
                f"plan the shot anew, or set {MODEL} and start the server as it was planned",
            )

    def _tell_of_the_unexpected(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._outcomes.put(error)
