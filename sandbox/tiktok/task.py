"""A publish task: what one `init` opened, the bytes that came for it, and what became of it ("Get Post Status")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.audience import Audience
from sandbox.request import ContentRange, Request
from sandbox.tiktok.errors import bytes_refused
from sandbox.tiktok.plan import ChunkPlan
from sandbox.transfer import Transfer

CONTENT_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm"})
#: Fields of a video that may be asked for ("Video Object").
VIDEO_FIELDS = frozenset(
    {"id", "create_time", "cover_image_url", "share_url", "video_description", "duration", "height", "width", "title"}
    | {"embed_html", "embed_link", "like_count", "comment_count", "share_count", "view_count"}
)


@dataclass
class Task:
    """One task.

    Parameters
    ----------
    post:
        `post_info`; None for a draft that goes to the user's inbox.
    made_at, arrived_at, ready_at, seen_at:
        Seconds since 1970: when it was opened, its last byte came, it was processed, and its moderation ended.
    """

    publish_id: str
    upload_id: str
    upload_token: str
    post_id: int
    plan: ChunkPlan
    post: Mapping[str, Any] | None
    transfer: Transfer
    made_at: float
    uploaded: int = 0  #: bytes of whole chunks
    arrived_at: float | None = None
    ready_at: float | None = None
    seen_at: float | None = None
    failure: str = ""  #: a fail_reason
    was_public: bool = False
    listed_at: int = 0  #: milliseconds since 1970, as cursors tell them; no two posts have the same

    @property
    def cancelled(self) -> bool:
        return self.failure == "publish_cancelled"

    @property
    def privacy(self) -> str:
        return "" if self.post is None else str(self.post["privacy_level"])

    @property
    def title(self) -> str:
        return "" if self.post is None else str(self.post.get("title", ""))

    def status(self, now: float) -> str:
        if self.ready_at is None or now < self.ready_at:
            return "PROCESSING_UPLOAD"
        if self.failure:
            return "FAILED"
        return "SEND_TO_USER_INBOX" if self.post is None else "PUBLISH_COMPLETE"

    def seen_since(self, now: float) -> float | None:
        """Since when others than the creator can see it; None: they cannot."""
        if self.post is None or self.failure or self.seen_at is None or now < self.seen_at:
            return None
        return None if self.privacy == "SELF_ONLY" else self.seen_at

    def listed(self, now: float) -> bool:
        """Whether everybody can see it."""
        return self.privacy == "PUBLIC_TO_EVERYONE" and self.seen_since(now) is not None

    def told(self, now: float) -> dict[str, Any]:
        """What "Get Post Status" tells. The misspelled name is the documented one."""
        found: dict[str, Any] = {"status": self.status(now), "uploaded_bytes": self.uploaded}
        if found["status"] == "FAILED":
            found["fail_reason"] = self.failure
        if self.listed(now):
            found["publicaly_available_post_id"] = [self.post_id]
        return found

    def progress(self, *, inclusive: bool) -> dict[str, str]:
        """The header that tells how many bytes are there, or which the last one is."""
        last = self.uploaded - 1 if inclusive else self.uploaded
        return {"Content-Range": f"bytes 0-{max(0, last)}/{self.plan.size}"}

    def span_of(self, request: Request) -> ContentRange:
        """The bytes that a request brings.

        Raises
        ------
        Refusal
            400, if its headers are wrong.
        """
        span = ContentRange.of(request.headers.get("content-range", ""))
        if request.content_type not in CONTENT_TYPES:
            raise bytes_refused(400, f"The Content-Type {request.content_type!r} is not supported.")
        if span is None or span.first is None or span.last is None or span.total != self.plan.size:
            raise bytes_refused(400, "The Content-Range is malformed, or not of the video's size.")
        if request.body.length != span.size or span.size <= 0:
            raise bytes_refused(400, "The Content-Length is not that of the Content-Range.")
        return span

    def video(self, base: str, now: float) -> dict[str, Any]:
        """The video object of a post that everybody can see."""
        since = self.made_at if self.seen_at is None else self.seen_at
        audience = Audience.of(str(self.post_id), now - since)
        return {
            "id": str(self.post_id),
            "create_time": int(since),
            "cover_image_url": f"{base}/media/{self.post_id}.mp4",
            "share_url": f"{base}/watch/{self.post_id}",
            "video_description": self.title,
            "title": self.title,
            "duration": 5,
            "width": 1080,
            "height": 1920,
            "embed_html": f'<blockquote cite="{base}/watch/{self.post_id}"></blockquote>',
            "embed_link": f"{base}/watch/{self.post_id}",
            "like_count": audience.likes,
            "comment_count": audience.comments,
            "share_count": audience.shares,
            "view_count": audience.views,
        }
