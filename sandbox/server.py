"""All simulated platforms behind one address, each under its name: `http://127.0.0.1:8100/tiktok/…`."""

from __future__ import annotations

import html
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.platform import Answer, Platform
from sandbox.request import Body, Cut, Malformed, Request
from sandbox.trouble import Trouble

#: Bytes of an unread body that are thrown away before an answer; with more, the connection is closed.
MOST_DRAINED = 1024 * 1024


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
    kept = folder or Path(tempfile.mkdtemp(prefix="reelmill-sandbox-"))
    server = _Server(("127.0.0.1", port), _Handler)
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
        import sys

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
        request = Request(self.command, "/" + unquote(rest), query, headers, Body(cast("Any", self.rfile), length))
        if platform is None:
            self._send(request, _index(sandbox, name))
            return
        try:
            self._send(request, self._answered(platform, request))
        except Cut:
            self.close_connection = True

    def _answered(self, platform: Platform, request: Request) -> Answer:
        found = platform.answer(request)
        if found is None:
            return _of_the_sandbox(platform, request)
        moment, handle = found
        with platform.lock:
            platform.calls.append((moment, request.path))
        trouble = platform.troubles.met(moment) or Trouble(moment)
        time.sleep(trouble.seconds)
        request.body.cut_after = trouble.cut
        if (trouble.status or trouble.drop) and not trouble.handled:
            if trouble.drop:
                raise Cut
            return Answer(trouble.status, trouble.body, trouble.headers)
        try:
            answer = handle()
        except Malformed as error:
            answer = Answer(400, {"error": str(error)})
        if trouble.drop:
            raise Cut
        return Answer(trouble.status, trouble.body, trouble.headers) if trouble.status else answer

    def _send(self, request: Request, answer: Answer) -> None:
        body, kind = _encoded(answer.body)
        left = (request.body.length or 0) - request.body.taken
        if left > MOST_DRAINED or (request.body.length is None and not request.body.ended):
            self.close_connection = True
        elif left > 0:
            request.body.cut_after = None
            for _ in request.body.pieces():
                pass
        self.send_response(answer.status)
        headers = {"Content-Type": kind, **answer.headers}
        if answer.status not in {204, 304}:
            headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.status not in {204, 304} and self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """A rehearsal asks what became public, not what was requested."""


def _encoded(body: Any) -> tuple[bytes, str]:
    if body is None:
        return b"", "text/plain"
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        kind = "text/html; charset=utf-8" if body.startswith("<") else "text/plain; charset=utf-8"
        return body.encode(), kind
    return json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8"


def _of_the_sandbox(platform: Platform, request: Request) -> Answer:
    """What no platform has: the file of a post, and its page."""
    kind, _, identity = request.path.strip("/").partition("/")
    path = platform.media(identity.removesuffix(".mp4"))
    if kind == "media" and path is not None:
        return Answer(200, path.read_bytes(), {"Content-Type": "video/mp4"})
    if kind == "watch" and path is not None:
        post = next(post for post in platform.published if post.id == identity)
        words = "".join(f"<p>{html.escape(line)}" for line in post.text.splitlines())
        source = html.escape(f"{platform.base}/media/{identity}.mp4", quote=True)
        return Answer(200, f'<!doctype html><video src="{source}" controls height=640></video>{words}')
    return Answer(404, {"error": f"the sandbox's {platform.name} has no {request.method} {request.path}"})


def _index(sandbox: Sandbox, name: str) -> Answer:
    if name not in {"", "published.json"}:
        return Answer(404, {"error": f"the sandbox has no platform {name!r}"})
    told = {one.name: [asdict(post) for post in one.published] for one in sandbox.platforms.values()}
    return Answer(200, told)
