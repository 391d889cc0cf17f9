"""Kuaishou's open platform: a video in one piece or in fragments, then a photo, as it calls its posts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.parts import Parts, received
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.review import Reviewed, Submission
from sandbox.route import route
from sandbox.trouble import ALL, DAY
from sandbox.upload import Upload

MIB = 1024 * 1024

# The documentation names the first two, for authorization; of the rest it says only that they are not 1.
TOKEN_INVALID = 100200100
TOKEN_ENDED = 100200101
WRONG_PARAMETER = 100200102
NOT_PERMITTED = 100200103
TOO_MANY = 100200104
WRONG_UPLOAD = 100210001


@dataclass
class _Session:
    """What an upload_token stands for."""

    began: float  #: by the platform's clock
    parts: Parts = field(default_factory=lambda: Parts(first=0))
    whole: Upload | None = None
    posts: int = 0


class Kuaishou(Authorizing, Reviewed):
    """Kuaishou open platform, `user_video_publish` (open.kuaishou.com, "视频发布").

    photo/start_upload names a host; there /api/upload takes all of a small video, or /api/upload/fragment one piece
    after the other (0, 1 …) until /api/upload/complete; photo/publish, with its cover, posts. A photo is `pending`
    until the public sees it; one that is refused in processing (`reject_processing`) stays so, as the documentation
    has no other word. Every answer is HTTP 200; `result` is 1 if it went well.

    An upload_token posts as often as it is sent, unless `single_use`.
    """

    name = "kuaishou"
    moments = ("init", "upload", "chunk", "complete", "publish", "status")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds = 2 * DAY
        self.refresh_seconds = 180 * DAY
        self.rotates = True
        self.app_id, self.app_secret = "sandbox-app", "sandbox-secret"  #: asked for when `strict`
        self.open_id = "sandbox-open-id"  #: whose posts all are
        self.permitted = True  #: False: the app lacks the scope
        self.session_seconds: float = DAY  #: an upload_token is good for so long
        self.single_most = 10 * MIB  #: bytes of a video in one piece
        self.fragment_most = 4 * MIB  #: bytes of a fragment
        self.topics_most = 4  #: in a caption
        self.single_completion = False  #: a second upload/complete is refused, not answered as the first
        self.single_use = False  #: a second post of the same upload_token is refused
        self.daily_cap = self.limit(ALL, DAY)  #: posts
        self.rate = self.limit(ALL, 60)  #: calls of a token
        self._sessions: dict[str, _Session] = {}

    @route("GET", "/oauth2/refresh_token", "token")
    def refresh_token(self, request: Request) -> Answer:
        query = request.query
        for name in ("app_id", "app_secret", "refresh_token"):
            if not query.get(name):
                raise self.no(WRONG_PARAMETER, f"{name} is missing")
        if query.get("grant_type") != "refresh_token":
            raise self.no(WRONG_PARAMETER, "grant_type")
        if self.strict and (query["app_id"], query["app_secret"]) != (self.app_id, self.app_secret):
            raise self.no(WRONG_PARAMETER, "app_id or app_secret")
        with self.lock:
            grant = self.renew(query["refresh_token"])
            if grant is None:
                raise self.no(TOKEN_INVALID, "refresh_token")
        return _ok(
            access_token=grant.access,
            expires_in=int(self.token_seconds),
            refresh_token=grant.refresh,
            refresh_token_expires_in=int(self.refresh_seconds),
            open_id=self.open_id,
            scopes=["user_info", "user_video_publish", "user_video_info"],
        )

    @route("GET", "/openapi/user_info", "account")
    def user_info(self, request: Request) -> Answer:
        self._called(request)
        return _ok(user_info={"name": "沙盒", "sex": "", "fan": 0, "follow": 0, "head": "", "bigHead": "", "city": ""})

    # The video.

    @route("POST", "/openapi/photo/start_upload", "init")
    def start_upload(self, request: Request) -> Answer:
        self._called(request)
        token = uuid4().hex
        with self.lock:
            self._sessions[token] = _Session(self.clock.now())
        return _ok(upload_token=token, endpoint=self.base.removeprefix("http://"))

    @route("POST", "/api/upload", "upload")
    def upload(self, request: Request) -> Answer:
        video = received(self, request)
        if request.content_type != "video/mp4":
            raise self.no(WRONG_PARAMETER, "the content type is video/mp4")
        return self._small(request, video)

    @route("POST", "/api/upload/multipart", "upload")
    def upload_multipart(self, request: Request) -> Answer:
        video = self.new_upload()
        video.append([request.file_part("file").content])
        return self._small(request, video)

    @route("POST", "/api/upload/fragment", "chunk")
    def fragment(self, request: Request) -> Answer:
        fragment = received(self, request)
        session, number = self._session(request), request.integer("fragment_id")
        if not 0 < fragment.size <= self.fragment_most:
            raise self.no(WRONG_UPLOAD, f"a fragment has at most {self.fragment_most} bytes")
        with self.lock:
            if session.whole is not None:
                raise self.no(WRONG_UPLOAD, "the upload is complete")
            if number > session.parts.following:
                raise self.no(WRONG_UPLOAD, f"fragment {session.parts.following} comes before {number}")
            checksum, size = fragment.sha256, fragment.size
            session.parts.put(number, fragment)
        return _ok(checksum=checksum, size=size)

    @route("GET", "/api/upload/resume", "resume")
    def resume(self, request: Request) -> Answer:
        session = self._session(request)
        with self.lock:
            sizes = session.parts.sizes
        return _ok(existed=bool(sizes), fragment_index=len(sizes) - 1, fragment_index_bytes=sum(sizes))

    @route("POST", "/api/upload/complete", "complete")
    def complete(self, request: Request) -> Answer:
        session, count = self._session(request), request.integer("fragment_count")
        with self.lock:
            if session.whole is not None and not self.single_completion:
                return _ok()
            if not count or count != len(session.parts):
                raise self.no(WRONG_UPLOAD, f"there are {len(session.parts)} fragments and not {count}")
            whole = self.new_upload()
            session.parts.join(whole)
            session.whole = whole
        return _ok()

    # The post.

    @route("POST", "/openapi/photo/publish", "publish")
    def post(self, request: Request) -> Answer:
        parts = {part.name: part for part in request.parts()}
        self._called(request)
        session = self._session(request)
        caption = parts["caption"].text if "caption" in parts else ""
        if len(caption) > 1000 or len(re.findall(r"#\w+", caption)) > self.topics_most:
            raise self.no(WRONG_PARAMETER, f"caption: at most 1000 characters and {self.topics_most} topics")
        cover = parts.get("cover")
        if cover is None or not cover.content or not cover.content_type.startswith("image/"):
            raise self.no(WRONG_PARAMETER, "cover: an image")
        with self.lock:
            if session.whole is None or (self.single_use and session.posts):
                raise self.no(WRONG_UPLOAD, "upload_token: not complete, or used")
            if self.daily_cap.take(self.open_id):
                raise self.no(TOO_MANY, "too many posts today")
            session.posts += 1
            posted = self.submit(f"3x{uuid4().hex[:13]}", session.whole, account=self.open_id, text=caption)
            return _ok(video_info=self._shown(posted))

    @route("GET", "/openapi/photo/info", "status")
    def info(self, request: Request) -> Answer:
        self._called(request)
        with self.lock:
            return _ok(video_info=self._shown(self._one(request)))

    @route("GET", "/openapi/photo/list", "list")
    def photo_list(self, request: Request) -> Answer:
        self._called(request)
        count, cursor = request.integer("count", 20), request.query.get("cursor", "")
        with self.lock:
            found = self.listed(self.open_id)
            names = [one.id for one in found]
            if cursor and cursor not in names:
                raise self.no(WRONG_PARAMETER, "cursor: the photo_id of the last one that was shown")
            start = names.index(cursor) + 1 if cursor else 0
            return _ok(video_list=[self._shown(one) for one in found[start : start + count]])

    @route("GET", "/openapi/photo/count", "list")
    def photo_count(self, request: Request) -> Answer:
        self._called(request)
        with self.lock:
            found = self.listed(self.open_id)
            public = sum(self.state(one) == "public" for one in found)
        return _ok(public_count=public, private_count=0, friend_count=0, all_count=len(found))

    @route("GET", "/openapi/photo/delete", "delete")
    @route("POST", "/openapi/photo/delete", "delete")
    def remove(self, request: Request) -> Answer:
        self._called(request)
        with self.lock:
            self.delete(self._one(request))
        return _ok()

    def _shown(self, one: Submission) -> dict[str, Any]:
        seen = self.audience(one)
        return {
            "photo_id": one.id,
            "caption": one.text,
            "cover": f"{self.base}/cover/{one.id}.jpg",
            "play_url": f"{self.base}/media/{one.id}.mp4",
            "create_time": int(one.made * 1000),
            "pending": self.state(one) != "public",
            "view_count": seen.views,
            "like_count": seen.likes,
            "comment_count": seen.comments,
        }

    def _called(self, request: Request) -> None:
        """A call of the open API has a token and names the app."""
        token = request.query.get("access_token", "")
        if not self.knows(token):
            raise self.no(TOKEN_ENDED if self.ended(token) else TOKEN_INVALID, "access_token")
        if not request.query.get("app_id") or (self.strict and request.query["app_id"] != self.app_id):
            raise self.no(WRONG_PARAMETER, "app_id")
        if not self.permitted:
            raise self.no(NOT_PERMITTED, "user_video_publish")
        if self.rate.take(token):
            raise self.no(TOO_MANY, "too many calls")

    def _session(self, request: Request) -> _Session:
        with self.lock:
            session = self._sessions.get(request.query.get("upload_token", ""))
        if session is None or self.clock.now() - session.began >= self.session_seconds:
            raise self.no(WRONG_UPLOAD, "upload_token: unknown, or over")
        return session

    def _small(self, request: Request, video: Upload) -> Answer:
        session = self._session(request)
        if not 0 < video.size <= self.single_most:
            raise self.no(WRONG_UPLOAD, f"a video above {self.single_most} bytes comes in fragments")
        with self.lock:
            session.whole = video
        return _ok()

    def _one(self, request: Request) -> Submission:
        one = self.submitted(request.fields().get("photo_id", ""))
        if one is None:
            raise self.no(WRONG_PARAMETER, "photo_id")
        return one

    def no(self, result: int, why: str) -> Refusal:
        return Refusal(Answer(200, {"result": result, "error_msg": why}))

    def unreadable(self, why: str) -> Refusal:
        return self.no(WRONG_PARAMETER, why)


def _ok(**data: Any) -> Answer:
    return Answer(200, {"result": 1, **data})
