"""A part of a file as the body of a request: read in pieces while it is sent, so that memory does not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Bytes that are read and sent in one go.
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Slice:
    """`size` bytes of a file from `start` on. Can be sent as often as it has to be."""

    path: Path
    start: int
    size: int

    @classmethod
    def whole(cls, path: Path) -> Slice:
        return cls(path, 0, path.stat().st_size)

    @property
    def last(self) -> int:
        """The position of its last byte."""
        return self.start + self.size - 1

    def range_of(self, total: int) -> str:
        """What `Content-Range` says of it (RFC 9110, section 14.4)."""
        return f"bytes {self.start}-{self.last}/{total}"

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open("rb") as stream:
            stream.seek(self.start)
            while left and (piece := stream.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    def read(self) -> bytes:
        """All of it, for bodies that have to be in memory."""
        return b"".join(self)


def cut(path: Path, size: int, *, start: int = 0) -> list[Slice]:
    """A file in slices of `size` bytes, the last one with what is left; from `start` on."""
    total = path.stat().st_size
    return [Slice(path, at, min(size, total - at)) for at in range(start, total, size)]
