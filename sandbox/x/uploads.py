"""The uploads of X: in segments, in both forms that are documented, and images in one go.

Source: X API v2, "Media", "Chunked upload" and its quickstart; OpenAPI 2.167.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.lookahead import looked_ahead
from sandbox.parts import stored
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import Handler, route
from sandbox.x.access import Access
from sandbox.x.media import FINISHED_SECONDS, MOST_SEGMENTS, Media
from sandbox.x.problems import check_names, invalid, refused

#: Milliseconds since 1970 at which the ids of X begin to count.
_EPOCH = 1_288_834_974_657
#: Of `total_bytes`.
MOST_TOTAL = 17_179_869_184
_INITIALIZE = frozenset({"media_type", "total_bytes", "media_category", "shared", "additional_owners"})
_VIDEOS = frozenset({"amplify_video", "tweet_video", "dm_video"})
_CATEGORIES = _VIDEOS | {"tweet_gif", "tweet_image", "dm_gif", "dm_image", "subtitles"}


class Uploads(Access):
    """The part of X that takes files."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.processing = 0.2  #: seconds of `clock` from the finalize to `succeeded`; 0: there is none
        self.check_after = 1  #: `check_after_secs`: whoever waits for processing sleeps so long
        self.reject_processing: str | None = None  #: the next upload fails in processing, for this reason
        self.session_seconds = 1_295_999.0  #: from the initialize to the end of an upload
        self.most_segment_bytes = 5 * 1024 * 1024  #: v1.1 had this limit; v2 names none
        self.most_video_bytes = 512 * 1024 * 1024
        self._uploads: dict[str, Media] = {}
        self._numbers = itertools.count()

    def relax(self) -> None:
        super().relax()
        self.check_after = 0

    def moment(self, moment: str, request: Request) -> str:
        """One URL takes three commands and, without one, images."""
        if moment != "command":
            return moment
        command = str(looked_ahead(request).get("command", "")).upper()
        return {"INIT": "init", "APPEND": "chunk", "FINALIZE": "finalize"}.get(command, "image")

    def handle(self, moment: str, request: Request, handler: Handler) -> Answer:
        """Each call but that for a token needs one, counts, and is told how many are left."""
        if moment == "token":
            return super().handle(moment, request, handler)
        try:
            headers = self.room(moment, self.let_in(request))
        except Refusal as refusal:
            return refusal.answer
        answer = super().handle(moment, request, handler)
        return replace(answer, headers={**headers, **answer.headers})

    def unreadable(self, why: str) -> Refusal:
        return refused(400, "Invalid Request", why, kind="invalid-request")

    @route("POST", "/2/media/upload/initialize", "init")
    def initialize(self, request: Request) -> Answer:
        fields = json_object(request)
        check_names(fields, _INITIALIZE)
        return self._initialize(fields)

    @route("POST", "/2/media/upload/{media}/append", "chunk")
    def append(self, request: Request) -> Answer:
        return self._append(request.match["media"], _with_file(request))

    @route("POST", "/2/media/upload/{media}/finalize", "finalize")
    def finalize(self, request: Request) -> Answer:
        return self._finalize(request.match["media"])

    @route("POST", "/2/media/upload", "command")
    def command(self, request: Request) -> Answer:
        fields = _with_file(request)
        command, media = str(fields.get("command", "")).upper(), str(fields.get("media_id", ""))
        if command == "INIT":
            total = str(fields.get("total_bytes", ""))
            return self._initialize({**fields, "total_bytes": int(total) if total.isdecimal() else total})
        if command == "APPEND":
            return self._append(media, fields)
        if command == "FINALIZE":
            return self._finalize(media)
        return self._image(fields)

    @route("GET", "/2/media/upload", "status")
    def status(self, request: Request) -> Answer:
        if request.query.get("command", "STATUS") != "STATUS":
            raise invalid("command must be STATUS", command=request.query["command"])
        with self.lock:
            media = self._media_of(request.query.get("media_id", ""))
            if media.upload is None:
                raise invalid("The media was not finalized", media_id=media.id)
            return Answer(200, {"data": media.told(self.clock.now(), self.check_after)})

    @route("POST", "/2/media/metadata", "metadata")
    def describe(self, request: Request) -> Answer:
        fields = json_object(request)
        check_names(fields, frozenset({"id", "metadata"}))
        with self.lock:
            media = self._media_of(str(fields.get("id", "")))
            if not isinstance(fields.get("metadata"), dict):
                raise invalid("$.metadata: is missing but it is required")
            media.metadata.update(fields["metadata"])
            return Answer(200, {"data": {"id": media.id, "associated_metadata": media.metadata}})

    def snowflake(self) -> str:
        """An id that is above all that were given before: milliseconds, then a number."""
        return str((int(self.clock.now() * 1000) - _EPOCH) << 22 | next(self._numbers) & 0x3FFFFF)

    def usable(self, identities: list[str]) -> list[Media] | None:
        """Media that a post is to have; None if one of them cannot be had."""
        found = [self._uploads.get(identity) for identity in identities]
        usable = [media for media in found if media is not None and media.usable(self.clock.now())]
        return usable if len(usable) == len(identities) else None

    def _initialize(self, fields: Mapping[str, Any]) -> Answer:
        kind, category, total = (fields.get(name) for name in ("media_type", "media_category", "total_bytes"))
        if not isinstance(kind, str) or kind.partition("/")[0] not in {"video", "image", "text"}:
            raise invalid(f"$.media_type: [{kind}] is not one of the supported types", media_type=kind)
        if not isinstance(category, str) or category not in _CATEGORIES:
            raise invalid(
                f"$.media_category: [{category}] is not one of {sorted(_CATEGORIES)}", media_category=category
            )
        if not isinstance(total, int) or isinstance(total, bool) or not 1 <= total <= MOST_TOTAL:
            raise invalid(f"$.total_bytes: must be an integer from 1 to {MOST_TOTAL}", total_bytes=total)
        if category in _VIDEOS and total > self.most_video_bytes:
            raise invalid(f"File size exceeds {self.most_video_bytes} bytes.", total_bytes=total)
        media = Media(self.snowflake(), category, total, self.clock.now() + self.session_seconds)
        with self.lock:
            self._uploads[media.id] = media
        told = {"id": media.id, "media_key": media.key, "expires_after_secs": int(self.session_seconds)}
        return Answer(200, {"data": told})

    def _append(self, identity: str, fields: Mapping[str, Any]) -> Answer:
        index, content = str(fields.get("segment_index", "")), fields.get("media")
        if not index.isdecimal() or int(index) >= MOST_SEGMENTS:
            raise invalid(f"$.segment_index: must be from 0 to {MOST_SEGMENTS - 1}", segment_index=index)
        if not isinstance(content, bytes) or not content:
            raise invalid("$.media: is missing but it is required")
        if len(content) > self.most_segment_bytes:
            raise invalid(f"Segment size exceeds {self.most_segment_bytes} bytes.", segment_index=index)
        segment = stored(self, content)
        with self.lock:
            media = self._media_of(identity)
            if media.upload is not None:
                raise invalid("The media was finalized already", media_id=identity)
            media.segments.put(int(index), segment)
            return Answer(200, {"data": {"expires_at": int(media.expires)}})

    def _finalize(self, identity: str) -> Answer:
        with self.lock:
            media, now = self._media_of(identity), self.clock.now()
            if media.upload is None:
                if gap := media.gap():
                    raise invalid(gap, media_id=identity)
                media.upload = self.new_upload(media.total)
                media.segments.join(media.upload)
                media.begun, media.expires = now, now + FINISHED_SECONDS
                media.processed = now + (self.processing if media.video else 0)
                media.failure, self.reject_processing = self.reject_processing, None
            return Answer(200, {"data": media.told(now, self.check_after)})

    def _image(self, fields: Mapping[str, Any]) -> Answer:
        """What `/2/media/upload` is without a command: one file, which is no video."""
        category, content = fields.get("media_category"), fields.get("media")
        if category not in {"tweet_image", "dm_image", "subtitles"}:
            raise invalid(f"$.media_category: [{category}] cannot be uploaded in one go", media_category=category)
        if not isinstance(content, bytes) or not content:
            raise invalid("$.media: is missing but it is required")
        now = self.clock.now()
        media = Media(self.snowflake(), str(category), len(content), now + FINISHED_SECONDS, begun=now, processed=now)
        media.upload = stored(self, content)
        with self.lock:
            self._uploads[media.id] = media
        return Answer(200, {"data": media.told(now, self.check_after)})

    def _media_of(self, identity: str) -> Media:
        media = self._uploads.get(identity)
        if media is None or media.expires <= self.clock.now():
            raise invalid(f"Invalid media id [{identity}]", media_id=identity)
        return media


def json_object(request: Request) -> dict[str, Any]:
    """The body of a call that takes JSON."""
    if request.content_type != "application/json":
        raise invalid("The Content-Type must be application/json")
    return request.json_object()


def _with_file(request: Request) -> dict[str, Any]:
    """The fields of a body, its `media` as bytes: multipart, or JSON with base64."""
    if request.content_type == "multipart/form-data":
        parts = {part.name: part.content if part.name == "media" else part.text for part in request.parts()}
        return {**request.query, **parts}
    as_json = request.content_type == "application/json"
    fields = {**request.query, **(json_object(request) if as_json else request.form())}
    try:
        if "media" in fields:
            fields["media"] = base64.b64decode(fields["media"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise invalid("$.media: is no base64") from error
    return fields
