"""Runs and videos for callers, as JSON. A browser that asks for a run gets a page instead."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from web import pages
from web.callers import READER, Caller, Expires, Signature, refusal
from web.door import Opened
from web.problems import Refusal, documented
from web.reports import RunReport, VideoReport
from web.telling import run_report, video_reports

router = APIRouter(tags=["runs"])

_REFUSED = documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@router.get(
    "/runs/{run_id}",
    summary="A run and its videos",
    response_model=RunReport,
    responses={
        200: {"description": "The run.", "content": {"text/html": {"schema": {"type": "string"}}}},
        303: {"description": "A browser that may not read is shown the way to log in."},
        **_REFUSED,
    },
)
def run(
    run_id: UUID,
    request: Request,
    door: Opened,
    caller: Caller,
    offset: Annotated[int, Query(ge=0, le=10**6, description="Videos to leave out at the beginning.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="Videos to tell at most.")] = 100,
    expires: Expires = None,
    signature: Signature = None,
) -> RunReport | Response:
    """Everything that the ledger says of a run.

    A run whose event came in but that has not begun is `waiting`. The run's signed link opens this without a token.
    """
    if refused := refusal(door, request.scope["path"], caller, expires, signature):
        if prefers_page(request):
            return pages.refuse(door, refused, f"/runs/{run_id}", linked=signature is not None)
        raise refused
    report = run_report(door, run_id, offset=offset, limit=limit)
    if report is None:
        raise _unknown("run")
    if prefers_page(request):
        return pages.render(door, "run.html", run=report, offset=offset, limit=limit)
    return report


@router.get("/videos/{video_id}", summary="A video", responses=_REFUSED, dependencies=[READER])
def video(video_id: UUID, door: Opened) -> VideoReport:
    """Where a video stands, with signed links to its files, its verdict and its posts."""
    found = door.ledger.accounts.of_video(video_id)
    run = door.ledger.runs.get(found.video.run_id) if found is not None else None
    if found is None or run is None:
        raise _unknown("video")
    return video_reports(door, [found], run)[0]


def prefers_page(request: Request) -> bool:
    """Whether a browser asks, and not a program."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and "application/json" not in accepted


def _unknown(what: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"there is no {what} of this id", f"look for the id of the {what} again")
