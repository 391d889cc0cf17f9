"""Douyin's open platform: a video in one piece or in parts, then a post, which is reviewed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.douyin.account import DouyinAccount
from sandbox.parts import Parts
from sandbox.request import Malformed, Request
from sandbox.review import Reviewed, Submission, new_number
from sandbox.route import route
from sandbox.trouble import DAY
from sandbox.upload import Upload

#: Bytes of a megabyte, where a limit is counted in them from above; from below it is a million.
MIB = 1024 * 1024


@dataclass
class _Session:
    """An upload in parts."""

    open_id: str
    began: float  #: by the platform's clock
    parts: Parts = field(default_factory=lambda: Parts(first=1))
    video_id: str = ""  #: what it became


@dataclass
class _Video:
    """A video that arrived."""

    open_id: str
    upload: Upload
    posts: int = 0


class Douyin(DouyinAccount, Reviewed):
    """Douyin open platform, `video.create.bind` (developer.open-douyin.com, "视频创建" and "查询视频").

    upload_video, or init_video_part_upload → upload_video_part (1, 2 …) → complete_video_part_upload; perhaps
    upload_image; then create_video, which posts. A post is under review (status 4), seen by its author alone, and then
    public (5) or not (2). Every answer is HTTP 200; `data.error_code` says whether it went well.

    A video's id posts as often as it is sent, unless `single_use`.
    """

    name = "douyin"
    moments = ("upload", "init", "chunk", "complete", "cover", "publish", "status")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.single_most = 128 * MIB  #: bytes of upload_video
        self.part_least = 5_000_000  #: bytes of a part that is not the last
        self.whole_most = 4096 * MIB  #: bytes of a video
        self.session_seconds = 2 * 3600.0  #: an upload in parts is open for so long
        self.single_completion = False  #: a second complete_video_part_upload is refused, not answered as the first
        self.single_use = False  #: a second post of the same video is refused
        self.public_status = 5  #: of a post that the public sees; 1 says the same with less
        self.daily_cap = self.limit(75, DAY)  #: posts of a user
        self._sessions: dict[str, _Session] = {}
        self._videos: dict[str, _Video] = {}
        self._images: set[str] = set()

    def relax(self) -> None:
        super().relax()
        self.part_least = 1

    # The video.

    @route("POST", "/api/douyin/v1/video/upload_video/", "upload")
    @route("POST", "/video/upload/", "upload")
    def upload_video(self, request: Request) -> Answer:
        content = request.file_part("video").content
        open_id = self.caller(request, request.query)
        if len(content) > self.single_most:
            raise self.no(2100005, f"a video above {self.single_most} bytes is uploaded in parts")
        return self._arrived(open_id, self._stored(content))

    @route("POST", "/api/douyin/v1/video/init_video_part_upload/", "init")
    def init_video_part_upload(self, request: Request) -> Answer:
        open_id = self.caller(request, request.query)
        upload_id = f"{uuid4().hex}+/=="  # whoever does not encode it in a URL sends another one
        with self.lock:
            self._sessions[upload_id] = _Session(open_id, self.clock.now())
        return self.ok(upload_id=upload_id)

    @route("POST", "/api/douyin/v1/video/upload_video_part/", "chunk")
    def upload_video_part(self, request: Request) -> Answer:
        content = request.file_part("video").content
        session, number = self._session(request), request.integer("part_number")
        if number < 1:
            raise Malformed("parts are counted from 1")
        part = self._stored(content)
        with self.lock:
            if session.video_id:
                raise self.no(2100005, "the upload is complete")
            session.parts.put(number, part)
        return self.ok()

    @route("POST", "/api/douyin/v1/video/complete_video_part_upload/", "complete")
    def complete_video_part_upload(self, request: Request) -> Answer:
        session = self._session(request)
        with self.lock:
            if session.video_id and not self.single_completion:
                return self._video(session.video_id)
            sizes = session.parts.sizes
            if not sizes or not session.parts.gapless:
                raise self.no(2100005, f"part {session.parts.following} is not there")
            if any(size < self.part_least for size in sizes[:-1]):
                raise self.no(2100005, f"a part is smaller than {self.part_least} bytes")
            if sum(sizes) > self.whole_most:
                raise self.no(2100005, f"the video is larger than {self.whole_most} bytes")
            upload = self.new_upload()
            session.parts.join(upload)
            answer = self._arrived(session.open_id, upload)
            session.video_id = answer.body["data"]["video"]["video_id"]
            return answer

    @route("POST", "/api/douyin/v1/video/upload_image/", "cover")
    def upload_image(self, request: Request) -> Answer:
        request.file_part("image")
        self.caller(request, request.query)
        image_id = f"image-{uuid4().hex}"
        with self.lock:
            self._images.add(image_id)
        return self.ok(image={"image_id": image_id, "width": 1080, "height": 1920})

    # The post.

    @route("POST", "/api/douyin/v1/video/create_video/", "publish")
    def create_video(self, request: Request) -> Answer:
        open_id = self.caller(request, request.query)
        body = request.json_object()
        text, moment, image = body.get("text", ""), body.get("cover_tsp", 0), body.get("custom_cover_image_url", "")
        if not isinstance(text, str) or len(text) > 1000:
            raise self.no(2100005, "text: at most 1000 characters")
        if isinstance(moment, bool) or not isinstance(moment, int | float) or not 0 <= moment < math.inf:
            raise self.no(2100005, "cover_tsp: seconds into the video")
        if not isinstance(body.get("at_users", []), list):
            raise self.no(2100005, "at_users: a list of open_ids")
        with self.lock:
            video = self._videos.get(str(body.get("video_id")))
            if video is None or video.open_id != open_id or (self.single_use and video.posts):
                raise self.no(2100005, "video_id")
            if image and image not in self._images:
                raise self.no(2100005, "custom_cover_image_url: no image_id of upload_image")
            if self.daily_cap.take(open_id):
                raise self.no(2114007)
            video.posts += 1
            detail = {key: value for key, value in body.items() if key != "text"}
            posted = self.submit(f"@{uuid4().hex}==", video.upload, account=open_id, text=text, detail=detail)
        return self.ok(item_id=posted.id)

    @route("POST", "/api/douyin/v1/video/video_data/", "status")
    def video_data(self, request: Request) -> Answer:
        open_id = self.caller(request, request.query)
        body = request.json_object()
        items, videos = body.get("item_ids", []), body.get("video_ids", [])
        if not isinstance(items, list) or not isinstance(videos, list) or not (items or videos):
            raise self.no(2100005, "item_ids or video_ids")
        with self.lock:
            listed = self.listed(open_id)
            named = [one for one in map(self.submitted, map(str, items)) if one is not None and one.account == open_id]
            found = [*named, *(one for one in listed if one.detail["video_id"] in videos and one not in named)]
            return self.ok(list=[self._item(one) for one in found])

    @route("GET", "/api/douyin/v1/video/video_list/", "list")
    def video_list(self, request: Request) -> Answer:
        open_id = self.caller(request, request.query)
        start, count = request.integer("cursor", 0), request.integer("count", 10)
        if not 1 <= count <= 20:
            raise self.no(2100005, "count: 1 to 20")
        with self.lock:
            all_of_them = self.listed(open_id)
            page = [self._item(one) for one in all_of_them[start : start + count]]
        return self.ok(list=page, cursor=start + len(page), has_more=start + len(page) < len(all_of_them))

    def _item(self, one: Submission) -> dict[str, Any]:
        state, seen = self.state(one), self.audience(one)
        return {
            "item_id": one.id,
            "video_id": one.detail["video_id"],
            "title": one.text,
            "create_time": int(one.made),
            "is_reviewed": state != "pending",
            "video_status": {"pending": 4, "public": self.public_status, "rejected": 2}[state],
            "share_url": self.page(one) if state == "public" else "",
            "statistics": {
                "play_count": seen.views,
                "digg_count": seen.likes,
                "comment_count": seen.comments,
                "share_count": seen.shares,
            },
        }

    # What they share.

    def _session(self, request: Request) -> _Session:
        open_id = self.caller(request, request.query)
        with self.lock:
            session = self._sessions.get(request.query.get("upload_id", ""))
            if session is None or session.open_id != open_id:
                raise self.no(2100005, "upload_id")
            if self.clock.now() - session.began >= self.session_seconds:
                raise self.no(2100005, "upload_id is over")
            return session

    def _stored(self, content: bytes) -> Upload:
        upload = self.new_upload()
        upload.append([content])
        return upload

    def _arrived(self, open_id: str, upload: Upload) -> Answer:
        video_id = f"v0{new_number()}"
        with self.lock:
            self._videos[video_id] = _Video(open_id, upload)
        return self._video(video_id)

    def _video(self, video_id: str) -> Answer:
        return self.ok(video={"video_id": video_id, "width": 1080, "height": 1920})
