"""The guarded HTTP client: the only way in which Reelmill reads a URL that somebody else wrote.

A feed, and each image that it names, is foreign data. So a URL must be http(s) on port 80 or 443 without a login in
it; its host is resolved once, every address is checked (`reelmill.addresses`), and the connection goes to an address
that was checked, so that a name which changes its mind (DNS rebinding) gains nothing. Each redirect is checked again.
The body is counted after decompression and the whole fetch has one deadline. Nothing is taken from the environment:
no proxies, no netrc, no cookies.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpcore
import httpx

from reelmill import __version__
from reelmill.addresses import forbidden
from reelmill.answers import explain, judge, redacted
from reelmill.connections import WIRE_ERRORS, CheckedBackend, Chunks
from reelmill.errors import FetchError, StorageError, TransientError
from reelmill.streams import BLOCK_BYTES, Capped, gunzipped

PORTS = (80, 443)
MAX_REDIRECTS = 3
MAX_URL_LENGTH = 4096  #: characters
REDIRECTS = (301, 302, 303, 307, 308)

#: Seconds of silence after which a connection is given up.
CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0

#: What `sniff` may say of a picture that the stages can decode.
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})

_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))

#: How much of a body `sniff` looks at, in bytes.
SNIFFED_BYTES = 512

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port in, IP addresses out. May raise `socket.gaierror`."""


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _certificates() -> ssl.SSLContext:
    """Loading the certificate authorities takes tens of milliseconds: once a process is enough."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A URL that answered well."""

    url: str  #: after redirects, as it was asked for: it may hold secrets, so use `redacted` in messages
    content_type: str  #: as the server says, lower case and without parameters; "" if it says nothing
    body: io.BufferedReader  #: decompressed; reading it raises `FetchError` or `TransientError`


@dataclass(frozen=True, slots=True)
class Saved:
    """A URL that was saved to a file."""

    url: str  #: after redirects
    content_type: str  #: what the bytes are, or what the server says where they do not tell
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Reads URLs under guard. Holds no connection, so it can be shared between threads.

    Examples
    --------
    >>> fetcher = Fetcher()
    >>> with fetcher.open("https://shop.example/feed.xml", max_bytes=1_000_000) as opened:  # doctest: +SKIP
    ...     opened.body.read()
    """

    allow: tuple[str, ...] = ()  #: `host:port` entries that may be private and on any port
    seconds: float = 120.0  #: for one fetch from the first look-up to the last byte, redirects included
    max_bytes: int = 64 * 1024 * 1024  #: after decompression, where a call does not say less or more
    resolver: Resolver = system_resolver
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)  #: what dials a checked address
    certificates: ssl.SSLContext | None = None  #: None: the authorities that certifi lists

    @contextmanager
    def open(self, url: str, *, max_bytes: int | None = None, accept: Collection[str] = ()) -> Iterator[Opened]:
        """Read a URL as a stream. Read it soon: the deadline runs on while the caller does something else.

        Parameters
        ----------
        url:
            http or https.
        max_bytes:
            The most that the body may have, after decompression. None: this fetcher's own limit.
        accept:
            What the first bytes must be by `sniff`; empty takes anything. The server's Content-Type proves nothing.

        Raises
        ------
        FetchError
            If the guard refuses the URL or a redirect, if the server refuses for good (401, 403, 404, 410 …), and
            when the body is too large, damaged, or not what `accept` says.
        TransientError
            If the host does not answer now: no connection, a timeout, 408, 425, 429, 5xx. `retry_after` is set where
            the server names it.
        """
        deadline = time.monotonic() + self.seconds
        current = parse(url)
        for _ in range(MAX_REDIRECTS + 1):
            with self._exchange(current, deadline) as response:
                if response.status in REDIRECTS:
                    current = _next_hop(current, _header(response, b"location"))
                    continue
                judge(response.status, _header(response, b"retry-after"), current)
                with _body(response, current, self.max_bytes if max_bytes is None else max_bytes) as body:
                    _check_content(body, accept, current)
                    content_type = _header(response, b"content-type").partition(";")[0].strip().lower()
                    yield Opened(str(current), content_type, body)
                return
        raise FetchError(f"{redacted(url)} redirects more than {MAX_REDIRECTS} times", "use the address it ends at")

    def save(self, url: str, path: Path, *, max_bytes: int | None = None, accept: Collection[str] = ()) -> Saved:
        """Save a URL to `path`, whole or not at all. Parameters and errors are those of `open`.

        Raises
        ------
        StorageError
            If the file cannot be written.
        """
        with self.open(url, max_bytes=max_bytes, accept=accept) as opened:
            kind = sniff(opened.body.peek(SNIFFED_BYTES)) or opened.content_type
            digest = hashlib.sha256()
            try:
                with NamedTemporaryFile(dir=path.parent, prefix=".fetch-", suffix=".part", delete=False) as file:
                    partial = Path(file.name)
                    try:
                        while block := opened.body.read(BLOCK_BYTES):
                            digest.update(block)
                            file.write(block)
                        file.flush()
                        os.fsync(file.fileno())
                        partial.replace(path)
                    except BaseException:
                        partial.unlink(missing_ok=True)
                        raise
                    return Saved(opened.url, kind, path, digest.hexdigest(), file.tell())
            except OSError as error:
                raise StorageError(
                    f"{path} cannot be written: {error.strerror}", "make room or another folder"
                ) from error

    @contextmanager
    def _exchange(self, url: httpx.URL, deadline: float) -> Iterator[httpcore.Response]:
        """One request to a checked address, and the beginning of its answer."""
        addresses = self._checked_addresses(url)
        timeouts = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", f"reelmill/{__version__}".encode()),
            (b"Accept", b"*/*"),
            # The one encoding that is decompressed in bounded steps here.
            (b"Accept-Encoding", b"gzip"),
            (b"Connection", b"close"),
        ]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        with httpcore.ConnectionPool(
            ssl_context=self.certificates or _certificates(),
            network_backend=CheckedBackend(self.backend, addresses, deadline),
            max_connections=1,
        ) as pool:
            try:
                with pool.stream("GET", target, headers=headers, extensions={"timeout": timeouts}) as response:
                    yield response
            except WIRE_ERRORS as error:
                raise explain(error, url) from error

    def _checked_addresses(self, url: httpx.URL) -> Sequence[str]:
        host = url.raw_host.decode("ascii").lower()
        port = (443 if url.scheme == "https" else 80) if url.port is None else url.port
        # `raw_host` has no brackets around an IPv6 address, and people write them.
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        ours = named in {entry.strip().lower() for entry in self.allow}
        remedy = f"if it is yours, add {named} to REELMILL_FETCH_PRIVATE"
        if port not in PORTS and not ours:
            raise FetchError(f"{redacted(url)} is refused: port {port} is neither 80 nor 443", remedy)
        try:
            addresses = self.resolver(host, port)
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
                raise TransientError(f"{host} cannot be looked up now", "check the network, then try again") from error
            addresses = ()
        if not addresses:
            raise FetchError(f"{redacted(url)}: there is no host {host}", "check the spelling of the URL")
        for address in addresses:
            if not ours and (reason := forbidden(address)):
                at = "it" if address == host else f"{host} is at {address}, which"
                raise FetchError(f"{redacted(url)} is refused: {at} is {reason}", remedy)
        return addresses


def parse(url: str) -> httpx.URL:
    """A URL that the guard lets through to the look-up: http(s), with a host, without a login.

    Raises
    ------
    FetchError
        If it is anything else. The reason never shows a login or a value of the query.
    """
    if len(url) > MAX_URL_LENGTH:
        raise FetchError(f"a URL of {len(url)} characters is refused", f"use at most {MAX_URL_LENGTH}")
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{redacted(url)!r} is not a URL", "use one that begins with https://") from error
    if parsed.scheme not in ("http", "https"):
        raise FetchError(f"{redacted(url)!r} is refused: only http and https are read", "use an https:// URL")
    if parsed.userinfo:
        raise FetchError(f"{redacted(url)} is refused: it holds a login", "use a URL without `user:password@`")
    if not parsed.host:
        raise FetchError(f"{redacted(url)!r} names no host", "use one like https://shop.example/feed.xml")
    return parsed


def sniff(head: bytes) -> str:
    """What a file is by its first bytes: a media type, or "" if they do not tell."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "text/xml" if text.startswith((b"<?xml", b"<rss", b"<feed")) else ""


