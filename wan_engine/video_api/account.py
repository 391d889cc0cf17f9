"""What the server does on our account: the jobs that were ordered, and how each is taken leave of.

A job stays at the server, and is remembered here, until its clip was taken. So whatever dies in between, the next
process finds the job and fetches the film again.
"""

from __future__ import annotations

import asyncio

from reelmill.content import Shot
from reelmill.errors import StorageError
from wan_engine.video_api.client import VideoClient
from wan_engine.video_api.orders import Orders
from wan_engine.video_api.protocol import form


class Account:
    """The jobs of one call of `generate`. Lives in one event loop."""

    def __init__(self, client: VideoClient, orders: Orders) -> None:
        self._client, self._orders = client, orders
        self._jobs: dict[str, str] = {}  # by shot
        self._asked: set[asyncio.Task[str]] = set()  # orders that are on their way
        self._goodbyes: set[asyncio.Task[None]] = set()

    def remembered(self, shot: Shot) -> str | None:
        """The job that the shot was ordered as by an earlier process, or an earlier call."""
        identity = self._orders.job(shot.id)
        if identity is not None:
            self._jobs[shot.id] = identity
        return identity

    async def order(self, shot: Shot, picture: tuple[bytes, str] | None) -> str:
        """Order a shot; returns the job's id, which is written down first."""
        asked = asyncio.create_task(self._order(shot, picture))
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return await asyncio.shield(asked)  # a cancel waits for the answer, or the job could not be deleted

    async def _order(self, shot: Shot, picture: tuple[bytes, str] | None) -> str:
        job = await self._client.order(form(shot), picture)
        self._jobs[shot.id] = job.id
        try:
            self._orders.remember(shot.id, job.id)
        except StorageError:
            self.take_leave(shot.id)  # nobody would find it again
            raise
        return job.id

    def strike(self, shot_id: str) -> None:
        """The server lost the job of a shot."""
        self._jobs.pop(shot_id, None)
        self._orders.forget(shot_id)

    def take_leave(self, shot_id: str, *, surely: bool = False) -> None:
        """Have the job of a shot deleted, without waiting for it.

        Parameters
        ----------
        surely:
            It is forgotten only when it is gone. Otherwise it is forgotten in any case: nobody will come back for it.
        """

        async def delete(identity: str) -> None:
            if await self._client.delete(identity) or not surely:
                self._orders.forget(shot_id)

        if (identity := self._jobs.pop(shot_id, None)) is not None:
            task = asyncio.create_task(delete(identity))
            self._goodbyes.add(task)
            task.add_done_callback(self._goodbyes.discard)

    async def close(self, patience: float, *, cancelled: bool) -> None:
        """The last words to the server, as many as there are seconds for. After a cancel, every job is deleted."""

        def clear() -> None:
            for shot_id in list(self._jobs) if cancelled else ():
                self.take_leave(shot_id, surely=True)

        self._client.last_calls()
        clear()  # what is known goes first: an order whose answer never comes must not hold it up
        try:
            async with asyncio.timeout(patience):
                if self._asked:
                    await asyncio.wait(self._asked)
                clear()
                if self._goodbyes:
                    await asyncio.wait(self._goodbyes)
        except TimeoutError:
            pass  # what was not deleted is still remembered, and found by the next process
        late: set[asyncio.Task[str] | asyncio.Task[None]] = {*self._asked, *self._goodbyes}
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
