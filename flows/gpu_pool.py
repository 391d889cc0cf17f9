"""The clips of a run from the GPU pool: ordered in chunks, taken as they come in, ordered again where a process died.

What was ordered stands in the ledger, so that a run that is started again goes on waiting for the processes that
render already. Nothing is passed back through Prefect: a clip is there when the ledger says so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from flows.chunking import divide
from flows.generate import lease_of
from flows.guarding import fail, guarded
from flows.heartbeat import job_variables
from flows.labels import TAG, queue_of
from flows.pools import AWAY, online
from flows.stages import request_shots, take_clip
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.tables import Chunk, Video
from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, ServerUnavailable, TerminalError, UseError

#: Seconds between two looks at the ledger, and at Prefect.
LOOK, LOOK_AT_PREFECT = 0.3, 2.0
#: A process that Prefect calls running, and that holds no lease for so long, is dead. Seconds.
SILENCE = 20.0
#: So many processes may die without a single clip before the shots are given up.
MOST_ATTEMPTS = 3

log = logging.getLogger("reelmill.gpu_pool")

Waiting = dict[str, list[tuple[Video, VideoPlan]]]  #: by shot: two videos may be made of the same one


def pooled_clips(shop: Workshop, todo: Sequence[Video]) -> Iterator[tuple[Video, VideoPlan, Clip]]:
    """The clips of these videos as the GPU pool makes them. A video whose clip cannot be made has failed."""
    waiting: Waiting = {}
    shots: dict[str, Shot] = {}
    for video in todo:
        shop.cancel.check()
        plan = VideoPlan.from_json(video.plan)
        asked = guarded(shop, video, lambda v=video, p=plan: request_shots(shop, v, p))  # type: ignore[misc]
        if not asked:
            continue
        shot = asked[0]
        if (clip := shop.ledger.media.fetch_clip(shot.id)) is not None:
            yield _taken(shop, video, plan, clip)
            continue
        shots[shot.id] = shot
        waiting.setdefault(shot.id, []).append((video, plan))
    if not waiting:
        return
    orders = Orders(shop)
    orders.place([shot for identity, shot in shots.items() if identity not in shop.ledger.chunks.shot_ids(shop.run.id)])
    while waiting:
        shop.cancel.check()
        try:
            orders.look_after()
            made = shop.ledger.chunks.made(shop.run.id) & waiting.keys()
            failures = shop.ledger.chunks.failures(shop.run.id)
        except ServerUnavailable as error:
            log.warning("the ledger went away, and is asked again: %s", error.reason)
            time.sleep(LOOK_AT_PREFECT)
            continue
        for identity in made:
            try:
                clip = shop.ledger.media.fetch_clip(identity)
            except TerminalError as error:  # damaged on its way
                for video, _ in waiting.pop(identity):
                    fail(shop, video, error)
                continue
            for video, plan in waiting.pop(identity) if clip is not None else ():
                assert clip is not None
                yield _taken(shop, video, plan, clip)
        for identity, failure in failures.items():
            for video, _ in waiting.pop(identity, ()):
                fail(shop, video, EngineError(failure["reason"], failure["instruction"]))
        time.sleep(LOOK)
    shop.ledger.chunks.close_run(shop.run.id)


def _taken(shop: Workshop, video: Video, plan: VideoPlan, clip: Clip) -> tuple[Video, VideoPlan, Clip]:
    shop.observer.started("generate", video)
    take_clip(shop, video, clip)
    shop.observer.ended("generate", video, f"{clip.seconds:.1f} s", float(clip.record.get("seconds_taken", 0.0)))
    return video, plan, clip


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
        settings = self._shop.settings
        for engine in dict.fromkeys(shot.engine for shot in shots):
            parts = divide(
                [shot for shot in shots if shot.engine == engine],
                pace=self._chunks.pace(engine),
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
