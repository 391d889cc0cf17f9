"""The door on a socket, until it is told to close."""

from __future__ import annotations

import logging
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from records.ledger import Ledger
from reelmill.errors import UseError
from reelmill.settings import Settings
from web.app import build

#: Requests at once; more are turned away with 503.
MOST_AT_ONCE = 256
#: Seconds that answers may take to end when the door closes, and that an idle connection is kept.
CLOSING, IDLE = 5, 30
#: Calls of the ledger at once: as many as its pool has connections.
THREADS = 14

log = logging.getLogger("reelmill.web")


class Server(uvicorn.Server):
    """A server that has its streams end before it waits for them."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # the guard writes a line without the query, which may hold a signature
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=CLOSING,
        )
        super().__init__(config)
        self._door = app.state.door

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        import anyio.to_thread

        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told to end. Unlike uvicorn's own, this does not repeat the signal afterwards: the command ends well."""
        self.force_exit = self.should_exit and sig == signal.SIGINT  # a second Ctrl-C
        self.close()

    def close(self) -> None:
        """Close, from whatever thread."""
        self._door.closing.set()
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Serve on the host and port of the settings until SIGTERM or Ctrl-C.

    Raises
    ------
    UseError
        If that address cannot be used.
    """
    with listen(settings.web_host, settings.web_port) as listening, Ledger(settings) as ledger:
        server = Server(build(settings, ledger))
        log.info("the door is open at %s port %s", settings.web_host, settings.web_port)
        server.run(sockets=[listening])
        log.info("the door is closed")


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address.

    Raises
    ------
    UseError
        If another program has it, or this machine does not.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
        )
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UseError(
            f"the door cannot listen on {host} port {port}: {(reason or str(error)).lower()}",
            "choose another --port, or stop what listens there",
        ) from None
