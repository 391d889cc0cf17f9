"""A part of a file as the body of a request: read in pieces while it is sent, so that memory does not depend on it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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

    def open(self) -> SliceFile:
        """As a file that is closed by whoever opens it, for multipart bodies."""
        return SliceFile(self)


class SliceFile(io.RawIOBase):
    """A slice that looks like a whole file: it begins at 0 and ends where the slice does."""

    def __init__(self, part: Slice) -> None:
        super().__init__()
        self._part = part
        self._at = 0
        self._stream = part.path.open("rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._part.size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)[: max(0, self._part.size - self._at)]
        self._stream.seek(self._part.start + self._at)
        came = self._stream.readinto(room)
        self._at += came
        return came

    def close(self) -> None:
        self._stream.close()
        super().close()


def cut(path: Path, size: int, *, start: int = 0) -> list[Slice]:
    """A file in slices of `size` bytes, the last one with what is left; from `start` on."""
    total = path.stat().st_size
    return [Slice(path, at, min(size, total - at)) for at in range(start, total, size)]
