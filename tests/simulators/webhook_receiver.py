"""A receiver of webhooks on loopback: it verifies signatures with the library of Standard Webhooks, and may fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import standardwebhooks

from reelmill.content import Json

#: The example key of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """What came in, and how the next deliveries go wrong."""

    url: str = ""
    secret: str = SECRET
    taken: dict[str, Json] = field(default_factory=dict)  #: messages by their id: what was done about them, once
    files: dict[str, bytes] = field(default_factory=dict)  #: what came with the last one, by the name of the part
    deliveries: list[Mapping[str, str]] = field(default_factory=list)  #: the headers of each, right or wrong
    refused: list[str] = field(default_factory=list)  #: why a delivery was not taken

    status: int = 0  #: answered instead of taking it
    headers: dict[str, str] = field(default_factory=dict)
    late: int = 0  #: answered after it was taken
    drop: bool = False  #: it is taken, and no answer comes
    times: int = 10**9  #: so many deliveries go wrong
    answer: Json = None


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/tea?token=of-the-address"
    server.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self._body()
        receiver.deliveries.append({name.lower(): value for name, value in self.headers.items()})
        trouble = receiver.times > 0
        receiver.times -= 1
        if trouble and receiver.status:
            self._answer(receiver.status, None, receiver.headers)
            return
        try:
            self._take(receiver, body)
        except standardwebhooks.WebhookVerificationError as error:
            receiver.refused.append(str(error))
            self._answer(401, {"error": str(error)})
            return
        if trouble and receiver.drop:
            self.close_connection = True
            return
        self._answer((receiver.late if trouble else 0) or 200, receiver.answer)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _take(self, receiver: Receiver, body: bytes) -> None:
        headers = dict(self.headers.items())
        library = standardwebhooks.Webhook(receiver.secret)
        kind = headers["Content-Type"]
        if kind == "application/json":
            message = library.verify(body, headers)
        else:
            check_whole(receiver.secret, headers, body)
            parsed: Any = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            parts = {part.get_param("name", header="content-disposition"): part for part in parsed.iter_parts()}
            receiver.files = {name: part.get_payload(decode=True) for name, part in parts.items()}
            message = library.verify(receiver.files["post"], headers)
        receiver.taken.setdefault(headers["webhook-id"], message)

    def _answer(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing."""


def check_whole(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """That one of the signatures is of the whole body: the library takes text only."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if wanted not in headers["webhook-signature"].split():
        raise standardwebhooks.WebhookVerificationError("no signature is of the whole body")
