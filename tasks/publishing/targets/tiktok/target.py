"""A TikTok account. TikTok publishes a video itself, when its last byte has come. Content Posting API v2."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reelmill.text_length import utf16
from tasks.publishing.account import Identity, Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.oauth import refreshed
from tasks.publishing.outcome import Defer, Refused, Restart, Resync, Retry
from tasks.publishing.slices import Slice
from tasks.publishing.targets.tiktok import errors
from tasks.publishing.targets.tiktok.chunks import Chunks
from tasks.publishing.targets.tiktok.creator import Creator
from tasks.publishing.targets.tiktok.progress import ADDRESS_LIVES, LATER, Progress, raise_if_over
from tasks.publishing.wording import caption_of

#: UTF-16 units of a caption with its hashtags.
LONGEST_CAPTION = 2200

_JSON = {"Content-Type": "application/json; charset=UTF-8"}
#: What the upload address says instead of taking bytes: it is over, there is no such upload, or it is elsewhere.
_OVER, _ELSEWHERE = (403, 404), 416


class TikTok(ApiTarget):
    """All chunks but the last are the upload; the last one publishes. What came of it, TikTok says by the publish id.

    A post is begun anew only when TikTok has said that the one before can never be public.
    """

    safety = Safety.LOOK_UP
    profiles = ("tiktok",)
    hosts: ClassVar = {"api": "https://open.tiktokapis.com"}
    upload_hosts = ("open-upload.tiktokapis.com", "open-upload-*.tiktokapis.com", "upload.*.tiktokapis.com")
    limits = Limits(
        per_day=15,
        spacing=dt.timedelta(seconds=10),
        source="6 posts a minute: Content Posting API; TikTok publishes no number a day, and 15 is what publishers see",
    )
    certain_after = dt.timedelta(minutes=1)
    flags_ai = True
    tells_metrics = True

    type: Literal["tiktok"]

    privacy: Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"] = (
        "PUBLIC_TO_EVERYONE"
    )
    """Who may see a post. An app that TikTok has not audited may only use SELF_ONLY."""

    disable_comment: bool = False
    """Nobody may comment on a post."""

    disable_duet: bool = False
    """Nobody may make a duet with a post."""

    disable_stitch: bool = False
    """Nobody may stitch a post."""

    cover_at: Annotated[float, Field(ge=0)] | None = None
    """The moment of the video that is its cover, in seconds. Without it TikTok takes the first frame."""

    own_brand: bool = False
    """The posts promote the account's own business (brand_organic_toggle)."""

    paid_partnership: bool = False
    """The posts are advertising for somebody else (brand_content_toggle)."""

    chunk_size: Annotated[int, Field(ge=5 * 1024 * 1024, le=64_000_000)] = 10_000_000
    """Bytes in one request. The bounds are TikTok's, whether its MB means a million bytes or 1024 × 1024."""

    def judge(self, reply: Reply) -> None:
        errors.judge(reply)

    def renew(self, context: TargetContext, login: Login) -> Login:
        return refreshed(
            self.client(context),
            self.base(context) + "/v2/oauth/token/",
            login,
            platform="TikTok",
            form={"client_key": login.client_id, "client_secret": login.client_secret},
            remedy=errors.LOG_IN,
        )

    def identify(self, context: TargetContext) -> Identity:
        """The account of the login, by its name without the @."""
        try:
            creator = self._creator(context, question=True)
        except Defer as error:  # TikTok names nobody who has posted enough
            raise Retry(error.reason, error.instruction) from error
        return Identity(creator.username, creator.nickname)

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        self._creator_of(delivery, context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if handle.get("uploaded") and not handle.get("tried_at"):
            return
        total = delivery.rendition.size_bytes
        if "publish_id" in handle:
            handle.remember(sent=self._there(context, handle, total), tried_at=None)
        else:
            self._begin(delivery, context, handle)
        chunks = Chunks.of(delivery.rendition.path, total, int(handle["chunk_size"]))
        while handle["sent"] < chunks.last_start:
            part = chunks.at(handle["sent"])
            reply = self._put(context, handle, part, total)
            if reply.status == _ELSEWHERE:
                raise Resync("TikTok has other bytes than were sent", "ask it, and go on from there")
            if reply.status in _OVER:
                handle.remember(expires_at=context.now().isoformat())
            handle.remember(sent=self._there(context, handle, total) if reply.status in _OVER else part.last + 1)
        handle.remember(uploaded=True)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Nothing is processed before the last chunk; but the address that it goes to may be dead by now."""
        if context.now() >= dt.datetime.fromisoformat(handle["expires_at"]):
            self._there(context, handle, delivery.rendition.size_bytes)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        total, sent = delivery.rendition.size_bytes, int(handle["sent"])
        if sent < total:
            handle.remember(tried_at=context.now().isoformat())  # from here on only TikTok knows how far it is
            part = Slice(delivery.rendition.path, sent, total - sent)
            reply = self._put(context, handle, part, total, irreversible=True)
            if reply.status in _OVER:
                handle.remember(expires_at=context.now().isoformat(), tried_at=None)
            if reply.status in {*_OVER, _ELSEWHERE} and self._there(context, handle, total) < total:
                raise Retry("TikTok has other bytes than it said", "ask it, and go on from there")
        return self._published(context, handle, "", settled=False)

    def is_forbidden(self, reply: Reply) -> bool:
        return errors.forbids(reply)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        if "publish_id" not in handle:
            return None  # without bytes nothing is published
        progress = self._progress(context, str(handle["publish_id"]))
        if progress.published:
            shown = bool(progress.post_id) or self.privacy != "PUBLIC_TO_EVERYONE"  # else it is still looked at
            return self._published(context, handle, progress.post_id, settled=shown)
        total = delivery.rendition.size_bytes
        whole = self._there(context, handle, total, progress) >= total
        return self._published(context, handle, "", settled=False) if whole else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether the public sees it. TikTok does not tell whether a post is labelled."""
        try:
            progress = self._progress(context, str(published.detail["publish_id"]))
        except (Restart, Refused) as error:
            return ReadBack(public=False, detail={"why": error.reason})
        if not progress.post_id:
            seen_by_all = self.privacy == "PUBLIC_TO_EVERYONE"
            return ReadBack(public=None if seen_by_all else False, detail={"state": progress.state})
        url = self._address(context, str(published.detail["username"]), progress.post_id)
        return ReadBack(public=True, detail={"state": progress.state, "post_id": progress.post_id, "url": url})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        """As the account's videos have it, which takes the scope video.list."""
        post_id = published.detail.get("post_id")
        if not post_id:
            return Metrics()  # nobody but its creator sees it
        reply = self.call(
            context,
            "asking TikTok what people did with a post",
            "POST",
            "/v2/video/query/",
            judge=_judge_of_metrics,
            params={"fields": "id,view_count,like_count,comment_count,share_count"},
            headers=_JSON,
            json={"filters": {"video_ids": [post_id]}},
        )
        told = {what: reply.get("data", "videos", 0, f"{what}_count") for what in ("view", "like", "comment", "share")}
        views, likes, comments, shares = (count if isinstance(count, int) else None for count in told.values())
        return Metrics(views, likes, comments, shares)

    # What the calls share.

    def _creator(self, context: TargetContext, *, question: bool = False) -> Creator:
        doing, path = "asking TikTok about the account", "/v2/post/publish/creator_info/query/"
        return Creator.of(self.call(context, doing, "POST", path, headers=_JSON, question=question))

    def _creator_of(self, delivery: Delivery, context: TargetContext) -> Creator:
        """The account, if it is the one that is meant and may post this."""
        creator = self._creator(context)
        self.require_account(context, Identity(creator.username, creator.nickname))
        creator.accept(delivery.rendition, self.privacy)
        return creator

    def _begin(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Announce the post. Without bytes it comes to nothing."""
        creator = self._creator_of(delivery, context)
        rendition = delivery.rendition
        chunks = Chunks.of(rendition.path, rendition.size_bytes, self.chunk_size)
        cover = min(self.cover_at or 0.0, rendition.frames / rendition.fps)
        reply = self.call(
            context,
            "beginning a post at TikTok",
            "POST",
            "/v2/post/publish/video/init/",
            headers=_JSON,
            json={
                "post_info": {
                    "title": caption_of(delivery, LONGEST_CAPTION, length=utf16, title=True),
                    "privacy_level": self.privacy,
                    "disable_comment": self.disable_comment or creator.no_comments,
                    "disable_duet": self.disable_duet or creator.no_duets,
                    "disable_stitch": self.disable_stitch or creator.no_stitches,
                    **({} if self.cover_at is None else {"video_cover_timestamp_ms": round(cover * 1000)}),
                    "brand_content_toggle": self.paid_partnership,
                    "brand_organic_toggle": self.own_brand,
                    "is_aigc": True,
                },
                "source_info": {
                    "source": "FILE_UPLOAD",
                    "video_size": chunks.total,
                    "chunk_size": chunks.size,
                    "total_chunk_count": chunks.count,
                },
            },
        )
        handle.remember(
            publish_id=str(reply.need("data", "publish_id")),
            upload_url=str(reply.need("data", "upload_url")),
            expires_at=(context.now() + ADDRESS_LIVES).isoformat(),
            chunk_size=chunks.size,
            username=creator.username,
            sent=0,
        )

    def _put(
        self, context: TargetContext, handle: Handle, part: Slice, total: int, *, irreversible: bool = False
    ) -> Reply:
        """Send bytes. The address is the key: it gets no token."""
        client = self.client(context)
        return client.call(
            "publishing at TikTok" if irreversible else "uploading to TikTok",
            "PUT",
            client.check_address(str(handle["upload_url"]), self.upload_hosts),
            accept=(*_OVER, _ELSEWHERE),
            irreversible=irreversible,
            headers={"Content-Type": "video/mp4", "Content-Range": part.range_of(total)},
            body=part,
        )

    def _progress(self, context: TargetContext, publish_id: str) -> Progress:
        path, asked = "/v2/post/publish/status/fetch/", {"publish_id": publish_id}
        reply = self.ask(context, "asking TikTok about a post", path, method="POST", headers=_JSON, json=asked)
        return Progress.of(reply)

    def _there(self, context: TargetContext, handle: Handle, total: int, progress: Progress | None = None) -> int:
        """How many bytes TikTok has.

        Raises
        ------
        Restart
            If it will never have all of them, or failed with them.
        Retry, Refused
        """
        came = (progress or self._progress(context, str(handle["publish_id"]))).bytes_of(total)
        if came is None and handle.get("tried_at"):
            raise Retry("TikTok does not say how many bytes it has", "ask again later", retry_after=LATER)
        if came is None:
            came = int(handle["sent"])
        if came < total:
            raise_if_over(handle, context.now())
        return came

    def _published(self, context: TargetContext, handle: Handle, post_id: str, *, settled: bool) -> Published:
        """Under the publish id, until there is a post that the public sees."""
        publish_id, username = str(handle["publish_id"]), str(handle["username"])
        return Published(
            url=self._address(context, username, post_id) if post_id else "",
            platform_id=post_id or publish_id,
            detail={"publish_id": publish_id, "post_id": post_id, "username": username},
            settled=settled,
        )

    def _address(self, context: TargetContext, username: str, post_id: str) -> str:
        return self.shown_at(context, post_id, f"https://www.tiktok.com/@{username}/video/{post_id}")


def _judge_of_metrics(reply: Reply) -> None:
    """A login that may post and not read figures is a good one."""
    if reply.get("error", "code") == "scope_not_authorized":
        raise Refused("the login at TikTok may not read figures", "log in with the scope video.list as well")
    errors.judge(reply)
