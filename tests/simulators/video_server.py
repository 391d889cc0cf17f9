"""A video server without a model: the OpenAI-shaped API in the dialects of SGLang Diffusion and vLLM-Omni.

It takes orders, queues them, renders a moving gradient in a colour of the seed, and can misbehave on purpose. To
rehearse a pipeline with the engine `video_api`:

    python -m tests.simulators.video_server --port 8000 --seconds 5 --fail 3="out of memory"
    REELMILL_VIDEO_API_URL=http://127.0.0.1:8000 reelmill run …

`GET /simulator` tells what was ordered and deleted; `POST /simulator/lose` makes it forget all jobs, as a restart does.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, cast
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from reelmill.errors import ReelmillError
from reelmill.ffmpeg import command

Dialect = Literal["sglang", "vllm-omni"]
DIALECTS: tuple[Dialect, ...] = ("sglang", "vllm-omni")
#: Not the name of a real model, so that no clip of a rehearsal is ever taken for the product.
MODEL = "simulator/wan2.2-ti2v-5b"
#: Orders that nobody counted to.
ALL = 10**9
#: Seconds that a test waits for something to happen here before it fails.
PATIENCE = 30.0


@dataclass
class Behaviour:
    """How the server is when all goes well, and which films do not."""

    dialect: Dialect = "sglang"
    model: str = MODEL
    revision: str = ""  #: told in its list of models, as no real server does
    token: str = ""  #: what a request must bear; "": nothing
    seconds: float = 0.2  #: that a film takes
    steps: int = 5  #: in which it is made
    parallel: int = 1  #: films in the making at once; more wait in the queue
    queue: int = ALL  #: orders that may wait; the next one is told 429
    retry_after: str = "1"  #: what it is told to wait then
    fail: Mapping[int, str] = field(default_factory=dict)  #: reasons by the number of the order, from 1
    more_frames: int = 0  #: frames that a film has too many


@dataclass
class Trouble:
    """What is to go wrong with the requests of one kind: `models`, `create`, `poll`, `content` or `delete`."""

    at: str
    status: int = 0  #: answered instead of the truth; 0: the truth
    body: Any = None  #: answered with that status, as JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    short_by: int = 0  #: bytes of the film that are announced and never sent
    drop: bool = False  #: the connection is closed instead of an answer
    seconds: float = 0.0  #: before it answers
    hold: bool = False  #: it answers after `release`
    times: int = ALL  #: to so many requests; then all is well again


@dataclass
class Order:
    """What was ordered, whatever became of it."""

    number: int  #: from 1
    job: str
    fields: Mapping[str, str]
    picture: bytes | None  #: the reference image
    form: bool  #: it came as multipart
    status: str = "queued"
    progress: int = 0
    reason: str = ""
    film: bytes = b""
    created_at: int = field(default_factory=lambda: int(time.time()))

    @property
    def prompt(self) -> str:
        return self.fields.get("prompt", "")


class VideoServer:
    """A running server. Change `behaviour`, or call `trouble`, at any time and from any thread."""

    def __init__(self, url: str, behaviour: Behaviour) -> None:
        self.url, self.behaviour = url, behaviour
        self.orders: list[Order] = []
        self.deleted: list[str] = []  #: jobs, in the order in which clients deleted them
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []  #: kind, path, headers
        self.most_open = 0  #: the most jobs that were neither done nor deleted at one time
        self._films, self._answers = asyncio.Event(), asyncio.Event()  # whether they go on
        self._films.set()
        self._held: frozenset[int] = frozenset()  # numbers of orders; empty: all
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(behaviour.parallel)
        self._known: dict[str, Order] = {}
        self._making: dict[str, asyncio.Task[None]] = {}
        self._trouble: list[Trouble] = []
        self._change = threading.Condition(threading.RLock())

    # For tests.

    def trouble(self, at: str, **how: Any) -> None:
        """Let requests fail: see `Trouble`."""
        self._trouble.append(Trouble(at, **how))

    def mend(self) -> None:
        """All is well again."""
        self._trouble.clear()
        self.release()

    def hold(self, *numbers: int) -> None:
        """Let the films of these orders, or of all, stand still half made until `release`."""
        self._held = frozenset(numbers)
        self._tell(self._films.clear)

    def release(self) -> None:
        """Go on with the films, and with the answers, that were held."""
        self._tell(self._films.set)
        self._tell(self._answers.set)

    def _tell(self, what: Callable[[], None]) -> None:
        if self._loop is None:
            what()
        else:
            self._loop.call_soon_threadsafe(what)

    def lose(self) -> None:
        """Forget all jobs, as a server does that was started again."""
        with self._changed():
            self._known.clear()

    def ordered(self, prompt: str) -> int:
        """How often this prompt was ordered: each time costs."""
        return sum(1 for order in self.orders if order.prompt == prompt)

    @property
    def known(self) -> list[str]:
        """Jobs whose films are on the server's disk, or will be."""
        return list(self._known)

    def asked(self, kind: str) -> int:
        """How many requests of a kind came in."""
        return sum(1 for found, _, _ in self.requests if found == kind)

    def wait_for(self, met: Callable[[VideoServer], bool], what: str = "it") -> None:
        """Wait until something happened here."""
        with self._change:
            assert self._change.wait_for(lambda: met(self), PATIENCE), f"{what} did not happen"

    def report(self) -> dict[str, Any]:
        """What a rehearsal wants to know."""
        return {
            "orders": [
                {"number": one.number, "job": one.job, "status": one.status, "reason": one.reason, **one.fields}
                for one in self.orders
            ],
            "deleted": self.deleted,
            "kept": self.known,
        }

    # For the routes.

    @contextmanager
    def _changed(self) -> Iterator[None]:
        with self._change:
            yield
            self.most_open = max(
                self.most_open, sum(one.status in {"queued", "in_progress"} for one in self._known.values())
            )
            self._change.notify_all()

    async def met(self, kind: str, request: Request) -> Trouble | None:
        """Note a request, and say what is to go wrong with it."""
        self._loop = asyncio.get_running_loop()
        with self._changed():
            self.requests.append((kind, request.url.path, dict(request.headers)))
            trouble = next((one for one in self._trouble if one.at == kind and one.times > 0), None)
            if trouble is not None:
                trouble.times -= 1
        if trouble is not None:
            await asyncio.sleep(trouble.seconds)
            if trouble.hold:
                await self._answers.wait()
        return trouble

    def take(self, fields: Mapping[str, str], picture: bytes | None, form: bool) -> Order | None:
        """A new order, or None if the queue is full."""
        dialect = self.behaviour.dialect
        with self._changed():
            if sum(one.status == "queued" for one in self._known.values()) > self.behaviour.queue:
                return None
            job = str(uuid4()) if dialect == "sglang" else f"video_gen_{uuid4().hex}"
            order = Order(len(self.orders) + 1, job, dict(fields), picture, form)
            self.orders.append(order)
            self._known[job] = order
        self._making[job] = asyncio.create_task(self._make(order))
        return order

    def find(self, job: str) -> Order | None:
        return self._known.get(job)

    def delete(self, job: str) -> Order | None:
        """SGLang forgets a job and goes on rendering it, vLLM-Omni stops it."""
        with self._changed():
            order = self._known.pop(job, None)
            if order is not None:
                self.deleted.append(job)
                if self.behaviour.dialect == "vllm-omni":
                    self._making[job].cancel()
        return order

    async def _make(self, order: Order) -> None:
        try:
            async with self._places:
                await self._render(order, self.behaviour)
        except asyncio.CancelledError:
            self._advance(order, status="cancelled")
            raise

    async def _render(self, order: Order, behaviour: Behaviour) -> None:
        self._advance(order, status="in_progress")
        for step in range(behaviour.steps):
            await asyncio.sleep(behaviour.seconds / behaviour.steps)
            if step == behaviour.steps // 2 and (order.number in self._held or not self._held):
                await self._films.wait()
            if behaviour.dialect == "sglang":  # vLLM-Omni knows 0 and 100 only
                self._advance(order, progress=min(99, (step + 1) * 100 // behaviour.steps))
        if order.number in behaviour.fail:
            self._advance(order, status="failed", reason=behaviour.fail[order.number])
            return
        loop = asyncio.get_running_loop()
        try:
            film = await loop.run_in_executor(_studio, make_film, order.fields, order.picture, behaviour.more_frames)
        except (ReelmillError, subprocess.SubprocessError) as error:  # else whoever asks would wait for ever
            self._advance(order, status="failed", reason=str(error))
            return
        self._advance(order, status="completed", progress=100, film=film)

    def _advance(self, order: Order, **how: Any) -> None:
        with self._changed():
            for name, value in how.items():
                setattr(order, name, value)


#: One thread, started with the module's first server, so that tests can count those of the engine.
_studio = ThreadPoolExecutor(1, thread_name_prefix="video-server-studio")


def make_film(fields: Mapping[str, str], picture: bytes | None, more_frames: int = 0) -> bytes:
    """An MP4 as ordered: two colours of prompt, seed and image, turning slowly. The same order gives the same bytes."""
    width, height = (int(side) for side in fields.get("size", "256x448").split("x"))
    fps = int(fields.get("fps", "24"))
    frames = int(fields["num_frames"]) if "num_frames" in fields else int(fields.get("seconds", "4")) * fps + 1
    seen = repr((fields.get("prompt"), fields.get("negative_prompt"), fields.get("seed"))).encode() + (picture or b"")
    colour = hashlib.sha256(seen).hexdigest()
    gradient = (
        f"gradients=size={width}x{height}:rate={fps}:n=2:c0=0x{colour[:6]}:c1=0x{_opposite(colour[:6])}"
        f":x0=0:y0=0:x1={width - 1}:y1={height - 1}:speed=0.004:seed=1"
    )
    with tempfile.TemporaryDirectory(prefix="video-server-") as folder:
        path = Path(folder) / "film.mp4"
        subprocess.run(
            command(
                "-y", "-f", "lavfi", "-i", gradient, "-frames:v", str(frames + more_frames), "-an",
                "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p",
                "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart", path,
            ),
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
        )  # fmt: skip
        return path.read_bytes()


def _opposite(colour: str) -> str:
    return f"{0xFFFFFF ^ int(colour, 16):06x}"


def parse_form(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart body, by name: the file's name, or "", and its bytes."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    parts: dict[str, tuple[str, bytes]] = {}
    for piece in body.split(b"--" + found[1].encode())[1:-1] if found else ():
        head, _, content = piece.partition(b"\r\n\r\n")
        told = dict(re.findall(rb'(\bname|\bfilename)="((?:[^"\\]|\\.)*)"', head))
        parts[told[b"name"].decode()] = (told.get(b"filename", b"").decode(), content.removesuffix(b"\r\n"))
    return parts


class Door:
    """What each dialect says."""

    def __init__(self, server: VideoServer) -> None:
        self._server = server

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        for method, path, answer in (
            ("GET", "/v1/models", self.models),
            ("POST", "/v1/videos", self.create),
            ("GET", "/v1/videos/{job}", self.poll),
            ("GET", "/v1/videos/{job}/content", self.content),
            ("DELETE", "/v1/videos/{job}", self.delete),
            ("GET", "/simulator", self.report),
            ("POST", "/simulator/lose", self.lose),
        ):
            app.add_api_route(path, answer, methods=[method], response_model=None)
        return app

    async def models(self, request: Request) -> Response:
        if isinstance(instead := await self._instead("models", request), Response):
            return instead
        behaviour = self._server.behaviour
        card = {"id": behaviour.model, "object": "model", "owned_by": behaviour.dialect}
        if behaviour.revision:
            card["revision"] = behaviour.revision
        return JSONResponse({"object": "list", "data": [card]})

    async def create(self, request: Request) -> Response:
        body, kind = await request.body(), request.headers.get("content-type", "")
        if isinstance(instead := await self._instead("create", request), Response):
            return instead
        form, model, picture = kind.startswith("multipart/form-data"), self._server.behaviour.model, None
        if form:
            parts = parse_form(kind, body)
            picture = parts["input_reference"][1] if "input_reference" in parts else None
            fields = {name: content.decode() for name, (file, content) in parts.items() if not file}
        elif self._omni:
            missing = [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]
            return JSONResponse({"detail": missing}, 422)
        else:
            fields = {name: str(value) for name, value in json.loads(body).items()}
        if not fields.get("prompt"):
            return self._error(400, "prompt is required")
        if self._omni and fields.get("model", model) != model:
            return self._error(400, f"Model mismatch: {fields['model']!r} is not {model!r}")
        order = self._server.take(fields, picture, form)
        if order is None:
            return self._error(429, "the queue is full", {"Retry-After": self._server.behaviour.retry_after})
        return JSONResponse(self._told(order))

    async def poll(self, job: str, request: Request) -> Response:
        if isinstance(instead := await self._instead("poll", request), Response):
            return instead
        order = self._server.find(job)
        if order is None:
            return self._error(404, "Video not found")
        return JSONResponse(self._told(order), 500 if self._omni and order.status == "failed" else 200)

    async def content(self, job: str, request: Request, variant: str = "") -> Response:
        trouble = await self._instead("content", request)
        if isinstance(trouble, Response):
            return trouble
        order = self._server.find(job)
        if order is None or (not self._omni and variant and not variant.isdigit()):
            return self._error(404, "Video not found")
        if self._omni and order.status == "failed":
            return self._error(422, order.reason)
        if not order.film:
            return self._error(404, "Generation is still in-progress")
        sent = order.film[: len(order.film) - (trouble.short_by if trouble else 0)]
        # uvicorn closes the connection on a body that ends before the length that was announced.
        return Response(sent, media_type="video/mp4", headers={"Content-Length": str(len(order.film))})

    async def delete(self, job: str, request: Request) -> Response:
        if isinstance(instead := await self._instead("delete", request), Response):
            return instead
        order = self._server.delete(job)
        if order is None:
            return self._error(404, "Video not found")
        if self._omni:
            return JSONResponse({"id": job, "deleted": True, "object": "video.deleted"})
        return JSONResponse(self._told(order) | {"status": "deleted"})

    async def report(self) -> Response:
        return JSONResponse(self._server.report())

    async def lose(self) -> Response:
        self._server.lose()
        return JSONResponse({"orders": len(self._server.orders)})

    @property
    def _omni(self) -> bool:
        return self._server.behaviour.dialect == "vllm-omni"

    async def _instead(self, kind: str, request: Request) -> Response | Trouble | None:
        """What is answered instead of the truth, if anything is; or what is wrong with the truth."""
        trouble = await self._server.met(kind, request)
        if trouble is not None and trouble.drop:
            return Response(headers={"Content-Length": "1"})
        if trouble is not None and trouble.status:
            return JSONResponse(trouble.body, trouble.status, dict(trouble.headers))
        token = self._server.behaviour.token
        if token and request.headers.get("authorization") != f"Bearer {token}":
            return JSONResponse({"error": "Unauthorized"}, 401)
        return trouble

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"error": {"message": message}} if self._omni else {"detail": message}, status, headers)

    def _told(self, order: Order) -> dict[str, Any]:
        """A job as the dialect describes it."""
        failed, done = order.status == "failed", order.status == "completed"
        job: dict[str, Any] = {
            "id": order.job, "object": "video", "model": self._server.behaviour.model, "status": order.status,
            "progress": order.progress, "created_at": order.created_at, "size": order.fields.get("size"),
            "seconds": order.fields.get("seconds", "4"), "error": {"message": order.reason} if failed else None,
            "inference_time_s": self._server.behaviour.seconds if done else None,
        }  # fmt: skip
        if self._omni:
            job["prompt"] = order.prompt
            if failed:
                job["error"]["code"] = 500
        return job


def open_port(port: int = 0) -> socket.socket:
    """A listening socket on loopback: who connects before the server runs waits a moment."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    door.listen(64)
    return door


def _host(server: VideoServer, door: socket.socket) -> Any:
    import uvicorn

    # A film that is cut on purpose is an error in uvicorn's eyes.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        Door(server).app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    return uvicorn.Server(config), [door]


@contextmanager
def video_server(port: int = 0, **behaviour: Any) -> Iterator[VideoServer]:
    """A video server on loopback, in a thread of its own. Keywords are those of `Behaviour`."""
    door = open_port(port)
    server = VideoServer(f"http://127.0.0.1:{door.getsockname()[1]}", Behaviour(**behaviour))
    _studio.submit(int).result()
    host, doors = _host(server, door)
    thread = threading.Thread(target=host.run, kwargs={"sockets": doors}, name="video-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.mend()
        host.should_exit = True
        thread.join()
        door.close()


def main(words: Sequence[str] | None = None) -> None:
    """Run a server until Ctrl-C."""
    plain = Behaviour()
    parser = argparse.ArgumentParser("python -m tests.simulators.video_server", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="0: any free one")
    parser.add_argument("--dialect", choices=DIALECTS, default=plain.dialect)
    parser.add_argument("--model", default=plain.model)
    parser.add_argument("--token", default="", help="what requests must bear")
    parser.add_argument("--seconds", type=float, default=5.0, help="that a film takes")
    parser.add_argument("--steps", type=int, default=20, help="of progress")
    parser.add_argument("--parallel", type=int, default=1, help="films in the making at once")
    parser.add_argument("--queue", type=int, default=ALL, help="orders that may wait; the next is told 429")
    parser.add_argument("--retry-after", default=plain.retry_after, help="what it is told to wait, in seconds")
    parser.add_argument("--fail", action="append", default=[], metavar="N=REASON", help="the Nth order fails")
    parser.add_argument("--more-frames", type=int, default=0, help="that each film has too many; may be negative")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="the first N orders are told 503")
    parser.add_argument("--lie", type=int, default=0, metavar="N", help="the first N orders: an error with status 200")
    parser.add_argument("--cut", type=int, default=0, metavar="N", help="the first N downloads break off")
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="before each answer to a poll")
    asked = parser.parse_args(words)
    failures = {int(number): reason for number, _, reason in (one.partition("=") for one in asked.fail)}
    known = {name: value for name, value in vars(asked).items() if name in {one.name for one in fields(Behaviour)}}
    door = open_port(asked.port)
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    server = VideoServer(url, replace(plain, **cast("dict[str, Any]", known | {"fail": failures})))
    server.trouble("create", status=503, body={"detail": "starting"}, headers={"Retry-After": "1"}, times=asked.busy)
    server.trouble("create", status=200, body={"error": {"message": "all workers are gone"}}, times=asked.lie)
    server.trouble("content", short_by=1000, times=asked.cut)
    server.trouble("poll", seconds=asked.slow)
    host, doors = _host(server, door)
    print(f"REELMILL_VIDEO_API_URL={url}", flush=True)  # noqa: T201 (this is a command)
    with suppress(KeyboardInterrupt):
        host.run(sockets=doors)


if __name__ == "__main__":
    main()
