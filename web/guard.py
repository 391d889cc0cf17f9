"""Around everything: whom the door is called by, what browsers may do with its answers, and one line a request."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.server import LOOPBACK
from reelmill.settings import Settings
from web.problems import Refusal, respond

log = logging.getLogger("reelmill.web")

#: What every answer says unless it says something else itself.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware.

    A door on loopback answers to its own names only: else a page on some site could have its name point here, and
    read what programs on this machine may read.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names: set[str] = set()
        if settings.web_host in LOOPBACK:
            self._names = {*LOOPBACK, urlsplit(settings.web_url).hostname or "localhost"}

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
            if self._is_ours(Headers(scope=scope).get("host", "")):
                await self._app(scope, receive, send_guarded)
            else:
                await respond(_misdirected())(scope, receive, send_guarded)
        except Exception:  # the last line of defence: a caller gets an answer, and the log the traceback
            log.exception("%s %s", scope["method"], quote(scope["path"]))
            if status:
                raise
            await respond(_broken())(scope, receive, send_guarded)
        finally:
            # Without the query: a signature in a log would be a key in a log.
            took = (time.monotonic() - began) * 1000
            log.info("%s %s %s %.0f ms", scope["method"], quote(scope["path"]), status or "-", took)

    def _is_ours(self, host: str) -> bool:
        if not self._names:
            return True
        try:
            return urlsplit(f"//{host}").hostname in self._names
        except ValueError:
            return False


def _misdirected() -> Refusal:
    return Refusal(
        HTTPStatus.MISDIRECTED_REQUEST,
        "the door has another name",
        "call it by the name in REELMILL_WEB_URL, or set that to the name that you use",
    )


def _broken() -> Refusal:
    return Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault in Reelmill", "its operator finds the details in the log"
    )
