"""What is to be seen of a video that waits: its master, the photo of its end card, and what it is going to look like.

Nobody has said yet that they may be shown: nothing keeps them, and no other site shows them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, HTMLResponse, Response

from records.media import VIDEO
from records.reviews import Waiting
from records.tables import Token
from reelmill.errors import FinishingError, TerminalError, UseError
from tasks.generation.reference import PNG
from web.callers import Caller, desk_refusal
from web.decision_form import plain, rewording
from web.door import Door, Opened
from web.evidence import photo_that_waits
from web.problems import Refusal, documented

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_FILM: dict[str, Any] = {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}}
_PHOTO: dict[str, Any] = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
_PICTURE: dict[str, Any] = {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
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
    video = _waiting(door, caller, video_id).video
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
    found = photo_that_waits(door, _waiting(door, caller, video_id))
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "its end card shows no photo", "look at its master")
    try:
        path = door.ledger.store.get(found, PNG)
    except TerminalError:
        raise Refusal(HTTPStatus.GONE, "the photo was removed from the store", "regenerate the video") from None
    return FileResponse(path, headers={"Content-Security-Policy": "default-src 'none'"}, media_type="image/png")


@router.get(
    "/review/{video_id}/proof/{profile}",
    summary="What a video that waits is going to look like",
    response_class=Response,
    responses={
        200: {"description": "A frame of it for this platform, and the end card if it has one.", **_PICTURE},
        **documented(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.GONE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    },
)
def proof(
    video_id: UUID,
    profile: str,
    door: Opened,
    caller: Caller,
    title: Annotated[str | None, Query(max_length=500, description="Another title than the planned one.")] = None,
    lines: Annotated[str | None, Query(max_length=2000, description="Other lines on the picture, one a line.")] = None,
) -> Response:
    """Its words, brand and labels as they are going to be drawn, before anything is encoded; without subtitles, which
    follow the voice. Only for who may look at the desk, and while it waits.
    """
    waits = _waiting(door, caller, video_id)
    texts = {name: plain(text) for name, text in (("title", title), ("lines", lines)) if text is not None}
    try:
        picture = door.proofs.get(waits, profile, rewording(texts, waits.video.plan))
    except UseError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, error.reason, error.instruction) from None
    except FinishingError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error.reason, error.instruction) from None
    except TerminalError as error:
        raise Refusal(HTTPStatus.GONE, error.reason, error.instruction or "regenerate the video") from None
    return Response(picture, headers={"Content-Security-Policy": "default-src 'none'"}, media_type="image/jpeg")


def _waiting(door: Door, caller: Token | None, video_id: UUID) -> Waiting:
    """The video, for who may look at the desk, and while it waits."""
    if refused := desk_refusal(caller):
        raise refused
    try:
        return door.ledger.reviews.get(video_id)
    except UseError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, error.reason, error.instruction) from None
