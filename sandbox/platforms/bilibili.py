"""Bilibili's open platform: a video in parts, a cover, and the archive that they make, which is reviewed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.bilibili.account import NOT_FOUND, REQUEST_ERROR, TOO_MANY_POSTS, BilibiliAccount
from sandbox.parts import Parts, received
from sandbox.request import Malformed, Request
from sandbox.review import Reviewed, State, Submission
from sandbox.route import route
from sandbox.trouble import DAY
from sandbox.upload import Upload

MIB = 1024 * 1024
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

#: `addit_info.state`: 0 is open, -1 waits, any other was refused.
STATES: Mapping[State, tuple[int, str]] = {"public": (0, "开放浏览"), "pending": (-1, "待审"), "rejected": (-2, "打回")}

#: What viewlist shows for each `status`.
LISTS: Mapping[str, set[State]] = {
    "all": {"pending", "public", "rejected"},
    "is_pubing": {"pending"},
    "pubed": {"public"},
    "not_pubed": {"rejected"},
}


@dataclass
class _Session:
    """What an upload_token stands for."""

    utype: str
    began: float  #: by the platform's clock
    parts: Parts = field(default_factory=lambda: Parts(first=1))
    whole: Upload | None = None
    posts: int = 0


class Bilibili(BilibiliAccount, Reviewed):
    """Bilibili open platform, archives (openhome.bilibili.com, "视频稿件管理").

    video/init → part/upload (1, 2 …; raw, unsigned) → video/complete, or in one piece where init said `utype` "1";
    cover/upload; archive/add-by-utoken, which posts. `addit_info.state` is -1 during review, then 0, or lower if it was
    refused. The codes that the documentation leaves open are told in `sandbox.bilibili.account`.

    An upload_token posts as often as it is sent, unless `single_use`.
    """

    name = "bilibili"
    moments = ("init", "upload", "chunk", "complete", "cover", "publish", "status")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.session_seconds: float = DAY  #: an upload_token is good for so long
        self.single_most = 100 * MIB  #: bytes of a video in one piece
        self.whole_most = 4096 * MIB  #: bytes of any
        self.cover_most = 5 * MIB  #: bytes
        self.single_completion = False  #: a second video/complete is refused, not answered as the first
        self.single_use = False  #: a second post of the same upload_token is refused
        self.formal = True  #: False: an account that is no formal member, which `daily_cap` holds
        self.daily_cap = self.limit(5, DAY)
        self._sessions: dict[str, _Session] = {}
        self._covers: set[str] = set()

    @route("POST", "/arcopen/fn/archive/video/init", "init")
    def init(self, request: Request) -> Answer:
        body = _mapping(self.signed(request))
        name, utype = body.get("name"), body.get("utype")
        if not isinstance(name, str) or not name.lower().endswith((".mp4", ".flv")):
            raise self.no(REQUEST_ERROR, "name: of an mp4 or flv file")
        if utype not in {"0", "1"}:
            raise self.no(REQUEST_ERROR, 'utype: "0" or "1"')
        token = uuid4().hex
        with self.lock:
            self._sessions[token] = _Session(utype, self.clock.now())
        return self.ok(upload_token=token)

    @route("POST", "/video/v2/part/upload", "chunk")
    def part(self, request: Request) -> Answer:
        part = received(self, request)
        session, number = self._session(request), request.integer("part_number")
        if number < 1 or not part.size:
            raise Malformed("parts are counted from 1, and none is empty")
        with self.lock:
            if session.utype != "0" or session.whole is not None:
                raise self.no(REQUEST_ERROR, "upload_token: not for parts, or complete")
            etag = part.sha256
            session.parts.put(number, part)
        return self.ok(etag=etag)

    @route("POST", "/video/v2/upload", "upload")
    def single(self, request: Request) -> Answer:
        video = received(self, request)
        session = self._session(request)
        if session.utype != "1" or not 0 < video.size <= self.single_most:
            raise self.no(REQUEST_ERROR, f'for utype "1" and at most {self.single_most} bytes')
        with self.lock:
            session.whole = video
        return self.ok(etag=video.sha256)

    @route("POST", "/arcopen/fn/archive/video/complete", "complete")
    def complete(self, request: Request) -> Answer:
        self.signed(request)
        session = self._session(request)
        with self.lock:
            if session.whole is not None and not self.single_completion:
                return self.ok()
            sizes = session.parts.sizes
            if not sizes or not session.parts.gapless:
                raise self.no(REQUEST_ERROR, f"part {session.parts.following} is not there")
            if sum(sizes) > self.whole_most:
                raise self.no(REQUEST_ERROR, f"the video is larger than {self.whole_most} bytes")
            whole = self.new_upload()
            session.parts.join(whole)
            session.whole = whole
        return self.ok()

    @route("POST", "/arcopen/fn/archive/cover/upload", "cover")
    def cover(self, request: Request) -> Answer:
        image = request.file_part("file").content
        self.signed(request)
        if not image.startswith((PNG, JPEG)) or len(image) > self.cover_most:
            raise self.no(REQUEST_ERROR, f"file: JPEG or PNG of at most {self.cover_most} bytes")
        url = f"{self.base}/bfs/archive/{uuid4().hex}.jpg"
        with self.lock:
            self._covers.add(url)
        return self.ok(url=url)

    @route("POST", "/arcopen/fn/archive/add-by-utoken", "publish")
    def add(self, request: Request) -> Answer:
        body = _mapping(self.signed(request))
        session = self._session(request)
        if wrong := _wrong(body):
            raise self.no(REQUEST_ERROR, wrong)
        with self.lock:
            if body.get("cover") not in self._covers:
                raise self.no(REQUEST_ERROR, "cover: what cover/upload answered")
            if session.whole is None or (self.single_use and session.posts):
                raise self.no(REQUEST_ERROR, "upload_token: not complete, or used")
            if not self.formal and self.daily_cap.take(self.account):
                raise self.no(TOO_MANY_POSTS, "5 a day")
            session.posts += 1
            text = "\n".join(part for part in (body["title"], body.get("desc", "")) if part)
            identity = f"BV1{uuid4().hex[:9]}"
            posted = self.submit(identity, session.whole, account=self.account, text=text, detail=body)
        return self.ok(resource_id=posted.id)

    @route("GET", "/arcopen/fn/archive/view", "status")
    def view(self, request: Request) -> Answer:
        self.signed(request)
        with self.lock:
            return self.ok(**self._shown(self._one(request.query.get("resource_id", ""))))

    @route("GET", "/arcopen/fn/archive/viewlist", "list")
    def viewlist(self, request: Request) -> Answer:
        self.signed(request)
        page, count = request.integer("pn", 1), request.integer("ps", 20)
        states = LISTS.get(request.query.get("status") or "all")
        if not page or not 1 <= count <= 50 or states is None:
            raise self.no(REQUEST_ERROR, f"pn from 1, ps 1 to 50, status of {', '.join(LISTS)}")
        with self.lock:
            found = [one for one in self.listed(self.account) if self.state(one) in states]
            shown = [self._shown(one) for one in found[(page - 1) * count : page * count]]
        return self.ok(page={"pn": page, "ps": count, "total": len(found)}, list=shown)

    @route("POST", "/arcopen/fn/archive/delete", "delete")
    def remove(self, request: Request) -> Answer:
        body = _mapping(self.signed(request))
        with self.lock:
            self.delete(self._one(str(body.get("resource_id", ""))))
        return self.ok()

    @route("GET", "/arcopen/fn/data/arc/stat", "metrics")
    def stat(self, request: Request) -> Answer:
        self.signed(request)
        with self.lock:
            one = self._one(request.query.get("resource_id", ""))
            return self.ok(title=one.detail.get("title"), **self._figures(one))

    def _one(self, identity: str) -> Submission:
        one = self.submitted(identity)
        if one is None:
            raise self.no(NOT_FOUND, "resource_id")
        return one

    def _session(self, request: Request) -> _Session:
        with self.lock:
            session = self._sessions.get(request.query.get("upload_token", ""))
        if session is None or self.clock.now() - session.began >= self.session_seconds:
            raise self.no(REQUEST_ERROR, "upload_token: unknown, or over")
        return session

    def _shown(self, one: Submission) -> dict[str, Any]:
        state, words = STATES[self.state(one)]
        return {
            "resource_id": one.id,
            **{name: one.detail.get(name) for name in ("title", "cover", "tid", "tag", "copyright", "no_reprint")},
            "desc": one.detail.get("desc", ""),
            "video_info": {"share_url": self.page(one)},
            "addit_info": {"state": state, "state_desc": words, "reject_reason": one.reason if state < -1 else ""},
            "ctime": int(one.made),
            "ptime": int(one.due) if state == 0 else 0,
            "stat": self._figures(one),
        }

    def _figures(self, one: Submission) -> dict[str, int]:
        seen = self.audience(one)
        return {
            "view": seen.views,
            "like": seen.likes,
            "reply": seen.comments,
            "share": seen.shares,
            "danmaku": seen.comments // 2,
            "favorite": seen.likes // 3,
            "coin": seen.likes // 4,
        }


def _wrong(body: Mapping[str, Any]) -> str:
    """What is wrong with the words of an archive."""
    for name, most, needed in (("title", 79, True), ("tag", 199, True), ("desc", 249, False)):
        value = body.get(name, "")
        if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
            return f"{name}: at most {most} characters"
    if type(body.get("tid")) is not int:
        return "tid: the number of a section"
    if type(body.get("copyright")) is not int or body["copyright"] not in {1, 2}:
        return "copyright: 1 or 2"
    if body["copyright"] == 2 and not str(body.get("source", "")).strip():
        return "source: where it is from"
    return "" if body.get("no_reprint", 0) in {0, 1} else "no_reprint: 0 or 1"


def _mapping(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise Malformed(f"no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Malformed("no JSON object")
    return body
