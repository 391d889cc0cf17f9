"""How TikTok wants a file cut (Content Posting API, "Media Transfer Guide").

`total_chunk_count` is the size divided by `chunk_size`, rounded down: what is left over goes into the last chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.publishing.slices import Slice


@dataclass(frozen=True, slots=True)
class Chunks:
    """A file of `total` bytes in chunks of `size`, of which the last one is up to twice as large."""

    path: Path
    total: int
    size: int

    @classmethod
    def of(cls, path: Path, total: int, chunk_size: int) -> Chunks:
        """In chunks of `chunk_size`; a file that is smaller is one chunk."""
        return cls(path, total, min(chunk_size, total))

    @property
    def count(self) -> int:
        return self.total // self.size

    @property
    def last_start(self) -> int:
        """Where the last chunk begins, with which TikTok publishes the video."""
        return (self.count - 1) * self.size

    def at(self, position: int) -> Slice:
        """The chunk that `position` lies in, from there on."""
        end = self.total if position >= self.last_start else (position // self.size + 1) * self.size
        return Slice(self.path, position, end - position)
