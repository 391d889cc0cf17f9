"""The clips of a run from the GPU pool: ordered in chunks, taken as they come in, ordered again where a process died.

What was ordered stands in the ledger, so that a run that is started again goes on waiting for the processes that
render already. Nothing is passed back through Prefect: a clip is there when the ledger says so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from flows.carrying import filmed
from flows.chunking import divide
from flows.filming import fetch_clips, request_shots, take_clips
from flows.generate import lease_of
from flows.guarding import fail, guarded
from flows.heartbeat import job_variables
from flows.labels import TAG, queue_of
from flows.pace import Pace
from flows.pools import AWAY, online
from flows.video_plan import Clips, VideoPlan
from flows.workshop import Workshop
from records.tables import Chunk, Video
from reelmill.content import Shot
from reelmill.errors import EngineError, ServerUnavailable, TerminalError, UseError

#: Seconds between two looks at the ledger, and at Prefect.
LOOK, LOOK_AT_PREFECT = 0.3, 2.0
#: A process that Prefect calls running, and that holds no lease for so long, is dead. Seconds.
SILENCE = 20.0
#: So many processes may die without a single clip before the shots are given up.
MOST_ATTEMPTS = 3

log = logging.getLogger("reelmill.gpu_pool")


Carried = tuple[Video, VideoPlan, Clips]


@dataclass
class Waiting:
    """A video of which clips are missing. Two videos may be made of the same shot."""

    video: Video
    plan: VideoPlan
    shots: list[Shot]


def pooled_clips(shop: Workshop, todo: Sequence[Video]) -> Iterator[Carried]:
    """The clips of these videos as the GPU pool makes them. A video of which one cannot be made has failed."""
    hall = Hall(shop)
    for video in todo:
        shop.cancel.check()
        if (ready := hall.enter(video)) is not None:
            yield ready
    if not hall.waiting:
        return
    orders = Orders(shop)
    orders.place(hall.missing)
    while hall.waiting:
        shop.cancel.check()
        try:
            orders.look_after()
            made = shop.ledger.chunks.made(shop.run.id)
            failures = shop.ledger.chunks.failures(shop.run.id)
        except ServerUnavailable as error:
            log.warning("the ledger went away, and is asked again: %s", error.reason)
            time.sleep(LOOK_AT_PREFECT)
            continue
        yield from hall.leave(made, failures)
        orders.place(hall.missing)
        time.sleep(LOOK)
    shop.ledger.chunks.close_run(shop.run.id)


class Hall:
    """Where the videos of a run wait for their clips."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._there: set[str] = set()  #: shots whose clips were made before
        self.waiting: list[Waiting] = []

    @property
    def missing(self) -> list[Shot]:
        """What is to be ordered, as far as that is not done."""
        shots = {shot.id: shot for one in self.waiting for shot in one.shots if shot.id not in self._there}
        ordered = self._shop.ledger.chunks.shot_ids(self._shop.run.id) if shots else ()
        return [shot for identity, shot in shots.items() if identity not in ordered]

    def enter(self, video: Video) -> Carried | None:
        """A video that need not wait, since all its clips are there."""
        plan = VideoPlan.from_json(video.plan)
        shots = guarded(self._shop, video, lambda: request_shots(self._shop, video, plan))
        if not shots:
            return None
        one = Waiting(video, plan, shots)
        there = {shot.id for shot in shots if self._shop.ledger.media.fetch_clip(shot.id) is not None}
        if len(there) == len({shot.id for shot in shots}) and (ready := self._ready(one)) is not None:
            return ready
        self._there |= there
        self.waiting.append(one)
        return None

    def leave(self, made: Set[str], failures: Mapping[str, Mapping[str, Any]]) -> Iterator[Carried]:
        """The videos that wait no longer. One of which a clip failed has failed."""
        for one in list(self.waiting):
            failure = next((failures[shot.id] for shot in one.shots if shot.id in failures), None)
            if failure is not None:
                self.waiting.remove(one)
                fail(self._shop, one.video, EngineError(failure["reason"], failure["instruction"]))
            elif all(shot.id in made or shot.id in self._there for shot in one.shots):
                try:
                    ready = self._ready(one)
                except TerminalError as error:  # damaged on its way
                    self.waiting.remove(one)
                    fail(self._shop, one.video, error)
                    continue
                if ready is not None:
                    self.waiting.remove(one)
                    yield ready

    def _ready(self, one: Waiting) -> Carried | None:
        """A video with all its clips on this machine; None if one is lost, which is made again."""
        clips = fetch_clips(self._shop, one.shots)
        if clips is None:
            self._there -= {shot.id for shot in one.shots if self._shop.ledger.media.clip(shot.id) is None}
            return None
        self._shop.observer.started("generate", one.video)
        take_clips(self._shop, one.video, one.plan, clips)
        taken = sum(float(clip.record.get("seconds_taken", 0.0)) for clip in clips)
        self._shop.observer.ended("generate", one.video, filmed(clips), taken)
        return one.video, one.plan, clips


