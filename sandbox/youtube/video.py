"""A video on the simulated YouTube: its processing, who can see it, and its resource ("Videos", resource)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from sandbox.audience import Audience
from sandbox.upload import Upload
from sandbox.youtube.metadata import SEEN, seconds_of, written

#: The parts that a request may name.
PARTS = frozenset(
    {"id", "snippet", "status", "contentDetails", "statistics", "processingDetails", "fileDetails", "player"}
    | {"localizations", "recordingDetails", "topicDetails", "liveStreamingDetails", "suggestions"}
)
#: `status.failureReason`: the file is no video.
FAILURES = frozenset({"conversion", "invalidFile", "emptyFile", "tooSmall", "codec", "uploadAborted"})
#: `status.rejectionReason`: the video may not be shown.
REJECTIONS = frozenset(
    {"copyright", "inappropriate", "duplicate", "termsOfUse", "uploaderAccountSuspended", "length", "claim"}
    | {"uploaderAccountClosed", "trademark", "legal"}
)


@dataclass
class Video:
    """One video of a channel.

    Parameters
    ----------
    made_at, processed_at:
        Seconds since 1970, by the platform's clock.
    failure:
        What its processing ends with, one of `FAILURES` or `REJECTIONS`; empty: well.
    duration:
        ISO 8601; the simulator does not look into the file.
    """

    id: str
    channel: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    upload: Upload
    file_name: str
    made_at: float
    processed_at: float
    failure: str = ""
    duration: str = "PT5S"
    opened_at: float | None = None  #: since when its privacy lets people see it
    was_public: bool = False

    def set_status(self, status: dict[str, Any], now: float) -> None:
        self.status = status
        if status["privacyStatus"] not in SEEN:
            self.opened_at = None
        elif self.opened_at is None:
            self.opened_at = now

    def come_due(self, now: float) -> None:
        """A scheduled video whose time has come is public; one whose time was over is so at once."""
        due = self.status.get("publishAt")
        if due is not None and seconds_of(due) <= now:
            self.opened_at = max(seconds_of(due), self.made_at)
            self.status = {**self.status, "privacyStatus": "public"}
            del self.status["publishAt"]

    def seen_since(self, now: float) -> float | None:
        """Since when people can see it; None: they cannot."""
        if self.opened_at is None or self.failure or now < self.processed_at:
            return None
        return max(self.opened_at, self.processed_at)

    @property
    def text(self) -> str:
        """What stands beside it."""
        return "\n\n".join(part for part in (self.snippet["title"], self.snippet["description"]) if part)

    @property
    def detail(self) -> dict[str, Any]:
        """What else was said of it."""
        return {**self.snippet, **self.status, "fileName": self.file_name}

    def resource(self, parts: Collection[str], now: float) -> dict[str, Any]:
        """The resource with the parts that were asked for and that it has."""
        since = self.seen_since(now)
        whole: dict[str, Any] = {
            "snippet": self._snippet(),
            "status": self._status(now),
            "contentDetails": self._content(now),
            "statistics": _statistics(self.id, 0.0 if since is None else now - since),
            "processingDetails": self._processing(now),
            "fileDetails": {"fileName": self.file_name, "fileSize": str(self.upload.size), "fileType": "video"},
            "player": {"embedHtml": f'<iframe src="//www.youtube.com/embed/{self.id}"></iframe>'},
        }
        found = {part: whole[part] for part in whole if part in parts}
        etag = sha1(repr(found).encode(), usedforsecurity=False).hexdigest()
        return {"kind": "youtube#video", "etag": f'"{etag}"', "id": self.id, **found}

    def _snippet(self) -> dict[str, Any]:
        shown = {name: value for name, value in self.snippet.items() if value or name == "description"}
        return {
            "publishedAt": written(self.made_at),
            "channelId": self.channel,
            **shown,
            "thumbnails": thumbnails(self.id),
            "liveBroadcastContent": "none",
            "localized": {"title": self.snippet["title"], "description": self.snippet["description"]},
        }

    def _status(self, now: float) -> dict[str, Any]:
        told: dict[str, Any] = {"uploadStatus": "uploaded"}
        if now >= self.processed_at:
            told = {"uploadStatus": "processed"}
            if self.failure in FAILURES:
                told = {"uploadStatus": "failed", "failureReason": self.failure}
            elif self.failure:
                told = {"uploadStatus": "rejected", "rejectionReason": self.failure}
        return {**told, **self.status, "madeForKids": self.status["selfDeclaredMadeForKids"]}

    def _content(self, now: float) -> dict[str, Any]:
        ready = now >= self.processed_at and not self.failure
        return {
            "duration": self.duration if ready else "P0D",
            "dimension": "2d",
            "definition": "hd" if ready else "sd",
            "caption": "false",
            "licensedContent": False,
            "projection": "rectangular",
        }

    def _processing(self, now: float) -> dict[str, Any]:
        if now < self.processed_at:
            done = int(100 * (now - self.made_at) / (self.processed_at - self.made_at))
            left = str(int(1000 * (self.processed_at - now)))
            progress = {"partsTotal": "100", "partsProcessed": str(max(0, done)), "timeLeftMs": left}
            return {"processingStatus": "processing", "processingProgress": progress, **_availability("inProgress")}
        if self.failure in FAILURES:
            return {"processingStatus": "failed", "processingFailureReason": "transcodeFailed", **_availability()}
        return {"processingStatus": "terminated" if self.failure else "succeeded", **_availability("available")}


def thumbnails(identity: str) -> dict[str, Any]:
    """The pictures of a video, as its snippet and "Thumbnails: set" tell of them."""
    sizes = {"default": (120, 90), "medium": (320, 180), "high": (480, 360)}
    return {
        name: {"url": f"https://i.ytimg.com/vi/{identity}/{name}.jpg", "width": width, "height": height}
        for name, (width, height) in sizes.items()
    }


def _availability(of_details: str = "unavailable") -> dict[str, str]:
    return {"fileDetailsAvailability": of_details, "thumbnailsAvailability": of_details}


def _statistics(identity: str, age: float) -> dict[str, str]:
    audience = Audience.of(identity, age)
    return {
        "viewCount": str(audience.views),
        "likeCount": str(audience.likes),
        "favoriteCount": "0",
        "commentCount": str(audience.comments),
    }
