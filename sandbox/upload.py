"""Bytes that arrive at a simulated platform: kept on disk, so that its memory does not depend on their number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1024 * 1024


class Upload:
    """A file that grows as its bytes arrive.

    Parameters
    ----------
    total:
        What was announced, in bytes; None if nothing was.
    """

    def __init__(self, path: Path, total: int | None = None) -> None:
        self.path, self.total = path, total
        path.touch()

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size

    @property
    def whole(self) -> bool:
        return self.total is not None and self.size == self.total

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        with self.path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def append(self, pieces: Iterable[bytes], at: int | None = None) -> int:
        """Write pieces from `at` on (default: the end), each as it comes. Returns how many bytes they were.

        What came before the connection broke stays; whoever wants otherwise calls `truncate`.
        """
        came = 0
        with self.path.open("r+b") as stream:
            stream.seek(self.size if at is None else at)
            for piece in pieces:
                stream.write(piece)
                stream.flush()
                came += len(piece)
        return came

    def truncate(self, size: int) -> None:
        with self.path.open("r+b") as stream:
            stream.truncate(size)

    def concat(self, parts: Iterable[Path]) -> None:
        """Become the parts, one after the other."""
        with self.path.open("wb") as stream:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK):
                        stream.write(block)
