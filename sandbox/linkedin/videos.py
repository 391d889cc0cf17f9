"""LinkedIn's Videos API: a file that arrives in the ranges that LinkedIn names, each with an ETag.

Source: Microsoft Learn, "Videos API".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.linkedin.restli import RestliPlatform, denied, missing, wrong
from sandbox.parts import Parts, received
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY
from sandbox.upload import Upload

_ACTIONS = {"initializeUpload": "init", "finalizeUpload": "finalize"}
AUTHOR = re.compile(r"urn:li:(person|organization):[\w-]+")


@dataclass
class Video:
    urn: str
    owner: str
    ranges: list[tuple[int, int]]  #: first and last byte of each part
    expires: float  #: of its upload URLs
    token: str  #: that `finalize` must bring back
    parts: Parts = field(default_factory=lambda: Parts(first=0))
    etags: dict[int, str] = field(default_factory=dict)  #: of the parts that are there
    whole: Upload | None = None
    finalized: float = 0.0
    failure: str = ""  #: why processing fails


class LinkedInVideos(RestliPlatform):
    """The half of LinkedIn that takes videos. A video is told by its URN."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.organization = False  #: the token may write and read for organizations
        self.processing = 0.2  #: seconds after `finalize`
        self.reject_processing = ""  #: why the next video fails in processing
        self.part_bytes = 4 * 1024 * 1024  #: of each range but the last
        self.smallest, self.largest = 75_000, 500_000_000  #: bytes of a video
        self.upload_token = ""  #: of the next uploads; `finalize` must bring it back
        self.session_seconds: float = DAY  #: for which upload URLs are good
        self._videos: dict[str, Video] = {}

    def relax(self) -> None:
        super().relax()
        self.smallest = 1

    def moment(self, moment: str, request: Request) -> str:
        """One URL opens an upload and ends it."""
        return _ACTIONS.get(request.query.get("action", ""), moment) if moment == "action" else moment

    @route("POST", "/rest/videos", "action")
    def _act(self, request: Request) -> Answer:
        self.admit(request)
        moment = self.moment("action", request)
        if moment == "init":
            return self._initialize(request)
        if moment == "finalize":
            return self._finalize(request)
        raise wrong(404, "The action is initializeUpload or finalizeUpload", "RESOURCE_NOT_FOUND")

    def _initialize(self, request: Request) -> Answer:
        asked = request.json_object().get("initializeUploadRequest")
        if not isinstance(asked, dict):
            raise missing("/initializeUploadRequest")
        owner, size = self.author(asked, "owner"), asked.get("fileSizeBytes")
        if not isinstance(size, int) or isinstance(size, bool):
            raise missing("/initializeUploadRequest/fileSizeBytes")
        if not self.smallest <= size <= self.largest:
            raise wrong(400, f"fileSizeBytes is not within {self.smallest} and {self.largest}", "INVALID_FILE_SIZE")
        key = uuid4().hex
        ranges = [(at, min(at + self.part_bytes, size) - 1) for at in range(0, size, self.part_bytes)]
        with self.lock:
            expires = self.clock.now() + self.session_seconds
            video = Video(f"urn:li:video:{key}", owner, ranges, expires, self.upload_token)
            video.failure, self.reject_processing = self.reject_processing, ""
            self._videos[video.urn] = video
        value = {
            "uploadUrlsExpireAt": int(expires * 1000),
            "video": video.urn,
            "uploadInstructions": [
                {"uploadUrl": f"{self.base}/dms-uploads/{key}/{part}", "firstByte": first, "lastByte": last}
                for part, (first, last) in enumerate(ranges)
            ],
            "uploadToken": video.token,
        }
        return Answer(200, {"value": value})

    @route("PUT", "/dms-uploads/{video}/{part}", "chunk")
    def _put(self, request: Request) -> Answer:
        video = self._videos.get(f"urn:li:video:{request.match['video']}")
        part = int(request.match["part"]) if request.match["part"].isdecimal() else -1
        if video is None or not 0 <= part < len(video.ranges):
            raise wrong(404, "No such upload")
        if video.expires <= self.clock.now():
            raise wrong(403, "The upload URL has expired")
        if request.content_type != "application/octet-stream":
            raise wrong(400, "Content-Type must be application/octet-stream")
        first, last = video.ranges[part]
        short = wrong(400, f"This URL takes bytes {first} to {last}: {last - first + 1} of them")
        if request.body.length not in {None, last - first + 1}:
            raise short
        upload = received(self, request)
        if upload.size != last - first + 1:
            raise short
        etag = f"/ambry-video/signedId/{uuid4().hex}"
        with self.lock:
            if video.whole is None:
                video.parts.put(part, upload)
                video.etags[part] = etag
        return Answer(200, None, {"ETag": f'"{etag}"'})

    def _finalize(self, request: Request) -> Answer:
        asked = request.json_object().get("finalizeUploadRequest")
        if not isinstance(asked, dict):
            raise missing("/finalizeUploadRequest")
        for name in ("video", "uploadToken", "uploadedPartIds"):
            if name not in asked:
                raise missing(f"/finalizeUploadRequest/{name}")
        with self.lock:
            video = self.video(asked["video"])
            if asked["uploadToken"] != video.token:
                raise wrong(400, "uploadToken is not the one of this upload")
            etags = [video.etags[part] for part in sorted(video.etags)]
            if len(etags) != len(video.ranges) or asked["uploadedPartIds"] != etags:
                raise wrong(400, f"uploadedPartIds are not the {len(video.ranges)} parts in their order")
            if video.whole is None:
                video.whole, video.finalized = self.new_upload(), self.clock.now()
                video.parts.join(video.whole)
        return Answer(200)

    @route("GET", "/rest/videos/{urn}", "status")
    def _status(self, request: Request) -> Answer:
        self.admit(request)
        with self.lock:
            video = self.video(request.match["urn"])
            state = self.state(video)
            body = {"id": video.urn, "owner": video.owner, "status": state}
            if state == "PROCESSING_FAILED":
                body["processingFailureReason"] = video.failure
            return Answer(200, body)

    def video(self, urn: Any) -> Video:
        video = self._videos.get(urn) if isinstance(urn, str) else None
        if video is None:
            raise wrong(404, f"Video {urn} not found", "NOT_FOUND")
        return video

    def state(self, video: Video) -> str:
        if video.whole is None:
            return "WAITING_UPLOAD"
        if self.clock.now() < video.finalized + self.processing:
            return "PROCESSING"
        return "PROCESSING_FAILED" if video.failure else "AVAILABLE"

    def author(self, fields: Mapping[str, Any], name: str) -> str:
        author = fields.get(name)
        if not author:
            raise missing(f"/{name}")
        found = AUTHOR.fullmatch(author) if isinstance(author, str) else None
        if found is None:
            raise wrong(422, f"ERROR :: /{name} :: {author!r} is no URN of a person or an organization")
        if found[1] == "organization" and not self.organization:
            raise denied(f"organization {author}")
        return str(author)
