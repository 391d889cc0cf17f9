"""A file at X: its segments, and what becomes of them.

Source: X API, "Media", "Chunked upload".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.parts import Parts
from sandbox.trouble import DAY
from sandbox.upload import Upload

#: Seconds that finished media can be attached for.
FINISHED_SECONDS = DAY
MOST_SEGMENTS = 1000


@dataclass
class Media:
    """Times are seconds since 1970 by the platform's clock."""

    id: str
    category: str
    total: int  #: bytes that were announced
    expires: float
    segments: Parts = field(default_factory=lambda: Parts(first=0))
    upload: Upload | None = None  #: the file, once it was finalized
    begun: float = 0.0  #: when its processing began
    processed: float = 0.0  #: and when it ends; the same: there is none
    failure: str | None = None  #: why it fails
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{13 if self.video else 3}_{self.id}"

    @property
    def video(self) -> bool:
        return self.category.endswith("video")

    def gap(self) -> str:
        """What its segments lack to be the file; empty: nothing."""
        if not self.segments.gapless:
            return f"Segment {self.segments.following} is not there"
        size = sum(self.segments.sizes)
        return "" if size == self.total else f"Segments do not add up to provided total file size: {size}/{self.total}"

    def usable(self, now: float) -> bool:
        """Whether a post can have it."""
        return self.upload is not None and self.processed <= now < self.expires and not self.failure

    def told(self, now: float, check_after: int) -> dict[str, Any]:
        """Its `data`; without `processing_info` it is ready."""
        size = self.upload.size if self.upload is not None else 0
        left = max(0, int(self.expires - now))
        data = {"id": self.id, "media_key": self.key, "size": size, "expires_after_secs": left}
        if self.processed > self.begun:
            data["processing_info"] = self._processing(now, check_after)
        return data

    def _processing(self, now: float, check_after: int) -> dict[str, Any]:
        done = (now - self.begun) / (self.processed - self.begun)
        if done < 0.25:
            return {"state": "pending", "check_after_secs": check_after}
        if done < 1:
            return {"state": "in_progress", "check_after_secs": check_after, "progress_percent": int(100 * done)}
        if self.failure:
            error = {"code": 1, "name": "InvalidMedia", "message": self.failure}
            return {"state": "failed", "progress_percent": 100, "error": error}
        return {"state": "succeeded", "progress_percent": 100}
