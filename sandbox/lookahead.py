"""The fields of a request before it is handled: where one URL is several moments, only they tell which."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

from sandbox.request import Body, Malformed, Request


def looked_ahead(request: Request) -> dict[str, Any]:
    """Query and body together; none of the body where it is not what its content type says.

    The body is in memory from here on, and its handler reads it, whole or cut, as if nobody had before.
    """
    body = request.body
    if body.length is None:
        content = body.read()
        body.length, body.taken, body.ended = len(content), 0, False
    else:
        content = body.stream.read(body.length)
    body.stream = BytesIO(content)
    try:
        return replace(request, body=Body(BytesIO(content), len(content))).fields()
    except Malformed:
        return dict(request.query)
