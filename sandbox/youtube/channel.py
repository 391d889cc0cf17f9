"""A channel and its uploads playlist ("Channels" and "PlaylistItems", resources)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sandbox.youtube.metadata import written
from sandbox.youtube.video import Video, thumbnails

PARTS = frozenset({"id", "snippet", "contentDetails", "statistics", "status"})
ITEM_PARTS = frozenset({"id", "snippet", "contentDetails", "status"})


@dataclass(frozen=True)
class Channel:
    """The channel of an account."""

    id: str
    title: str

    @property
    def uploads(self) -> str:
        """The id of the playlist that has all its videos."""
        return "UU" + self.id.removeprefix("UC")

    def resource(self, parts: Collection[str], videos: int) -> dict[str, Any]:
        whole = {
            "snippet": {"title": self.title, "description": "", "publishedAt": written(0)},
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": self.uploads}},
            "statistics": {"videoCount": str(videos)},
            "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "allowed"},
        }
        named = {part: whole[part] for part in whole if part in parts}
        return {"kind": "youtube#channel", "etag": '"1"', "id": self.id, **named}

    def item(self, video: Video, parts: Collection[str], position: int) -> dict[str, Any]:
        """A video's place in the uploads playlist."""
        whole: dict[str, Any] = {
            "snippet": {
                "publishedAt": written(video.made_at),
                "channelId": self.id,
                "title": video.snippet["title"],
                "description": video.snippet["description"],
                "thumbnails": thumbnails(video.id),
                "channelTitle": self.title,
                "playlistId": self.uploads,
                "position": position,
                "resourceId": {"kind": "youtube#video", "videoId": video.id},
            },
            "contentDetails": {"videoId": video.id, "videoPublishedAt": written(video.made_at)},
            "status": {"privacyStatus": video.status["privacyStatus"]},
        }
        named = {part: whole[part] for part in whole if part in parts}
        return {"kind": "youtube#playlistItem", "etag": '"1"', "id": f"{self.uploads}.{video.id}", **named}
