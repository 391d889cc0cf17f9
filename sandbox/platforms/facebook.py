"""Reels of a Facebook page through the Graph API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.facebook.video import Video
from sandbox.graph.api import Graph
from sandbox.graph.errors import refusal, rupload_refusal, unknown_object
from sandbox.graph.fields import graph_time, is_true, metrics, new_id, selected
from sandbox.lookahead import looked_ahead
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY

#: How far ahead a reel can be scheduled, in seconds: "Publish Reels on Pages".
SOONEST, LATEST = 600, 29 * DAY


class Facebook(Graph):
    """Start, bytes, finish.

    `POST /{page}/video_reels` with `upload_phase=start` gives a video and its upload URL on rupload; with `finish` it
    is published, kept as a draft or scheduled. The public sees it when it was processed, and not before its time.
    A video is one post: to finish it once more after it was published is refused.
    Source: Facebook Platform, Video API, "Publish Reels on Pages", Graph API v26.0.

    Other moments: `list`, `metrics`, `cover`, `delete`, `account`; `phase`, where `upload_phase` is none of the two.
    Knobs: the attributes below and those of `Graph`: the cap, expiry, distrust, slow lists, processing that fails.
    """

    name = "facebook"
    moments = ("init", "chunk", "publish", "status")
    further_moments = ("account",)
    uploads = "video-upload"

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self._videos: dict[str, Video] = {}
        self._deleted: set[str] = set()
        self.pages: set[str] = set()  #: the only pages there are; empty: any number is one
        self.page_name = "Sandbox"  #: of every page
        self.most_title, self.most_description = 255, 2200  #: characters; no document says how many
        self.session_seconds: float = DAY  #: for the bytes, before a video is `expired`
        self.daily_cap = self.limit(30, DAY)  #: reels of a page
        self.tells_post_id = False  #: the finish answers `post_id` too, as some versions do
        self.spam = False  #: the finish is refused as abusive, 368/1346003

    def moment(self, moment: str, request: Request) -> str:
        """One URL starts and finishes, and one path reads videos and pages."""
        if moment == "phase":
            phase = str(looked_ahead(request).get("upload_phase", "")).lower()
            return {"start": "init", "finish": "publish"}.get(phase, moment)
        if moment == "node":
            with self.lock:
                return "status" if request.match["node"] in self._videos else "account"
        return moment

    @route("POST", "/{page}/video_reels", "phase")
    def reels(self, request: Request) -> Answer:
        fields = self.fields(request)
        page = self._page(request.match["page"], "post")
        phase = fields.get("upload_phase", "").lower()
        if phase == "start":
            return self._start(page)
        if phase == "finish":
            return self._finish(page, fields)
        raise refusal(100, "(#100) Param upload_phase must be one of {START, FINISH}")

    def settle(self) -> None:
        now = self.clock.now()
        due = [
            (video.due, video)
            for video in self._videos.values()
            if video.due is not None and video.due <= now and not video.public and not video.failure
        ]
        for _, video in due:
            video.public = True
        for at, video in sorted(due, key=lambda one: one[0]):
            words = [video.fields.get("title", ""), video.fields.get("description", "")]
            self.publish(
                video.id,
                video.upload,
                account=video.page,
                text="\n".join(word for word in words if word),
                ai=is_true(video.fields.get("is_ai_generated", "")),
                detail={**video.fields, "cover": video.cover},
                at=at,
            )

    def _start(self, page: str) -> Answer:
        video = Video(new_id(), page, self.new_upload(), self.clock.now() + self.session_seconds)
        with self.lock:
            self._videos[video.id] = video
        path = "/".join(part for part in (self.uploads, self.version, video.id) if part)
        return Answer(200, {"video_id": video.id, "upload_url": f"{self.base}/{path}"})

    @route("POST", "/video-upload/{version}/{video}", "chunk")
    @route("POST", "/video-upload/{video}", "chunk")
    def append(self, request: Request) -> Answer:
        with self.lock:
            video = self._videos.get(request.match["video"])
            if video is None or video.status(self.clock.now())["video_status"] == "expired":
                raise rupload_refusal("ProcessingFailedError", "Request processing failed", status=404)
        self.receive(request, video.upload)
        return Answer(200, {"success": True})

    def _finish(self, page: str, fields: Mapping[str, str]) -> Answer:
        now = self.clock.now()
        state = fields.get("video_state", "").upper()
        with self.lock:
            self.settle()
            video = self._videos.get(fields.get("video_id", ""))
            if video is None or video.page != page:
                raise refusal(100, "(#100) Param video_id must be the id of a video of this page")
            if state not in {"PUBLISHED", "DRAFT", "SCHEDULED"}:
                raise refusal(100, "(#100) Param video_state must be one of {PUBLISHED, DRAFT, SCHEDULED}")
            for name, most in (("title", self.most_title), ("description", self.most_description)):
                if len(fields.get(name, "")) > most:
                    raise refusal(100, f"(#100) Param {name} must be no longer than {most} characters")
            time = fields.get("scheduled_publish_time", "")
            if state == "SCHEDULED" and not (time.isdecimal() and now + SOONEST <= int(time) <= now + LATEST):
                raise refusal(100, "(#100) scheduled_publish_time must be between 10 minutes and 29 days from now")
            if not video.upload.whole:
                raise refusal(100, "(#100) The video has not been uploaded")
            if video.state and (video.state == "PUBLISHED" or video.public or video.failure):
                raise refusal(100, "(#100) The video has been finished already")
            if self.spam:
                message = "The action attempted has been deemed abusive or is otherwise disallowed"
                raise refusal(368, message, status=403, subcode=1346003)
            if state != "DRAFT" and self.daily_cap.take(page):
                raise refusal(613, "(#613) Calls to this api have exceeded the rate limit.", subcode=1390008)
            if not video.state:
                video.failure, self.reject_processing = self.reject_processing, None
                video.processed = now + self.processing
            video.state, video.fields = state, dict(fields)
            seen = max(now, video.processed or now)
            video.due = {"PUBLISHED": seen, "DRAFT": None, "SCHEDULED": max(seen, float(time or 0))}[state]
        post_id = {"post_id": f"{page}_{video.id}"} if self.tells_post_id else {}
        return Answer(200, {"success": True, **post_id})

    @route("GET", "/{node}", "node")
    def read(self, request: Request) -> Answer:
        fields, node = self.fields(request), request.match["node"]
        with self.lock:
            if (video := self._videos.get(node)) and node not in self.taken_down:
                known = self._of_a_video(video)
                return Answer(200, selected("Video", fields.get("fields", ""), known, ("description", "updated_time")))
            page = self._page(node, "get")
            own: dict[str, Callable[[str], Any]] = {
                "id": lambda _: page,
                "name": lambda _: self.page_name,
                "link": lambda _: f"{self.base}/{page}",
                "followers_count": lambda _: 100,
            }
            return Answer(200, selected("Page", fields.get("fields", ""), own, ("name",)))

    @route("GET", "/{page}/video_reels", "list")
    def posts(self, request: Request) -> Answer:
        fields = self.fields(request)
        page = self._page(request.match["page"], "get")
        default = ("description", "updated_time")
        with self.lock:
            rows = [post.id for post in self.within(fields, self.published) if post.account == page]

            def told(identity: str) -> Any:
                return selected("Video", fields.get("fields", ""), self._of_a_video(self._videos[identity]), default)

            return Answer(200, self.page(request, fields, rows, told))

    @route("GET", "/{video}/video_insights", "metrics")
    def insights(self, request: Request) -> Answer:
        fields = self.fields(request)
        seen = self._audience(self._video(request, "get"))
        known = {
            "blue_reels_play_count": seen.views,
            "fb_reels_total_plays": seen.views,
            "post_impressions_unique": seen.views * 4 // 5,
            "post_video_avg_time_watched": int(seen.watched * 1000),
            "post_video_view_time": int(seen.views * seen.watched * 1000),
            "post_video_likes_by_reaction_type": {"REACTION_LIKE": seen.likes},
            "post_video_social_actions": {"COMMENT": seen.comments, "SHARE": seen.shares},
        }
        return Answer(200, metrics(fields, known, f"{request.match['video']}/video_insights"))

    @route("POST", "/{video}/thumbnails", "cover")
    def cover(self, request: Request) -> Answer:
        parts = {part.name: part for part in request.parts()}
        token = parts["access_token"].text if "access_token" in parts else request.query.get("access_token", "")
        self.let_in(token or request.bearer)
        video = self._video(request, "post")
        if "source" not in parts or not parts["source"].content:
            raise refusal(100, "(#100) The parameter source is required")
        preferred = parts["is_preferred"].text if "is_preferred" in parts else request.query.get("is_preferred", "")
        if is_true(preferred):
            video.cover = hashlib.sha256(parts["source"].content).hexdigest()
        return Answer(200, {"success": True})

    @route("DELETE", "/{video}", "delete")
    def delete(self, request: Request) -> Answer:
        self.fields(request)
        with self.lock:
            self.settle()
            video = self._video(request, "delete")
            if video.public:
                self.taken_down.add(video.id)
            self._deleted.add(video.id)
            del self._videos[video.id]
        return Answer(200, {"success": True})

    def _page(self, identity: str, verb: str) -> str:
        if (
            not identity.isdecimal()
            or identity in {*self._videos, *self._deleted}
            or (self.pages and identity not in self.pages)
        ):
            raise unknown_object(identity, verb)
        return identity

    def _video(self, request: Request, verb: str) -> Video:
        with self.lock:
            video = self._videos.get(request.match["video"])
        if video is None or video.id in self.taken_down:
            raise unknown_object(request.match["video"], verb)
        return video

    def _audience(self, video: Video) -> Audience:
        found = [post for post in self.public if post.id == video.id]
        return Audience.of(video.id, self.clock.now() - found[0].at) if found else Audience()

    def _of_a_video(self, video: Video) -> dict[str, Callable[[str], Any]]:
        seen = self._audience(video)
        words = video.fields

        def counted(number: int) -> Callable[[str], Any]:
            """An edge, with its total if `summary(true)` was asked for."""
            return lambda more: {
                "data": [],
                **({"summary": {"total_count": number}} if "summary(true)" in more else {}),
            }

        return {
            "id": lambda _: video.id,
            "title": lambda _: words.get("title") or None,
            "description": lambda _: words.get("description") or None,
            "created_time": lambda _: graph_time(video.expires - self.session_seconds),
            "updated_time": lambda _: graph_time(video.due or video.expires - self.session_seconds),
            "permalink_url": lambda _: f"{self.base}/watch/{video.id}",
            "post_id": lambda _: f"{video.page}_{video.id}",
            "published": lambda _: video.public,
            "status": lambda _: video.status(self.clock.now()),
            "views": lambda _: seen.views,
            "likes": counted(seen.likes),
            "comments": counted(seen.comments),
        }
