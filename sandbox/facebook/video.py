"""A video of a page, from its first byte to the moment at which it is public.

Source: Facebook Platform, Video API, "Publish Reels on Pages" and "Video Status".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.graph.fields import graph_time
from sandbox.upload import Upload


@dataclass
class Video:
    """Times are seconds since 1970 by the platform's clock."""

    id: str
    page: str
    upload: Upload
    expires: float  #: when it is too late for its bytes
    state: str = ""  #: PUBLISHED, DRAFT or SCHEDULED, once it was finished
    processed: float | None = None  #: when its processing ends; None: it was not finished
    due: float | None = None  #: when it becomes public; None: not by itself
    fields: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None  #: why its processing fails
    public: bool = False
    cover: str | None = None  #: sha256 of its preferred thumbnail

    def status(self, now: float) -> dict[str, Any]:
        """Its field `status`; `bytes_transfered` is spelled so."""
        whole, size = self.upload.whole, self.upload.size
        phases: dict[str, Any] = {
            "video_status": self._word(now),
            "uploading_phase": {
                "status": "complete" if whole else "in_progress" if size else "not_started",
                "bytes_transfered": size,
            },
            "processing_phase": {"status": "not_started"},
            "publishing_phase": {"status": "not_started"},
        }
        if self.processed is None:
            return phases
        if now < self.processed:
            phases["processing_phase"] = {"status": "in_progress"}
        elif self.failure:
            phases["processing_phase"] = {"status": "error", "error": {"message": self.failure}}
            phases["publishing_phase"] = {"status": "error", "publish_status": "error"}
            return phases
        else:
            phases["processing_phase"] = {"status": "complete"}
        if self.public:
            phases["publishing_phase"] = {"status": "complete", "publish_status": "published"}
        elif self.state != "PUBLISHED":
            phases["publishing_phase"]["publish_status"] = self.state.lower()
        if self.due is not None and (self.public or self.state == "SCHEDULED"):
            phases["publishing_phase"]["publish_time"] = graph_time(self.due)
        return phases

    def _word(self, now: float) -> str:
        if self.processed is not None:
            return "processing" if now < self.processed else "error" if self.failure else "ready"
        if self.upload.whole:
            return "upload_complete"
        return "expired" if now >= self.expires else "uploading"
