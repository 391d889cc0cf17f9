"""A YouTube channel: a private upload that is processed first, and then made public by one call. Data API v3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from reelmill.content import Json
from tasks.publishing.account import Clockwork, Identity, Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.oauth import refreshed
from tasks.publishing.outcome import MayNotAsk, Refused, Restart, Wait
from tasks.publishing.targets.youtube import errors, metadata, processing, uploads
from tasks.publishing.targets.youtube.resource import Resource, items, part
from tasks.publishing.targets.youtube.session import GRAIN, Session, SessionGone

#: The largest file, in bytes, and the longest video, in seconds, that YouTube takes (YouTube Help, "Upload videos").
MOST_BYTES, MOST_SECONDS = 256_000_000_000, 12 * 3600
#: No video is older (the day of YouTube's first one).
FIRST_DAY = "2005-04-23"
#: So long a new upload may be missing from lists.
LATE = dt.timedelta(minutes=10)

_JSON = {"Content-Type": "application/json; charset=UTF-8"}


class YouTube(ApiTarget):
    """Uploads are private until YouTube has processed them; then one call makes them what `privacy` says.

    A vertical video of at most three minutes is a Short by itself.
    """

    safety = Safety.LOOK_UP
    profiles = ("youtube_shorts",)
    hosts: ClassVar = {
        "api": "https://www.googleapis.com",
        "analytics": "https://youtubeanalytics.googleapis.com",
        "login": "https://oauth2.googleapis.com",
    }
    upload_hosts = ("*.googleapis.com",)
    limits = Limits(per_day=100, zone=errors.ZONE, source="YouTube Data API: 100 videos.insert a day and project")
    clockwork = Clockwork(least=dt.timedelta(minutes=15), most=dt.timedelta(days=365))  # YouTube names neither
    certain_after = dt.timedelta(minutes=1)
    flags_ai = True
    tells_metrics = True
    unpublishes = True

    type: Literal["youtube"]

    privacy: Literal["public", "unlisted", "private"] = "public"
    """Who may see a video once it is published."""

    category: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")] = "22"
    """YouTube's number of a category; 22 is "People & Blogs"."""

    language: Annotated[str, StringConstraints(max_length=35)] = ""
    """The language of title and description, as BCP 47 writes it. Empty: YouTube guesses."""

    made_for_kids: bool = False
    """Declare that the videos are made for children, as the law of the United States (COPPA) asks."""

    notify_subscribers: bool = True
    """Tell the subscribers of a new video."""

    embeddable: bool = True
    """Other sites may show it."""

    license: Literal["youtube", "creativeCommon"] = "youtube"
    """What others may do with it: YouTube's standard licence, or Creative Commons, with attribution."""

    chunk_size: Annotated[int, Field(ge=GRAIN, multiple_of=GRAIN)] = 32 * 1024 * 1024
    """Bytes in one request, a multiple of 262144. A broken line costs that many at most; a chunk costs a round trip."""

    def judge(self, reply: Reply) -> None:
        errors.judge(reply)

    def keeps(self, at: dt.datetime) -> bool:
        """A time is for what is public then: `publishAt` makes a private video public, and nothing else of it."""
        return self.privacy == "public" and super().keeps(at)

    def renew(self, context: TargetContext, login: Login) -> Login:
        return refreshed(
            self.client(context),
            self.base(context, "login") + "/token",
            login,
            platform="Google",
            form={"client_id": login.client_id, "client_secret": login.client_secret},
            remedy=errors.LOG_IN,
        )

    def identify(self, context: TargetContext) -> Identity:
        """The channel of the login, by its handle, or by its title if it has none."""
        channel = uploads.channel(self._get(context), "snippet")
        told = part(channel, "snippet")
        return Identity(str(channel.get("id", "")), str(told.get("customUrl") or told.get("title", "")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(delivery.rendition, "YouTube", most_bytes=MOST_BYTES, most_seconds=MOST_SECONDS)
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if "video" in handle:
            return
        begun = "session" in handle
        if not begun:
            handle.remember(session=self._open(delivery, context))
        session = self._session(delivery, context, handle)
        try:
            there = session.probe() if begun else 0
            video = there if isinstance(there, str) else session.send(there)
        except SessionGone:
            video = self._survivor(delivery, context)
        handle.remember(video=video, uploaded_at=context.now().isoformat())

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        video = self._video(context, str(handle["video"]), "status,processingDetails")
        if video is None and context.now() - dt.datetime.fromisoformat(handle["uploaded_at"]) < LATE:
            raise Wait("YouTube does not show the upload yet", "", retry_after=processing.LATER)
        if video is None or processing.deleted(video):
            raise Restart("the upload is not at YouTube any more", "")
        processing.await_processed(video)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        video = str(handle["video"])
        wanted = self._status(self._public_at(delivery, context))
        reply = self.call(
            context,
            "publishing at YouTube",
            "PUT",
            "/youtube/v3/videos",
            irreversible=True,
            params={"part": "status"},
            headers=_JSON,
            json={"id": video, "status": wanted},
        )
        told = reply.get("status", default=None)
        return self._published(context, video, told if isinstance(told, Mapping) else wanted)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        identity = self._identity(delivery, context, handle)
        if identity is None:
            return None
        video = self._video(context, identity, "status")
        if video is None or processing.deleted(video):
            raise Refused("the video is not at YouTube any more: somebody removed it", processing.SEE_STUDIO)
        status = part(video, "status")
        processing.raise_if_refused(status)
        done = status.get("publishAt") is not None or status.get("privacyStatus") == self.privacy
        return self._published(context, identity, status) if done else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        video = self._video(context, published.platform_id, "status")
        if video is None:
            return ReadBack(public=False, detail={"why": "YouTube has it no more"})
        status = part(video, "status")
        detail = {**_seen(status), "url": published.url}
        if status.get("privacyStatus") == "private" and self.privacy != "private" and not status.get("publishAt"):
            detail["why"] = "YouTube keeps the uploads of a Google Cloud project private that it has not audited"
        public = (
            None if status.get("publishAt") else status.get("privacyStatus") == "public"
        )  # None: its time will come
        return ReadBack(public=public, labelled=status.get("containsSyntheticMedia"), detail=detail)

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """Delete the video."""
        query = {"id": published.platform_id}
        self.call(context, "deleting at YouTube", "DELETE", "/youtube/v3/videos", params=query, accept=(404,))

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        video = self._video(context, published.platform_id, "statistics")
        told = part(video or {}, "statistics")  # numbers as text; what the owner hides is not there
        counts = [str(told.get(f"{what}Count", "")) for what in ("view", "like", "comment")]
        views, likes, comments = (int(count) if count.isdecimal() else None for count in counts)
        return Metrics(views, likes, comments, watch_seconds=self._watched(context, published.platform_id))

    def _watched(self, context: TargetContext, identity: str) -> float | None:
        """Seconds for which people have watched a video, which YouTube knows some two days late.

        `reports.query` of the YouTube Analytics API. None without its scope, `yt-analytics.readonly`.
        """
        query = {
            "ids": "channel==MINE",
            "startDate": FIRST_DAY,
            "endDate": context.now().date().isoformat(),
            "metrics": "estimatedMinutesWatched",
            "filters": f"video=={identity}",
        }
        try:
            reply = self.ask(context, "asking YouTube for the time", "/v2/reports", host="analytics", params=query)
        except MayNotAsk:
            return None
        minutes = reply.get("rows", 0, 0)  # no row: nothing is known yet
        return minutes * 60.0 if isinstance(minutes, int | float) else None

    # What the calls share.

    def _get(self, context: TargetContext) -> uploads.Get:
        def get(doing: str, path: str, *, accept: tuple[int, ...] = (), **query: str | int) -> Reply:
            return self.ask(context, doing, path, accept=accept, params=query)

        return get

    def _video(self, context: TargetContext, identity: str, parts: str) -> Resource | None:
        reply = self._get(context)("asking YouTube about the video", "/youtube/v3/videos", part=parts, id=identity)
        found = items(reply)
        return found[0] if found else None

    def _open(self, delivery: Delivery, context: TargetContext) -> str:
        """The address of a new upload session. Without bytes it comes to nothing."""
        snippet = metadata.snippet(delivery, self.category, self.language)
        reply = self.call(
            context,
            "asking YouTube for an upload",
            "POST",
            "/upload/youtube/v3/videos",
            params={
                "uploadType": "resumable",
                "part": "snippet,status",
                "notifySubscribers": str(self.notify_subscribers).lower(),
            },
            headers={
                **_JSON,
                "X-Upload-Content-Length": str(delivery.rendition.size_bytes),
                "X-Upload-Content-Type": "video/mp4",
                "Slug": metadata.file_name(delivery),
            },
            json={"snippet": snippet, "status": {**self._status(None), "privacyStatus": "private"}},
        )
        return self.client(context).check_address(reply.headers.get("location", ""), self.upload_hosts)

    def _session(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Session:
        rendition = delivery.rendition
        address = self.client(context).check_address(str(handle["session"]), self.upload_hosts)

        def put(doing: str, **how: Json) -> Reply:
            return self.call(context, doing, "PUT", address, **how)

        return Session(put, rendition.path, rendition.size_bytes, self.chunk_size)

    def _survivor(self, delivery: Delivery, context: TargetContext) -> str:
        """The video that a session brought which is over."""
        found = uploads.find(self._get(context), metadata.file_name(delivery), metadata.title(delivery))
        if found is None:
            raise Restart("YouTube has forgotten the upload session", "")
        return found

    def _identity(self, delivery: Delivery, context: TargetContext, handle: Handle) -> str | None:
        """The id of the video, whatever is known of it; None if there is none yet."""
        if "video" in handle:
            return str(handle["video"])
        if "session" not in handle:
            return uploads.find(self._get(context), metadata.file_name(delivery), metadata.title(delivery))
        try:
            found = self._session(delivery, context, handle).probe()
        except SessionGone:
            return self._survivor(delivery, context)
        return found if isinstance(found, str) else None

    def _public_at(self, delivery: Delivery, context: TargetContext) -> dt.datetime | None:
        """When YouTube is to make it public by itself; None: now."""
        when = delivery.public_at
        return when if when is not None and self.privacy == "public" and when > context.now() else None

    def _status(self, public_at: dt.datetime | None) -> dict[str, Json]:
        """The whole part `status`: an update replaces all of it."""
        return {
            "privacyStatus": "private" if public_at else self.privacy,
            **({"publishAt": f"{public_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"} if public_at else {}),
            "selfDeclaredMadeForKids": self.made_for_kids,
            "containsSyntheticMedia": True,
            "embeddable": self.embeddable,
            "license": self.license,
        }

    def _published(self, context: TargetContext, video: str, status: Mapping[str, Json]) -> Published:
        """Never fails: it is said after the video was published."""
        seen = _seen(status)
        return Published(
            url=self.shown_at(context, video, f"https://www.youtube.com/watch?v={video}"),
            platform_id=video,
            detail=seen,
            settled=seen.get("privacy") == "public" or seen.get("public_at") is None,  # else it waits for its time
        )


def _seen(status: Mapping[str, Json]) -> dict[str, Json]:
    """What the ledger keeps of a video's status."""
    return {"privacy": status.get("privacyStatus"), "public_at": status.get("publishAt")}
