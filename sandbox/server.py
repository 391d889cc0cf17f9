"""All simulated platforms behind one address, each under its name: `http://127.0.0.1:8100/tiktok/…`."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox import console
from sandbox.answer import Answer
from sandbox.payload import Payload
from sandbox.platform import Platform
from sandbox.request import PIECE, Body, Cut, Malformed, Request
from sandbox.trouble import Trouble

#: Bytes of an unread body that are thrown away before an answer; with more, the connection ends after it.
MOST_DRAINED = 1024 * 1024
#: Bytes that are thrown away after an answer with which the connection ends, and the seconds without any.
MOST_LINGERED, LINGER_SECONDS = 1024**3, 5.0


class Sandbox:
    """The running platforms, by their names."""

    def __init__(self, url: str, platforms: Sequence[Platform]) -> None:
        self.url = url
        self.platforms = {platform.name: platform for platform in platforms}

    def __getitem__(self, name: str) -> Platform:
        return self.platforms[name]


@contextmanager
def sandbox(kinds: Sequence[type[Platform]], *, port: int = 0, folder: Path | None = None) -> Iterator[Sandbox]:
    """Serve platforms on loopback for the time of the block.

    Parameters
    ----------
    port:
        0: any that is free.
    folder:
        Where uploads are kept. None: a temporary one.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    kept = folder or Path(tempfile.mkdtemp(prefix="reelmill-sandbox-"))
    url = f"http://127.0.0.1:{server.server_port}"
    server.sandbox = Sandbox(url, [kind(f"{url}/{kind.name}", kept / kind.name) for kind in kinds])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.sandbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        if folder is None:
            shutil.rmtree(kept, ignore_errors=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to speak of; a platform that is broken is."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        sandbox = cast("_Server", self.server).sandbox
        split = urlsplit(self.path)
        name, _, rest = split.path.lstrip("/").partition("/")
        platform = sandbox.platforms.get(name)
        headers = {key.lower(): value for key, value in self.headers.items()}
        length = None if "chunked" in headers.get("transfer-encoding", "") else int(headers.get("content-length") or 0)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        path = "/" + unquote(split.path.lstrip("/") if platform is None else rest)
        request = Request(self.command, path, query, headers, Body(cast("Any", self.rfile), length))
        try:
            if platform is None:
                self._send(request, console.of_all(sandbox.platforms, request))
            else:
                self._send(request, self._answered(platform, request))
        except Cut:
            self.close_connection = True

    def _answered(self, platform: Platform, request: Request) -> Answer:
        found = platform.answer(request)
        if found is None:
            return console.of_one(platform, request)
        moment, handle = found
        with platform.lock:
            platform.calls.append((moment, request.path))
        trouble = platform.troubles.met(moment) or Trouble(moment)
        time.sleep(trouble.seconds)
        if trouble.expires:
            platform.expire_tokens()
        request.body.cut_after = trouble.cut
        if (trouble.status or trouble.drop) and not trouble.handled:
            if trouble.drop:
                raise Cut
            return Answer(trouble.status, trouble.body, trouble.headers)
        answer = handle()
        if trouble.drop:
            raise Cut
        return Answer(trouble.status, trouble.body, trouble.headers) if trouble.status else answer

    def _send(self, request: Request, answer: Answer) -> None:
        payload = Payload.of(answer.body)
        whole = _drained(request.body)
        self.close_connection = self.close_connection or not whole
        self.send_response(answer.status)
        headers = {"Content-Type": payload.kind, **answer.headers}
        if answer.status not in {204, 304}:
            headers["Content-Length"] = str(payload.size)
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.status not in {204, 304} and self.command != "HEAD":
            for piece in payload.pieces:
                self.wfile.write(piece)
        if not whole:
            self._linger()

    def _linger(self) -> None:
        """Read on for a while, or the client is told of a reset before it has read the answer (RFC 9112, 9.6)."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            left = MOST_LINGERED
            while left > 0 and (piece := self.rfile.read1(PIECE)):
                left -= len(piece)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """A rehearsal asks what became public, not what was requested."""


def _drained(body: Body) -> bool:
    """Whether nothing of a body is unread; a little is read here."""
    body.cut_after = None
    left = MOST_DRAINED
    if body.length is not None and body.length - body.taken > left:
        return False
    with suppress(Cut, Malformed):
        for piece in body.pieces():
            left -= len(piece)
            if left < 0:
                return False
        return True
    return False
