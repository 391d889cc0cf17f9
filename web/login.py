"""Logging a browser in with a token."""

from __future__ import annotations

import logging
import math
import re
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from records.tokens import Scope, allows
from web import pages, session
from web.body import Body
from web.door import Door, Opened
from web.problems import documented

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)
log = logging.getLogger("reelmill.web")

_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {"token": {"type": "string"}, "form": {"type": "string"}, "next": {"type": "string"}},
                }
            }
        },
    }
}
_Kept = Annotated[str | None, Cookie(alias=session.FORM_COOKIE, include_in_schema=False)]


@router.get("/login", summary="The login page", responses=documented())
def login_page(
    door: Opened,
    kept: _Kept = None,
    next: Annotated[str, Query(max_length=200, description="Where to go afterwards.")] = "/",  # noqa: A002  # the name that browsers carry
) -> HTMLResponse:
    """A form that takes a token."""
    return _form(door, HTTPStatus.OK, "", next, kept)


@router.post(
    "/login",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Log in",
    response_class=Response,
    responses={
        303: {"description": "Logged in; the browser has a session."},
        401: {"description": "No such token.", **_PAGE},
        403: {"description": "The form is not ours or too old, or the token may not read.", **_PAGE},
        429: {"description": "Too many attempts.", **_PAGE},
        **documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
    },
    openapi_extra=_FORM,
)
def login(request: Request, door: Opened, body: Body, kept: _Kept = None) -> Response:
    """Exchange a token for a session of twelve hours. Only the form of the login page is taken."""
    # The body is small, and so is the number of fields in it.
    fields = parse_qs(body.decode("utf-8", "replace"))
    token_text, brought, wanted = (fields.get(name, [""])[0] for name in ("token", "form", "next"))
    address = request.client.host if request.client is not None else ""
    if wait := door.attempts.wait(address):
        page = _form(door, HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts. Try again in a minute.", wanted, kept)
        page.headers["Retry-After"] = str(math.ceil(wait))
        return page
    # Browsers that know this header say truly where a form was.
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or not session.is_our_form(door, brought, kept):
        return _form(door, HTTPStatus.FORBIDDEN, "The form was too old. Try once more.", wanted, kept)
    token = door.ledger.tokens.check(token_text.strip())
    if token is None:
        log.warning("a login with no token of ours from %s", address)
        return _form(door, HTTPStatus.UNAUTHORIZED, "That is no token of this door, or it has ended.", wanted, kept)
    if not allows(token, Scope.READ) and not allows(token, Scope.REVIEW):
        return _form(door, HTTPStatus.FORBIDDEN, "That token has no scope “read” or “review”.", wanted, kept)
    wanted = local(wanted)
    if not allows(token, Scope.READ) and not wanted.startswith("/review"):
        wanted = "/review"  # all that it may see
    answer = RedirectResponse(door.signer.prefix + wanted, HTTPStatus.SEE_OTHER)
    session.begin(door, answer, token)
    return answer


@router.post(
    "/logout",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Log out",
    response_class=Response,
    responses={303: {"description": "To the login page."}, **documented()},
)
def logout(door: Opened) -> Response:
    """End the session. The cookie is not sent by forms of other sites, so they cannot do it either."""
    answer = RedirectResponse(f"{door.signer.prefix}/login", HTTPStatus.SEE_OTHER)
    session.end(door, answer)
    return answer


def local(wanted: str) -> str:
    """A page of ours that somebody may be sent on to; the first page for whatever else is asked for."""
    return wanted if re.fullmatch(r"/((watch|runs|review)/[0-9a-f-]{36}|review)?", wanted) else "/"


def _form(door: Door, status: HTTPStatus, complaint: str, wanted: str, kept: str | None) -> HTMLResponse:
    # The cookie is set on the very answer that carries the form, so the form is made first.
    carrier = Response()
    form = session.form(door, carrier, kept)
    page = pages.render(door, "login.html", status, complaint=complaint, next=local(wanted), form=form)
    page.raw_headers.extend(header for header in carrier.raw_headers if header[0] == b"set-cookie")
    return page
