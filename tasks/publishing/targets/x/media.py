"""The upload of a video to X: announced, sent in segments that are acknowledged one by one, and put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Refused, Restart
from tasks.publishing.recognition import moment
from tasks.publishing.slices import cut
from tasks.publishing.targets.x.answers import judge_media, mapping

#: Bytes of a segment. The documentation's samples have 1 MiB, and 5 MB was the most of the API before.
SEGMENT = 4 * 1024 * 1024
#: Segments of an upload (X API, append: `segment_index` 0 to 999).
MOST_SEGMENTS = 1000


@dataclass(frozen=True)
class MediaUpload:
    """One upload, as far as the handle knows it.

    Parameters
    ----------
    call:
        `ApiTarget.call` with the context of the target.
    """

    call: Callable[..., Reply]
    context: TargetContext
    handle: Handle

    def send(self, path: Path) -> None:
        """Bring the file there, from the first segment on that X has not acknowledged."""
        handle = self.handle
        if "media" in handle:
            self.require_fresh()
        else:
            self._initialize(path.stat().st_size)
        segments = cut(path, int(handle["segment_bytes"]))
        for index in range(int(handle["segments"]), len(segments)):
            self.call(
                "sending the video to X",
                "POST",
                f"/2/media/upload/{handle['media']}/append",
                form={"segment_index": str(index)},
                files={"media": ("segment.mp4", segments[index].read(), "application/octet-stream")},
                judge=judge_media,
            )
            handle.remember(segments=index + 1)
        self._finalize()

    def processing(self) -> dict[str, Any]:
        """`processing_info`; empty if there is nothing to be waited for."""
        reply = self.call(
            "asking X how far the video is",
            "GET",
            "/2/media/upload",
            params={"command": "STATUS", "media_id": str(self.handle["media"])},
            judge=judge_media,
        )
        return mapping(reply.get("data", "processing_info"))

    def require_fresh(self) -> None:
        """See that X still keeps it.

        Raises
        ------
        Restart
        """
        expires = moment(self.handle.get("expires"))
        if expires is not None and expires <= self.context.now():
            raise Restart("the upload to X has expired")

    def _initialize(self, total: int) -> None:
        reply = self.call(
            "asking X for an upload",
            "POST",
            "/2/media/upload/initialize",
            json={
                "media_type": "video/mp4",
                "total_bytes": total,
                "media_category": "tweet_video",
                "shared": False,
            },
        )
        self.handle.remember(
            media=str(reply.need("data", "id")),
            media_key=str(reply.get("data", "media_key", default="")),
            segment_bytes=max(SEGMENT, -(-total // MOST_SEGMENTS)),
            segments=0,
            expires=self._expiry(reply),
        )

    def _finalize(self) -> None:
        """Have the segments put together. X need not take it twice, and the answer to the first time may be lost."""
        again = "finalizing" in self.handle
        self.handle.remember(finalizing=True)
        try:
            reply = self.call(
                "finishing the upload to X",
                "POST",
                f"/2/media/upload/{self.handle['media']}/finalize",
                judge=judge_media,
            )
        except Refused as error:
            if not again:
                raise
            if "state" not in self.processing():
                raise Restart(error.reason) from error
            self.handle.remember(uploaded=True)
            return
        expires = self._expiry(reply)
        self.handle.remember(uploaded=True, **({"expires": expires} if expires else {}))

    def _expiry(self, reply: Reply) -> str | None:
        seconds = reply.get("data", "expires_after_secs")
        if not isinstance(seconds, int | float):
            return None
        return (self.context.now() + dt.timedelta(seconds=seconds)).isoformat()