class Orders:
    """What a run has ordered from the GPU pool."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._chunks = shop.ledger.chunks
        self._pool = shop.pipeline.workers.gpu_pool
        self._queue = "urgent" if shop.run.event is not None else queue_of(shop.pipeline)
        self._looked = -LOOK_AT_PREFECT
        self._silent_since: dict[UUID, float] = {}
        self._warned = False

    def place(self, shots: Sequence[Shot]) -> None:
        """Divide shots into chunks and write them down; `look_after` sends them."""
        settings, pace = self._shop.settings, Pace(self._shop.ledger)
        for engine in dict.fromkeys(shot.engine for shot in shots):
            parts = divide(
                [shot for shot in shots if shot.engine == engine],
                cost=pace.seconds,
                seconds=settings.chunk_minutes * 60,
                workers=max(online(self._pool), 1),
            )
            self._chunks.add(self._shop.run.id, engine, self._queue, parts)

    def look_after(self) -> None:
        """Send what was not sent, close what is through, and send again what died. Asks Prefect every few seconds."""
        if time.monotonic() - self._looked < LOOK_AT_PREFECT:
            return
        self._looked = time.monotonic()
        for chunk in self._chunks.open_of(self._shop.run.id):
            if not self._chunks.missing(chunk.id):
                continue
            try:
                self._look_after(chunk)
            except AWAY as error:
                log.warning("the Prefect API does not answer (%s); it is asked again", error)
                return

    def _look_after(self, chunk: Chunk) -> None:
        if chunk.flow_run_id is None:
            self._send(chunk)
            return
        with get_client(sync_client=True) as client:
            try:
                sent = client.read_flow_run(UUID(chunk.flow_run_id))
            except ObjectNotFound:
                self._again(chunk, "Prefect does not know it any more")
                return
            if sent.state is None:
                return
            if sent.state.is_cancelled():
                self._give_up(chunk, "the rendering was cancelled in the dashboard")
            elif sent.state.is_final():
                self._again(chunk, sent.state.message or sent.state.name or "")
            elif sent.state.is_running() and self._is_silent(chunk):
                client.set_flow_run_state(sent.id, Crashed(message="its process is gone; another one goes on"), True)
                self._again(chunk, "its process is gone")
            else:
                self._warn_if_nobody_comes(sent)

    def _send(self, chunk: Chunk) -> None:
        run, pipeline = self._shop.run, self._shop.pipeline
        title = f"{run.pipeline} {run.occasion} #{chunk.position + 1}"
        parameters: dict[str, Any] = {"chunk_id": str(chunk.id), "title": title}
        try:
            sent: Any = run_deployment(
                f"generate/{self._pool}",
                parameters=parameters,
                timeout=0,
                idempotency_key=f"{run.id}:generate:{chunk.id}:{chunk.attempt}",
                work_queue_name=chunk.queue,
                tags=[TAG, run.pipeline, *pipeline.tags],
                job_variables=job_variables(pipeline.workers.job_variables),
            )
        except ObjectNotFound:
            raise UseError(
                f"nothing is deployed for the pool {self._pool!r}", "run `reelmill deploy`, then resume the run"
            ) from None
        self._chunks.attach(chunk.id, str(sent.id))

    def _again(self, chunk: Chunk, reason: str) -> None:
        """One more process for the shots that are missing. Each clip that the last one made pays for it."""
        self._silent_since.pop(chunk.id, None)
        made = len(self._chunks.made(self._shop.run.id))
        if chunk.attempt >= MOST_ATTEMPTS + made:
            self._give_up(chunk, f"{chunk.attempt} processes died over it; the last: {reason}")
            return
        log.warning("chunk %d of %s is sent again: %s", chunk.position + 1, self._shop.run.pipeline, reason)
        self._send(self._chunks.again(chunk.id))

    def _give_up(self, chunk: Chunk, reason: str) -> None:
        failure: Mapping[str, Any] = {"reason": reason, "instruction": "see its log in the dashboard, then resume"}
        for shot in self._chunks.missing(chunk.id):
            self._chunks.fail(chunk.id, shot.id, failure)

    def _is_silent(self, chunk: Chunk) -> bool:
        if self._shop.ledger.leases.held(lease_of(chunk.id)) is not None:
            self._silent_since.pop(chunk.id, None)
            return False
        since = self._silent_since.setdefault(chunk.id, time.monotonic())
        return time.monotonic() - since > SILENCE

    def _warn_if_nobody_comes(self, sent: FlowRun) -> None:
        if self._warned or sent.state is None or not sent.state.is_scheduled() or sent.state.name != "Late":
            return
        self._warned = True
        log.warning("no worker takes work from the pool %s; start one: `reelmill worker %s`", self._pool, self._pool)
