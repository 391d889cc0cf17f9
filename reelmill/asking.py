"""Asking a server by POST under the guard of `reelmill.fetching`: checked addresses, no redirect, a deadline, a limit.

What is sent may be private and may bear a key, so it goes over https, or to a host that is named in `allow`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpcore

from reelmill import __version__
from reelmill.answers import explain, redacted
from reelmill.connections import WIRE_ERRORS, CheckedBackend, Chunks
from reelmill.errors import FetchError
from reelmill.fetching import CONNECT_SECONDS, Fetcher, system_certificates
from reelmill.streams import BLOCK_BYTES
from reelmill.urls import parse


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes | None  #: None: it is larger than it may be, or compressed although nobody asked for that
    retry_after: str = ""  #: the header, as it came


def ask(
    fetcher: Fetcher, url: str, content: bytes, headers: Mapping[str, str], *, seconds: float, max_bytes: int
) -> Reply:
    """The answer to one POST, whatever its status.

    Parameters
    ----------
    headers:
        ASCII.
    seconds:
        For all of it, from the look-up to the last byte.

    Raises
    ------
    FetchError
        If the guard refuses the URL, or it is neither https nor allowed.
    TransientError
        If nobody answers in time.
    """
    parsed = parse(url)
    if parsed.scheme != "https" and not fetcher.is_allowed(parsed):
        raise FetchError(
            f"{redacted(url)} is refused: what is sent there would not be encrypted",
            "use https, or add its host:port to REELMILL_FETCH_PRIVATE if it is yours",
        )
    deadline = time.monotonic() + seconds
    sent = {
        "Host": parsed.netloc.decode("ascii"),
        "User-Agent": f"reelmill/{__version__}",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(content)),
        **headers,
    }
    target = httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
    timeouts = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds, "pool": seconds}
    with httpcore.ConnectionPool(
        ssl_context=fetcher.certificates or system_certificates(),
        network_backend=CheckedBackend(fetcher.backend, fetcher.checked_addresses(parsed), deadline),
        max_connections=1,
    ) as pool:
        try:
            with pool.stream(
                "POST", target, headers=list(sent.items()), content=content, extensions={"timeout": timeouts}
            ) as response:
                received = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                plain = received.get(b"content-encoding", "identity").strip().lower() == "identity"
                body = _read(Chunks(response, parsed), max_bytes) if plain else None
                return Reply(response.status, body, received.get(b"retry-after", ""))
        except WIRE_ERRORS as error:
            raise explain(error, parsed) from error


def _read(chunks: Chunks, limit: int) -> bytes | None:
    body = bytearray()
    while block := chunks.read(BLOCK_BYTES):
        body += block
        if len(body) > limit:
            return None
    return bytes(body)
