"""How far YouTube is with an upload (Data API v3, `status` and `processingDetails` of a video)."""

from __future__ import annotations

from collections.abc import Mapping

from reelmill.content import Json
from tasks.publishing.outcome import Refused, Restart, Wait
from tasks.publishing.targets.youtube.resource import Resource, part

#: Seconds until YouTube is asked again, where it does not guess itself how long it takes; and at most.
LATER, LATEST = 15.0, 60.0

#: What a person does about a video that YouTube does not want.
SEE_STUDIO = "see what YouTube Studio says of it, then change the video"


def deleted(video: Resource) -> bool:
    """Whether somebody deleted it, at YouTube or with another client."""
    return part(video, "status").get("uploadStatus") == "deleted"


def raise_if_refused(status: Mapping[str, Json]) -> None:
    """YouTube's verdict on an upload: `failed` could not be processed, `rejected` may not be shown.

    Raises
    ------
    Refused, Restart
    """
    state = status.get("uploadStatus")
    if state == "failed" and status.get("failureReason") == "uploadAborted":
        raise Restart("YouTube says that the upload was broken off", "")
    if state in {"failed", "rejected"}:
        reason = status.get("failureReason") or status.get("rejectionReason") or "no reason given"
        raise Refused(f"YouTube {state} the video: {reason}", SEE_STUDIO)


def await_processed(video: Resource) -> None:
    """Return if the video can be shown.

    Raises
    ------
    Wait, Refused, Restart
    """
    status, details = part(video, "status"), part(video, "processingDetails")
    raise_if_refused(status)
    if details.get("processingStatus") == "failed":
        raise Refused(f"YouTube cannot process the video: {details.get('processingFailureReason')}", SEE_STUDIO)
    if status.get("uploadStatus") == "processed" or details.get("processingStatus") == "succeeded":
        return
    left = str(part(details, "processingProgress").get("timeLeftMs"))
    seconds = int(left) / 1000 if left.isdecimal() else LATER
    raise Wait("YouTube processes the upload", "", retry_after=min(max(seconds, 1.0), LATEST))
