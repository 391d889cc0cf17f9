"""Instagram: Reels of a business or creator account, through a container that takes the bytes and is then published."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from reelmill.content import Json
from tasks.publishing import graph
from tasks.publishing.account import Identity, Limits, Quota
from tasks.publishing.attempt import armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.graph import GraphId, GraphTarget
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Defer, Refused, Restart, Retry, Wait
from tasks.publishing.recognition import EVER, SKEW, back_to, mark_of, since
from tasks.publishing.wording import caption_of

#: Instagram Graph API, IG User Media, "Reel specifications" (2026): bytes, seconds, frames a second. Older: 1 GB.
MOST_BYTES, LEAST_SECONDS, MOST_SECONDS, FPS = 300_000_000, 3, 900, (23, 60)
#: The same reference: characters, and hashtags.
LONGEST_CAPTION, MOST_HASHTAGS = 2200, 30
#: Posts in 24 hours, where the account's own number cannot be read ("Content publishing limit": 50 or 100).
POSTS_A_DAY = 50
#: Seconds between two questions after a container ("Get container status": once a minute, for five minutes).
CADENCE = 60.0
#: How long a published container may be missing in the list of media, before it is believed without a page.
LISTED_WITHIN = dt.timedelta(minutes=10)
#: Posts that a look-up asks for at once, and how often at most.
PAGE, PAGES = 100, 10


class Instagram(GraphTarget):
    """Reels of a professional account. The API has no drafts and no schedule: what it publishes is public at once.

    A container tells whether it was published, so an answer that did not come is looked up there. See
    developers.facebook.com/docs/instagram-platform/content-publishing.
    """

    safety = Safety.LOOK_UP
    profiles = ("instagram_reels", "facebook_reels")
    limits = Limits(per_day=POSTS_A_DAY, source="Instagram Graph API, content publishing limit; read at runtime")
    certain_after = dt.timedelta(minutes=5)
    flags_ai = True
    tells_metrics = True

    type: Literal["instagram"]
    ig_user: GraphId
    """The id of the professional account (`instagram_business_account` of its page), not its name."""

    share_to_feed: bool = True
    """Show it in the feed too, not only among Reels."""

    thumb_offset: Annotated[int, Field(ge=0)] | None = None
    """The moment of the cover in milliseconds. Left out: the frame that became the rendition's cover."""

    cover_url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=2000)] | None = None
    """A public address of the cover instead; `{sha256}` in it stands for the cover's hash."""

    collaborators: Annotated[tuple[str, ...], Field(max_length=3, strict=False)] = ()
    """Names of accounts that are invited to share it."""

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.ig_user

    def identify(self, context: TargetContext) -> Identity:
        doing = "asking Instagram for the account"
        reply = self.ask_edge(context, doing, f"/{self.ig_user}", fields="id,username")
        return Identity(str(reply.get("id", default=self.ig_user)), str(reply.get("username", default="")))

    def quota(self, context: TargetContext) -> Quota:
        doing, path = "asking Instagram what may be posted today", f"/{self.ig_user}/content_publishing_limit"
        reply = self.ask_edge(context, doing, path, fields="config,quota_usage")
        total = graph.number(reply.get("data", 0, "config", "quota_total"))
        return Quota(total or POSTS_A_DAY, graph.number(reply.get("data", 0, "quota_usage")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(
            delivery.rendition,
            "Instagram",
            most_bytes=MOST_BYTES,
            least_seconds=LEAST_SECONDS,
            most_seconds=MOST_SECONDS,
            fps=FPS,
        )
        self.require_account(context)
        quota = self.quota(context)
        if not quota.left:
            reason = f"the Instagram account has made its {quota.total} posts of 24 hours"
            raise Defer(reason, "wait until some of them are older", until=context.now() + graph.ROLLING)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if handle.get("uploaded"):
            return
        offset: int | None = 0
        if "container" in handle:
            offset = self._received(context, handle)
        else:
            self._make_container(delivery, context, handle)
        total = delivery.rendition.path.stat().st_size
        if offset is not None and offset < total:
            self.send(context, "sending the video to Instagram", str(handle["uri"]), delivery.rendition.path, offset)
        handle.remember(uploaded=True)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        reply = self._container(context, handle, "status_code,status")
        if reply is None:
            raise Restart("Instagram does not have the container any more")
        code = reply.need("status_code")
        if code in {"FINISHED", "PUBLISHED"}:
            return
        _raise_for(code, reply)
        raise Wait(f"Instagram works on the video: {code}", retry_after=CADENCE)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        if armed_at(handle) is not None and (found := self.look_up(delivery, context, handle)) is not None:
            return found  # what an attempt before this one made
        with attempt(handle, context.now()):
            reply = self.request(
                context,
                "publishing on Instagram",
                "POST",
                f"/{self.ig_user}/media_publish",
                form={"creation_id": handle["container"]},
                judge=self.judge_publishing,
                irreversible=True,
            )
        media = reply.get("id")
        if not media:
            raise Ambiguous(f"{reply.doing}: the answer names no post: {reply.quote}")
        # It is public. Its address has to be asked for, which may fail: `read_back` does it, by the id.
        return Published(self.shown_at(context, str(media), ""), str(media), {"container": handle["container"]})

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        if "container" not in handle:
            return None
        reply = self._container(context, handle, "status_code,status")
        code = reply.need("status_code") if reply is not None else ""
        if reply is not None and code != "PUBLISHED":
            _raise_for(code, reply)
            return None
        found = self._listed(context, handle)
        if found is not None or code != "PUBLISHED":
            return found
        armed = armed_at(handle)
        if armed is not None and context.now() < armed + LISTED_WITHIN:
            raise Wait("Instagram has published it, and does not list it yet", retry_after=CADENCE / 2)
        return Published("", "", {"container": handle["container"]})

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        if not published.platform_id:
            return ReadBack(public=True, detail=published.detail)  # as its container says
        fields = "permalink,timestamp,is_ai_generated"
        reply = self.ask_node(context, "reading the post back from Instagram", published.platform_id, fields)
        if reply is None:
            return ReadBack(public=False)
        seen = {"url": reply.get("permalink"), "timestamp": reply.get("timestamp")}
        flag = reply.get("is_ai_generated")
        labelled = flag if isinstance(flag, bool) else None
        return ReadBack(public=True, labelled=labelled, detail={key: value for key, value in seen.items() if value})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        """The insights of a reel (IG Media Insights): over its life."""
        reply = self.request(
            context,
            "asking Instagram for the numbers of a post",
            "GET",
            f"/{published.platform_id}/insights",
            params={"metric": "views,likes,comments,shares,saved,reach,ig_reels_video_view_total_time"},
        )
        told = graph.insights(reply)
        watched = graph.count(told.get("ig_reels_video_view_total_time"))  # in milliseconds
        return Metrics(
            graph.count(told.get("views")),
            graph.count(told.get("likes")),
            graph.count(told.get("comments")),
            graph.count(told.get("shares")),
            watched / 1000 if watched is not None else None,
            {name: told[name] for name in ("saved", "reach") if told.get(name) is not None},
        )

    def _caption(self, delivery: Delivery) -> str:
        room = max(0, MOST_HASHTAGS - delivery.text.caption.count("#"))
        return caption_of(delivery, LONGEST_CAPTION, hashtags=room, title=True)

    def _make_container(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        caption = self._caption(delivery)
        reply = self.request(
            context,
            "asking Instagram for an upload",
            "POST",
            f"/{self.ig_user}/media",
            form={
                "media_type": "REELS",
                "upload_type": "resumable",
                "caption": caption,
                "share_to_feed": _word(self.share_to_feed),
                "is_ai_generated": _word(True),
                **self._cover(delivery),
                **({"collaborators": json.dumps(self.collaborators)} if self.collaborators else {}),
            },
        )
        container, uri = str(reply.need("id")), str(reply.need("uri"))
        self.client(context).check_address(uri, self.upload_hosts)
        handle.remember(container=container, uri=uri, mark=mark_of(caption))

    def _cover(self, delivery: Delivery) -> dict[str, str]:
        rendition = delivery.rendition
        if self.cover_url is not None:
            return {"cover_url": self.cover_url.replace("{sha256}", rendition.cover_sha256)}
        if self.thumb_offset is not None:
            return {"thumb_offset": str(self.thumb_offset)}
        frame = rendition.record.get("cover_frame")
        return {"thumb_offset": str(int(frame * 1000 / rendition.fps))} if isinstance(frame, int) else {}

    def _container(self, context: TargetContext, handle: Handle, fields: str) -> Reply | None:
        return self.ask_node(context, "asking Instagram how far the video is", str(handle["container"]), fields)

    def _received(self, context: TargetContext, handle: Handle) -> int | None:
        """How many bytes Instagram has; None if all."""
        reply = self._container(context, handle, "status_code,status,video_status")
        if reply is None:
            raise Restart("Instagram does not have the container any more")
        code = reply.need("status_code")
        if code in {"FINISHED", "PUBLISHED"}:
            return None
        _raise_for(code, reply)
        return graph.transferred(reply.get("video_status", "uploading_phase"))

    def _listed(self, context: TargetContext, handle: Handle) -> Published | None:
        """The post among those of the account since it was armed: by its caption."""
        armed = armed_at(handle)
        pages = self.ask_pages(
            context,
            "looking for the post on Instagram",
            f"/{self.ig_user}/media",
            fields="id,caption,timestamp,permalink",
            limit=PAGE,
            **({"since": int((armed - SKEW).timestamp())} if armed is not None else {}),
        )
        ours = [
            post
            for post in back_to(armed or EVER, pages, lambda post: post.get("timestamp"), most=PAGES, where="Instagram")
            if mark_of(str(post.get("caption") or "")) == handle.get("mark")
            and since(post.get("timestamp"), armed)
            and not handle.is_of_another(post.get("id"))
        ]
        if not ours:
            return None
        post = ours[-1]  # newest first: of several with the same words, the one that was made soonest after arming
        detail = {"container": handle["container"], "timestamp": post.get("timestamp")}
        identity = str(post.get("id"))
        return Published(self.shown_at(context, identity, str(post.get("permalink") or "")), identity, detail)


def _raise_for(code: Json, reply: Reply) -> None:
    """Raise what a container means that will not be published."""
    if code == "EXPIRED":
        raise Restart("the container on Instagram has expired: it is kept for 24 hours")
    if code != "ERROR":
        return
    status = str(reply.get("status", default=""))
    said = graph.reason_of(reply.get("video_status", "processing_phase"), status or "it does not say why")
    found = re.search(r"\b2207\d{3}\b", status)
    if found is not None and graph.MEANINGS.get(int(found[0])) in {Retry, Restart}:
        raise Restart(f"Instagram could not process the video: {said}")
    raise Refused(f"Instagram could not process the video: {said}", "look at the file, then resume the run")


def _word(flag: bool) -> str:
    return "true" if flag else "false"
