"""Discord: a webhook brings the video into a channel, in one call."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from reelmill.logs import conceal
from reelmill.text_length import utf16
from tasks.publishing.account import Identity
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.client import Reply
from tasks.publishing.context import SANDBOX_TOKEN, TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry
from tasks.publishing.wording import caption_of
from tasks.secret import Secret

#: Characters. Source: Discord, Execute Webhook.
LONGEST_TEXT = 2000
#: Bytes of a file where the server has no boosts. Source: Discord, Uploading Files.
LARGEST = 10 * 1024 * 1024
#: Discord's own codes. Source: Discord, Opcodes and Status Codes.
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, INVALID_WEBHOOK, TOO_LARGE = 10003, 10008, 10015, 50027, 40005
HOME = "https://discord.com"
_ADDRESS = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+)/([\w-]+)/?")
_REMEDY = "make a webhook in the settings of the channel, and put its address where `webhook` says"


class Discord(Target):
    """Posts a video into the channel of a webhook. Without a message's number it cannot be found again."""

    safety = Safety.NONE
    profiles = ("discord", "telegram", "instagram_reels", "youtube_shorts", "tiktok")
    discloses = "a line in the message"
    unpublishes = True

    type: Literal["discord"]

    webhook: Secret
    """The address of the webhook. It is a secret: whoever has it can post."""

    thread: Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")] | None = None
    """The number of a thread of the channel that is posted into."""

    max_bytes: int = Field(LARGEST, ge=1, le=500 * 1024 * 1024)
    """The largest file. 10 MiB, or what the boosts of the server allow."""

    def account_key(self, context: TargetContext) -> str:
        """The place of the secret, and the thread."""
        place = f"{self.webhook.name}/{self.thread}" if self.thread else self.webhook.name
        return ("sandbox:" if context.sandbox else "") + place

    def identify(self, context: TargetContext) -> Identity:
        """The webhook: its number, and the name that its messages show."""
        reply = self._call(context, "asking Discord for the webhook", "GET")
        return Identity(str(reply.need("id")), str(reply.get("name", default="") or ""))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(delivery.rendition, "Discord", most_bytes=self.max_bytes)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """No bytes: the call that brings them is the one that shows them. Learns which server the channel is of."""
        if "guild" not in handle:
            reply = self._call(context, "asking Discord for the webhook", "GET")
            handle.remember(guild=reply.get("guild_id"))

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        message = {
            "content": caption_of(delivery, LONGEST_TEXT, length=utf16, disclose=True, title=True),
            "allowed_mentions": {"parse": []},  # the words of a feed call nobody
        }
        doing = "posting on Discord"
        with delivery.rendition.path.open("rb") as video:
            reply = self._call(
                context,
                doing,
                "POST",
                params={"wait": "true"},
                irreversible=True,
                form={"payload_json": json.dumps(message, ensure_ascii=False)},
                files={"files[0]": (f"{delivery.name}.mp4", video, "video/mp4")},
            )
        identity, channel = reply.get("id"), reply.get("channel_id")
        if not identity:
            raise Ambiguous(f"{doing}: the answer does not say what the message is called")
        url = f"https://discord.com/channels/{handle.get('guild') or '@me'}/{channel}/{identity}"
        url = context.shown_at(self.platform, str(identity), url)
        return Published(url, str(identity), {"channel": channel, "file": reply.get("attachments", 0, "url")})

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """A webhook cannot."""
        return None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether the message and its file are there, for those who see the channel."""
        doing = "reading the message back from Discord"
        reply = self._call(context, doing, "GET", f"/messages/{published.platform_id}", accept=(404,))
        if reply.status == 404:
            return ReadBack(public=False)
        size = reply.get("attachments", 0, "size")
        whole = None if size is None else size == delivery.rendition.size_bytes
        return ReadBack(public=True, whole=whole, detail={"file": reply.get("attachments", 0, "url"), "bytes": size})

    def unpublish(self, context: TargetContext, published: Published) -> None:
        path = f"/messages/{published.platform_id}"
        self._call(context, "taking the message off Discord", "DELETE", path, accept=(404,))

    def _call(
        self, context: TargetContext, doing: str, method: str, path: str = "", *, params: Any = None, **how: Any
    ) -> Reply:
        """A call below the webhook's address, which no error names."""
        base, number, token = self._address(context)
        thread = {"thread_id": self.thread} if self.thread and (path or params) else {}
        client = context.client("" if base == HOME else base)
        url = f"{base}/api/webhooks/{number}/{token}{path}"
        return client.call(doing, method, url, judge=_judge, params={**(params or {}), **thread} or None, **how)

    def _address(self, context: TargetContext) -> tuple[str, str, str]:
        """Where Discord is, and the webhook's number and token."""
        if context.sandbox:
            return f"{context.sandbox}/{self.platform}", "1", SANDBOX_TOKEN
        value = context.secret(self.webhook)
        if value is None:
            raise Reauthorise(f"the secret {self.webhook.name} is not set", self.webhook.remedy)
        found = _ADDRESS.fullmatch(value)
        if found is None:
            raise Reauthorise(f"what {self.webhook.name} holds is no address of a Discord webhook", _REMEDY)
        conceal(found[2])
        return HOME, found[1], found[2]


def _judge(reply: Reply) -> None:
    code, said = reply.get("code"), f"{reply.doing}: {reply.status} {reply.quote}"
    if reply.status == 401 or code in {UNKNOWN_WEBHOOK, INVALID_WEBHOOK}:
        raise Reauthorise(said, _REMEDY)
    if reply.status == 413 or code == TOO_LARGE:
        raise Refused(said, "the server takes smaller files: deliver a smaller profile, and set `max_bytes`")
    if code == UNKNOWN_CHANNEL:
        raise Refused(said, "correct `thread`")
    if reply.status == 429:
        wait = reply.get("retry_after")
        known = float(wait) if isinstance(wait, int | float) else reply.retry_after
        raise Retry(said, "try again later", retry_after=known)
