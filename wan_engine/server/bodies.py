"""The body of an order: read no further than the limit, and taken apart into fields and a reference image."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from reelmill.content import Json
from wan_engine.server.refusals import Refusal, bad_order
from wan_engine.video_api.protocol import PICTURE_FIELD

#: Bytes of a reference image: a photo of 50 megapixels has about so many.
LARGEST_PICTURE = 20 << 20
#: Bytes of a body: the image in base64, as JSON has it, and room for the words.
LARGEST_BODY = LARGEST_PICTURE * 4 // 3 + (1 << 20)
#: Bytes of one field of a form, and fields and files in it.
LARGEST_FIELD, MOST_FIELDS, MOST_FILES = 64 << 10, 100, 4
#: Seconds that a body may take to come in.
SLOWEST = 60.0
#: Bodies that are read at the same time: each may be held in memory.
AT_ONCE = 16

#: The rest of a body that is not read is not waited for either.
_CLOSE = {"Connection": "close"}


@dataclass(frozen=True, slots=True)
class Body:
    """What came in."""

    fields: dict[str, Json]
    picture: bytes | None  #: the reference image, not yet looked at


async def read_body(request: Request, turns: asyncio.Semaphore) -> Body:
    """The order in a request.

    Parameters
    ----------
    turns:
        Lets `AT_ONCE` bodies in at the same time.

    Raises
    ------
    Refusal
        If it is too large (413), too slow (408), of another kind (415), or cannot be understood (400).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 12 or int(announced) > LARGEST_BODY):
        raise _too_large()
    if kind not in ("multipart/form-data", "application/json"):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", f"an order cannot be of type {kind[:80]!r}",
            "send multipart/form-data, or application/json", _CLOSE,
        )  # fmt: skip
    try:
        async with turns, asyncio.timeout(SLOWEST):
            return await (_form(request) if kind.startswith("multipart") else _json(request))
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT, "timeout", f"the body did not come in within {SLOWEST:.0f} s", "send it again",
            _CLOSE,
        ) from None  # fmt: skip
    except ClientDisconnect:
        raise bad_order("the body is incomplete", "send it again") from None


async def _capped(request: Request) -> AsyncGenerator[bytes, None]:
    """The body, counted as it comes in, whatever its Content-Length says."""
    left = LARGEST_BODY
    async for block in request.stream():
        left -= len(block)
        if left < 0:
            raise _too_large()
        yield block


async def _form(request: Request) -> Body:
    parser = MultiPartParser(
        request.headers, _capped(request),
        max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD,
    )  # fmt: skip
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise bad_order(f"the form cannot be read: {error.message}", "send it as multipart/form-data") from None
    try:
        fields: dict[str, Json] = {}
        picture: bytes | None = None
        for name, value in form.multi_items():
            if name in fields or (name == PICTURE_FIELD and picture is not None):
                raise bad_order(f"{name}: it is there twice", "send it once")
            if not isinstance(value, UploadFile):
                fields[name] = value
            elif name == PICTURE_FIELD:
                picture = await value.read()
        return _whole(fields, picture)
    finally:
        await form.close()


async def _json(request: Request) -> Body:
    body = bytearray()
    async for block in _capped(request):
        body += block
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise bad_order(f"the body is no JSON: {str(error)[:200]}", "send a JSON object in UTF-8") from None
    if not isinstance(fields, dict):
        raise bad_order("the body is no JSON object", "send one")
    return _whole(fields, None)


def _whole(fields: dict[str, Json], picture: bytes | None) -> Body:
    """With the image out of its field, if it is said as a `data:` address there."""
    said = fields.pop(PICTURE_FIELD, None)
    if isinstance(said, dict):
        said = said.get("image_url", said)
    if said in (None, ""):
        return _checked(fields, picture)
    head, comma, content = said.partition(",") if isinstance(said, str) else ("", "", "")
    if not (comma and head.startswith("data:image/") and head.endswith(";base64")):
        raise bad_order(
            f"{PICTURE_FIELD}: it is neither a file nor an image as data:image/…;base64,…",
            "send the file itself: nothing is fetched from an address",
        )
    try:
        return _checked(fields, base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        raise bad_order(f"{PICTURE_FIELD}: it is no base64", "send the file itself") from None


def _checked(fields: dict[str, Json], picture: bytes | None) -> Body:
    if picture is not None and len(picture) > LARGEST_PICTURE:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"{PICTURE_FIELD}: {len(picture):,} bytes are too many",
            f"send an image of at most {LARGEST_PICTURE >> 20} MB",
        )  # fmt: skip
    return Body(fields, picture)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _too_large() -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"the body has more than {LARGEST_BODY >> 20} MB",
        f"send an image of at most {LARGEST_PICTURE >> 20} MB", _CLOSE,
    )  # fmt: skip
