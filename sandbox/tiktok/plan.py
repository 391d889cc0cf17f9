"""Into which chunks a video is cut ("Media Transfer Guide", chunk size)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.tiktok.errors import refused

# The guide says MB and does not say how many bytes that are: whatever is right by one reading is accepted.
LEAST_CHUNK = 5_000_000  #: bytes; a smaller video is one chunk
MOST_CHUNK = 64 * 1024 * 1024  #: bytes; the last one, which has the remainder too, may be twice as long
MOST_CHUNKS = 1000
MOST_BYTES = 4 * 1024**3  #: of a video


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """What `source_info` announces, in bytes."""

    size: int
    chunk: int
    count: int

    @classmethod
    def of(cls, told: Mapping[str, Any], least: int = LEAST_CHUNK) -> ChunkPlan:
        """The plan that a request announces, if it keeps the rule; a chunk has `least` bytes at least."""
        numbers = [told.get(name) for name in ("video_size", "chunk_size", "total_chunk_count")]
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            raise refused("invalid_param", "video_size, chunk_size and total_chunk_count are needed, as numbers.")
        plan = cls(*numbers)  # type: ignore[arg-type]  # they were looked at
        if not 0 < plan.size <= MOST_BYTES:
            raise refused("invalid_param", f"The video size {plan.size} is not valid.")
        if plan.chunk != plan.size and not least <= plan.chunk <= min(MOST_CHUNK, plan.size):
            raise refused("invalid_param", f"The chunk size {plan.chunk} is not valid.")
        if plan.chunk > MOST_CHUNK or plan.count != plan.size // plan.chunk or not 1 <= plan.count <= MOST_CHUNKS:
            raise refused("invalid_param", "The total chunk count is invalid.")
        if plan.count == 1 and plan.size > MOST_CHUNK:
            raise refused("invalid_param", "A video of more than 64 MB has several chunks.")
        return plan

    def end(self, first: int) -> int:
        """Where the chunk ends in which a byte lies: the position after its last one."""
        at = min(first // self.chunk, self.count - 1)
        return self.size if at == self.count - 1 else (at + 1) * self.chunk
