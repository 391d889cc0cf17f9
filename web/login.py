"""Logging a browser in with a token."""

from __future__ import annotations

import logging
import math
import re
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from records.tokens import Scope, allows
from web import pages, session
from web.body import Body
from web.door import Door, Opened
from web.phrases import LANGUAGES, NAMES, PHRASES, Language, language_of
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
_Language = Annotated[Language | None, Query(alias="lang", description="Of the page. Default: as the browser says.")]
_Kept = Annotated[str | None, Cookie(alias=session.FORM_COOKIE, include_in_schema=False)]


@router.get("/login", summary="The login page", responses=documented())
def login_page(
    request: Request,
    door: Opened,
    kept: _Kept = None,
    lang: _Language = None,
    next: Annotated[str, Query(max_length=200, description="Where to go afterwards.")] = "/",  # noqa: A002  # the name that browsers carry
) -> HTMLResponse:
    """A form that takes a token."""
    return _form(request, door, HTTPStatus.OK, "", next, kept, lang)


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
def login(request: Request, door: Opened, body: Body, kept: _Kept = None, lang: _Language = None) -> Response:
    """Exchange a token for a session of twelve hours. Only the form of the login page is taken."""
    # The body is small, and so is the number of fields in it.
    fields = parse_qs(body.decode("utf-8", "replace"))
    token_text, brought, wanted = (fields.get(name, [""])[0] for name in ("token", "form", "next"))
    address = request.client.host if request.client is not None else ""

    def refuse(status: HTTPStatus, complaint: str) -> HTMLResponse:
        return _form(request, door, status, complaint, wanted, kept, lang)

    if wait := door.attempts.wait(address):
        page = refuse(HTTPStatus.TOO_MANY_REQUESTS, "login_often")
        page.headers["Retry-After"] = str(math.ceil(wait))
        return page
    # Browsers that know this header say truly where a form was.
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or not session.is_our_form(door, brought, kept):
        return refuse(HTTPStatus.FORBIDDEN, "login_old")
    token = door.ledger.tokens.check(token_text.strip())
    if token is None:
        log.warning("a login with no token of ours from %s", address)
        return refuse(HTTPStatus.UNAUTHORIZED, "login_unknown")
    if not allows(token, Scope.READ) and not allows(token, Scope.REVIEW):
        return refuse(HTTPStatus.FORBIDDEN, "login_scope")
    wanted = local(wanted)
    if not allows(token, Scope.READ) and not wanted.startswith("/review"):
        wanted = "/review"  # all that it may see
    asked = f"?lang={lang}" if lang is not None and wanted.startswith("/review") else ""
    answer = RedirectResponse(f"{door.signer.prefix}{wanted}{asked}", HTTPStatus.SEE_OTHER)
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


def _form(
    request: Request, door: Door, status: HTTPStatus, complaint: str, wanted: str, kept: str | None,
    lang: Language | None,
) -> HTMLResponse:  # fmt: skip
    # The cookie is set on the very answer that carries the form, so the form is made first.
    carrier = Response()
    form = session.form(door, carrier, kept)
    language, wanted = language_of(lang, request.headers.get("accept-language", "")), local(wanted)
    phrases = PHRASES[language]
    others = [(NAMES[one], urlencode({"next": wanted, "lang": one}), one) for one in LANGUAGES if one != language]
    page = pages.render(
        door, "login.html", status, complaint=phrases[complaint] if complaint else "", next=wanted, form=form,
        language=language, asked=lang or "", others=others, t=phrases.__getitem__,
    )  # fmt: skip
    page.raw_headers.extend(header for header in carrier.raw_headers if header[0] == b"set-cookie")
    return page
