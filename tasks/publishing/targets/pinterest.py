"""Pinterest: a video that a signed form brings to a bucket, and a pin with a cover."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from reelmill.content import Json
from tasks.publishing.account import Identity
from tasks.publishing.api import ApiTarget
from tasks.publishing.attempt import armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.oauth import refreshed
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.recognition import same_words, since
from tasks.publishing.wording import caption_of, shortened, title_of

#: Characters. Source: Pinterest, API v5.23.0, PinCreate.
LONGEST_TITLE, LONGEST_TEXT, LONGEST_ALT = 100, 800, 500
#: Bytes and seconds. Source: Pinterest Help as its readers quote it, "Create a video Pin".
LARGEST = 2_000_000_000
SHORTEST, LONGEST = 4.0, 900.0
#: Seconds between two looks at a video that is processed.
PROCESSING = 5.0
#: Pins of a board that a look-up asks for at once (the most that the API gives), and how often at most.
PAGE, PAGES = 250, 40
#: Days that the analytics of a pin reach back. Source: Pinterest, API v5.23.0, pins/analytics.
ANALYSED = 89
_SUMMED = ("IMPRESSION", "SAVE", "PIN_CLICK", "OUTBOUND_CLICK", "VIDEO_MRC_VIEW", "VIDEO_V50_WATCH_TIME")
_LIFETIME = ("TOTAL_REACTIONS", "TOTAL_COMMENTS")
_REMEDY = "log in to Pinterest again, with the scopes boards:read, pins:read and pins:write, and put the login there"


class Pinterest(ApiTarget):
    """Pins a video to a board.

    A pin has neither an idempotency key nor an AI flag, and cannot be scheduled. It is found again among the board's
    pins by its words, and by the end of its alt text, which names the post.
    """

    safety = Safety.LOOK_UP
    hosts: ClassVar = {"api": "https://api.pinterest.com"}
    upload_hosts = ("*.amazonaws.com",)
    profiles = ("pinterest", "instagram_reels", "youtube_shorts", "tiktok")
    certain_after = dt.timedelta(minutes=2)
    discloses = "a line in the description"
    tells_metrics = True
    unpublishes = True

    type: Literal["pinterest"]

    board: Annotated[str, StringConstraints(pattern=r"^\d{1,32}$")]
    """The number of the board that is pinned to."""

    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)] = ""
    """The page that a click on a pin leads to."""

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.board

    def identify(self, context: TargetContext) -> Identity:
        reply = self.ask(context, "asking Pinterest whose the login is", "/v5/user_account")
        return Identity(str(reply.get("id", default="") or reply.need("username")), str(reply.need("username")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(delivery.rendition, "Pinterest", most_bytes=LARGEST, least_seconds=SHORTEST, most_seconds=LONGEST)
        self.require_account(context)
        # Seen before a post is made: a board that cannot be listed would leave every doubt to a person.
        doing = "asking Pinterest for the board"
        path = f"/v5/boards/{self.board}/pins"
        if self.call(context, doing, "GET", path, params={"page_size": 1}, accept=(404,)).status == 404:
            raise Refused(f"Pinterest has no board {self.board} that the login may see", "correct `board`")

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """One form. It cannot be continued: what the bucket did not take whole is sent again, as another video."""
        if handle.get("uploaded"):
            return
        if "media" not in handle or self._state(context, handle) == "registered":
            doing = "asking Pinterest for an upload"
            reply = self.call(context, doing, "POST", "/v5/media", json={"media_type": "video"})
            url, fields = reply.need("upload_url"), reply.need("upload_parameters")
            if not isinstance(fields, dict):
                raise Retry(f"{doing}: the answer has no form", "try again later")
            # The form is signed: it goes into no ledger.
            handle.remember(media=reply.need("media_id"))
            client = self.client(context)
            with delivery.rendition.path.open("rb") as video:
                client.call(
                    "sending the video to Pinterest's bucket",
                    "POST",
                    client.check_address(url, self.upload_hosts),
                    judge=_judge_form,
                    form={name: str(value) for name, value in fields.items()},
                    files={"file": ("video.mp4", video, "video/mp4")},  # after the other fields, as the bucket wants it
                )
        handle.remember(uploaded=True)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        state = self._state(context, handle)
        if state != "succeeded":
            raise Wait(f"Pinterest's video is {state}", retry_after=PROCESSING)

    def _state(self, context: TargetContext, handle: Handle) -> str:
        doing = "asking Pinterest for the state of the video"
        reply = self.call(context, doing, "GET", f"/v5/media/{handle['media']}", accept=(404,))
        if reply.status == 404:
            raise Restart("Pinterest does not know the video any more")
        state = str(reply.need("status"))
        if state == "failed":
            reason = reply.get("failure_code", default="it does not say why")
            raise Refused(f"Pinterest cannot process the video: {reason}", "deliver another profile")
        return state

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        cover = base64.b64encode(delivery.rendition.cover.read_bytes()).decode("ascii")
        source = {"source_type": "video_id", "media_id": handle["media"], "cover_image_content_type": "image/jpeg"}
        pin = {**self._words(delivery), "board_id": self.board, "media_source": {**source, "cover_image_data": cover}}
        with attempt(handle, context.now()):
            reply = self.call(context, "pinning on Pinterest", "POST", "/v5/pins", irreversible=True, json=pin)
        identity = reply.get("id")
        if not identity:
            raise Ambiguous("pinning on Pinterest: the answer does not say what the pin is called")
        return self._published(context, str(identity))

    def _words(self, delivery: Delivery) -> dict[str, str]:
        mark = _mark(delivery)
        words = {
            "title": title_of(delivery, LONGEST_TITLE),
            "description": caption_of(delivery, LONGEST_TEXT, disclose=True),
            "alt_text": f"{shortened(delivery.text.title, LONGEST_ALT - len(mark) - 1)} {mark}",
        }
        return {**words, "link": self.link} if self.link else words

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """Among the pins of the board: the one whose alt text names the post.

        If a pin is shown without its alt text, the one with these words that was made since the call was sent.
        """
        words, armed = self._words(delivery), armed_at(handle)
        for pin in self._pins(context):
            if pin.get("alt_text"):
                found = str(pin["alt_text"]).rstrip().endswith(_mark(delivery))
            else:
                same = all(same_words(pin.get(name), words[name]) for name in ("title", "description"))
                new = armed is not None and since(pin.get("created_at"), armed, silent=False)
                found = same and new and not handle.is_of_another(pin.get("id"))
            if found:
                return self._published(context, str(pin.get("id")))
        return None

    def _pins(self, context: TargetContext) -> Iterator[Mapping[str, Json]]:
        """All of the board. Their order is not documented."""
        bookmark: Json = None
        for _ in range(PAGES):
            params = {"page_size": PAGE, **({"bookmark": bookmark} if bookmark else {})}
            reply = self.ask(context, "looking the pin up on Pinterest", f"/v5/boards/{self.board}/pins", params=params)
            yield from (pin for pin in reply.need_list("items") if isinstance(pin, dict))
            bookmark = reply.get("bookmark")
            if not bookmark:
                return
        # It may be among the others, and nothing says that it comes sooner another time.
        raise Ambiguous("looking the pin up on Pinterest: the board has more pins than are read", "look at the board")

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """The pin as its owner sees it. Whether the board is a secret one, only the board says."""
        doing = "reading the pin back from Pinterest"
        reply = self.call(context, doing, "GET", f"/v5/pins/{published.platform_id}", accept=(404,))
        if reply.status == 404:
            return ReadBack(public=False)
        board = self.call(context, "asking Pinterest for the board", "GET", f"/v5/boards/{self.board}", accept=(404,))
        privacy = board.get("privacy")
        return ReadBack(
            public=None if privacy is None else privacy == "PUBLIC",
            detail={"privacy": privacy, "created_at": reply.get("created_at"), "description": reply.get("description")},
        )

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        today = context.now().date()
        reply = self.call(
            context,
            "asking Pinterest for numbers",
            "GET",
            f"/v5/pins/{published.platform_id}/analytics",
            params={
                "start_date": (today - dt.timedelta(days=ANALYSED)).isoformat(),
                "end_date": today.isoformat(),
                "metric_types": ",".join((*_SUMMED, *_LIFETIME)),
            },
        )
        summed = reply.get("all", "summary_metrics", default={}) or {}
        lifetime = reply.get("all", "lifetime_metrics", default={}) or {}
        watched = summed.get("VIDEO_V50_WATCH_TIME")  # milliseconds
        return Metrics(
            views=summed.get("VIDEO_MRC_VIEW"),
            likes=lifetime.get("TOTAL_REACTIONS"),
            comments=lifetime.get("TOTAL_COMMENTS"),
            shares=summed.get("SAVE"),  # who saves a pin shows it on a board of his own
            watch_seconds=watched / 1000 if isinstance(watched, int | float) else None,
            detail=dict(summed),
        )

    def unpublish(self, context: TargetContext, published: Published) -> None:
        path = f"/v5/pins/{published.platform_id}"
        self.call(context, "taking the pin off Pinterest", "DELETE", path, accept=(404,))

    def _published(self, context: TargetContext, pin: str) -> Published:
        return Published(self.shown_at(context, pin, f"https://www.pinterest.com/pin/{pin}/"), pin)

    def judge(self, reply: Reply) -> None:
        said = f"{reply.doing}: {reply.status} {reply.quote}"
        if reply.status == 401:
            raise Reauthorise(said, _REMEDY)
        if reply.status == 429:
            resets = reply.headers.get("x-ratelimit-reset", "")
            wait = float(resets) if resets.isdecimal() else None
            raise Retry(said, "try again later", retry_after=reply.retry_after if wait is None else wait)

    def renew(self, context: TargetContext, login: Login) -> Login:
        client = base64.b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode("ascii")
        return refreshed(
            self.client(context),
            self.base(context) + "/v5/oauth/token",
            login,
            platform="Pinterest",
            remedy=_REMEDY,
            headers={"Authorization": f"Basic {client}"},
        )


def _judge_form(reply: Reply) -> None:
    """A form is signed for a time only."""
    if reply.status in {401, 403, 404}:
        raise Restart(f"{reply.doing}: {reply.status}: the form is not good any more")


def _mark(delivery: Delivery) -> str:
    """What stands at the end of the alt text of this post's pin, and of no other's."""
    return f"({str(delivery.post_id)[:13]})"
