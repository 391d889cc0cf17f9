"""A message to a program that takes posts: signed as Standard Webhooks says, under an id that stays the same.

Source: the specification of Standard Webhooks. The id is what a receiver knows a message by that it has already.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import socket
import string
from contextlib import ExitStack
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

import httpx
import standardwebhooks
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from reelmill.content import Json, fingerprint
from tasks.publishing import sidecar
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.client import Reply
from tasks.publishing.context import SANDBOX_TOKEN, TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Reauthorise, Refused, Retry
from tasks.publishing.own_server import is_simulated, revealed
from tasks.secret import Secret

#: What the message tells of.
EVENT = "post.published"
#: What may stand in `media_url`.
FIELDS = ("folder", "name", "sha256", "post", "profile")


def _known_fields(template: str) -> str:
    try:
        asked = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        template.format(**dict.fromkeys(FIELDS, "x"))
        wrong = next((name for name in asked if name not in FIELDS), None)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        wrong = str(error)
    if wrong is not None:
        allowed = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise PydanticCustomError("template", "this is no template: {wrong}", {"wrong": wrong, "allowed": allowed})
    return template


class Webhook(Target):
    """A URL that gets a JSON message about each post: its words, subtitles, hashes and labels, and where the video is.

    `webhook-id` is the post's id and stays the same however often the message is sent, so a receiver that keeps the
    ids it has seen takes each post once. An answer of 2xx says that it has it; a JSON body may name the post's `url`.
    410 says that it wants no more.

    In the sandbox, its receiver gets the messages, unless `url` is on this machine.

    With `attach`, the message is `multipart/form-data`: `post` (the JSON), `video`, `cover`. It carries two signatures:
    one of the whole body, as the specification says, and one of the part `post` alone, which holds the hash of each
    file, for receivers whose library verifies text.
    """

    safety = Safety.IDEMPOTENCY_KEY
    discloses = "the message says it"

    type: Literal["webhook"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s#@]+$", max_length=2000)]
    """Where messages are sent."""

    secret: Secret
    """What messages are signed with: `whsec_` and base64 of the key, the same on both sides."""

    media_url: (
        Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=1000), AfterValidator(_known_fields)]
        | None
    ) = None
    """Where the receiver can fetch the video: `https://cdn.example/{folder}/{name}.mp4`. The fields are folder, name,
    sha256, post and profile; `{sha256:.16}` is the beginning of one, as an s3 target names its files."""

    attach: bool = False
    """Send the video and its cover along."""

    def account_key(self, context: TargetContext) -> str:
        """The host, and which of its addresses: the address itself may be a secret."""
        place = f"{urlsplit(self.url).hostname}#{fingerprint(self.url)[:12]}"
        return ("sandbox:" if context.sandbox else "") + place

    def probe(self, context: TargetContext) -> None:
        """Whether there is such a host, and a key to sign with. Nothing is sent: a receiver may take it for a post."""
        host = urlsplit(self._address(context)).hostname or ""
        self._key(context)
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Retry(f"{host} cannot be looked up", "check the network, or correct `url`") from error

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        self._key(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Nothing is sent before the message. Its time is that of the event, however often it is sent."""
        if "at" not in handle:
            handle.remember(at=context.now().isoformat(timespec="seconds"))

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        text = json.dumps(self._message(delivery, str(handle.get("at") or context.now().isoformat())))
        with ExitStack() as opened:
            how = self._attached(delivery, text, opened) if self.attach else _plain(text)
            reply = context.client().call(
                f"telling {urlsplit(self.url).hostname}",
                "POST",
                self._address(context),
                judge=_judge,
                accept=range(500, 600),  # `_judge` speaks of them: it may be sent again, whatever became of it
                irreversible=True,
                **self._signed(delivery, context, text, how),
            )
        url = reply.get("url")
        known = url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
        return self._published(delivery, known)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """A receiver cannot be asked. It is told again, and knows the id."""
        return None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        return ReadBack()

    def _message(self, delivery: Delivery, at: str) -> Json:
        facts = sidecar.facts(delivery, video=f"{delivery.name}.mp4", cover=f"{delivery.name}.jpg")
        if self.media_url is not None:
            facts["video"]["url"] = self._media_url(delivery)
        for kind, document in sidecar.subtitles(delivery).items():
            facts["subtitles"][kind]["text"] = document.decode()
        return {"type": EVENT, "timestamp": at, "data": facts}

    def _media_url(self, delivery: Delivery) -> str:
        assert self.media_url is not None
        values = (
            quote(delivery.folder),
            quote(delivery.name),
            delivery.rendition.sha256,
            str(delivery.post_id),
            delivery.rendition.profile,
        )
        return self.media_url.format(**dict(zip(FIELDS, values, strict=True)))

    def _attached(self, delivery: Delivery, text: str, opened: ExitStack) -> dict[str, Any]:
        """The message with its files, as arguments of `Client.call`. Files are read while they are sent."""
        video = opened.enter_context(delivery.rendition.path.open("rb"))
        cover = opened.enter_context(delivery.rendition.cover.open("rb"))
        return {
            "headers": {"Content-Type": f"multipart/form-data; boundary=reelmill-{delivery.post_id.hex}"},
            "files": [
                ("post", (None, text, "application/json")),
                ("video", (f"{delivery.name}.mp4", video, "video/mp4")),
                ("cover", (f"{delivery.name}.jpg", cover, "image/jpeg")),
            ],
        }

    def _signed(self, delivery: Delivery, context: TargetContext, text: str, how: dict[str, Any]) -> dict[str, Any]:
        """The arguments with the headers that prove who sends it and when."""
        key, identity, now = self._key(context), str(delivery.post_id), dt.datetime.now(dt.UTC)
        signatures = [standardwebhooks.Webhook(key).sign(identity, now, text)]
        if "files" in how:
            signed = hmac.new(key, f"{identity}.{int(now.timestamp())}.".encode(), hashlib.sha256)
            body = httpx.Request("POST", self.url, headers=how["headers"], files=how["files"]).stream
            assert isinstance(body, httpx.SyncByteStream)
            for piece in body:
                signed.update(piece)
            signatures.insert(0, f"v1,{base64.b64encode(signed.digest()).decode()}")
        proof = {
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        return {**how, "headers": {**how["headers"], **proof}}

    def _address(self, context: TargetContext) -> str:
        """Where messages are sent: in the sandbox, to its receiver, unless there is one on this machine."""
        host = urlsplit(self.url).hostname or ""
        return f"{context.sandbox}/webhook/hooks/{quote(host)}" if is_simulated(context, host) else self.url

    def _key(self, context: TargetContext) -> bytes:
        """The key that the secret holds."""
        if is_simulated(context, urlsplit(self.url).hostname or ""):
            return SANDBOX_TOKEN.encode()
        text = revealed(self.secret).removeprefix("whsec_")
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key:
            raise Reauthorise(
                f"the secret {self.secret.name} is none that Standard Webhooks knows",
                "put `whsec_` and the base64 of at least 24 random bytes there",
            )
        return key

    def _published(self, delivery: Delivery, url: str) -> Published:
        split = urlsplit(self.url)
        if not url and self.media_url is not None:
            url = self._media_url(delivery)
        # Where nobody says where it is to be seen, the receiver's host and the id still tell one post from another.
        return Published(url or f"{split.scheme}://{split.hostname}/#{delivery.post_id}", str(delivery.post_id))


def _plain(text: str) -> dict[str, Any]:
    return {"headers": {"Content-Type": "application/json"}, "body": text.encode()}


def _judge(reply: Reply) -> None:
    """What Standard Webhooks says that a sender does: 410 stops, everything that may pass is tried again."""
    said = f"{reply.doing}: {reply.status} {reply.quote}".strip()
    if reply.status == 410:
        raise Refused(f"{said}: the receiver wants no more messages", "remove the target, or correct its `url`")
    if reply.status in {401, 403}:
        raise Reauthorise(f"{said}: the receiver does not take the signature", "set the same secret on both sides")
    if reply.status >= 500:
        raise Retry(said, "see that the receiver runs", retry_after=reply.retry_after)
