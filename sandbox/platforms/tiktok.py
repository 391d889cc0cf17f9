"""TikTok, as its Content Posting API and its Display API (v2) are documented."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.refusal import Refusal
from sandbox.request import ContentRange, Cut, Request
from sandbox.route import route
from sandbox.tiktok.account import FIRST_POST, Account
from sandbox.tiktok.asking import object_of, post_of
from sandbox.tiktok.errors import bytes_refused, ok, refused
from sandbox.tiktok.plan import LEAST_CHUNK, ChunkPlan
from sandbox.tiktok.task import Task
from sandbox.transfer import Transfer
from sandbox.trouble import ALL, DAY


class TikTok(Account):
    """TikTok API v2: "Content Posting API" (Query Creator Info, Direct Post, Upload, Media Transfer Guide, Get Post
    Status, Cancel), "Display API" (Get User Info, List Videos, Query Videos), "Manage User Access Tokens".

    A post begins with `init`, which announces the video and its chunks. They are PUT one after the other, and with the
    last byte TikTok publishes by itself: that chunk is the moment `publish`. What became of it tells `status`. Once it
    is processed and moderated, everybody sees it, and its id is told; drafts go to the creator's inbox instead.
    A post for friends or followers counts as public, one with `SELF_ONLY` does not.

    Knobs: the attributes below, and those of `Account` and `Authorizing`.
    """

    name = "tiktok"
    moments = ("creator_info", "init", "chunk", "publish", "status")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.processing = 0.2  #: seconds until an upload is processed
        self.moderation = 0.0  #: seconds from there until everybody sees it and its id is told
        self.reject_processing = ""  #: the fail_reason of the next post
        self.spam = ""  #: a code of errors that blocks posts: from creator_info with HTTP 200, from init with 403
        self.daily_cap: int | None = 15  #: posts of the account in 24 hours
        self.pending_cap = 5  #: drafts in 24 hours
        self.least_chunk = LEAST_CHUNK  #: bytes of a chunk that is not all of the video
        self.unaudited = False  #: the app may only post with SELF_ONLY, to a private account
        self.private_account = False
        self.comment_disabled = self.duet_disabled = self.stitch_disabled = False  #: what the creator has switched off
        self.max_seconds = 300  #: of a video of the creator, as creator_info tells it
        self.session_seconds = 3600.0  #: until an upload URL lets in no more
        self.keeps_cut_chunks = False  #: what came of a chunk before the connection broke counts
        self.inclusive_range = False  #: the upload's Content-Range names the last byte, and not how many are there

    def relax(self) -> None:
        super().relax()
        self.daily_cap, self.pending_cap = None, ALL
        self.least_chunk = 1

    def moment(self, moment: str, request: Request) -> str:
        """The last chunk of a post publishes; that of a draft does not."""
        span = ContentRange.of(request.headers.get("content-range", ""))
        if moment != "chunk" or span is None or span.last is None or span.last + 1 != span.total:
            return moment
        task = self._task_at(request)
        return "chunk" if task is not None and task.post is None else "publish"

    def unreadable(self, why: str) -> Refusal:
        return refused("invalid_params", why)

    @property
    def privacy_levels(self) -> list[str]:
        """What the creator may choose from."""
        first = "FOLLOWER_OF_CREATOR" if self.private_account else "PUBLIC_TO_EVERYONE"
        return [first, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]

    @route("POST", "/v2/post/publish/creator_info/query/", "creator_info")
    def creator_info(self, request: Request) -> Answer:
        self.let_in(request, "video.publish", "creator_info")
        with self.lock:
            blocked = self._blocked()
        if blocked:
            raise refused(blocked, status=200)  # documented so
        return ok(
            {
                "creator_avatar_url": f"{self.base}/avatar.jpeg",
                "creator_username": self.display_name,
                "creator_nickname": self.display_name,
                "privacy_level_options": self.privacy_levels,
                "comment_disabled": self.comment_disabled,
                "duet_disabled": self.duet_disabled,
                "stitch_disabled": self.stitch_disabled,
                "max_video_post_duration_sec": self.max_seconds,
            }
        )

    @route("POST", "/v2/post/publish/video/init/", "init")
    def init(self, request: Request) -> Answer:
        self.let_in(request, "video.publish", "init")
        told = object_of(request)
        with self.lock:
            blocked = self._blocked()
            if blocked:
                raise refused(blocked)
            post = post_of(told.get("post_info"), self.privacy_levels)
            if self.unaudited and not (self.private_account and post["privacy_level"] == "SELF_ONLY"):
                raise refused("unaudited_client_can_only_post_to_private_accounts")
            return self._opened(told, post)

    @route("POST", "/v2/post/publish/inbox/video/init/", "inbox")
    def init_draft(self, request: Request) -> Answer:
        self.let_in(request, "video.upload", "inbox")
        told = object_of(request)
        with self.lock:
            since = self.clock.now() - DAY
            pending = sum(1 for task in self.tasks.values() if task.post is None and task.made_at > since)
            if pending >= self.pending_cap:
                raise refused("spam_risk_too_many_pending_share")
            return self._opened(told, None)

    def _opened(self, told: Mapping[str, Any], post: Mapping[str, Any] | None) -> Answer:
        source = told.get("source_info")
        if not isinstance(source, dict) or source.get("source") not in {"FILE_UPLOAD", "PULL_FROM_URL"}:
            raise refused("invalid_param", "source_info.source must be FILE_UPLOAD or PULL_FROM_URL.")
        if source["source"] == "PULL_FROM_URL":
            raise refused("url_ownership_unverified")  # no domain is verified here
        plan = ChunkPlan.of(source, self.least_chunk)
        number = len(self.tasks) + 1
        kind = "v_inbox_file" if post is None else "v_pub_file"
        publish_id, upload_id, token = f"{kind}~v2-1.{FIRST_POST + number}", uuid4().hex, uuid4().hex
        transfer, now = Transfer(self.new_upload(plan.size)), self.clock.now()
        task = Task(publish_id, upload_id, token, FIRST_POST + 2 * number, plan, post, transfer, now)
        self.tasks[publish_id] = task
        query = urlencode({"upload_id": upload_id, "upload_token": token})
        return ok({"publish_id": publish_id, "upload_url": f"{self.base}/video/?{query}"})

    @route("PUT", "/video/", "chunk")
    def upload(self, request: Request) -> Answer:
        task = self._task_at(request)
        if task is None or task.cancelled:
            raise bytes_refused(404, "There is no such upload.")
        if self.clock.now() >= task.made_at + self.session_seconds:
            raise bytes_refused(403, "The upload URL has expired.")
        span = task.span_of(request)
        with self.lock:
            turn, _ = task.transfer.take_over()
            first = task.uploaded
            if span.first != first:
                raise bytes_refused(416, f"The next byte is {first}.", self._progress(task))
        end = task.plan.end(first)
        if first + span.size != end:
            raise bytes_refused(400, f"This chunk ends before byte {end}, as it was announced.")
        try:
            task.transfer.receive(turn, request.body.pieces(), first)
        except Cut:
            self._interrupted(task, turn, first)
            raise
        with self.lock:
            if task.cancelled:
                raise bytes_refused(404, "There is no such upload.")
            if task.uploaded != first:  # another connection was quicker
                raise bytes_refused(416, f"The next byte is {task.uploaded}.", self._progress(task))
            task.uploaded = end
            task.transfer.take_over()  # nobody else adds to these bytes
            if end == task.plan.size:
                self._arrived(task)
            return Answer(201 if end == task.plan.size else 206, None, self._progress(task))

    def _interrupted(self, task: Task, turn: int, first: int) -> None:
        with self.lock:
            if task.uploaded != first:
                return
            if not self.keeps_cut_chunks:
                task.transfer.truncate(turn, first)
                return
            task.uploaded = max(first, task.transfer.upload.size)
            if task.uploaded == task.plan.size and not task.cancelled:
                self._arrived(task)

    def _progress(self, task: Task) -> Mapping[str, str]:
        return task.progress(inclusive=self.inclusive_range)

    def _arrived(self, task: Task) -> None:
        """The last byte publishes."""
        now = self.clock.now()
        task.failure, self.reject_processing = self.reject_processing, ""
        if not task.failure and task.post is not None and self._over_cap():
            task.failure = "spam_risk_too_many_posts"
        task.arrived_at, task.ready_at = now, now + self.processing
        task.seen_at = task.ready_at + self.moderation
        self.settle()

    @route("POST", "/v2/post/publish/status/fetch/", "status")
    def status(self, request: Request) -> Answer:
        self.let_in(request, ("video.publish", "video.upload"), "status")
        told = object_of(request)
        with self.lock:
            self.settle()
            return ok(self._task(told).told(self.clock.now()))

    @route("POST", "/v2/post/publish/cancel/", "cancel")
    def cancel(self, request: Request) -> Answer:
        self.let_in(request, ("video.publish", "video.upload"))
        told = object_of(request)
        with self.lock:
            task, now = self._task(told), self.clock.now()
            if task.status(now) != "PROCESSING_UPLOAD":
                raise refused("publish_not_cancellable")
            task.failure, task.ready_at = "publish_cancelled", now
        return ok({})

    def _blocked(self) -> str:
        """Why the account may not post now; empty: it may."""
        return self.spam or ("spam_risk_too_many_posts" if self._over_cap() else "")

    def _over_cap(self) -> bool:
        since = self.clock.now() - DAY
        posts = [task for task in self.tasks.values() if task.post is not None and not task.failure]
        count = sum(1 for task in posts if task.arrived_at is not None and task.arrived_at > since)
        return self.daily_cap is not None and count >= self.daily_cap

    def _task(self, told: Mapping[str, Any]) -> Task:
        if not isinstance(told.get("publish_id"), str):
            raise refused("invalid_params", "publish_id is missing.")
        if told["publish_id"] not in self.tasks:
            raise refused("invalid_publish_id")
        return self.tasks[told["publish_id"]]

    def _task_at(self, request: Request) -> Task | None:
        """The task of an upload URL."""
        asked = (request.query.get("upload_id"), request.query.get("upload_token"))
        with self.lock:
            found = (task for task in self.tasks.values() if (task.upload_id, task.upload_token) == asked)
            return next(found, None)
