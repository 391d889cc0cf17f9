"""An upload session ("Resumable Uploads"): which bytes it takes, and what it says of those that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.answer import Answer
from sandbox.request import ContentRange, Request
from sandbox.transfer import Transfer
from sandbox.youtube.errors import refused
from sandbox.youtube.video import Video

#: Each chunk but the last is a multiple of so many bytes.
UNIT = 256 * 1024
#: Bytes of the largest file.
MOST_BYTES = 274_877_906_944


@dataclass
class Session:
    """What "Videos: insert" opened.

    Parameters
    ----------
    total:
        The bytes that were announced.
    parts:
        Of the resource, which the last answer has.
    """

    id: str
    opened_at: float
    total: int
    parts: frozenset[str]
    snippet: dict[str, Any]
    status: dict[str, Any]
    file_name: str
    transfer: Transfer
    video: Video | None = None
    _chunk: int | None = field(default=None, init=False)  #: bytes of each chunk; None: a new row of chunks begins

    @property
    def whole(self) -> bool:
        return self.transfer.upload.size == self.total

    def progress(self) -> Answer:
        """308 with the bytes that are there, which no former connection adds to. Without `Range` there are none."""
        _, size = self.transfer.take_over()
        return Answer(308, None, {"Range": f"bytes=0-{size - 1}"} if size else {})

    def take(self, request: Request, breaks_after: int | None = None) -> None:
        """Store the bytes of a request; of a block that does not begin where the last one ended, none.

        Parameters
        ----------
        breaks_after:
            So many bytes are stored, and then the service is unavailable.
        """
        turn, size = self.transfer.take_over()
        span = self._span(request)
        if span.first != size and "content-range" in request.headers:
            return
        last = span.last is not None and span.last + 1 == self.total
        if not last:
            self._check_chunk(span.size)
        if span.first == 0:
            self.transfer.truncate(turn, 0)
        self._chunk = None  # what is resumed after an interruption may have another size
        pieces = _broken(request.body.pieces(), breaks_after)
        self.transfer.receive(turn, _within(pieces, span.size), span.first or 0)
        self._chunk = None if last else span.size

    def _span(self, request: Request) -> ContentRange:
        """The bytes that a request brings; without `Content-Range`, all of them."""
        header, length = request.headers.get("content-range"), request.body.length
        if header is None:
            if length is not None and length != self.total:
                raise refused("badRequest", f"{length} bytes came, {self.total} were announced.")
            return ContentRange(0, self.total - 1, self.total)
        span = ContentRange.of(header)
        if span is None or span.last is None or span.size <= 0 or (length is not None and length != span.size):
            raise refused("badRequest", f"Failed to parse Content-Range header: {header}")
        if span.last >= self.total or span.total not in {None, self.total}:
            raise refused("badRequest", f"The range {header} is not one of {self.total} bytes.")
        return span

    def _check_chunk(self, size: int) -> None:
        if size % UNIT or self._chunk not in {None, size}:
            raise refused(
                "badRequest", f"A chunk that is not the last has a multiple of {UNIT} bytes, always the same."
            )


def _broken(pieces: Iterable[bytes], after: int | None) -> Iterator[bytes]:
    for piece in pieces:
        if after is None:
            yield piece
        else:
            yield piece[:after]
            after -= len(piece)
            if after <= 0:
                raise refused("backendError")


def _within(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The pieces of a body whose length was not told, which may be longer than was announced."""
    for piece in pieces:
        most -= len(piece)
        if most < 0:
            raise refused("badRequest", "More bytes came than were announced.")
        yield piece
