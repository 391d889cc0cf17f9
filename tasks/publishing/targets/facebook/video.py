"""What Facebook says of a video: how far its bytes, its processing and its publishing are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.publishing import graph
from tasks.publishing.outcome import Refused, Restart


@dataclass(frozen=True, slots=True)
class VideoStatus:
    """The field `status` of a video (Video API, "Video status")."""

    told: dict[str, Any]

    @property
    def received(self) -> int | None:
        """Bytes that are there; None if all."""
        whole = self.told.get("video_status") in {"upload_complete", "processing", "ready"}
        return None if whole else graph.transferred(self.told.get("uploading_phase"))

    @property
    def processing(self) -> bool:
        phase = graph.mapping(self.told.get("processing_phase")).get("status")
        word = self.told.get("video_status")
        return word == "processing" or "in_progress" in {phase, self.publishing.get("status")}

    @property
    def publishing(self) -> dict[str, Any]:
        """Its `publishing_phase`; empty if the video does not say."""
        return graph.mapping(self.told.get("publishing_phase"))

    @property
    def published(self) -> bool:
        said = self.publishing.get("publish_status")
        return said == "published" or (said is None and self.publishing.get("status") == "complete")

    @property
    def scheduled(self) -> bool:
        return self.publishing.get("publish_status") == "scheduled"

    def require_good(self) -> None:
        """See that it can be published still.

        Raises
        ------
        Restart
            If its bytes are gone.
        Refused
            If Facebook could not process or publish it.
        """
        word = self.told.get("video_status")
        if word in {"expired", "upload_failed"}:
            raise Restart(f"the upload to Facebook is gone: {word}")
        phases = [graph.mapping(self.told.get(f"{name}_phase")) for name in ("processing", "publishing", "uploading")]
        failed = any("error" in {phase.get("status"), phase.get("publish_status")} for phase in phases)
        if word == "error" or failed:
            reasons = [graph.reason_of(phase, "") for phase in phases]
            reason = next(filter(None, reasons), "it does not say why")
            raise Refused(f"Facebook could not make a reel of the video: {reason}", "look at the file and at the page")
