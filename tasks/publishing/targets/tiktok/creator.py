"""What an account may post at this moment (Content Posting API, "Query Creator Info"), asked before each post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from reelmill.content import Rendition
from tasks.publishing.client import Reply
from tasks.publishing.outcome import Refused

#: The largest file in bytes, frames a second, and pixels of a side that TikTok takes (Media Transfer Guide).
MOST_BYTES, FPS, SIDES = 4_000_000_000, (23, 60), (360, 4096)
#: Seconds that everybody may post, where TikTok does not say more.
EVERYBODY = 180.0


@dataclass(frozen=True, slots=True)
class Creator:
    """An account and its settings."""

    username: str
    nickname: str
    privacy: tuple[str, ...]  #: what its posts may be
    seconds: float  #: the longest video
    no_comments: bool
    no_duets: bool
    no_stitches: bool

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """Read an answer.

        Raises
        ------
        Retry
            If it is not what was documented.
        """
        levels = reply.need("data", "privacy_level_options")
        seconds = reply.get("data", "max_video_post_duration_sec")
        return cls(
            username=str(reply.need("data", "creator_username")),
            nickname=str(reply.get("data", "creator_nickname", default="")),
            privacy=tuple(map(str, levels)) if isinstance(levels, list) else (),
            seconds=float(seconds) if isinstance(seconds, int | float) else EVERYBODY,
            no_comments=bool(reply.get("data", "comment_disabled")),
            no_duets=bool(reply.get("data", "duet_disabled")),
            no_stitches=bool(reply.get("data", "stitch_disabled")),
        )

    def accept(self, rendition: Rendition, privacy: str) -> None:
        """Return if the account may post this.

        Raises
        ------
        Refused
        """
        if privacy not in self.privacy:
            raise Refused(
                f"@{self.username} may not post as {privacy} at TikTok",
                f"set the target's `privacy` to one of {', '.join(self.privacy)}, or make the account public",
            )
        seconds = rendition.frames / rendition.fps
        if seconds > self.seconds:
            raise Refused(
                f"@{self.username} may post {self.seconds:g} s at TikTok, and the video has {seconds:.1f} s",
                "make it shorter",
            )
        if rendition.size_bytes > MOST_BYTES:
            raise Refused(f"TikTok takes 4 GB, and the video has {rendition.size_bytes} bytes", "make it smaller")
        sides = (rendition.width, rendition.height)
        if min(sides) < SIDES[0] or max(sides) > SIDES[1] or not FPS[0] <= rendition.fps <= FPS[1]:
            raise Refused(
                f"TikTok takes sides of {SIDES[0]} to {SIDES[1]} pixels and {FPS[0]} to {FPS[1]} frames a second, and "
                f"the video has {rendition.width}×{rendition.height} and {rendition.fps}",
                "deliver another profile to the target",
            )
