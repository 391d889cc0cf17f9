"""YouTube, as the YouTube Data API v3 documents it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.refusal import Refusal
from sandbox.request import ContentRange, Request
from sandbox.route import route
from sandbox.transfer import Transfer
from sandbox.trouble import ALL, DAY
from sandbox.youtube import channel
from sandbox.youtube.asking import announced_bytes, file_name_of, listed, number_of, parts_of, resource_of
from sandbox.youtube.errors import refused
from sandbox.youtube.metadata import checked_snippet, checked_status
from sandbox.youtube.quota import Quota
from sandbox.youtube.reports import result_table, video_asked
from sandbox.youtube.session import Session
from sandbox.youtube.tokens import refreshed
from sandbox.youtube.video import Video, thumbnails

#: Bytes of the largest thumbnail.
MOST_THUMBNAIL = 52_428_800
_WRITING = frozenset({"youtube.upload", "youtube.force-ssl", "youtube"})
_READING = frozenset({"youtube.readonly", "youtube.force-ssl", "youtube"})
_CHANGING = frozenset({"youtube.force-ssl", "youtube"})


class YouTube(Authorizing):
    """YouTube Data API v3: "Resumable Uploads", "Videos", "Thumbnails", "Channels", "PlaylistItems".

    `videos.insert` opens a session; its bytes are PUT there, in one go or in chunks, and `bytes */TOTAL` asks how many
    are there. The last byte makes the video, which is then processed. `videos.update` replaces whole parts, and makes
    it public. A video is public when it is processed and others than its owner can see it: unlisted ones too.

    Knobs: the attributes up to `units`, and those of `Authorizing`.
    """

    name = "youtube"
    moments = ("init", "chunk", "probe", "status", "thumbnail", "publish")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds = 3600
        self.channel = channel.Channel(f"UC{'sandbox':_<22}", "Sandbox")
        self.processing = 0.2  #: seconds until an upload is processed
        self.reject_processing = ""  #: what the next upload's processing ends with: a failureReason or rejectionReason
        self.refuse_duplicates = False  #: bytes that the channel has already are rejected as `duplicate`
        self.forced_private = False  #: the project is unaudited: whatever is asked for, videos are private
        self.signed_up = True  #: the account has a channel
        self.verified = True  #: the account may set thumbnails
        self.scopes = {"youtube.upload", "youtube.force-ssl", "yt-analytics.readonly"}  #: of every token
        self.session_seconds: float = DAY  #: until a session's URI is not found
        self.finished_status = 201  #: of the answer to the last byte; 200 is documented too
        self.breaks_after: int | None = None  #: of the next chunk so many bytes are kept, then 503
        self.daily_cap: int | None = None  #: uploads of the channel in 24 hours
        self.slow_lookup = 0.0  #: seconds for which the uploads playlist does not yet show a video
        self.inserts = Quota(100, self.clock)  #: uploads of the project in a day
        self.units = Quota(10_000, self.clock)  #: units for everything else
        self.thumbnails: dict[str, bytes] = {}  # the pictures that were set, by the id of their video
        self._sessions: dict[str, Session] = {}
        self._videos: dict[str, Video] = {}  # in the order in which they were made

    def settle(self) -> None:
        now = self.clock.now()
        for video in self._videos.values():
            video.come_due(now)
            since = video.seen_since(now)
            if since is None:
                if video.was_public:
                    self.taken_down.add(video.id)
                continue
            self.taken_down.discard(video.id)
            if not video.was_public:
                video.was_public = True
                ai = bool(video.status["containsSyntheticMedia"])
                account, detail = self.channel.id, video.detail
                self.publish(video.id, video.upload, account=account, text=video.text, ai=ai, detail=detail, at=since)

    def relax(self) -> None:
        super().relax()
        self.inserts.units = self.units.units = ALL
        self.daily_cap = None

    def moment(self, moment: str, request: Request) -> str:
        """A range without bytes asks how many there are."""
        asks = request.headers.get("content-range", "").startswith("bytes */")
        return "probe" if moment == "chunk" and asks else moment

    def unreadable(self, why: str) -> Refusal:
        return refused("parseError", why)

    @route("POST", "/token", "token")
    def token(self, request: Request) -> Answer:
        return refreshed(self, request, self.scopes)

    # Uploads.

    @route("POST", "/upload/youtube/v3/videos", "init")
    @route("POST", "/resumable/upload/youtube/v3/videos", "init")
    def insert(self, request: Request) -> Answer:
        self._let_in(request, _WRITING)
        if not self.signed_up:
            raise refused("youtubeSignupRequired")
        if request.query.get("uploadType") != "resumable":
            raise refused("mediaBodyRequired")
        parts, told = parts_of(request), resource_of(request)
        with self.lock:
            if not self.inserts.take(1):
                raise refused("quotaExceeded")
            total, name = announced_bytes(request), file_name_of(request)
            snippet = checked_snippet(told.get("snippet", {}) if "snippet" in parts else {"title": name})
            status = checked_status(told.get("status", {}) if "status" in parts else {})
            now = self.clock.now()
            lately = sum(1 for session in self._sessions.values() if session.opened_at > now - DAY)
            if self.daily_cap is not None and lately >= self.daily_cap:
                raise refused("uploadLimitExceeded")
            identity, transfer = uuid4().hex, Transfer(self.new_upload(total))
            self._sessions[identity] = Session(identity, now, total, parts, snippet, status, name, transfer)
        query = urlencode({"uploadType": "resumable", "upload_id": identity})
        return Answer(200, None, {"Location": f"{self.base}{request.path}?{query}"})

    @route("PUT", "/upload/youtube/v3/videos", "chunk")
    @route("PUT", "/resumable/upload/youtube/v3/videos", "chunk")
    def chunk(self, request: Request) -> Answer:
        session = self._session(request)
        asked = ContentRange.of(request.headers.get("content-range", ""))
        if session.video is None and (asked is None or asked.first is not None):
            after, self.breaks_after = self.breaks_after, None
            session.take(request, after)
        elif session.video is None and asked is not None and asked.total not in {None, session.total}:
            raise refused("badRequest", f"{session.total} bytes were announced.")
        with self.lock:
            video = session.video or (self._made(session) if session.whole else None)
            if video is None:
                return session.progress()
            return Answer(self.finished_status, video.resource(session.parts, self.clock.now()))

    def _session(self, request: Request) -> Session:
        """The session of a URI, which lets in by itself; a token that is sent along must be good."""
        with self.lock:
            session = self._sessions.get(request.query.get("upload_id", ""))
            good = "authorization" not in request.headers or self.knows(request.bearer)
            if good and session is not None and self.clock.now() < session.opened_at + self.session_seconds:
                return session
        raise refused("notFound" if good else "authError")

    def _made(self, session: Session) -> Video:
        """The last byte makes the video."""
        session.transfer.take_over()  # nobody adds to these bytes
        now, upload = self.clock.now(), session.transfer.upload
        failure, self.reject_processing = self.reject_processing, ""
        if self.refuse_duplicates and not failure:
            digest = upload.sha256
            failure = "duplicate" if any(one.upload.sha256 == digest for one in self._videos.values()) else ""
        identity, ready = uuid4().hex[:11], now + self.processing
        video = Video(identity, self.channel.id, session.snippet, {}, upload, session.file_name, now, ready, failure)
        video.set_status(self._locked(session.status), now)
        session.video = self._videos[identity] = video
        self.settle()
        return video

    def _locked(self, status: dict[str, Any]) -> dict[str, Any]:
        """What becomes of a status in an unaudited project."""
        if not self.forced_private:
            return status
        return {**{name: value for name, value in status.items() if name != "publishAt"}, "privacyStatus": "private"}

    @route("POST", "/upload/youtube/v3/thumbnails/set", "thumbnail")
    def set_thumbnail(self, request: Request) -> Answer:
        self._let_in(request, _WRITING, cost=50)
        with self.lock:
            video = self._video(request.query.get("videoId"))
        if not self.verified:
            raise refused("forbidden", "The thumbnail can't be set for the specified video.")
        if not request.body.length:
            raise refused("mediaBodyRequired")
        if request.body.length > MOST_THUMBNAIL:
            raise refused("uploadTooLarge")
        if request.content_type not in {"image/jpeg", "image/png", "application/octet-stream"}:
            raise refused("badContent", f"Media type '{request.content_type}' is not supported.")
        picture = request.body.read()
        if not picture.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
            raise refused("invalidImage")
        with self.lock:
            self.thumbnails[video.id] = picture
        return Answer(200, {"kind": "youtube#thumbnailSetResponse", "etag": '"1"', "items": [thumbnails(video.id)]})

    # Videos.

    @route("GET", "/youtube/v3/videos", "status")
    def list_videos(self, request: Request) -> Answer:
        self._let_in(request, _READING, cost=1)
        parts = parts_of(request)
        asked = [one for one in request.query.get("id", "").split(",") if one]
        if not asked:
            raise refused("missingRequiredParameter", "No filter selected. Expected one of: id", "id")
        if len(asked) > 50:
            raise refused("invalidValue", location="id")
        with self.lock:
            self.settle()
            now = self.clock.now()
            items = [self._videos[one].resource(parts, now) for one in asked if one in self._videos]
        return Answer(200, listed("video", items, len(items)))

    @route("PUT", "/youtube/v3/videos", "publish")
    def update(self, request: Request) -> Answer:
        self._let_in(request, _CHANGING, cost=50)
        parts, told = parts_of(request), resource_of(request)
        with self.lock:
            self.settle()
            video = self._video(told.get("id"))
            snippet = checked_snippet(told.get("snippet", {}), updating=True) if "snippet" in parts else video.snippet
            if "status" in parts:
                status = checked_status(told.get("status", {}))
                if "publishAt" in status and video.was_public:
                    raise refused("invalidPublishAt", location="body.status.publishAt")
                video.set_status(self._locked(status), self.clock.now())
            video.snippet = snippet
            self.settle()
            return Answer(200, video.resource(parts, self.clock.now()))

    @route("DELETE", "/youtube/v3/videos", "delete")
    def delete(self, request: Request) -> Answer:
        self._let_in(request, _CHANGING, cost=50)
        with self.lock:
            self.settle()
            video = self._video(request.query.get("id"))
            del self._videos[video.id]
            if video.was_public:
                self.taken_down.add(video.id)
        return Answer(204)

    def _video(self, identity: Any) -> Video:
        if not identity or not isinstance(identity, str):
            raise refused("required", "Required parameter: id", "id")
        if identity not in self._videos:
            raise refused("videoNotFound", location="id")
        return self._videos[identity]

    # The channel and its uploads.

    @route("GET", "/youtube/v3/channels", "channel")
    def list_channels(self, request: Request) -> Answer:
        self._let_in(request, _READING, cost=1)
        parts = parts_of(request, channel.PARTS)
        mine, asked = request.query.get("mine") == "true", request.query.get("id", "")
        if not mine and not asked:
            raise refused("missingRequiredParameter", "No filter selected. Expected one of: mine, id", "mine")
        found = self.signed_up and (mine or self.channel.id in asked.split(","))
        items = [self.channel.resource(parts, len(self.public))] if found else []
        return Answer(200, listed("channel", items, len(items)))

    @route("GET", "/youtube/v3/playlistItems", "uploads")
    def list_uploads(self, request: Request) -> Answer:
        self._let_in(request, _READING, cost=1)
        parts = parts_of(request, channel.ITEM_PARTS)
        playlist = request.query.get("playlistId")
        if not playlist:
            raise refused("missingRequiredParameter", "No filter selected. Expected one of: playlistId", "playlistId")
        if playlist != self.channel.uploads:
            raise refused("playlistNotFound", location="playlistId")
        most = number_of(request, "maxResults", 5, 50)
        first = number_of(request, "pageToken", 0, len(self._videos), reason="invalidPageToken")
        with self.lock:
            self.settle()
            until = self.clock.now() - self.slow_lookup
            shown = [video for video in reversed(self._videos.values()) if video.made_at <= until]
            page = enumerate(shown[first : first + most], first)
            answer = listed("playlistItem", [self.channel.item(one, parts, at) for at, one in page], len(shown), most)
        if first + most < len(shown):
            answer["nextPageToken"] = str(first + most)
        return Answer(200, answer)

    @route("GET", "/v2/reports", "metrics")
    def report(self, request: Request) -> Answer:
        """YouTube Analytics API, "Reports: query": one metric of one video, over all days."""
        self._let_in(request, frozenset({"yt-analytics.readonly"}))
        asked, now = video_asked(request), self.clock.now()
        with self.lock:
            self.settle()
            since = self._videos[asked].seen_since(now) if asked in self._videos else None
        return Answer(200, result_table(asked, -1.0 if since is None else now - since))

    def _let_in(self, request: Request, scopes: frozenset[str], cost: int = 0) -> None:
        """Ask for a good token with one of the scopes, and for units of the quota."""
        if not request.bearer:
            raise refused("authorizationRequired")
        if not self.knows(request.bearer):
            raise refused("authError")
        if not self.scopes & scopes:
            raise refused("insufficientPermissions")
        with self.lock:
            if cost and not self.units.take(cost):
                raise refused("quotaExceeded")
