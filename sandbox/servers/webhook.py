"""A receiver of webhooks: it verifies the signature, and takes each message once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import standardwebhooks

from sandbox.answer import Answer
from sandbox.parts import stored
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Body, Malformed, Part, Request
from sandbox.route import route

#: What messages are signed with here.
KEY = b"sandbox-token"


class Webhook(Platform):
    """A receiver as `docs/publishing.md` has it: `publish` is a message, alone or with its files.

    Source: the specification of Standard Webhooks, and its library, which verifies.
    """

    name = "webhook"
    moments = ("publish",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.gone = False  #: it wants no more messages

    @route("POST", "/hooks/{receiver}", "publish")
    def _take(self, request: Request) -> Answer:
        body = request.body.read()
        if self.gone:
            raise Refusal(Answer(410, {"error": "no more messages are wanted"}))
        parts = _parts(request, body)
        message = self._verified(request.headers, parts["post"].content if parts else body, body)
        identity, told = request.headers["webhook-id"], message["data"]
        with self.lock:
            if not any(post.id == identity for post in self._published):
                video = parts.get("video")
                upload = self.new_upload() if video is None else stored(self, video.content)
                text = "\n".join(str(told.get(key) or "") for key in ("title", "caption", "disclosure"))
                account, detail = request.match["receiver"], {"type": message.get("type")}
                post = self.publish(identity, upload, account=account, text=text, ai=None, detail=detail)
                if video is None:  # the message says which video it is about, and where it lies
                    del self._files_of_posts[identity]
                    known = told["video"]
                    self._published[-1] = replace(post, sha256=str(known["sha256"]), bytes=int(known["bytes"]))
        return Answer(200, {"url": f"{self.base}/watch/{identity}"})

    def _verified(self, headers: Mapping[str, str], text: bytes, body: bytes) -> Any:
        """The message, if it is signed with a key that is good."""
        try:
            if not self.knows(KEY.decode()):
                raise standardwebhooks.WebhookVerificationError("the secret is another one")
            message = standardwebhooks.Webhook(KEY).verify(text, dict(headers))
            if text != body:
                _verify_whole(headers, body)
        except standardwebhooks.WebhookVerificationError as error:
            raise Refusal(Answer(401, {"error": str(error)})) from error
        if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
            raise Malformed("no message with `data`")
        return message


def _parts(request: Request, body: bytes) -> dict[str, Part]:
    """The parts of a message with files, by their names."""
    if request.content_type != "multipart/form-data":
        return {}
    parts = {part.name: part for part in replace(request, body=Body(BytesIO(body), len(body))).parts()}
    if "post" not in parts:
        raise Malformed("no part `post`")
    return parts


def _verify_whole(headers: Mapping[str, str], body: bytes) -> None:
    """That one of the signatures is of the whole body, which the library takes as text only."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    if wanted not in headers["webhook-signature"].split():
        raise standardwebhooks.WebhookVerificationError("no signature is of the whole body")
