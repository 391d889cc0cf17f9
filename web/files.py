"""Finished videos and their covers, by signed links."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from reelmill.errors import TerminalError
from web.door import Opened
from web.lookups import is_shown
from web.problems import Refusal, documented

router = APIRouter(tags=["files"])

#: How long a browser may keep a file. Its name is the hash of its content, so it never changes. Seconds.
KEPT = 7 * 24 * 3600
_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg"}

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file.", "content": dict.fromkeys(_TYPES.values(), _BYTES)},
    206: {"description": "The part that `Range` asks for.", "content": dict.fromkeys(_TYPES.values(), _BYTES)},
    400: {"description": "`Range` cannot be read.", **_TEXT},
    416: {"description": "The file is shorter than that.", **_TEXT},
    **documented(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
}


@router.head("/files/{content}", include_in_schema=False)
@router.get("/files/{content}", summary="A file", response_class=FileResponse, responses=_ANSWERS)
def file(
    content: Annotated[str, Path(pattern=r"^[0-9a-f]{64}\.(mp4|jpg)$", description="sha256 and suffix.")],
    door: Opened,
    expires: Annotated[int, Query(ge=0, le=10**12)],
    signature: Annotated[str, Query(max_length=64)],
    name: Annotated[str, Query(max_length=200, description="What it is called when somebody keeps it.")] = "",
) -> FileResponse:
    """A rendition or a cover. Links come from the reports of runs and videos; no token opens this."""
    if not door.signer.check(f"/files/{content}", expires, signature, name=name):
        raise Refusal(HTTPStatus.FORBIDDEN, "the link has expired, or is not whole", "ask for the video again")
    sha256, _, kind = content.partition(".")
    if not is_shown(door.ledger, sha256, f".{kind}"):
        raise Refusal(HTTPStatus.NOT_FOUND, "there is no such file to be seen", "ask for the video again")
    try:
        path = door.ledger.store.get(sha256, f".{kind}")
    except TerminalError:
        raise Refusal(HTTPStatus.GONE, "the file was removed from the store", "have its run make it again") from None
    headers = {
        "Cache-Control": f"private, max-age={KEPT}, immutable",
        # Somebody's own page may show what it was given a link to.
        "Cross-Origin-Resource-Policy": "cross-origin",
        # A browser that opens the file itself makes a small page around it.
        "Content-Security-Policy": "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; "
        "frame-ancestors 'none'",
    }
    return FileResponse(
        path, headers=headers, media_type=_TYPES[f".{kind}"], filename=name or None, content_disposition_type="inline"
    )
