"""The body of an answer as it goes over the wire; of a file never more than a piece is in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.request import PIECE, Request

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file, from `first` on."""

    path: Path
    first: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open("rb") as stream:
            stream.seek(self.first)
            while left > 0 and (piece := stream.read(min(left, PIECE))):
                left -= len(piece)
                yield piece


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent: `size` bytes of a content type."""

    size: int
    kind: str
    pieces: Iterable[bytes]

    @classmethod
    def of(cls, body: Any) -> Payload:
        """What an answer's body becomes: see `Answer`."""
        if isinstance(body, Path):
            body = Span(body, 0, body.stat().st_size)
        if isinstance(body, Span):
            return cls(body.size, "application/octet-stream", body.pieces())
        content, kind = _encoded(body)
        return cls(len(content), kind, [content])


def _encoded(body: Any) -> tuple[bytes, str]:
    if body is None:
        return b"", "text/plain"
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        kind = "text/html; charset=utf-8" if body.startswith("<") else "text/plain; charset=utf-8"
        return body.encode(), kind
    return json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8"


def file_answer(request: Request, path: Path, kind: str) -> Answer:
    """A file, or the range of it that is asked for, as players do (RFC 9110, section 14)."""
    size = path.stat().st_size
    headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None:
        return Answer(200, path, headers)
    first, last = int(found[1]), min(int(found[2] or size), size - 1)
    if first > last:
        return Answer(416, None, {"Content-Range": f"bytes */{size}"})
    span = Span(path, first, last - first + 1)
    return Answer(206, span, {**headers, "Content-Range": f"bytes {first}-{last}/{size}"})
