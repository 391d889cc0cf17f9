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
from reelmill.body import body_of, header
from reelmill.connections import WIRE_ERRORS, CheckedBackend
from reelmill.editions import NO_EDITION, Edition
from reelmill.errors import FetchError, StorageError, TransientError
from reelmill.login import Login
from reelmill.sniffing import SNIFFED_BYTES, sniff
from reelmill.streams import BLOCK_BYTES
from reelmill.urls import named, next_hop, origin, parse

PORTS = (80, 443)
MAX_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
NOT_MODIFIED = 304

#: Seconds of silence after which a connection is given up.
CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port in, IP addresses out. May raise `socket.gaierror`."""


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def system_certificates() -> ssl.SSLContext:
    """Loading the certificate authorities takes tens of milliseconds: once a process is enough."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A URL that answered well."""

    url: str  #: after redirects, as it was asked for: it may hold secrets, so use `redacted` in messages
    content_type: str  #: as the server says, lower case and without parameters; "" if it says nothing
    body: io.BufferedReader  #: decompressed; reading it raises `FetchError` or `TransientError`
    edition: Edition = NO_EDITION  #: of what was answered
    is_unchanged: bool = False  #: it is still the edition that the caller has; the body is empty


@dataclass(frozen=True, slots=True)
class Saved:
    """A URL that was saved to a file."""

    url: str  #: after redirects
    content_type: str  #: what the bytes are, or what the server says where they do not tell
    path: Path
    sha256: str
    size_bytes: int
    edition: Edition = NO_EDITION  #: of what was saved


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
    def open(
        self,
        url: str,
        *,
        max_bytes: int | None = None,
        accept: Collection[str] = (),
        login: Login | None = None,
        known: Edition = NO_EDITION,
    ) -> Iterator[Opened]:
        """Read a URL as a stream. Read it soon: the deadline runs on while the caller does something else.

        Parameters
        ----------
        url:
            http or https.
        max_bytes:
            The most that the body may have, after decompression. None: this fetcher's own limit.
        accept:
            What the first bytes must be by `sniff`; empty takes anything. The server's Content-Type proves nothing.
        login:
            What lets us in. It goes to the URL's own host, encrypted (or to one that `allow` names), and nowhere else,
            wherever the host redirects to.
        known:
            The edition that the caller has. Of that one nothing is sent again.

        Raises
        ------
        FetchError
            If the guard refuses the URL or a redirect, if a login would be sent in the clear, if the server refuses for
            good (401, 403, 404, 410 …), and when the body is too large, damaged, or not what `accept` says.
        TransientError
            If the host does not answer now: no connection, a timeout, 408, 425, 429, 5xx. `retry_after` is set where
            the server names it.
        """
        deadline = time.monotonic() + self.seconds
        current = first = parse(url)
        if login:
            self._check_secrecy(first)
        for _ in range(MAX_REDIRECTS + 1):
            asked = known.conditions()
            if login and origin(current) == origin(first):
                asked.append((b"Authorization", login.header))
            with self._exchange(current, deadline, asked) as response:
                if response.status in REDIRECTS:
                    current = next_hop(current, header(response, b"location"))
                    continue
                edition = Edition.of(header(response, b"etag"), header(response, b"last-modified"))
                if response.status == NOT_MODIFIED and known:
                    yield Opened(str(current), "", io.BufferedReader(io.BytesIO()), edition or known, True)
                    return
                judge(response.status, header(response, b"retry-after"), current)
                with body_of(response, current, self.max_bytes if max_bytes is None else max_bytes) as body:
                    _check_content(body, accept, current)
                    content_type = header(response, b"content-type").partition(";")[0].strip().lower()
                    yield Opened(str(current), content_type, body, edition)
                return
        raise FetchError(f"{redacted(url)} redirects more than {MAX_REDIRECTS} times", "use the address it ends at")

    def save(
        self,
        url: str,
        path: Path,
        *,
        max_bytes: int | None = None,
        accept: Collection[str] = (),
        login: Login | None = None,
    ) -> Saved:
        """Save a URL to `path`, whole or not at all. Parameters and errors are those of `open`.

        Raises
        ------
        StorageError
            If the file cannot be written.
        """
        saved = self.save_newer(url, path, NO_EDITION, max_bytes=max_bytes, accept=accept, login=login)
        assert saved is not None
        return saved

    def save_newer(
        self,
        url: str,
        path: Path,
        known: Edition,
        *,
        max_bytes: int | None = None,
        accept: Collection[str] = (),
        login: Login | None = None,
    ) -> Saved | None:
        """The same unless the server says that `known` is still its edition: then None, and `path` is left alone."""
        with self.open(url, max_bytes=max_bytes, accept=accept, login=login, known=known) as opened:
            if opened.is_unchanged:
                return None
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
                    return Saved(opened.url, kind, path, digest.hexdigest(), file.tell(), opened.edition)
            except OSError as error:
                raise StorageError(
                    f"{path} cannot be written: {error.strerror}", "make room or another folder"
                ) from error

    @contextmanager
    def _exchange(
        self, url: httpx.URL, deadline: float, more: Sequence[tuple[bytes, bytes]] = ()
    ) -> Iterator[httpcore.Response]:
        """One request to a checked address, and the beginning of its answer."""
        addresses = self.checked_addresses(url)
        timeouts = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", f"reelmill/{__version__}".encode()),
            (b"Accept", b"*/*"),
            # The one encoding that is decompressed in bounded steps here.
            (b"Accept-Encoding", b"gzip"),
            (b"Connection", b"close"),
            *more,
        ]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        with httpcore.ConnectionPool(
            ssl_context=self.certificates or system_certificates(),
            network_backend=CheckedBackend(self.backend, addresses, deadline),
            max_connections=1,
        ) as pool:
            try:
                with pool.stream("GET", target, headers=headers, extensions={"timeout": timeouts}) as response:
                    yield response
            except WIRE_ERRORS as error:
                raise explain(error, url) from error

    def _check_secrecy(self, url: httpx.URL) -> None:
        if url.scheme != "https" and not self.is_allowed(url):
            raise FetchError(f"{redacted(url)} is not encrypted, so no login is sent to it", "use an https:// URL")

    def is_allowed(self, url: httpx.URL) -> bool:
        """Whether its host and port are named in `allow`."""
        return named(url)[2] in {entry.strip().lower() for entry in self.allow}

    def checked_addresses(self, url: httpx.URL) -> Sequence[str]:
        """Where a URL may be connected to.

        Raises
        ------
        FetchError, TransientError
            If the guard refuses it, or its host cannot be looked up.
        """
        host, port, written = named(url)
        ours = self.is_allowed(url)
        remedy = f"if it is yours, add {written} to REELMILL_FETCH_PRIVATE"
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


def _check_content(body: io.BufferedReader, accept: Collection[str], url: httpx.URL) -> None:
    if accept and (kind := sniff(body.peek(SNIFFED_BYTES))) not in accept:
        raise FetchError(
            f"{redacted(url)} is {kind or 'something unknown'}, not {' or '.join(sorted(accept))}", "check the URL"
        )
