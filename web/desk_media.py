"""What is to be seen of a video that waits: its master, and the photo of its end card.

Nobody has said yet that they may be shown: nothing keeps them, and no other site shows them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from records.media import VIDEO
from reelmill.errors import TerminalError, UseError
from tasks.generation.reference import PNG
from web.callers import Caller, desk_refusal
from web.door import Opened
from web.evidence import photo_that_waits
from web.problems import Refusal, documented

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_FILM: dict[str, Any] = {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}}
_PHOTO: dict[str, Any] = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
_TEXT: dict[str, Any] = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.head("/review/{video_id}/master", include_in_schema=False)
@router.get(
    "/review/{video_id}/master",
    summary="The picture of a video that waits",
    response_class=FileResponse,
    responses={
        200: {"description": "The whole file.", **_FILM},
        206: {"description": "The part that `Range` asks for.", **_FILM},
        400: {"description": "`Range` cannot be read.", **_TEXT},
        416: {"description": "The file is shorter than that.", **_TEXT},
        **documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
    },
)
def master(video_id: UUID, door: Opened, caller: Caller) -> FileResponse:
    """Its clips together, before anything is drawn on them. Only for who may look at the desk, and while it waits."""
    if refused := desk_refusal(caller):
        raise refused
    try:
        video = door.ledger.reviews.get(video_id).video
    except UseError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, error.reason, error.instruction) from None
    if video.master_sha256 is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "it has no picture yet", "decide about its texts first")
    try:
        path = door.ledger.store.get(video.master_sha256, VIDEO)
    except TerminalError:
        raise Refusal(HTTPStatus.GONE, "the file was removed from the store", "regenerate the video") from None
    headers = {"Content-Security-Policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"}
    return FileResponse(path, headers=headers, media_type="video/mp4")


@router.get(
    "/review/{video_id}/photo",
    summary="The photo of the end card of a video that waits",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The photo.",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
    },
)
def photo(video_id: UUID, door: Opened, caller: Caller) -> FileResponse:
    """What is going to be drawn on it, and was screened with it. Only for who may look at the desk, while it waits."""
    if refused := desk_refusal(caller):
        raise refused
    try:
        found = photo_that_waits(door, door.ledger.reviews.get(video_id))
    except UseError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, error.reason, error.instruction) from None
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "its end card shows no photo", "look at its master")
    try:
        path = door.ledger.store.get(found, PNG)
    except TerminalError:
        raise Refusal(HTTPStatus.GONE, "the photo was removed from the store", "regenerate the video") from None
    return FileResponse(path, headers={"Content-Security-Policy": "default-src 'none'"}, media_type="image/png")
