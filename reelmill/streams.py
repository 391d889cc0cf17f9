"""Byte streams with a limit: what cannot grow without end, whatever the other side sends."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import BinaryIO

GZIP_MAGIC = b"\x1f\x8b"

#: Bytes that one step reads. Small enough to notice a limit early, large enough to cost nothing.
BLOCK_BYTES = 64 * 1024


class Capped(io.RawIOBase):
    """A readable stream that raises as soon as more than `limit` bytes came out of it.

    Parameters
    ----------
    stream:
        What is read. It is closed with this one.
    limit:
        Bytes.
    too_large, broken:
        Make the errors to raise: past the limit, and when compressed data is damaged (given the cause's own words).
    """

    def __init__(
        self,
        stream: BinaryIO,
        limit: int,
        *,
        too_large: Callable[[], Exception],
        broken: Callable[[str], Exception],
    ) -> None:
        self._stream = stream
        self._left = limit
        self._too_large = too_large
        self._broken = broken

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        # One byte more than allowed is asked for, or the limit itself would look like the end.
        try:
            data = self._stream.read(min(len(buffer), self._left + 1))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._broken(str(error)) from error
        self._left -= len(data)
        if self._left < 0:
            raise self._too_large()
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def gunzipped(stream: BinaryIO) -> BinaryIO:
    """The stream itself, decompressed if it begins like gzip. Decompresses in blocks: a bomb costs no memory.

    Parameters
    ----------
    stream:
        Must have `peek`, as `io.BufferedReader` has.
    """
    peek = getattr(stream, "peek")  # noqa: B009  # BinaryIO does not know it, all buffered readers do
    if peek(2)[:2] != GZIP_MAGIC:
        return stream
    return gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[return-value]  # GzipFile reads like any BinaryIO
