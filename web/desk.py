"""The review desk: pages on which a person decides about videos that wait. They work without a script as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from flows.continuing import Continued
from flows.deciding import Desk, Outcome, expire
from flows.rewording import Rewording
from records.tables import Token
from reelmill.errors import ReelmillError, UseError
from web import desk_pages, pages, session, told
from web.api import prefers_page
from web.body import Body
from web.callers import ByToken, Caller, Kept, desk_refusal
from web.decision_form import DECISION_FORM, Form, read, rewording
from web.desk_pages import DONE, Visit
from web.door import Door, Opened
from web.phrases import Language
from web.problems import documented

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_PAGE: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_TO_LOGIN: dict[int | str, dict[str, Any]] = {303: {"description": "To the login page, for who may not look."}}

_Language = Annotated[Language | None, Query(alias="lang", description="Of the page. Default: as the browser says.")]
_Pipeline = Annotated[str, Query(max_length=64, description="Only videos of this pipeline.")]
_Left = Annotated[str | None, Cookie(alias=told.COOKIE, include_in_schema=False)]


@router.get(
    "/review",
    summary="The review desk",
    responses={403: {"description": "The token may not look.", **_PAGE}, **_TO_LOGIN, **documented()},
)
def queue(
    request: Request,
    door: Opened,
    caller: Caller,
    kept: Kept,
    lang: _Language = None,
    pipeline: _Pipeline = "",
    offset: Annotated[int, Query(ge=0, le=10**6, description="Videos to leave out at the beginning.")] = 0,
    left: _Left = None,
) -> Response:
    """The videos that wait for a person, the one that has waited longest first, and what was decided last."""
    if refused := desk_refusal(caller):
        return pages.refuse(door, refused, "/review", linked=False, lang=lang)
    expire(door.settings, door.ledger)  # where no server reconciles, this is who looks at the clock
    visit = _visit(request, door, caller, kept, lang, pipeline, left)
    return _said(door, desk_pages.queue(visit, offset=offset), left)


@router.get(
    "/review/decide",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Back to the review desk",
    response_class=Response,
    responses={303: {"description": "To the queue."}, **documented()},
)
def again(door: Opened) -> Response:
    """Where a browser comes that loads anew what a decision was answered with. Nothing is decided twice."""
    return RedirectResponse(f"{door.signer.prefix}/review", HTTPStatus.SEE_OTHER)


@router.get(
    "/review/{video_id}",
    summary="A video that waits",
    responses={
        403: {"description": "The token may not look.", **_PAGE},
        404: {"description": "There is no such video.", **_PAGE},
        409: {"description": "It does not wait any more.", **_PAGE},
        **_TO_LOGIN,
        **documented(),
    },
)
def item(
    video_id: UUID,
    request: Request,
    door: Opened,
    caller: Caller,
    kept: Kept,
    lang: _Language = None,
    pipeline: _Pipeline = "",
    left: _Left = None,
) -> Response:
    """A player of its master, the evidence, its words, and the form that decides."""
    if refused := desk_refusal(caller):
        return pages.refuse(door, refused, f"/review/{video_id}", linked=False, lang=lang)
    visit = _visit(request, door, caller, kept, lang, pipeline, left)
    try:
        page = desk_pages.item(visit, door.ledger.reviews.get(video_id))
    except UseError as error:
        page = _wrong(visit, [video_id], [error])
    return _said(door, page, left)


@router.post(
    "/review/decide",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Decide about videos that wait",
    response_class=Response,
    responses={
        303: {"description": "Decided, about one of them at least: to the next video that waits, or to the queue."},
        **documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
        403: {"description": "The token may not decide, or the form is of no page of ours.", **_PAGE},
        404: {"description": "There is no such video.", **_PAGE},
        409: {"description": "Nothing was decided: the page says why.", **_PAGE},
    },
    openapi_extra=DECISION_FORM,
)
def decide(
    request: Request,
    door: Opened,
    body: Body,
    token: ByToken,
    caller: Caller,
    kept: Kept,
    lang: _Language = None,
    pipeline: _Pipeline = "",
) -> Response:
    """Approve, reject or regenerate. The run goes on by itself. Who has decided is the name of the token."""
    refused = desk_refusal(caller, decides=True)
    if refused is not None or caller is None:
        refused = refused or desk_refusal(None)
        assert refused is not None
        if prefers_page(request) or refused.status is HTTPStatus.FORBIDDEN:
            return pages.refuse(door, refused, "/review", linked=False, lang=lang)
        raise refused
    form = read(body)
    visit = _visit(request, door, caller, kept if token is None else None, lang, pipeline, None)
    if token is None and not _is_ours(request, door, form, kept or ""):
        return _page(replace(visit, wrong=[visit.say("old_form")]), form, HTTPStatus.FORBIDDEN)
    order = door.ledger.reviews.queue(pipeline=pipeline)
    try:
        outcome = _decide(door, caller, form)
    except ReelmillError as error:  # the words that somebody gave cannot be read
        outcome = Outcome(problems=[error])
    for one in outcome.continued:
        if one.how == "here":
            door.resuming.go_on(one.name)
    if not outcome.decided:
        return _wrong(visit, form.videos, outcome.problems, form)
    answer = RedirectResponse(_next(visit, form, order), HTTPStatus.SEE_OTHER)
    told.tell(door, answer, _words(visit, outcome))
    return answer


def _decide(door: Door, caller: Token, form: Form) -> Outcome:
    desk = Desk(door.settings, door.ledger, caller.name)
    if form.action == "reject":
        return desk.reject(form.videos, form.note)
    if form.action == "regenerate":
        return desk.regenerate(form.videos, form.note)
    words: Rewording | None = None
    if form.texts and len(form.videos) == 1:
        words = rewording(form.texts, door.ledger.reviews.get(form.videos[0]).video.plan)
    return desk.approve(form.videos, form.note, words)


def _visit(
    request: Request, door: Door, caller: Token | None, kept: str | None, lang: Language | None, pipeline: str,
    left: str | None,
) -> Visit:  # fmt: skip
    assert caller is not None, "who may look has a token"
    language = desk_pages.language(request, lang)
    return Visit(door, caller, kept or "", language, lang is not None, pipeline, told.told(door, left))


def _is_ours(request: Request, door: Door, form: Form, kept: str) -> bool:
    # Browsers that know this header say truly where a form was.
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and session.is_our_desk_form(door, form.token, kept)


def _page(visit: Visit, form: Form | None, status: HTTPStatus) -> HTMLResponse:
    """The page that a form was on, with what was typed into it; the queue, if that is not there any more."""
    if form is not None and len(form.videos) == 1:
        try:
            waits = visit.door.ledger.reviews.get(form.videos[0])
        except UseError:
            pass
        else:
            return desk_pages.item(visit, waits, status, typed={**form.texts, "note": form.note})
    return desk_pages.queue(visit, status)


def _wrong(
    visit: Visit, videos: Sequence[UUID], problems: Sequence[ReelmillError], form: Form | None = None
) -> HTMLResponse:
    """Why nothing was decided."""
    known = visit.door.ledger.reviews.titles(videos)
    if not known:
        return _page(replace(visit, wrong=[visit.say("unknown")]), None, HTTPStatus.NOT_FOUND)
    wrong = [visit.say("not_decided", reason=one.reason, instruction=one.instruction) for one in problems]
    return _page(replace(visit, wrong=wrong), form, HTTPStatus.CONFLICT)


def _next(visit: Visit, form: Form, order: Sequence[UUID]) -> str:
    """Where to go after a decision: from a video to the one behind it, from the queue to the queue."""
    if len(form.videos) != 1 or not form.texts:
        return visit.link("/review")
    (decided,) = form.videos
    place = order.index(decided) if decided in order else -1
    behind = [*order[place + 1 :], *order[: max(place, 0)]]
    waiting = set(visit.door.ledger.reviews.queue(pipeline=visit.pipeline))
    found = next((one for one in behind if one in waiting and one != decided), None)
    return visit.link(f"/review/{found}") if found is not None else visit.link("/review")


def _words(visit: Visit, outcome: Outcome) -> list[str]:
    """What was decided, and what becomes of the runs."""
    what = visit.say(DONE[outcome.decided[0].action])
    if len(outcome.decided) == 1:
        titles = visit.door.ledger.reviews.titles([outcome.decided[0].video_id])
        words = [visit.say("decided_one", what=what, title=titles.get(outcome.decided[0].video_id, ""))]
    else:
        words = [visit.say("decided_many", what=what, count=len(outcome.decided))]
    words += [visit.say("not_decided", reason=one.reason, instruction=one.instruction) for one in outcome.problems]
    return words + [_fate(visit, one) for one in outcome.continued]


def _fate(visit: Visit, one: Continued) -> str:
    return visit.say(f"run_{one.how}", run=f"{one.run.pipeline} {one.run.date}")


def _said(door: Door, page: HTMLResponse, left: str | None) -> HTMLResponse:
    if left is not None:
        told.forget(door, page)
    return page
