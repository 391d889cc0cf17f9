"""Telegram: a bot sends the video to a channel or group, in one call."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import ExitStack
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.content import Json
from reelmill.text_length import utf16
from tasks.publishing.account import Identity, Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Delivery, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry
from tasks.publishing.wording import caption_of

#: Characters. Source: Telegram Bot API, sendVideo.
LONGEST_TEXT = 1024
#: Bytes that a bot may send: to Telegram's own server, and to one that is run with `--local`. Source: Telegram Bot API.
LARGEST, LARGEST_LOCAL = 50_000_000, 2_000_000_000
#: What may stand in an address. A token of Telegram has a number, a colon and 35 characters.
_TOKEN = re.compile(r"[A-Za-z0-9:_-]+")
_REMEDY = "ask @BotFather for the bot's token, and put it where `token` says"


class Telegram(ApiTarget):
    """Sends a video to a chat. A bot cannot read a chat's history, so nothing can be looked up.

    The token stands in the address of each call, as Telegram wants it: no error names an address.
    """

    safety = Safety.NONE
    hosts: ClassVar = {"api": "https://api.telegram.org"}
    profiles = ("telegram", "instagram_reels", "youtube_shorts", "tiktok")
    limits = Limits(
        spacing=dt.timedelta(seconds=3), source="Telegram Bots FAQ: 20 messages a minute to the same group, 1 a second"
    )
    discloses = "a line in the caption"
    unpublishes = True

    type: Literal["telegram"]

    chat: Annotated[str, StringConstraints(pattern=r"^(@[A-Za-z][A-Za-z0-9_]{3,31}|-?\d{1,20})$")]
    """The channel or group: `@name`, or its number. The bot must be allowed to post there."""

    silent: bool = False
    """Send it without a sound."""

    max_bytes: int = Field(LARGEST, ge=1, le=LARGEST_LOCAL)
    """The largest file. Telegram's own server takes 50 MB; a Bot API server of yours, named by `url`, takes 2 GB."""

    @model_validator(mode="after")
    def _token_only(self) -> Self:
        if self.login is not None:
            reason = "a bot has no login that is renewed"
            raise PydanticCustomError("login", "{reason}", {"reason": reason, "allowed": "token"})
        return self

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.chat.lower()

    def identify(self, context: TargetContext) -> Identity:
        reply = self._ask(context, "asking Telegram whose the token is", "getMe")
        return Identity(str(reply.need("result", "id")), str(reply.get("result", "username", default="")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(delivery.rendition, "Telegram", most_bytes=self.max_bytes)
        self.require_account(context)
        self._ask(context, "asking Telegram for the chat", "getChat", form={"chat_id": self.chat})

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Nothing: the call that brings the bytes is the one that shows them."""

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        rendition = delivery.rendition
        fields = {
            "chat_id": self.chat,
            "caption": caption_of(delivery, LONGEST_TEXT, length=utf16, disclose=True, title=True),
            "duration": str(round(rendition.frames / rendition.fps)),
            "width": str(rendition.width),
            "height": str(rendition.height),
            "supports_streaming": "true",
            "disable_notification": "true" if self.silent else "false",
            "cover": "attach://cover_file",
        }
        with ExitStack() as opened:
            files = {
                "video": ("video.mp4", opened.enter_context(rendition.path.open("rb")), "video/mp4"),
                "cover_file": ("cover.jpg", opened.enter_context(rendition.cover.open("rb")), "image/jpeg"),
            }
            doing = "sending the video to Telegram"
            reply = self._ask(context, doing, "sendVideo", irreversible=True, form=fields, files=files)
        message = reply.get("result", "message_id")
        if message is None:
            raise Ambiguous(f"{doing}: the answer does not say what the message is called")
        name, number = reply.get("result", "chat", "username"), reply.get("result", "chat", "id")
        url = self.shown_at(context, str(message), _link(name, number, message))
        return Published(url, str(message), {"chat": number})

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """A bot cannot."""
        return None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """A bot cannot read messages."""
        return ReadBack()

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """Telegram lets a bot delete a message of a group for 48 hours, and one of a channel that it administers."""
        form = {"chat_id": self.chat, "message_id": published.platform_id}
        doing = "taking the message off Telegram"
        reply = self._ask(context, doing, "deleteMessage", form=form, accept=(400,))
        if reply.status == 400 and "message to delete not found" not in str(reply.get("description")):
            raise Refused(f"{doing}: {reply.status} {reply.quote}", "delete it by hand")

    def judge(self, reply: Reply) -> None:
        said = f"{reply.doing}: {reply.status} {reply.quote}"
        if reply.status in {401, 404}:  # a token that is none leads to no method
            raise Reauthorise(said, _REMEDY)
        if reply.status == 403 or "need administrator rights" in str(reply.get("description")):
            raise Refused(said, "make the bot an administrator of the chat, with the right to post")
        if reply.status == 429:
            raise Retry(said, "try again later", retry_after=_seconds(reply) or reply.retry_after)
        if (moved := reply.get("parameters", "migrate_to_chat_id")) is not None:
            raise Refused(said, f"the group has become a supergroup: set `chat` to {moved}")

    def _ask(self, context: TargetContext, doing: str, method: str, **how: Any) -> Reply:
        """Call a method of the Bot API.

        Raises
        ------
        Reauthorise
            If there is no token, or one that cannot stand in an address.
        """
        token, where = context.secret(self.token), self.token.name if self.token is not None else "`token`"
        if token is None:
            raise Reauthorise(f"{doing}: {where} is not set", _REMEDY)
        if not _TOKEN.fullmatch(token):
            raise Reauthorise(f"{doing}: what {where} holds is no token of a bot", _REMEDY)
        url = f"{self.base(context)}/bot{token}/{method}"
        return self.client(context).call(doing, "POST", url, judge=self.judge, **how)


def _seconds(reply: Reply) -> float | None:
    wait = reply.get("parameters", "retry_after")
    return float(wait) if isinstance(wait, int | float) else None


def _link(name: Json, number: Json, message: Json) -> str:
    """Where a message is seen: by all if the chat has a name, else by its members; a small group has no addresses."""
    if name:
        return f"https://t.me/{name}/{message}"
    return f"https://t.me/c/{str(number)[4:]}/{message}" if str(number).startswith("-100") else ""
