"""The engine server in this process, with an engine that does what a test says, and a clock that it moves."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted
from tests.simulators.video_server import make_film
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress
from wan_engine.server.serving import Place, Server, listen, opened
from wan_engine.shot import check_frames, check_size

#: A test that waits so long has failed. Seconds.
PATIENCE = 30.0


@dataclass
class Stage:
    """What the engine's objects share with the test."""

    gate: threading.Event = field(default_factory=threading.Event)  #: open: shots are made at once
    began: list[Shot] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)
    trouble: str = ""
    closed: int = 0
    stop: Callable[[], None] = lambda: None  #: as SIGTERM does
    changed: threading.Condition = field(default_factory=threading.Condition)


class GatedEngine(Engine):
    """Waits with each shot at a gate. The prompt says what then becomes of it: `fail`, `break`, `stop` … or a film."""

    name = "gated"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def model(self) -> str:
        return "gated-5b@abc123+ink@def*0.8"

    @property
    def recommended_steps(self) -> int:
        return 7

    @property
    def recommended_guidance(self) -> float:
        return 2.5

    def unavailable(self) -> str | None:
        return self._stage.trouble or None

    def check(self, shot: Shot) -> None:
        check_size(shot.width, shot.height)
        check_frames(shot.frames)

    def generate(
        self,
        shots: Sequence[Shot],
        folder: Path,
        *,
        images: dict[str, Path],
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Iterator[Clip | Failure]:
        token = cancel or CancelToken()
        for shot in shots:
            with self._stage.changed:
                self._stage.began.append(shot)
                self._stage.changed.notify_all()
            if shot.image is not None:
                self._stage.images.append(images[shot.image].read_bytes())
            progress(shot.id, 42, 100)
            while not self._stage.gate.wait(0.01):
                token.check()
            if shot.prompt == "nothing":
                continue
            yield self._film(shot, folder)

    def close(self) -> None:
        self._stage.closed += 1

    def _film(self, shot: Shot, folder: Path) -> Clip | Failure:
        if shot.prompt == "fail because all stops":
            self._stage.stop()
            return Failure(shot.id, EngineError("the encoder ended with 255", ""))
        if shot.prompt == "fail":
            return Failure(shot.id, EngineError("the lamp is broken", "change the lamp"))
        if shot.prompt == "stop":
            raise Interrupted("somebody killed the encoder")
        if shot.prompt == "break":
            raise RuntimeError("device-side assert, with a secret path")
        size = f"{shot.width}x{shot.height}"
        film = make_film(
            {"size": size, "num_frames": str(shot.frames), "seed": str(shot.seed), "prompt": shot.prompt}, b""
        )
        path = folder / f"{shot.id}.mp4"
        path.write_bytes(film)
        return Clip(
            shot.id, path, hashlib.sha256(film).hexdigest(), shot.width, shot.height, shot.frames, shot.fps, False,
            {"peak_memory_mb": 1234.5},
        )  # fmt: skip


@dataclass
class Gated:
    """A server that takes orders."""

    url: str
    stage: Stage
    place: Place
    client: httpx.Client
    later: float = 0.0  #: seconds by which its clock is ahead

    def order(self, prompt: str = "a lake", headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        """A form, as every client sends one, of a small film."""
        said = {"prompt": prompt, "size": "256x448", "num_frames": "5", **fields}
        parts = [(name, (None, str(value))) for name, value in said.items() if value is not None]
        return self.client.post("/v1/videos", files=parts, headers=headers)

    def ordered(self, prompt: str = "a lake", **fields: Any) -> str:
        """The id of a new job."""
        answer = self.order(prompt, **fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def job(self, identity: str) -> dict[str, Any]:
        answer = self.client.get(f"/v1/videos/{identity}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, identity: str) -> dict[str, Any]:
        """A job when it has ended."""
        return self.until(lambda: self.job(identity), lambda job: job["status"] in ("completed", "failed"))

    def until(self, ask: Any, met: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not met(found := ask()):
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
        return found

    def wait_for_shots(self, count: int) -> None:
        """Wait until so many shots were begun."""
        with self.stage.changed:
            assert self.stage.changed.wait_for(lambda: len(self.stage.began) >= count, PATIENCE), self.stage.began


@contextmanager
def gated(folder: Path, make_engine: Callable[[], Engine] | None = None, **place: Any) -> Iterator[Gated]:
    """A server on loopback, in a thread of its own; with the engine that waits at a gate, or with another one."""
    stage, where = Stage(), Place(folder, **place)
    running = Gated("", stage, where, httpx.Client())
    with (
        opened(make_engine or (lambda: GatedEngine(stage)), where, clock=lambda: time.time() + running.later) as (
            desk,
            worker,
        ),
        listen(where.host, 0) as listening,
    ):
        host = f"[{where.host}]" if ":" in where.host else where.host
        running.url = f"http://{host}:{listening.getsockname()[1]}"
        server = Server(desk, worker, where)
        stage.stop = worker.stop
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="gated-server")
        worker.start()
        thread.start()
        bearer = {"Authorization": f"Bearer {where.token}"} if where.token else {}
        try:
            with httpx.Client(
                base_url=running.url, headers=bearer, trust_env=False, timeout=PATIENCE
            ) as running.client:
                yield running
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert worker.join(PATIENCE), "the worker did not stop"
