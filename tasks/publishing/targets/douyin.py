"""Douyin (抖音) by its open platform: the video in one piece or in parts, a cover, and a post that is reviewed."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import StringConstraints

from tasks.publishing.account import Identity, Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.attempt import OLD, armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.midnight import next_midnight
from tasks.publishing.oauth import ask_for_token, seconds, token_in
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.recognition import back_to
from tasks.publishing.slices import Slice
from tasks.publishing.wording import caption_of

#: Whose midnight begins a day of its limits.
ZONE = "Asia/Shanghai"
#: What it takes: bytes, seconds, and pixels of the shorter side.
LARGEST, LONGEST, SMALLEST_SIDE = 4_000_000_000, 900, 720
#: Seconds between two questions whether a review is over, which takes minutes to hours. Our choice.
REVIEW = 600.0
#: Posts that a look-up asks for at once (the most that Douyin gives), and how often at most.
PER_PAGE, PAGES = 20, 50
#: How long an upload in parts is open, less what the last requests may take.
SESSION = dt.timedelta(hours=2) - dt.timedelta(minutes=5)
#: A refresh token is prolonged if it would end before the access token does, which lives 15 days.
PROLONGED_BELOW = dt.timedelta(days=16).total_seconds()

#: Error codes by what they mean (developer.open-douyin.com, the tables of `upload_video` and `create_video`).
BUSY = frozenset({28001005, 28001006, 2100004})
TOO_FAST = frozenset({28003018})
DAY_IS_FULL = frozenset({28003017, 2190001, 2114007})
LOGIN_IS_OVER = frozenset({28001008, 2190008, 2190002, 10008, 10010})
NOT_PERMITTED = frozenset({28001014, 28001016, 28001018, 28001019})

#: `video_status` of a video.
NOT_PUBLIC, UNDER_REVIEW, PUBLIC = 2, 4, frozenset({1, 5})

_REMEDY = "let the account log in again at open.douyin.com/platform/oauth/connect"

log = logging.getLogger("reelmill.publishing")


class Douyin(ApiTarget):
    """A Douyin account, through an app that has the scope `video.create.bind` (a website app of an enterprise).

    A post is reviewed first, and seen by its author alone until then. The API has no flag for AI and keeps no time.
    Source: developer.open-douyin.com, 视频创建 and 查询视频.
    """

    hosts: ClassVar[Mapping[str, str]] = {"api": "https://open.douyin.com"}
    safety = Safety.LOOK_UP
    profiles = ("douyin",)
    limits = Limits(per_day=75, zone=ZONE, source="Douyin open platform, error 2114007: 75 posts of a user by one app")
    certain_after = dt.timedelta(minutes=10)  # our choice: how soon a list shows a new post is not documented
    discloses = "the label in the picture, a line of the text, and AIGC metadata"
    tells_metrics = True

    #: Bytes that are uploaded in one piece: 50 MB is recommended, 128 MB is possible.
    in_one_up_to: ClassVar[int] = 50_000_000
    #: Bytes of a part. 20 MB is recommended and 5 MB the least; the last one takes what is left, and is never smaller.
    part_bytes: ClassVar[int] = 20 * 1024 * 1024

    type: Literal["douyin"]

    open_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The account, by the id that it has for the app: Douyin hands it out with the login."""

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.open_id

    def authorised(self, token: str) -> Mapping[str, str]:
        return {"access-token": token}

    def identify(self, context: TargetContext) -> Identity | None:
        reply = self.call(
            context,
            "asking Douyin whose the login is",
            "POST",
            "/oauth/userinfo/",
            shown=lambda token: {"form": {"access_token": token}},
            question=True,
            form={"open_id": self.open_id},
        )
        return Identity(str(reply.get("data", "open_id", default=self.open_id)), str(reply.need("data", "nickname")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        rendition = delivery.rendition
        seconds, side = rendition.frames / rendition.fps, min(rendition.width, rendition.height)
        wrong = []
        if rendition.size_bytes > LARGEST:
            wrong.append(f"{rendition.size_bytes} bytes are more than 4 GB")
        if seconds > LONGEST:
            wrong.append(f"{seconds:.0f} s are more than 15 minutes")
        if side < SMALLEST_SIDE:
            wrong.append(f"{rendition.width}x{rendition.height} is less than 720p")
        if wrong:
            raise Refused(f"Douyin does not take it: {'; '.join(wrong)}", "finish it with the profile douyin")
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if "video_id" not in handle:
            small = delivery.rendition.path.stat().st_size <= self.in_one_up_to
            reply = self._in_one(delivery, context) if small else self._in_parts(delivery, context, handle)
            video_id = str(reply.need("data", "video", "video_id"))
            handle.remember(video_id=video_id, uploaded=context.now().isoformat())
        if "image_id" not in handle:
            with delivery.rendition.cover.open("rb") as stream:
                image = {"image": ("cover.jpg", stream, "image/jpeg")}
                reply = self._ask(context, "uploading a cover to Douyin", "upload_image", files=image)
            handle.remember(image_id=str(reply.need("data", "image", "image_id")))

    def _in_one(self, delivery: Delivery, context: TargetContext) -> Reply:
        with delivery.rendition.path.open("rb") as stream:
            video = {"video": ("video.mp4", stream, "video/mp4")}
            return self._ask(context, "uploading a video to Douyin", "upload_video", files=video)

    def _in_parts(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Reply:
        """Send the parts that were not taken yet. Nobody can be asked which: the handle knows."""
        doing = "uploading a part to Douyin"
        resumed = "upload_id" in handle
        if not resumed:
            reply = self._ask(context, "asking Douyin for an upload", "init_video_part_upload")
            upload_id = str(reply.need("data", "upload_id"))
            handle.remember(upload_id=upload_id, began=context.now().isoformat(), parts=0)
        self._still_open(context, handle)
        session = {"upload_id": str(handle["upload_id"])}
        try:
            for number, part in enumerate(self._parts(Slice.whole(delivery.rendition.path)), start=1):
                if number <= cast("int", handle["parts"]):
                    continue
                with part.open() as stream:
                    video = {"video": ("part.mp4", stream, "video/mp4")}
                    which = {**session, "part_number": number}
                    self._ask(context, doing, "upload_video_part", params=which, files=video)
                handle.remember(parts=number)
                self._still_open(context, handle)
            return self._ask(context, "completing an upload to Douyin", "complete_video_part_upload", params=session)
        except Refused as error:
            # No code is documented for an upload that is over: one of an earlier attempt is begun again.
            if resumed:
                raise Restart(f"an earlier upload is not continued ({error.reason})") from error
            raise

    def _still_open(self, context: TargetContext, handle: Handle) -> None:
        if context.now() - dt.datetime.fromisoformat(str(handle["began"])) > SESSION:
            raise Restart("an upload to Douyin is open for two hours, and these are over")

    def _parts(self, whole: Slice) -> list[Slice]:
        count = max(1, whole.size // self.part_bytes)
        starts = [number * self.part_bytes for number in range(count)]
        ends = [*starts[1:], whole.size]
        return [Slice(whole.path, start, end - start) for start, end in zip(starts, ends, strict=True)]

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        body = {
            "video_id": str(handle["video_id"]),
            "text": caption_of(delivery, 1000, hashtags=5, title=True, disclose=True),
            "custom_cover_image_url": str(handle["image_id"]),
        }
        how: dict[str, Any] = {"json": body, "irreversible": True, "judge": self._judge_posting}
        with attempt(handle, context.now(), old=OLD):
            reply = self._ask(context, "posting to Douyin", "create_video", **how)
        item_id = reply.get("data", "item_id")
        if not item_id:
            raise Ambiguous(f"{reply.doing}: the answer names no post: {reply.quote}")
        # Douyin tells the address once the review is over.
        url, detail = self.shown_at(context, str(item_id), ""), {"video_id": handle["video_id"]}
        return Published(url, str(item_id), detail, settled=False)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """By the id of the uploaded video, which no other post has."""
        video_id = handle.get("video_id")
        if video_id is None:
            return None
        found = self._shown(context, {"video_ids": [video_id]})
        item = next((one for one in found if one.get("video_id") in {None, video_id}), None)
        item = item or self._listed(context, str(video_id), armed_at(handle))
        if item is None:
            return None
        status = item.get("video_status")
        if status == NOT_PUBLIC:
            raise Refused("Douyin took the post, and its review found it not fit for the public", "see the app for why")
        if status not in PUBLIC or item.get("is_reviewed") is False:
            raise Wait("Douyin reviews the post", retry_after=REVIEW)
        detail = {"video_id": video_id, "video_status": status}
        identity = str(item.get("item_id") or "")
        return Published(self.shown_at(context, identity, str(item.get("share_url") or "")), identity, detail)

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        found = self._shown(context, {"item_ids": [published.platform_id]})
        if not found:
            return ReadBack(public=False)
        status = found[0].get("video_status")
        public = status in PUBLIC and found[0].get("is_reviewed") is not False
        return ReadBack(public=public, detail={"video_status": status, "url": str(found[0].get("share_url") or "")})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        found = self._shown(context, {"item_ids": [published.platform_id]})
        told = (found[0].get("statistics") if found else None) or {}
        views, likes, comments, shares = (told.get(f"{what}_count") for what in ("play", "digg", "comment", "share"))
        return Metrics(views, likes, comments, shares, detail=told)

    def _shown(self, context: TargetContext, which: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
        reply = self._ask(context, "asking Douyin for a post", "video_data", json=dict(which), question=True)
        reply.need("data", "error_code")  # else it is no answer of Douyin's, which must not pass for an empty list
        return reply.rows("data", "list")

    def _listed(self, context: TargetContext, video_id: str, armed: dt.datetime | None) -> dict[str, Any] | None:
        """The post of a video among those since posting began."""
        if armed is None:
            return None
        latest = back_to(armed, self._latest(context), lambda one: one.get("create_time"), most=PAGES, where="Douyin")
        return next((one for one in latest if one.get("video_id") == video_id), None)

    def _latest(self, context: TargetContext) -> Iterator[list[dict[str, Any]]]:
        """The account's posts by pages, to the end of the list."""
        doing, cursor = "asking Douyin for the latest posts", 0
        while True:
            which = {"cursor": cursor, "count": PER_PAGE}
            reply = self._ask(context, doing, "video_list", method="GET", params=which, question=True)
            reply.need("data", "error_code")
            yield reply.rows("data", "list")
            cursor = reply.get("data", "cursor")
            if not reply.get("data", "has_more") or not isinstance(cursor, int):
                return

    def _ask(
        self,
        context: TargetContext,
        doing: str,
        name: str,
        *,
        method: str = "POST",
        params: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> Reply:
        query = {"open_id": self.open_id, **(params or {})}
        return self.call(context, doing, method, f"/api/douyin/v1/video/{name}/", params=query, **how)

    def judge(self, reply: Reply) -> None:
        """Douyin answers 200 to everything: `data.error_code` says what it means."""
        code = reply.get("data", "error_code") or reply.get("extra", "error_code")
        if not code:
            return
        words = reply.get("data", "description") or reply.get("extra", "description") or ""
        said = f"{reply.doing}: {code} {words}".strip()
        if code in BUSY:
            raise Retry(said, "try again later")
        if code in TOO_FAST:
            raise Retry(said, "try again later", retry_after=60.0)
        if code in DAY_IS_FULL:
            raise Defer(said, "it goes on tomorrow", until=next_midnight(ZONE, dt.datetime.now(dt.UTC)))
        if code in LOGIN_IS_OVER:
            raise Reauthorise(said, _REMEDY)
        if code in NOT_PERMITTED:
            raise Reauthorise(said, f"ask at developer.open-douyin.com for the scope video.create.bind; then {_REMEDY}")
        raise Refused(said, "change what Douyin names, then resume the run")

    def is_forbidden(self, reply: Reply) -> bool:
        return reply.get("data", "error_code") in NOT_PERMITTED or super().is_forbidden(reply)

    def _judge_posting(self, reply: Reply) -> None:
        """A busy server may have posted all the same."""
        if (reply.get("data", "error_code") or reply.get("extra", "error_code")) in BUSY:
            raise Ambiguous(f"{reply.doing}: {reply.quote}")
        self.judge(reply)

    def renew(self, context: TargetContext, login: Login) -> Login:
        """A new access token; and a refresh token that ends soon is prolonged, which Douyin allows five times."""
        form = {"client_key": login.client_id, "grant_type": "refresh_token", "refresh_token": login.refresh_token}
        reply = self._ask_for_token(context, "refresh_token", form)
        access, lives = token_in(reply, "data", "access_token"), seconds(reply.get("data", "expires_in"))
        refresh, left = str(reply.get("data", "refresh_token") or ""), reply.get("data", "refresh_expires_in")
        if isinstance(left, int | float) and left < PROLONGED_BELOW:
            form = {"client_key": login.client_id, "refresh_token": refresh or login.refresh_token}
            try:
                reply = self._ask_for_token(context, "renew_refresh_token", form)
                refresh = str(reply.get("data", "refresh_token") or refresh)
            except (Retry, Defer, Reauthorise) as error:  # the access token is good all the same
                log.warning("the login of Douyin has to be made again within %.0f days: %s", left / 86400, error)
        return login.renewed(access, lives, refresh)

    def _ask_for_token(self, context: TargetContext, name: str, form: Mapping[str, str]) -> Reply:
        url = f"{self.base(context)}/oauth/{name}/"
        return ask_for_token(self.client(context), url, platform="Douyin", remedy=_REMEDY, judge=self.judge, form=form)
