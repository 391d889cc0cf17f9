"""Around everything: who may call, by which name, and one line a request."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import time
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wan_engine.server.refusals import Refusal, broken

#: What every answer says.
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
#: Probes have no token, and learn nothing that they could use.
OPEN = "/health"
#: A program on this very machine may read these without a token.
LOCAL = "/metrics"
#: What a proxy adds: then the caller is not the one who has connected.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

log = logging.getLogger("reelmill.engine")


class Guard:
    """ASGI middleware.

    Parameters
    ----------
    host:
        Where the server listens. On loopback it answers to names of this machine only: else a page on some site could
        have its name point here.
    token:
        What callers must bear. "": nothing.
    """

    def __init__(self, app: ASGIApp, host: str, token: str) -> None:
        self._app, self._local_only, self._token = app, is_loopback(host), token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refusal = self._refusal(scope, Headers(scope=scope))
            answer = refusal.response() if refusal is not None else self._app
            await answer(scope, receive, send_guarded)
        except Exception:  # the last line of defence: a caller gets an answer, and the log the traceback
            log.exception("%s %s", scope["method"], quote(scope["path"]))
            if status:
                raise
            await broken().response()(scope, receive, send_guarded)
        finally:
            took = (time.monotonic() - began) * 1000
            log.info("%s %s %s %.0f ms", scope["method"], quote(scope["path"]), status or "-", took)

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Why a request is not even read, or None."""
        host = headers.get("host", "")
        if self._local_only and not is_loopback(_name(host)):
            return Refusal(
                HTTPStatus.MISDIRECTED_REQUEST, "misdirected", "the server has another name",
                "call it as 127.0.0.1 or localhost", _CLOSE,
            )  # fmt: skip
        origin = headers.get("origin")
        if (origin is not None and urlsplit(origin).netloc != host) or headers.get("sec-fetch-site") == "cross-site":
            # A form on a foreign page can be sent here by a browser on this machine, without a question to anybody.
            return Refusal(
                HTTPStatus.FORBIDDEN, "foreign_page", "a page of another site called", "call it from a program", _CLOSE
            )
        path = scope["path"]
        if not self._token or path == OPEN or (path == LOCAL and _is_local(scope, headers)) or self._knows(headers):
            return None
        return Refusal(
            HTTPStatus.UNAUTHORIZED, "unauthorized", "the token is missing, or another one",
            "send `Authorization: Bearer` with what REELMILL_ENGINE_TOKEN is on the server",
            {"WWW-Authenticate": 'Bearer realm="reelmill"', **_CLOSE},
        )  # fmt: skip

    def _knows(self, headers: Headers) -> bool:
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), self._token.encode())


#: The body of a refused request is not read.
_CLOSE = {"Connection": "close"}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address, or calls itself by a name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_local(scope: Scope, headers: Headers) -> bool:
    """Whether a program on this machine calls, and hands on nobody else's request."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and not any(name in headers for name in _FORWARDED)
