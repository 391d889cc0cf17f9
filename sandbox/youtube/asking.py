"""What a request to the YouTube Data API asks: its parts, its resource, its numbers; and a list as the answer."""

from __future__ import annotations

from typing import Any

from sandbox.request import Request
from sandbox.youtube.errors import refused
from sandbox.youtube.session import MOST_BYTES
from sandbox.youtube.video import PARTS


def parts_of(request: Request, known: frozenset[str] = PARTS) -> frozenset[str]:
    """The parts that a request names: what it sets of what it sends, and what the answer has."""
    parts = frozenset(part.strip() for part in request.query.get("part", "").split(",") if part.strip())
    if not parts:
        raise refused("required", "Required parameter: part", "part")
    for part in parts - known:
        raise refused("unknownPart", part, "part")
    return parts


def resource_of(request: Request) -> dict[str, Any]:
    """The resource that a request sends. Parts that `part` does not name count as not sent; see `parts_of`."""
    if request.content_type != "application/json":
        raise refused("badContent", f"Unsupported content with type: {request.content_type}")
    told = request.json_object()
    if not all(isinstance(told.get(part, {}), dict) for part in PARTS - {"id"}):
        raise refused("parseError")
    return told


def announced_bytes(request: Request) -> int:
    """The size that `X-Upload-Content-Length` tells, of a video that `X-Upload-Content-Type` tells."""
    size, kind = request.headers.get("x-upload-content-length", ""), request.headers.get("x-upload-content-type", "")
    if not kind.startswith("video/") and kind != "application/octet-stream":
        valid = "Valid media types: [video/*, application/octet-stream]"
        raise refused("badContent", f"Media type '{kind}' is not supported. {valid}")
    if not size.isdecimal() or int(size) == 0:
        raise refused("mediaBodyRequired")
    if int(size) > MOST_BYTES:
        raise refused("uploadTooLarge")
    return int(size)


def file_name_of(request: Request) -> str:
    """The name in the header `Slug`."""
    name = request.headers.get("slug", "unknown")
    if not name.strip() or any(letter in name for letter in "/\\\0"):
        raise refused("invalidFilename")
    return name


def number_of(request: Request, name: str, usual: int, most: int, *, reason: str = "invalidValue") -> int:
    """A number of the query, from 0 to `most`."""
    told = request.query.get(name, str(usual))
    if not told.isdecimal() or int(told) > most:
        raise refused(reason, location=name)
    return int(told)


def listed(kind: str, items: list[dict[str, Any]], total: int, most: int | None = None) -> dict[str, Any]:
    """A page of resources."""
    page = {"totalResults": total, "resultsPerPage": len(items) if most is None else most}
    return {"kind": f"youtube#{kind}ListResponse", "etag": '"1"', "pageInfo": page, "items": items}
