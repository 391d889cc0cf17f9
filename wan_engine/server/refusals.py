"""What is said to a request that is not served: `{"error": {"code", "message"}}`, as the OpenAI API does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from reelmill.errors import EngineError, MediaError, ReelmillError

#: Seconds after which a caller may try again what failed because the server is not in order.
RETRY_AFTER = 10

log = logging.getLogger("reelmill.engine")


class Refusal(Exception):
    """A request is not served.

    Parameters
    ----------
    status, code:
        The HTTP status, and the kind of refusal as a word for programs.
    reason, instruction:
        As in all errors of ours.
    headers:
        What the answer needs besides.
    """

    def __init__(
        self, status: HTTPStatus, code: str, reason: str, instruction: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status, self.code, self.headers = status, code, dict(headers or {})
        self.message = f"{reason} – {instruction}" if instruction else reason

    def response(self) -> Response:
        """The refusal as an answer."""
        return JSONResponse({"error": {"code": self.code, "message": self.message}}, self.status, self.headers)


def bad_order(reason: str, instruction: str) -> Refusal:
    """An order that cannot be understood, or cannot be made."""
    return Refusal(HTTPStatus.BAD_REQUEST, "invalid_order", reason, instruction)


def not_found() -> Refusal:
    return Refusal(
        HTTPStatus.NOT_FOUND, "not_found", "there is no such video", "it may be deleted or expired: order it anew"
    )


def unavailable(reason: str) -> Refusal:
    """The server is not in order, or not for long."""
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", reason, "send the same again a little later",
        {"Retry-After": str(RETRY_AFTER)},
    )  # fmt: skip


def broken() -> Refusal:
    return Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "this is a fault in Reelmill", "the server's log says where"
    )


def install(app: FastAPI) -> None:
    """Have every error of an application end as such an answer."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(ReelmillError, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response()


async def _failed(request: Request, error: Exception) -> Response:
    """An error of ours: what is wrong with an order is told, what is wrong here is in the log."""
    assert isinstance(error, ReelmillError)
    if isinstance(error, EngineError | MediaError):
        return bad_order(error.reason, error.instruction).response()
    log.warning("%s %s: %s", request.method, quote(request.scope["path"]), error)
    return unavailable("the server cannot do this at the moment").response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = str(first["loc"][-1])
    refusal = Refusal(
        HTTPStatus.BAD_REQUEST, "invalid_request", f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}",
        f"correct `{where}`, or leave it out",
    )  # fmt: skip
    return refusal.response()


async def _not_routed(_request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path or method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    reason = "there is nothing here" if status is HTTPStatus.NOT_FOUND else str(error.detail).lower()
    return Refusal(status, code, reason, "see /v1/videos and /v1/models", error.headers).response()
