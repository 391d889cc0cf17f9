"""An object store on loopback: Amazon's protocol as moto speaks it, behind a proxy that fails as a test asks it to."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

#: What is passed on at a time, in bytes.
PIECE = 1 << 16
REGION = "us-east-1"

_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


@dataclass
class Trouble:
    """What is to go wrong, with requests of some method."""

    method: str  #: GET, PUT …; empty: all
    status: int = 0  #: answered instead of what is true; 0: the truth
    short_by: int = 0  #: bytes of the body that are announced and never sent
    flip: bool = False  #: the first byte of the body is another one
    lost: bool = False  #: what was asked is done, and no answer comes
    body: bytes = b""  #: what is answered with `status`
    times: int = 10**9  #: to so many requests; then all is well again


@dataclass(frozen=True)
class Request:
    """What the bucket was asked."""

    method: str
    path: str


class Bucket:
    """A bucket, empty at first.

    `fail` makes the next requests fail, `objects` looks behind the proxy, and `environment` is what a client needs.
    """

    def __init__(self, front: str, back: str, name: str) -> None:
        import boto3

        self.name = name
        self.endpoint = front
        self.requests: list[Request] = []
        self.turn = threading.Lock()  #: moto falls over two writers of one object, where Amazon takes the last one
        self._trouble: list[Trouble] = []
        self._lock = threading.Lock()
        self.client: Any = boto3.client(
            "s3", endpoint_url=back, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret"
        )

    @property
    def url(self) -> str:
        return f"s3://{self.name}/videos"

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def fail(self, method: str = "", **how: Any) -> None:
        """Let requests fail: see `Trouble`. Troubles that are told one after the other are met one after the other."""
        self._trouble.append(Trouble(method, **how))

    def mend(self) -> None:
        self._trouble.clear()

    def objects(self) -> dict[str, bytes]:
        """Everything in the bucket, by its key."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {one["Key"]: self.client.get_object(Bucket=self.name, Key=one["Key"])["Body"].read() for one in found}

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def age(self, key: str, by: dt.timedelta) -> None:
        """Let an object be older than it is."""
        from moto.backends import get_backend
        from moto.core import DEFAULT_ACCOUNT_ID

        backend: Any = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]  # moto's server runs in this process
        backend.buckets[self.name].keys[key].last_modified -= by

    def asked(self, *methods: str) -> int:
        """How many requests of these methods came in; of all methods if none is given."""
        return sum(1 for request in self.requests if not methods or request.method in methods)

    def met(self, request: Request) -> Trouble | None:
        """Note a request, and say what is to go wrong with it."""
        with self._lock:
            self.requests.append(request)
            for trouble in self._trouble:
                if trouble.times > 0 and trouble.method in {"", request.method}:
                    trouble.times -= 1
                    return trouble
        return None


@contextmanager
def an_object_store() -> Iterator[str]:
    """The address of a running moto. It is one for a whole session: buckets are what tests have for their own."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def a_bucket(object_store: str) -> Iterator[Bucket]:
    """A new bucket there, behind a proxy of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    server.daemon_threads = True
    bucket = Bucket(f"http://127.0.0.1:{server.server_port}", object_store, f"test-{uuid4().hex}")
    bucket.client.create_bucket(Bucket=bucket.name)
    server.bucket, server.back = bucket, object_store.removeprefix("http://")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        bucket.client.close()


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        """Pass a request on, or let it fail."""
        trouble = self.server.bucket.met(Request(self.command, self.path))  # type: ignore[attr-defined]
        body = self._body()
        if trouble is not None and trouble.status:
            for _ in body:
                pass
            self._answer(trouble.status, trouble.body or (_DENIED if trouble.status == 403 else b""))
            return
        back = HTTPConnection(self.server.back, timeout=60)  # type: ignore[attr-defined]
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
            with self.server.bucket.turn:  # type: ignore[attr-defined]
                back.request(self.command, self.path, body=body, headers=headers, encode_chunked=chunked)
                self._pass_on(back, trouble or Trouble(""))
        finally:
            back.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 (the names are the base class's)

    def _body(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read(min(PIECE, left))
            left -= len(piece)
            yield piece

    def _pass_on(self, back: HTTPConnection, trouble: Trouble) -> None:
        answer = back.getresponse()
        if trouble.lost:
            answer.read()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "transfer-encoding", "server", "date"}:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        left = int(answer.getheader("Content-Length") or 0) - trouble.short_by
        first = trouble.flip
        while left > 0 and (piece := answer.read(min(PIECE, left))):
            left -= len(piece)
            self.wfile.write(bytes([piece[0] ^ 1]) + piece[1:] if first else piece)
            first = False
        self.close_connection = self.close_connection or bool(trouble.short_by)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing."""
