"""A shop's web server on loopback: pages, redirects, errors, drips and bombs, as a test sets them."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """What the shop answers at one path."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0  #: pause before each byte of the body
    short_by: int = 0  #: bytes that are announced and never sent

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Page:
        return cls(status=status, headers={"Location": location})

    @classmethod
    def gzipped(cls, body: bytes) -> Page:
        return cls(gzip.compress(body), headers={"Content-Encoding": "gzip"})


@dataclass
class Request:
    """What the shop was asked."""

    path: str
    headers: Mapping[str, str]


class Shop:
    """A running shop. `pages` maps a path (without its query) to what is answered there; others are 404."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        self.stopped = threading.Event()
        self.port = server.server_port
        self.scheme = scheme

    @property
    def host(self) -> str:
        """host:port, as `Fetcher.allow` takes it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}{path}"


@contextmanager
def shop(certificate: ssl.SSLContext | None = None) -> Iterator[Shop]:
    """Open a shop; with a certificate it speaks https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:  # http.server's own name
            running.requests.append(Request(self.path, dict(self.headers)))
            page = running.pages.get(self.path.partition("?")[0], Page(b"not here", status=404))
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body) + page.short_by))
            self.end_headers()
            self.close_connection = True
            try:
                if not page.drip_seconds:
                    self.wfile.write(page.body)
                    return
                for byte in page.body:
                    if running.stopped.wait(page.drip_seconds):
                        return
                    self.wfile.write(bytes([byte]))
            except OSError:
                return  # the client gave up, as some tests want it to

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # http.server's own name
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            return  # a refused handshake is what a test of certificates asks for

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    running = Shop(server, "https" if certificate else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
