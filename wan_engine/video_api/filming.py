"""The way of one shot: ordered, watched, fetched, inspected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, MediaError, StorageError, TerminalError, TransientError
from wan_engine.base import Progress
from wan_engine.video_api.account import Account
from wan_engine.video_api.client import VideoClient
from wan_engine.video_api.inspection import inspect_clip, inspect_picture
from wan_engine.video_api.meter import FETCHED, RENDERED, WHOLE, Meter
from wan_engine.video_api.protocol import Job, Status, check_order

#: Orders of one shot, where the server forgets jobs.
MOST_ORDERS = 3
#: Downloads of one film, where it arrives whole and is damaged.
MOST_INSPECTIONS = 2


@dataclass(frozen=True, slots=True)
class Filming:
    """What all shots of one call share."""

    client: VideoClient
    account: Account
    folder: Path
    images: Mapping[str, Path]
    progress: Progress
    inspectors: Executor
    stopped: Callable[[], bool]  #: asked by what runs in a thread

    async def film(self, shot: Shot) -> Clip:
        """One shot from its order to its file, which bears its final name and was seen to be what the shot says.

        Raises
        ------
        TerminalError, TransientError
            If there is no clip. After a transient one the job is still there, and the next call goes on with it.
        """
        began = time.monotonic()
        meter = Meter(shot.id, self.progress)
        try:
            check_order(shot)
            job = await self._rendered(shot, self._picture(shot), meter)
            path, sha256 = await self._collected(shot, job, meter)
        except TerminalError:
            self.account.take_leave(shot.id)  # there is nothing to come back for
            raise
        meter.tell(WHOLE)
        return Clip(
            shot_id=shot.id,
            path=path,
            sha256=sha256,
            width=shot.width,
            height=shot.height,
            frames=shot.frames,
            fps=shot.fps,
            preview=job.preview,
            record={"seconds_taken": round(time.monotonic() - began, 3), "job": job.id, **job.figures},
        )

    def _picture(self, shot: Shot) -> tuple[bytes, str] | None:
        if shot.image is None:
            return None
        if shot.image not in self.images:
            raise MediaError(f"the reference image {shot.image[:12]} is not here", "fetch the images of this run again")
        return inspect_picture(self.images[shot.image])

    async def _rendered(self, shot: Shot, picture: tuple[bytes, str] | None, meter: Meter) -> Job:
        """The job of a shot, done: the one that was ordered before if the server still knows it, else a new one."""
        identity = self.account.remembered(shot)
        for _ in range(MOST_ORDERS + (identity is not None)):
            if identity is None:
                identity = await self.account.order(shot, picture)
            meter.tell(0)
            job = await self._watched(shot, identity, meter)
            if job is None:
                self.account.strike(shot.id)
                identity = None
            elif job.status is Status.FAILED:
                raise EngineError(f"the video server could not render it: {job.reason}", "look at the server's log")
            else:
                meter.tell(RENDERED)
                return job
        raise EngineError(
            f"the video server lost the job {MOST_ORDERS} times", "run its API as a single process, then resume the run"
        )

    async def _watched(self, shot: Shot, identity: str, meter: Meter) -> Job | None:
        """The job when it has ended, or None if the server lost it."""
        tempo = self.client.tempo
        pauses, moved, before = tempo.pauses(), time.monotonic(), (Status.QUEUED, -1)
        while True:
            await asyncio.sleep(pauses())
            job = await self.client.look(identity)
            if job is None or job.status in (Status.COMPLETED, Status.FAILED):
                return job
            if (job.status, job.percent) != before:
                before, moved = (job.status, job.percent), time.monotonic()
            elif time.monotonic() - moved > tempo.stalled:
                self.account.take_leave(shot.id)
                raise TransientError(
                    f"the job did not move for {tempo.stalled / 60:.0f} minutes",
                    "look at the video server, then resume the run",
                )
            meter.tell(job.percent * RENDERED // WHOLE)

    async def _collected(self, shot: Shot, job: Job, meter: Meter) -> tuple[Path, str]:
        """The film of a job as a file, and its sha256."""
        path, unfinished = self.folder / f"{shot.id}.mp4", self.folder / f"{shot.id}.part"

        def told(arrived: int, total: int) -> None:
            meter.tell(RENDERED + (FETCHED - RENDERED) * arrived // total)

        try:
            for last in (False,) * (MOST_INSPECTIONS - 1) + (True,):
                sha256 = await self.client.fetch(job.id, unfinished, told)
                try:
                    await asyncio.get_running_loop().run_in_executor(
                        self.inspectors, inspect_clip, unfinished, shot, self.stopped
                    )
                    break
                except MediaError:
                    if last:
                        raise
            unfinished.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}", "make room, then resume") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return path, sha256
