"""What goes wrong at the door, told the same way every time: RFC 9457 problem details with an instruction."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from reelmill.errors import ReelmillError, TransientError

PROBLEM = "application/problem+json"
#: Seconds after which a caller may try again what failed because something is away.
RETRY_AFTER = 10

log = logging.getLogger("reelmill.web")


class Problem(BaseModel):
    """Why a request was not served (RFC 9457)."""

    type: str = Field(description="What kind of problem it is, as a stable URN.", examples=["urn:reelmill:not-found"])
    title: str = Field(description="The kind of problem for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="The reason: what is wrong with this request.")
    instruction: str = Field(description="What the caller can do about it.")


class Refusal(Exception):
    """A request is not served.

    Parameters
    ----------
    status:
        The HTTP status.
    reason, instruction:
        As in all errors of ours.
    headers:
        What the answer needs besides.
    """

    def __init__(
        self, status: HTTPStatus, reason: str, instruction: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.instruction = status, reason, instruction
        self.headers = dict(headers or {})


def unauthorized(reason: str, instruction: str = "send `Authorization: Bearer` with a token") -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED, reason, instruction, headers={"WWW-Authenticate": 'Bearer realm="reelmill"'}
    )


def unavailable(reason: str, instruction: str) -> Refusal:
    headers = {"Retry-After": str(RETRY_AFTER)}
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason, instruction, headers=headers)


def respond(refusal: Refusal) -> Response:
    """The problem as an answer."""
    phrase = refusal.status.phrase
    problem = Problem(
        type=f"urn:reelmill:{phrase.lower().replace(' ', '-')}",
        title=phrase,
        status=refusal.status,
        detail=refusal.reason,
        instruction=refusal.instruction,
    )
    return Response(problem.model_dump_json(), refusal.status, refusal.headers, media_type=PROBLEM)


def install(app: FastAPI) -> None:
    """Have every error of an application end as a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(ReelmillError, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """These problems as OpenAPI responses, with those that every operation may meet."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    always = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
    return {int(one): {"description": one.phrase, "content": {PROBLEM: schema}} for one in (*statuses, *always)}


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return respond(error)


async def _failed(request: Request, error: Exception) -> Response:
    """An error of ours. The log has its words, which may name paths; the caller learns what to do."""
    assert isinstance(error, ReelmillError)
    log.warning("%s %s: %s", request.method, quote(request.scope["path"]), error)
    if isinstance(error, TransientError):
        return respond(unavailable("the door cannot do this at the moment", "send the same again a little later"))
    return respond(unavailable("the door is not in order", "its operator finds the reason in the log"))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    reason, instruction = f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}", "see /docs for what is allowed"
    return respond(Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, reason, instruction))


async def _not_routed(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path or method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    reason = "there is nothing here" if status is HTTPStatus.NOT_FOUND else str(error.detail).lower()
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _methods(request, headers.get("Allow", ""))
    return respond(Refusal(status, reason, "see /docs for what there is", headers=headers))


def _methods(request: Request, named: str) -> str:
    """Every method that a path has. The router only names those of the first operation that it finds there."""
    paths = request.app.openapi()["paths"]
    # `/review/decide` looks like `/review/{video_id}` too, and what is named counts.
    for path, operations in sorted(paths.items(), key=lambda one: "{" in one[0]):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.scope["path"]):
            return ", ".join(sorted({method.upper() for method in operations}))
    return named
