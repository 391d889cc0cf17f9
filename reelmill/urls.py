"""What a URL may be that somebody else wrote: http(s), with a host, without a login."""

from __future__ import annotations

import httpx

from reelmill.answers import redacted
from reelmill.errors import FetchError

MAX_URL_LENGTH = 4096  #: characters


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


def named(url: httpx.URL) -> tuple[str, int, str]:
    """The host of a URL, its port, and both as people write them."""
    host = url.raw_host.decode("ascii").lower()
    port = (443 if url.scheme == "https" else 80) if url.port is None else url.port
    # `raw_host` has no brackets around an IPv6 address, and people write them.
    return host, port, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """The scheme, host and port of a URL: who is asked."""
    host, port, _ = named(url)
    return url.scheme, host, port


def next_hop(current: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads.

    Raises
    ------
    FetchError
        If it leads nowhere, to what is no URL, or from an encrypted address to one that is not.
    """
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