def _body(response: httpcore.Response, url: httpx.URL, limit: int) -> io.BufferedReader:
    """The decompressed body, with a limit that holds for what arrives and for what it becomes."""
    shown = redacted(url)
    remedy = "use a smaller file"
    encoding = _header(response, b"content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"{shown} comes in the encoding {encoding!r}, which nobody asked for", "let it send gzip")
    declared = _header(response, b"content-length")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
        raise FetchError(f"{shown} has {int(declared[:18]):,} bytes, and at most {limit:,} are read", remedy)
    arriving = io.BufferedReader(Chunks(response, url), BLOCK_BYTES)
    return io.BufferedReader(
        Capped(
            gunzipped(arriving) if encoding.endswith("gzip") else arriving,
            limit,
            too_large=lambda: FetchError(f"{shown} is larger than {limit:,} bytes", remedy),
            broken=lambda words: FetchError(f"{shown} is damaged: {words}", "check the file at its server"),
        ),
        BLOCK_BYTES,
    )


def _check_content(body: io.BufferedReader, accept: Collection[str], url: httpx.URL) -> None:
    if accept and (kind := sniff(body.peek(SNIFFED_BYTES))) not in accept:
        raise FetchError(
            f"{redacted(url)} is {kind or 'something unknown'}, not {' or '.join(sorted(accept))}", "check the URL"
        )


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _next_hop(current: httpx.URL, location: str) -> httpx.URL:
    if not location:
        raise FetchError(f"{redacted(current)} redirects to nowhere", "check the URL in a browser")
    try:
        target = parse(str(current.join(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{redacted(current)} redirects to {redacted(location)!r}", "check the URL") from error
    if current.scheme == "https" and target.scheme == "http":
        raise FetchError(
            f"{redacted(current)} redirects to {redacted(target)}, which is not encrypted", "use an https address"
        )
    return target
