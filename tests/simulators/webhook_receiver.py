"""A receiver of webhooks on loopback: it verifies signatures with the library of Standard Webhooks, and may fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import standardwebhooks

from reelmill.content import Json
from tests.simulators.loopback import Handler, serving

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
    with serving(_Handler, receiver=receiver) as url:
        receiver.url = f"{url}/hooks/tea?token=of-the-address"
        yield receiver


class _Handler(Handler):
    def do_POST(self) -> None:  # noqa: N802 (the base class looks for it)
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
        self.answer(status, b"" if body is None else json.dumps(body).encode(), headers)


def check_whole(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """That one of the signatures is of the whole body: the library takes text only."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if wanted not in headers["webhook-signature"].split():
        raise standardwebhooks.WebhookVerificationError("no signature is of the whole body")
