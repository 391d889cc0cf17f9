"""How far TikTok is with a post (Content Posting API, "Get Post Status"), and when an upload has come to nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from reelmill.content import Json
from tasks.publishing.client import Reply
from tasks.publishing.outcome import Refused, Restart, Retry

#: How long TikTok takes bytes at an upload address.
ADDRESS_LIVES = dt.timedelta(hours=1)
#: After the address is dead: how long bytes whose answer did not come may still turn up.
UNDER_WAY = dt.timedelta(minutes=10)
#: Seconds until TikTok is asked again; it answers 30 times a minute.
LATER = 60.0

#: Failures after which the same video may be sent again: TikTok's own, and two that the next call tells apart.
_AGAIN = frozenset({"internal", "video_pull_failed", "spam_risk_too_many_posts", "auth_removed"})


@dataclass(frozen=True, slots=True)
class Progress:
    """What TikTok says of a publish id.

    Parameters
    ----------
    came:
        Bytes that it has; None if it does not say.
    post_id:
        Of the post that the public sees; "" until it is through moderation, and always if it is not for all.
    """

    state: str
    came: int | None
    post_id: str

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """Read an answer.

        Raises
        ------
        Restart, Refused
            If the post failed, and so will never be public.
        """
        state = str(reply.need("data", "status"))
        if state == "FAILED":
            reason = str(reply.get("data", "fail_reason", default="no reason given"))
            if reason in _AGAIN:
                raise Restart(f"TikTok did not publish it: {reason}", "send it again")
            raise Refused(f"TikTok did not publish it: {reason}", "change what TikTok names, then resume the run")
        if state == "SEND_TO_USER_INBOX":
            raise Refused("TikTok put the video into the inbox of the account", "post it there, in the TikTok app")
        came = reply.get("data", "uploaded_bytes")
        post_id = reply.get("data", "publicaly_available_post_id", 0, default="")  # their spelling
        return cls(state, came if isinstance(came, int) else None, str(post_id))

    @property
    def published(self) -> bool:
        return self.state == "PUBLISH_COMPLETE"

    def bytes_of(self, total: int) -> int | None:
        """Bytes that TikTok has: all of them, once it does anything else than take them."""
        return self.came if self.state == "PROCESSING_UPLOAD" else total


def raise_if_over(handle: Mapping[str, Json], now: dt.datetime) -> None:
    """Return if an upload that is not whole can still become so.

    Raises
    ------
    Restart
        If its address takes no more bytes, and none are under way: it can never be public.
    Retry
        If its address takes no more bytes, and those of a call without an answer may still turn up.
    """
    if now < dt.datetime.fromisoformat(handle["expires_at"]):
        return
    tried = handle.get("tried_at")
    if tried is not None and now < dt.datetime.fromisoformat(tried) + UNDER_WAY:
        raise Retry("TikTok may still get the end of the video", "ask again later", retry_after=LATER)
    raise Restart("TikTok takes no more of this upload, which is not whole", "begin a new one")
