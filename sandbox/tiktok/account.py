"""An account on the simulated TikTok, and who reads its posts ("Display API")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.request import Request
from sandbox.route import route
from sandbox.tiktok.asking import fields_of, number_of, object_of
from sandbox.tiktok.errors import ok, refused
from sandbox.tiktok.task import VIDEO_FIELDS, Task
from sandbox.tiktok.tokens import refreshed
from sandbox.trouble import DAY

#: Of the posts of an account. No double, as which some read the numbers of JSON, holds it exactly.
FIRST_POST = 7_300_000_000_000_000_001


class Account(Authorizing):
    """The account whose every token is, and the endpoints that read: its user, its videos, their numbers.

    Knobs: the attributes up to `per_minute`.
    """

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.open_id, self.display_name = "open-id-of-sandbox", "sandbox"
        self.token_seconds = DAY
        self.rotates = True
        self.scopes = {"user.info.basic", "video.publish", "video.upload", "video.list"}  #: of every token
        self.slow_lookup = 0.0  #: seconds for which lists do not yet show a post
        limits = {"creator_info": 20, "init": 6, "inbox": 6, "status": 30}
        self.per_minute = {moment: self.limit(count, 60) for moment, count in limits.items()}  #: of each token
        self.tasks: dict[str, Task] = {}  # by publish_id, in the order in which they were made
        self._latest = 0

    def settle(self) -> None:
        now = self.clock.now()
        for task in self.tasks.values():
            since = task.seen_since(now)
            if since is not None and not task.was_public:
                task.was_public = True
                self._latest = task.listed_at = max(self._latest + 1, int(since * 1000))
                detail = {**(task.post or {}), "publish_id": task.publish_id}
                ai, text, identity = bool(detail.get("is_aigc")), task.title, str(task.post_id)
                upload, account = task.transfer.upload, self.open_id
                self.publish(identity, upload, account=account, text=text, ai=ai, detail=detail, at=since)

    def let_in(self, request: Request, scopes: str | tuple[str, ...], limited: str = "") -> None:
        """Ask for a good token with one of the scopes, and count the call of a limited moment."""
        if not self.knows(request.bearer):
            raise refused("access_token_invalid")
        if not self.scopes.intersection([scopes] if isinstance(scopes, str) else scopes):
            raise refused("scope_not_authorized")
        if limited and self.per_minute[limited].take(request.bearer):
            raise refused("rate_limit_exceeded")

    @route("POST", "/v2/oauth/token/", "token")
    def token(self, request: Request) -> Answer:
        return refreshed(self, request, self.open_id, self.scopes)

    @route("GET", "/v2/user/info/", "user")
    @route("POST", "/v2/user/info/", "user")
    def user(self, request: Request) -> Answer:
        self.let_in(request, "user.info.basic")
        avatar = f"{self.base}/avatar.jpeg"
        user = {"open_id": self.open_id, "union_id": f"union-{self.open_id}", "avatar_url": avatar}
        whole = {**user, "avatar_url_100": avatar, "avatar_large_url": avatar, "display_name": self.display_name}
        return ok({"user": {field: whole[field] for field in fields_of(request, whole)}})

    @route("POST", "/v2/video/list/", "list")
    def list_videos(self, request: Request) -> Answer:
        self.let_in(request, "video.list")
        fields, told = fields_of(request, VIDEO_FIELDS), object_of(request)
        most, cursor = number_of(told, "max_count", 10, 20), told.get("cursor")
        if cursor is not None and (not isinstance(cursor, int) or isinstance(cursor, bool)):
            raise refused("invalid_params", "cursor must be a number of milliseconds since 1970.")
        with self.lock:
            found = [task for task in self._listed() if not cursor or task.listed_at < cursor]
            videos = self._videos(found[:most], fields)
        after = found[:most][-1].listed_at if found else cursor or 0
        return ok({"videos": videos, "cursor": after, "has_more": len(found) > most})

    @route("POST", "/v2/video/query/", "metrics")
    def query_videos(self, request: Request) -> Answer:
        self.let_in(request, "video.list")
        fields, filters = fields_of(request, VIDEO_FIELDS), object_of(request).get("filters")
        asked = filters.get("video_ids") if isinstance(filters, dict) else None
        if not isinstance(asked, list) or not 1 <= len(asked) <= 20:
            raise refused("invalid_params", "filters.video_ids must be a list of 1 to 20 ids.")
        with self.lock:
            found = [task for task in self._listed() if str(task.post_id) in asked]
            return ok({"videos": self._videos(found, fields)})

    def _listed(self) -> list[Task]:
        """The account's public videos, the newest first."""
        self.settle()
        then = self.clock.now() - self.slow_lookup
        shown = [task for task in self.tasks.values() if task.listed(then)]
        return sorted(shown, key=lambda task: task.listed_at, reverse=True)

    def _videos(self, tasks: list[Task], fields: list[str]) -> list[dict[str, Any]]:
        whole = [task.video(self.base, self.clock.now()) for task in tasks]
        return [{field: video[field] for field in fields} for video in whole]
