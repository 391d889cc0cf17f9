"""The HTTP client of targets: streams bodies, follows no redirects, and turns what goes wrong into outcomes."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import httpx

from reelmill import __version__
from reelmill.addresses import forbidden
from reelmill.answers import TRANSIENT, seconds_to_wait
from reelmill.content import Json
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry
from tasks.publishing.slices import Slice

#: Seconds to wait for a connection, for the next bytes of an answer, and for the next bytes of ours to be taken.
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
#: Seconds to wait for the answer to a call that makes something public: giving up early makes it ambiguous.
IRREVERSIBLE_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
#: Characters of a platform's own words that an error repeats.
LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What a platform answered."""

    doing: str  #: what was asked, for people: `asking YouTube for an upload`
    status: int
    headers: httpx.Headers
    content: bytes

    def json(self) -> Any:
        """The body as JSON; `{}` if it is none, which then lacks what was looked for."""
        try:
            return json.loads(self.content)
        except ValueError:
            return {}

    def need(self, *keys: str | int) -> Any:
        """A value in the body, by the keys that lead to it.

        Raises
        ------
        Retry
            If the answer does not have it: it is not what was documented.
        """
        found = self.json()
        for key in keys:
            try:
                found = found[key]
            except (KeyError, IndexError, TypeError):
                path = ".".join(map(str, keys))
                raise Retry(f"{self.doing}: the answer has no `{path}`: {self.quote}", "try again later") from None
        return found

    def need_list(self, *keys: str | int) -> list[Any]:
        """The same where a list must be: an answer that is none must not pass for an empty one."""
        found = self.need(*keys)
        if not isinstance(found, list):
            path = ".".join(map(str, keys))
            raise Retry(f"{self.doing}: the answer has no list `{path}`: {self.quote}", "try again later")
        return found

    def rows(self, *keys: str | int) -> list[dict[str, Any]]:
        """The objects of a list, which may be left out where it would be empty."""
        found = self.get(*keys)
        return [] if found is None else [row for row in self.need_list(*keys) if isinstance(row, dict)]

    def get(self, *keys: str | int, default: Any = None) -> Any:
        """The same, or `default`."""
        found = self.json()
        for key in keys:
            try:
                found = found[key]
            except (KeyError, IndexError, TypeError):
                return default
        return found

    @property
    def quote(self) -> str:
        """The beginning of the body, on one line."""
        text = " ".join(self.content[: 4 * LONGEST_QUOTE].decode("utf-8", "replace").split())
        return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"

    @property
    def retry_after(self) -> float | None:
        """Seconds that the platform asks to wait."""
        return seconds_to_wait(self.headers.get("retry-after", ""))


Judge = Callable[[Reply], None]
"""Raises the outcome that a platform's own words mean; returns if they mean none."""


def by_status(reply: Reply) -> None:
    """Raise the outcome that a status means where the platform's words say nothing more precise."""
    if reply.status < 300:
        return
    said = f"{reply.doing}: {reply.status} {reply.quote}".strip()
    if reply.status == 401:
        raise Reauthorise(said, "renew the login of the target")
    if reply.status in TRANSIENT:
        raise Retry(said, "try again later", retry_after=reply.retry_after)
    raise Refused(said, "change what the platform names, then resume the run")


class Client:
    """Speaks HTTP with one platform. Threads may share it.

    Parameters
    ----------
    home:
        The address that the definition or the sandbox names instead of the platform's. What it hands out may lead
        back to it, on whatever network it is.
    """

    def __init__(self, home: str = "") -> None:
        self._home = httpx.URL(home) if home else None
        self._client = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": f"reelmill/{__version__}"},
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=15),
        )

    def close(self) -> None:
        self._client.close()

    def call(
        self,
        doing: str,
        method: str,
        url: str,
        *,
        judge: Judge | None = None,
        accept: Collection[int] = (),
        irreversible: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Json = None,
        form: Mapping[str, Any] | None = None,
        files: Any = None,
        body: Slice | bytes | None = None,
    ) -> Reply:
        """One request and its answer.

        Parameters
        ----------
        doing:
            For errors: `asking YouTube for an upload`. Errors name neither URL nor headers, which may hold tokens.
        judge:
            The platform's own words, before the status speaks.
        accept:
            Statuses of 300 and more that are an answer like any other.
        irreversible:
            This call makes something public.
        form, files:
            As httpx takes `data` and `files`.
        body:
            Raw bytes; a slice is streamed.

        Raises
        ------
        Retry, Reauthorise, Refused
            As `by_status` says, or whatever `judge` raises.
        Ambiguous
            If the call is irreversible, it was sent, and no answer says what became of it.
        """
        content, sent = _content(body)
        try:
            response = self._client.request(
                method,
                url,
                headers={**sent, **(headers or {})},
                params=params,
                json=json,
                data=form,
                files=files,
                content=content,
                timeout=IRREVERSIBLE_TIMEOUT if irreversible else TIMEOUT,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Retry(f"{doing}: it cannot be reached ({_said(error)})", "check the network") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused(f"{doing}: its address is none ({_said(error)})", "correct the target's `url`") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            if irreversible:
                raise Ambiguous(f"{doing}: the answer did not come ({_said(error)})") from error
            raise Retry(f"{doing}: the line broke ({_said(error)})", "try again later") from error
        reply = Reply(doing, response.status_code, response.headers, response.content)
        if irreversible and reply.status >= 500 and reply.status not in accept:
            raise Ambiguous(f"{doing}: {reply.status} {reply.quote}".strip())
        if judge is not None:
            judge(reply)
        if reply.status not in accept:
            by_status(reply)
        return reply

    def check_address(self, url: str, hosts: Collection[str]) -> str:
        """An address that the platform handed out, if it is one that bytes may be sent to.

        Parameters
        ----------
        hosts:
            Patterns of the hosts that the platform is known to use: `*.tiktokapis.com`.

        Raises
        ------
        Refused
            If it is not https, another host, or one that leads into a private network.
        """
        try:
            found = httpx.URL(url)
        except (httpx.InvalidURL, TypeError, ValueError):
            raise Refused(f"the platform handed out an address that is none: {url!r:.100}", "") from None
        if self._home is not None and (found.scheme, found.host, found.port) == (
            self._home.scheme,
            self._home.host,
            self._home.port,
        ):
            return url
        if found.scheme != "https" or found.userinfo or not any(fnmatch(found.host, one) for one in hosts):
            raise Refused(
                f"the platform handed out an upload address at {found.scheme}://{found.host}, which is none of its own",
                f"bytes are sent only to https and {', '.join(hosts)}",
            )
        for address in _addresses(found.host):
            if reason := forbidden(address):
                raise Refused(f"the upload address {found.host} is at {address}, which is {reason}", "")
        return url


def _addresses(host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Retry(f"{host} cannot be looked up", "check the network") from error


def _content(body: Slice | bytes | None) -> tuple[Any, dict[str, str]]:
    if isinstance(body, Slice):
        return iter(body), {"Content-Length": str(body.size)}
    return body, {}


def _said(error: Exception) -> str:
    """What went wrong, without an address, which may hold a token."""
    return type(error).__name__
