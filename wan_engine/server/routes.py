"""`/v1/videos`: order, list, look, fetch, delete."""

from __future__ import annotations

import io
import re
from contextlib import closing
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from reelmill.errors import MediaError
from reelmill.frames import read_frames
from wan_engine.server.bodies import read_body
from wan_engine.server.desk import Desk
from wan_engine.server.refusals import bad_order, not_found

#: Jobs in one answer, unless the caller names another number.
PAGE, LARGEST_PAGE = 20, 100
#: Quality of a thumbnail, as JPEG counts it.
THUMBNAIL_QUALITY = 85
#: As RFC drafts have the Idempotency-Key: printable, and short.
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

router = APIRouter()


async def _opened(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


Opened = Annotated[Desk, Depends(_opened)]


@router.post("/v1/videos")
async def order(request: Request, desk: Opened, idempotency_key: Annotated[str, Header()] = "") -> Response:
    """Order a video: a form, or a JSON object. Answers at once; the video is made when it is its turn."""
    key = idempotency_key or None
    if key is not None and not _KEY.fullmatch(key):
        raise bad_order("the Idempotency-Key cannot be used", "send 1 to 255 printable ASCII characters")
    body = await read_body(request, request.app.state.turns)
    job = await run_in_threadpool(desk.order, body.fields, body.picture, key)
    return JSONResponse(desk.tell(job))


@router.get("/v1/videos")
def page(
    desk: Opened,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    order: Literal["asc", "desc"] = "desc",
) -> Response:
    """The jobs, the newest first, in pages: `after` is the last id of the page before."""
    found = desk.page(after, limit + 1, newest_first=order == "desc")
    shown = found[:limit]
    return JSONResponse(
        {
            "object": "list",
            "data": [desk.tell(job) for job in shown],
            "first_id": shown[0].id if shown else None,
            "last_id": shown[-1].id if shown else None,
            "has_more": len(found) > limit,
        }
    )


@router.get("/v1/videos/{identity}")
def look(identity: str, desk: Opened) -> Response:
    """One job, also one that has failed."""
    return JSONResponse(desk.tell(desk.find(identity)))


@router.delete("/v1/videos/{identity}")
def delete(identity: str, desk: Opened) -> Response:
    """Stop a job that waits or is being made, and remove what there is of it."""
    desk.delete(identity)
    return JSONResponse({"id": identity, "deleted": True, "object": "video.deleted"})


@router.head("/v1/videos/{identity}/content")
@router.get("/v1/videos/{identity}/content")
def content(identity: str, desk: Opened, variant: Literal["video", "thumbnail"] = "video") -> Response:
    """The film, whole or the part that `Range` asks for; or its first frame as a JPEG."""
    job, path = desk.film(identity)
    if not path.is_file():  # deleted since
        raise not_found()
    if variant == "video":
        return FileResponse(path, media_type="video/mp4", headers={"ETag": f'"{job.sha256}"'})
    from PIL import Image

    with closing(read_frames(path, job.shot.width, job.shot.height, threads=1)) as frames:
        first = next(frames, None)
    if first is None:
        raise MediaError(f"{path.name} has no frame", "order it anew")
    picture = io.BytesIO()
    Image.fromarray(first).save(picture, "JPEG", quality=THUMBNAIL_QUALITY)
    return Response(picture.getvalue(), media_type="image/jpeg")
