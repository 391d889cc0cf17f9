"""The server on a socket, until it is told to stop."""

from __future__ import annotations

import logging
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from reelmill.errors import EngineError, UseError
from reelmill.logs import conceal
from wan_engine.base import Engine
from wan_engine.server.app import build
from wan_engine.server.database import Database
from wan_engine.server.desk import Desk
from wan_engine.server.folder import StateFolder
from wan_engine.server.guard import is_loopback
from wan_engine.server.jobs import Jobs
from wan_engine.server.metrics import Figures
from wan_engine.server.queueing import Queue
from wan_engine.server.worker import Worker
from wan_engine.video_api.protocol import Status

#: Seconds that a job is remembered after its end, and its film kept: a day, in which a resumed run finds it.
KEEP = 24 * 3600.0
#: Requests at once; more are turned away with 503.
MOST_AT_ONCE = 256
#: Seconds that answers may take to end, and the engine to put its shot down, when the server stops.
CLOSING, PUTTING_DOWN = 3, 8.0
#: Seconds that an idle connection is kept.
IDLE = 30
TOKEN = "REELMILL_ENGINE_TOKEN"

log = logging.getLogger("reelmill.engine")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is and what it asks for."""

    folder: Path  #: its state
    host: str = "127.0.0.1"
    port: int = 8000  #: 0: any free one
    token: str = ""
    most_waiting: int = 64  #: jobs in the queue


class Server(uvicorn.Server):
    """A server that has its worker stop before it waits for its last answers."""

    def __init__(self, desk: Desk, worker: Worker, place: Place) -> None:
        super().__init__(
            uvicorn.Config(
                build(desk, host=place.host, token=place.token),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,  # the guard writes the line
                server_header=False,
                limit_concurrency=MOST_AT_ONCE,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=CLOSING,
            )
        )
        self._worker = worker

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._worker.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told to end. Unlike uvicorn's own, this does not repeat the signal afterwards: the command ends well."""
        self.force_exit = self.should_exit and sig == signal.SIGINT  # a second Ctrl-C
        self.should_exit = True


def serve(make_engine: Callable[[], Engine], place: Place, *, ready: Callable[[str, str], None]) -> bool:
    """Serve until SIGTERM or Ctrl-C; returns whether the engine could be put down in time.

    Parameters
    ----------
    make_engine:
        Makes the engine that draws, and once more the one that is asked what is legal.
    ready:
        Is told the address and the model once orders are taken.

    Raises
    ------
    UseError
        If the address cannot be used, if it is open to others without a token, or if the folder is another server's.
    EngineError
        If the engine cannot run here.
    """
    _refuse_open_doors(place)
    with opened(make_engine, place) as (desk, worker), listen(place.host, place.port) as listening:
        server = Server(desk, worker, place)
        worker.start()
        ready(_address(listening), desk.served.model)
        server.run(sockets=[listening])
        worker.stop()
        return worker.join(PUTTING_DOWN)


@contextmanager
def opened(
    make_engine: Callable[[], Engine], place: Place, *, clock: Callable[[], float] = time.time
) -> Iterator[tuple[Desk, Worker]]:
    """A desk and its worker, which was not started yet, in a folder that is nobody else's for as long."""
    asked = make_engine()
    if reason := asked.unavailable():
        raise EngineError(f"the engine {asked.name} cannot run here: {reason}", "`reelmill doctor` says more")
    with StateFolder.opened(place.folder) as folder, Database(folder.jobs, keep=KEEP, clock=clock) as database:
        jobs, queue, figures = Jobs(database), Queue(database), Figures(asked.name, asked.model)
        queue.recover()
        queue.sweep()
        folder.clear(films=jobs.ids(Status.COMPLETED), pictures=jobs.ids(Status.QUEUED))
        worker = Worker(make_engine(), queue, folder, figures)
        yield Desk(asked, jobs, worker, folder, figures, most_waiting=place.most_waiting), worker


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address.

    Raises
    ------
    UseError
        If another program has it, or this machine does not.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UseError(
            f"the server cannot listen on {host} port {port}: {(reason or str(error)).lower()}",
            "choose another --port, or stop what listens there",
        ) from None


def _refuse_open_doors(place: Place) -> None:
    """Beyond this machine, only who bears the token may order."""
    if place.token:
        conceal(place.token)
        if not re.fullmatch(r"[\x21-\x7e]+", place.token):
            # The value is not shown.
            raise UseError(f"{TOKEN} has characters that no header can carry", f"set {TOKEN} to printable ASCII")
    elif not is_loopback(place.host):
        raise UseError(
            f"the server would listen on {place.host}, and {TOKEN} is not set",
            f"set {TOKEN} here, and REELMILL_VIDEO_API_TOKEN to the same where it is called from",
        )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
