"""Facebook: Reels of a page, started, sent and finished; at once, or by Facebook's own clock."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any, ClassVar, Literal

from tasks.publishing import graph
from tasks.publishing.account import Clockwork, Identity, Limits
from tasks.publishing.attempt import armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.graph import GraphId, GraphTarget
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Wait
from tasks.publishing.recognition import EVER, SKEW, back_to, moment
from tasks.publishing.targets.facebook.video import VideoStatus
from tasks.publishing.wording import caption_of, title_of

#: Video API, "Reels publishing" (2026-07): seconds and frames a second. It names no size: 1 GB is what older texts say.
MOST_BYTES, LEAST_SECONDS, MOST_SECONDS, FPS = 1_000_000_000, 3, 90, (24, 60)
#: Characters of title and description. Not documented: what the page's own form takes.
LONGEST_TITLE, LONGEST_DESCRIPTION = 255, 2200
#: Seconds between two questions after a video.
CADENCE = 15.0
#: An upload takes time: a post is given to Facebook's clock only if so much more than the least is left.
SPARE = dt.timedelta(minutes=1)
#: Reels that a look-up asks for at once, and how often at most.
PAGE, PAGES = 50, 20

log = logging.getLogger("reelmill.publishing")


class Facebook(GraphTarget):
    """Reels of a page. A video has its id before the first byte, and tells by it whether it was published.

    See developers.facebook.com/docs/video-api/guides/reels-publishing.
    """

    safety = Safety.LOOK_UP
    profiles = ("facebook_reels", "instagram_reels")
    limits = Limits(per_day=30, source="Video API of Meta, Reels publishing: 30 in any 24 hours")
    clockwork = Clockwork(least=dt.timedelta(minutes=10), most=dt.timedelta(days=29))
    certain_after = dt.timedelta(minutes=5)
    flags_ai = True
    tells_metrics = True
    unpublishes = True

    #: Where people see a video.
    site: ClassVar[str] = "https://www.facebook.com"

    type: Literal["facebook"]
    page: GraphId
    """The id of the page. The token is one of the page, or of somebody who may post there."""

    cover: bool = True
    """Send the rendition's cover too. Without it Facebook chooses a frame."""

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.page

    def identify(self, context: TargetContext) -> Identity:
        reply = self.ask_edge(context, "asking Facebook for the page", f"/{self.page}", fields="id,name")
        return Identity(str(reply.get("id", default=self.page)), str(reply.get("name", default="")))

    def renew(self, context: TargetContext, login: Login) -> Login:
        """Exchange the person's token, and ask with it for the one of the page (Pages API, "Page access tokens")."""
        fresh = super().renew(context, login)
        doing = "asking Facebook for the token of the page"

        def judge(reply: Reply) -> None:
            if graph.missing(reply):
                raise Reauthorise(f"{doing}: the login may not see it", graph.LOG_IN)
            self.judge(reply)

        reply = self.client(context).call(
            doing,
            "GET",
            f"{self.base(context)}/{self.version}/{self.page}",
            headers=self.authorised(fresh.access_token),
            params={"fields": "access_token"},
            judge=judge,
        )
        token = reply.get("access_token")
        if not isinstance(token, str) or not token:
            raise Reauthorise(f"{doing}: the login may not post there", graph.LOG_IN)
        lives = (fresh.expires_at - context.now()).total_seconds() if fresh.expires_at is not None else None
        return fresh.renewed(token, lives)

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(
            delivery.rendition,
            "Facebook",
            most_bytes=MOST_BYTES,
            least_seconds=LEAST_SECONDS,
            most_seconds=MOST_SECONDS,
            fps=FPS,
        )
        self.require_account(context)
        latest = context.now() + self.clockwork.most
        if delivery.public_at is not None and delivery.public_at > latest:
            until = delivery.public_at - self.clockwork.most
            raise Defer("Facebook keeps a post for at most 29 days", "it is sent later", until=until)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if not handle.get("uploaded"):
            offset: int | None = 0
            if "video" in handle:
                offset = self._received(context, handle)
            else:
                self._start(context, handle)
            path = delivery.rendition.path
            if offset is not None and offset < path.stat().st_size:
                self.send(context, "sending the video to Facebook", str(handle["upload_url"]), path, offset)
            handle.remember(uploaded=True)
        if self.cover and "cover" not in handle:
            handle.remember(cover=self._send_cover(delivery, context, str(handle["video"])))

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        status = self._status(context, handle)
        if status is None:
            raise Restart("Facebook does not have the video any more")
        status.require_good()
        if status.received is not None:
            raise Wait("Facebook puts the video together", retry_after=CADENCE)
        self._state(delivery, context, self.clockwork.least + SPARE)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        video = str(handle["video"])
        if armed_at(handle) is not None and (found := self.look_up(delivery, context, handle)) is not None:
            return found  # what an attempt before this one made
        state = self._state(delivery, context, self.clockwork.least)
        form = {
            "upload_phase": "finish",
            "video_id": video,
            "title": title_of(delivery, LONGEST_TITLE),
            "description": caption_of(delivery, LONGEST_DESCRIPTION),
            "is_ai_generated": "true",
            **state,
        }
        how: dict[str, Any] = {"form": form, "judge": self.judge_publishing, "irreversible": True}
        with attempt(handle, context.now()):
            reply = self.request(context, "publishing on Facebook", "POST", f"/{self.page}/video_reels", **how)
        if reply.get("success") is not True:
            raise Ambiguous(f"{reply.doing}: the answer is neither yes nor no: {reply.quote}")
        return self._published(context, video, {"state": state["video_state"]}, settled=False)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        if "video" not in handle:
            return None
        video = str(handle["video"])
        status = self._status(context, handle)
        if status is None:
            return self._listed(context, handle)
        if status.published:
            return self._published(context, video, {"state": "PUBLISHED"})
        if status.scheduled:
            detail = {"state": "SCHEDULED", "publish_time": status.publishing.get("publish_time")}
            return self._published(context, video, detail, settled=False)
        status.require_good()
        if status.processing:
            raise Wait("Facebook works on the video", retry_after=CADENCE)
        # The list may name videos that are not public: it is asked only where the video itself says nothing.
        return None if status.publishing else self._listed(context, handle)

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether it is public. The AI flag can be set and not be read."""
        reply = self.ask_node(
            context, "reading the post back from Facebook", published.platform_id, "status,permalink_url"
        )
        if reply is None:
            return ReadBack(public=False)
        link = str(reply.get("permalink_url", default=""))
        url = self.site + link if link.startswith("/") else link
        state = reply.get("status", "publishing_phase", "publish_status")
        waits = state in {None, "scheduled"}  # it does not say, or its time will come
        public = None if waits else state == "published"
        return ReadBack(public=public, detail={"url": url or published.url, "publish_status": state})

    def unpublish(self, context: TargetContext, published: Published) -> None:
        def judge(reply: Reply) -> None:
            if not graph.missing(reply):
                self.judge(reply)

        path = f"/{published.platform_id}"
        self.request(context, "taking a post down from Facebook", "DELETE", path, judge=judge, accept={400, 404})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        """The insights of a reel (Video Insights), over its life."""
        reply = self.request(
            context,
            "asking Facebook for the numbers of a post",
            "GET",
            f"/{published.platform_id}/video_insights",
            params={
                "metric": "blue_reels_play_count,post_video_likes_by_reaction_type,post_video_social_actions,"
                "post_video_view_time"
            },
        )
        told = graph.insights(reply)
        watched = graph.count(told.get("post_video_view_time"))  # in milliseconds
        actions = graph.mapping(told.get("post_video_social_actions"))
        return Metrics(
            graph.count(told.get("blue_reels_play_count")),
            graph.count(told.get("post_video_likes_by_reaction_type")),
            graph.count(actions.get("COMMENT")),
            graph.count(actions.get("SHARE")),
            watched / 1000 if watched is not None else None,
        )

    def _start(self, context: TargetContext, handle: Handle) -> None:
        reply = self.request(
            context,
            "asking Facebook for an upload",
            "POST",
            f"/{self.page}/video_reels",
            json={"upload_phase": "start"},
        )
        video, url = str(reply.need("video_id")), str(reply.need("upload_url"))
        self.client(context).check_address(url, self.upload_hosts)
        handle.remember(video=video, upload_url=url, started=context.now().isoformat())

    def _send_cover(self, delivery: Delivery, context: TargetContext, video: str) -> bool:
        """Whether it was taken. One that is refused does not keep a video from being posted."""
        cover = delivery.rendition.cover.read_bytes()
        try:
            self.request(
                context,
                "sending the cover to Facebook",
                "POST",
                f"/{video}/thumbnails",
                form={"is_preferred": "true"},
                files={"source": ("cover.jpg", cover, "image/jpeg")},
            )
        except Refused as error:
            log.warning("the post goes out without its own cover: %s", error.reason)
            return False
        return True

    def _status(self, context: TargetContext, handle: Handle) -> VideoStatus | None:
        """What Facebook says of a video; None if it does not have it."""
        reply = self.ask_node(context, "asking Facebook how far the video is", str(handle["video"]), "status")
        if reply is None:
            return None
        reply.need("status", "video_status")
        return VideoStatus(graph.mapping(reply.get("status")))

    def _received(self, context: TargetContext, handle: Handle) -> int | None:
        """How many bytes Facebook has; None if all."""
        status = self._status(context, handle)
        if status is None:
            raise Restart("Facebook does not have the video any more")
        status.require_good()
        return status.received

    def _state(self, delivery: Delivery, context: TargetContext, least: dt.timedelta) -> dict[str, str]:
        """How the video is to be published.

        Raises
        ------
        Wait
            If its time is near: too near for Facebook's clock, and not here yet.
        """
        at = delivery.public_at
        if at is None or at <= context.now():
            return {"video_state": "PUBLISHED"}
        ahead = at - context.now()
        if ahead < least:
            raise Wait("its time is too near for Facebook's clock", retry_after=ahead.total_seconds())
        return {"video_state": "SCHEDULED", "scheduled_publish_time": str(int(at.timestamp()))}

    def _listed(self, context: TargetContext, handle: Handle) -> Published | None:
        """The video among those of the page since its upload began, by its id."""
        started = moment(handle.get("started"))
        pages = self.ask_pages(
            context,
            "looking for the post on Facebook",
            f"/{self.page}/video_reels",
            fields="id,description,updated_time",
            limit=PAGE,
            **({"since": int((started - SKEW).timestamp())} if started is not None else {}),
        )
        reels = back_to(started or EVER, pages, lambda one: one.get("updated_time"), most=PAGES, where="Facebook")
        there = any(str(one.get("id")) == handle["video"] for one in reels)
        return self._published(context, str(handle["video"]), {"state": "PUBLISHED"}) if there else None

    def _published(
        self, context: TargetContext, video: str, detail: dict[str, Any], *, settled: bool = True
    ) -> Published:
        return Published(self.shown_at(context, video, f"{self.site}/reel/{video}"), video, detail, settled)
