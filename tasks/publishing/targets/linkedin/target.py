"""LinkedIn: a video that is sent in ranges, and a post that its author may not be able to read back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any, Literal
from urllib.parse import quote

from reelmill.content import Json
from tasks.publishing.account import Limits
from tasks.publishing.attempt import armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Refused, Restart, Retry, Wait
from tasks.publishing.recognition import back_to
from tasks.publishing.slices import Slice
from tasks.publishing.targets.linkedin.api import PROCESSING, LinkedInApi
from tasks.publishing.targets.linkedin.little_text import little_text
from tasks.publishing.wording import caption_of, title_of

#: Characters, bytes and seconds. Source: LinkedIn, Videos API and Posts API, of which the schema allows 5 GB.
LONGEST_TEXT, LONGEST_TITLE = 3000, 200
SMALLEST, LARGEST = 75_000, 500_000_000
SHORTEST, LONGEST = 3.0, 1800.0
#: Posts that a look-up asks for at once (the most that the finder gives), and how often at most.
PAGE, PAGES = 100, 20


class LinkedIn(LinkedInApi):
    """Posts a video for a member or an organisation, through the Videos API and the Posts API.

    Nothing can be scheduled, and there is no AI flag.
    """

    profiles = ("linkedin", "instagram_reels", "facebook_reels", "youtube_shorts")
    limits = Limits(per_day=150, source="adapters: about 150 posts of a member in a day")
    certain_after = dt.timedelta(minutes=2)
    discloses = "a line in the commentary"
    tells_metrics = True
    unpublishes = True

    visibility: Literal["PUBLIC", "CONNECTIONS", "LOGGED_IN"] = "PUBLIC"
    """Who sees the post."""

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(
            delivery.rendition,
            "LinkedIn",
            least_bytes=SMALLEST,
            most_bytes=LARGEST,
            least_seconds=SHORTEST,
            most_seconds=LONGEST,
        )
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if handle.get("uploaded"):
            return
        if "video" not in handle:
            self._initialize(delivery, context, handle)
        if not (handle.get("finalizing") and self._state(context, handle) != "WAITING_UPLOAD"):
            self._send(delivery, context, handle)
            handle.remember(finalizing=True)
            asked = {
                "video": handle["video"],
                "uploadToken": handle["upload_token"],
                "uploadedPartIds": handle["etags"],
            }
            self.call(
                context,
                "telling LinkedIn that the video is whole",
                "POST",
                "/rest/videos",
                params={"action": "finalizeUpload"},
                json={"finalizeUploadRequest": asked},
            )
        handle.remember(uploaded=True)

    def _initialize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        size = delivery.rendition.size_bytes
        asked = {"owner": self.author, "fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}
        reply = self.call(
            context,
            "asking LinkedIn for an upload",
            "POST",
            "/rest/videos",
            params={"action": "initializeUpload"},
            json={"initializeUploadRequest": asked},
        )
        handle.remember(
            video=reply.need("value", "video"),
            upload_token=reply.get("value", "uploadToken", default=""),
            expires=reply.get("value", "uploadUrlsExpireAt"),
            parts=_parts(reply, size),
            etags=[],
        )

    def _send(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Each range that has no ETag yet. What was sent and not acknowledged is sent again."""
        client, etags = self.client(context), list(handle["etags"])
        for url, first, last in handle["parts"][len(etags) :]:
            expires = handle["expires"]  # milliseconds since 1970
            if isinstance(expires, int) and expires <= _milliseconds(context):
                raise Restart("the addresses of LinkedIn's upload have expired", "")
            reply = client.call(
                "sending the video to LinkedIn",
                "PUT",
                client.check_address(url, self.upload_hosts),
                judge=_judge_part,
                headers={"Content-Type": "application/octet-stream"},
                body=Slice(delivery.rendition.path, first, last - first + 1),
            )
            etag = reply.headers.get("etag", "").strip('"')
            if not etag:
                raise Retry("sending the video to LinkedIn: the answer has no ETag", "try again later")
            etags.append(etag)
            handle.remember(etags=list(etags))

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        state = self._state(context, handle)
        if state != "AVAILABLE":
            raise Wait(f"LinkedIn's video is {state}", retry_after=PROCESSING)

    def _state(self, context: TargetContext, handle: Handle) -> str:
        path = f"/rest/videos/{quote(str(handle['video']), safe='')}"
        reply = self.call(context, "asking LinkedIn for the state of the video", "GET", path, accept=(404,))
        if reply.status == 404:
            raise Restart("LinkedIn does not know the video any more", "")
        state = str(reply.need("status"))
        if state == "PROCESSING_FAILED":
            reason = reply.get("processingFailureReason", default="it does not say why")
            raise Refused(f"LinkedIn cannot process the video: {reason}", "deliver another profile")
        return state

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        known = set(delivery.text.hashtags)
        text = caption_of(
            delivery, LONGEST_TEXT, length=lambda words: len(little_text(words, known)), disclose=True, title=True
        )
        post: dict[str, Json] = {
            "author": self.author,
            "commentary": little_text(text, known),
            "visibility": self.visibility,
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": {"media": {"id": handle["video"], "title": title_of(delivery, LONGEST_TITLE)}},
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        again = armed_at(handle) is not None
        how: dict[str, Any] = {"json": post, "irreversible": True, "judge": partial(self._judge_post, again)}
        with attempt(handle, context.now()):
            reply = self.call(context, "posting on LinkedIn", "POST", "/rest/posts", **how)
        urn = reply.headers.get("x-restli-id", "")
        if not urn:
            raise Ambiguous("posting on LinkedIn: the answer does not say what the post is called")
        return self._published(context, urn)

    def _judge_post(self, again: bool, reply: Reply) -> None:
        """A duplicate of a call whose answer did not come may be that call's own post."""
        if again and reply.get("code") == "DUPLICATE_POST":
            raise Ambiguous(f"{reply.doing}: {reply.status} {reply.quote}")
        self.judge(reply)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """By the video, among the organisation's posts since the call was sent. They come with the latest one first."""
        armed = armed_at(handle)
        if not self.is_organisation or armed is None:
            return None
        for post in back_to(armed, self._latest(context), _changed, most=PAGES, where="LinkedIn"):
            if _video_of(post) == handle["video"]:
                return self._published(context, str(post.get("id", "")))
        return None

    def _latest(self, context: TargetContext) -> Iterator[list[dict[str, Json]]]:
        """The organisation's posts by pages, to the end of the list."""
        for page in count():
            reply = self.ask(
                context,
                "looking the post up on LinkedIn",
                "/rest/posts",
                params={"q": "author", "author": self.author, "start": page * PAGE, "count": PAGE},
                headers={"X-RestLi-Method": "FINDER"},
            )
            posts = reply.need_list("elements")
            if not posts:
                return
            yield [post for post in posts if isinstance(post, dict)]

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """A member's token may not read posts."""
        if not self.is_organisation:
            return ReadBack()
        reply = self.call(
            context, "reading the post back from LinkedIn", "GET", _path("posts", published), accept=(404,)
        )
        if reply.status == 404:
            return ReadBack(public=False)
        state, visibility = reply.get("lifecycleState"), reply.get("visibility")
        public = state == "PUBLISHED" and visibility == "PUBLIC" if self.visibility == "PUBLIC" else None
        return ReadBack(public=public, detail={"state": state, "visibility": visibility})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        """Of an organisation's post: the statistics of its shares. LinkedIn tells a member nothing."""
        if not self.is_organisation:
            return Metrics()
        kind = "ugcPosts" if ":ugcPost:" in published.platform_id else "shares"
        # The parentheses of a list are part of the protocol and must not be escaped, its items must be.
        found = f"{kind}=List({quote(published.platform_id, safe='')})"
        owner = f"organizationalEntity={quote(self.author, safe='')}"
        path = f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&{owner}&{found}"
        reply = self.call(context, "asking LinkedIn for numbers", "GET", path)

        def told(name: str) -> Json:
            return reply.get("elements", 0, "totalShareStatistics", name)

        return Metrics(
            likes=told("likeCount"),
            comments=told("commentCount"),
            shares=told("shareCount"),
            detail={"impressions": told("impressionCount"), "clicks": told("clickCount")},
        )

    def unpublish(self, context: TargetContext, published: Published) -> None:
        self.call(context, "taking the post off LinkedIn", "DELETE", _path("posts", published), accept=(404,))

    def _published(self, context: TargetContext, urn: str) -> Published:
        return Published(self.shown_at(context, urn, f"https://www.linkedin.com/feed/update/{urn}/"), urn)


def _judge_part(reply: Reply) -> None:
    if reply.status in {401, 403, 404, 410}:
        raise Restart(f"{reply.doing}: {reply.status}: the address of the upload is not good any more")


def _parts(reply: Reply, size: int) -> list[Json]:
    """The address, the first and the last byte of each range; together they are the file."""
    try:
        parts = [
            (str(one["uploadUrl"]), int(one["firstByte"]), int(one["lastByte"]))
            for one in reply.need("value", "uploadInstructions")
        ]
    except (KeyError, TypeError, ValueError):
        parts = []
    begins, ends = [first for _, first, _ in parts], [last + 1 for _, _, last in parts]
    if begins != [0, *ends[:-1]] or ends[-1:] != [size]:
        raise Retry(f"{reply.doing}: the ranges that it names are not the file", "try again later")
    return [list(part) for part in parts]


def _milliseconds(context: TargetContext) -> int:
    """Now, as LinkedIn counts: since 1970."""
    return int(context.now().timestamp() * 1000)


def _changed(post: Mapping[str, Json]) -> int | None:
    """When a post was made or changed last, in milliseconds since 1970."""
    moments = (post.get("createdAt"), post.get("lastModifiedAt"))
    return max((moment for moment in moments if isinstance(moment, int)), default=None)


def _video_of(post: Mapping[str, Json]) -> Json:
    content = post.get("content")
    media = content.get("media") if isinstance(content, dict) else None
    return media.get("id") if isinstance(media, dict) else None


def _path(kind: str, published: Published) -> str:
    return f"/rest/{kind}/{quote(published.platform_id, safe='')}"
