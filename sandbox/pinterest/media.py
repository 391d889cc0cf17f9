"""Pinterest's media: registered, posted to a bucket, processed. And Pinterest's door: tokens, limits, errors.

Source: Pinterest's OpenAPI description 5.23.0.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.parts import stored
from sandbox.pinterest.bucket import bucket_refusal, posted
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY, Limit
from sandbox.upload import Upload


@dataclass
class Media:
    id: str
    form: Mapping[str, str]  #: `upload_parameters`
    expires: float  #: of the form
    failing: bool  #: in processing
    upload: Upload | None = None
    arrived: float = 0.0


def error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(Answer(status, {"code": code, "message": message}, headers or {}))


def invalid(message: str) -> Refusal:
    return error(400, 1, f"Invalid request: {message}")


class PinterestMedia(Authorizing):
    """The half of Pinterest that takes videos."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.refresh_seconds = 60 * DAY
        self.processing = 0.2  #: seconds after the file arrived
        self.reject_processing = ""  #: not empty: the next video fails in processing, which tells no reason
        self.largest = 2_000_000_000  #: bytes of a video
        self.session_seconds = 3600.0  #: for which the bucket takes the form
        self.org_read = self.limit(1000, 60)  #: calls of one token; the numbers depend on the access that an app has
        self.org_write = self.limit(100, 60)
        self._media_by_id: dict[str, Media] = {}
        self._serial = 0

    @route("POST", "/v5/media", "init")
    def _register(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_write)
        if request.json_object().get("media_type") != "video":
            raise invalid("'media_type' is not one of ['video']")
        with self.lock:
            identity, now = self.next_id(), self.clock.now()
            form = {
                "x-amz-date": dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ"),
                "x-amz-signature": uuid4().hex * 2,
                "x-amz-security-token": uuid4().hex,
                "x-amz-algorithm": "AWS4-HMAC-SHA256",
                "key": f"uploads/{uuid4().hex}:video:{identity}",
                "policy": uuid4().hex,
                "x-amz-credential": "SANDBOX/us-east-1/s3/aws4_request",
                "Content-Type": "multipart/form-data",
            }
            self._media_by_id[identity] = Media(
                identity, form, now + self.session_seconds, bool(self.reject_processing)
            )
            self.reject_processing = ""
        told = {"media_id": identity, "media_type": "video", "upload_url": f"{self.base}/pinterest-media-upload/"}
        return Answer(201, {**told, "upload_parameters": form}, headers)

    @route("POST", "/pinterest-media-upload/", "upload")
    def _store(self, request: Request) -> Answer:
        fields, content = posted(request, self.largest)
        with self.lock:
            found = [media for media in self._media_by_id.values() if media.form["key"] == fields["key"]]
            if not found or found[0].form != fields:
                raise bucket_refusal(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed")
            media = found[0]
            if media.expires <= self.clock.now():
                raise bucket_refusal(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
            media.upload, media.arrived = stored(self, content), self.clock.now()
        return Answer(204, None, {"Location": f"{self.base}/pinterest-media-upload/{fields['key']}"})

    @route("GET", "/v5/media/{id}", "status")
    def _status(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        with self.lock:
            media = self.media_of(request.match["id"])
            return Answer(200, {"media_id": media.id, "media_type": "video", "status": self.state(media)}, headers)

    def media_of(self, identity: str) -> Media:
        if identity not in self._media_by_id:
            raise error(404, 404, "Media upload not found")
        return self._media_by_id[identity]

    def state(self, media: Media) -> str:
        if media.upload is None:
            return "registered"
        if self.clock.now() < media.arrived + self.processing:
            return "processing"
        return "failed" if media.failing else "succeeded"

    def next_id(self) -> str:
        self._serial += 1
        return str(1_000_000_000_000_000_000 + self._serial)

    # Who asks.

    def unreadable(self, why: str) -> Refusal:
        return invalid(why)

    def admit(self, request: Request, category: Limit) -> dict[str, str]:
        """The headers that tell of the limit to whoever is let in."""
        if not self.knows(request.bearer):
            raise error(401, 2, "Authentication failed.")
        wait = category.take(request.bearer)
        headers = {
            "X-RateLimit-Limit": f"{category.count}, {category.count};w={int(category.seconds)}",
            "X-RateLimit-Remaining": str(category.count - category.used(request.bearer)),
            "X-RateLimit-Reset": str(int(wait or category.seconds) + 1),
        }
        if wait:
            raise error(429, 8, "You have exceeded your rate limit. Try again later.", headers)
        return headers

    @route("POST", "/v5/oauth/token", "token")
    def _refresh(self, request: Request) -> Answer:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            client = base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            client = b""
        if not all(client.partition(b":")):
            raise error(401, 2, "Authentication failed.")
        fields = request.form()
        if fields.get("grant_type") != "refresh_token" or not fields.get("refresh_token"):
            raise invalid("'grant_type' is not 'refresh_token', or there is no 'refresh_token'")
        renewed = self.renew(fields["refresh_token"])
        if renewed is None:
            raise error(401, 2, "Authentication failed.")
        told: dict[str, Any] = {
            "response_type": "refresh_token",
            "token_type": "bearer",
            "access_token": renewed.access,
        }
        told |= {"expires_in": int(self.token_seconds), "scope": "boards:read pins:read pins:write user_accounts:read"}
        if self.rotates:
            told |= {"refresh_token": renewed.refresh, "refresh_token_expires_in": int(self.refresh_seconds)}
        return Answer(200, told)
