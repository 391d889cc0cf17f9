"""A post on X with one video."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar, Literal

from reelmill.content import Json
from reelmill.text_length import weighted
from tasks.publishing.account import Identity, Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.attempt import armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.fitting import require_fit
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.oauth import refreshed
from tasks.publishing.outcome import Ambiguous, Refused, Restart, Wait
from tasks.publishing.recognition import SKEW, back_to, mark_of, since
from tasks.publishing.targets.x import answers
from tasks.publishing.targets.x.answers import mapping, words
from tasks.publishing.targets.x.media import MediaUpload
from tasks.publishing.wording import caption_of

#: X API, "Media best practices": bytes, seconds, frames a second. It names 1280x1024 too, and takes portrait videos of
#: 1080x1920 all the same.
MOST_BYTES, LEAST_SECONDS, MOST_SECONDS, FPS = 512_000_000, 0.5, 140, (1, 60)
#: Weighted characters of a post, and of one by an account with Premium.
LONGEST, LONGEST_PREMIUM = 280, 25_000
#: Hashtags of a post: our choice. More would leave no room for words.
MOST_HASHTAGS = 3
#: Seconds between two questions after a video, where X names none.
CADENCE = 5.0
#: How long the list of posts may lack a new one, at the most.
LISTED_WITHIN = dt.timedelta(hours=1)
#: Posts that a look-up asks for at once (the most that X gives), and how often at most. X itself goes back 3200 posts.
PAGE, PAGES = 100, 20


class X(ApiTarget):
    """A post with a video. There is no schedule, and no key that would make a second call harmless.

    An answer that did not come is looked up among the newest posts of the account. See docs.x.com/x-api.
    """

    safety = Safety.LOOK_UP
    profiles = ("x", "instagram_reels", "tiktok")
    limits = Limits(per_day=10_000, source="X API, rate limits: POST /2/tweets, 10,000 in 24 hours for an app")
    certain_after = dt.timedelta(minutes=5)
    flags_ai = True
    tells_metrics = True
    unpublishes = True

    hosts: ClassVar[dict[str, str]] = {"api": "https://api.x.com"}
    #: Where people see a post.
    site: ClassVar[str] = "https://x.com"

    type: Literal["x"]
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    """Who may reply. Left out: everybody."""

    premium: bool = False
    """The account has Premium: its posts may have 25,000 characters instead of 280."""

    def judge(self, reply: Reply) -> None:
        answers.judge(reply)

    def renew(self, context: TargetContext, login: Login) -> Login:
        """OAuth 2.0 refresh (X API, "OAuth 2.0 Authorization Code Flow with PKCE"). The refresh token rotates."""
        pair = base64.b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode()
        return refreshed(
            self.client(context),
            f"{self.base(context)}/2/oauth2/token",
            login,
            platform="X",
            remedy=answers.LOG_IN,
            form={"client_id": login.client_id},
            headers={"Authorization": f"Basic {pair}"} if login.client_secret else {},
        )

    def identify(self, context: TargetContext) -> Identity:
        reply = self.ask(context, "asking X whose the login is", "/2/users/me")
        return Identity(str(reply.need("data", "id")), str(reply.get("data", "username", default="")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        require_fit(
            delivery.rendition,
            "X",
            most_bytes=MOST_BYTES,
            least_seconds=LEAST_SECONDS,
            most_seconds=MOST_SECONDS,
            fps=FPS,
        )
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if not handle.get("uploaded"):
            self._media(context, handle).send(delivery.rendition.path)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        media = self._media(context, handle)
        media.require_fresh()
        told = media.processing()
        state = told.get("state", "succeeded")
        if state == "failed":
            error = mapping(told.get("error"))
            said = " ".join(str(error[key]) for key in ("name", "message") if error.get(key)) or "it does not say why"
            raise Refused(f"X could not process the video: {said}", "look at the file, then resume the run")
        if state != "succeeded":
            seconds = told.get("check_after_secs")
            after = float(seconds) if isinstance(seconds, int | float) else CADENCE
            raise Wait(f"X works on the video: {state}", retry_after=after)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        text = self._text(delivery)
        earlier = armed_at(handle)
        if earlier is not None and (found := self.look_up(delivery, context, handle)) is not None:
            return found  # what an attempt before this one made
        post: dict[str, Json] = {"text": text, "media": {"media_ids": [handle["media"]]}, "made_with_ai": True}
        if self.reply_settings:
            post["reply_settings"] = self.reply_settings
        judge = partial(self._judge_post, earlier is not None and context.now() < earlier + LISTED_WITHIN)
        with attempt(handle, context.now(), mark=mark_of(text)):
            reply = self.call(context, "posting on X", "POST", "/2/tweets", json=post, judge=judge, irreversible=True)
        identity = reply.get("data", "id")
        if not identity:
            raise Ambiguous(f"{reply.doing}: the answer names no post: {reply.quote}")
        return self._published(context, str(identity), {"media": handle["media"]})

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """Look through the posts of the account since ours was armed.

        Ours is the one with our video. Where X does not say which video a post has, it is one with our words that was
        made after ours was armed.
        """
        armed = armed_at(handle)
        if armed is None:
            return None
        pages = self._since(context, armed)
        for post in back_to(armed, pages, lambda post: post.get("created_at"), most=PAGES, where="X"):
            alike = since(post.get("created_at"), armed) and _ours(post, handle)
            if alike and not handle.is_of_another(post.get("id")):
                return self._published(context, str(post.get("id")), {"media": handle["media"]})
        return None

    def _since(self, context: TargetContext, armed: dt.datetime) -> Iterator[list[dict[str, Any]]]:
        """The posts of the account since a time, newest first, by pages."""
        path, following = f"/2/users/{self.identify(context).id}/tweets", None
        while True:
            reply = self.ask(
                context,
                "looking for the post on X",
                path,
                params={
                    "max_results": PAGE,
                    "start_time": (armed - SKEW).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "tweet.fields": "created_at,attachments,note_tweet",
                    "expansions": "attachments.media_keys",
                    **({"pagination_token": following} if following else {}),
                },
            )
            if reply.get("data") is None:
                reply.need("meta", "result_count")  # there are none, or it is no list of posts
                yield []
            else:
                yield list(map(mapping, reply.need_list("data")))
            following = reply.get("meta", "next_token")
            if not following:
                return

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether it is public. The AI flag can be set, and X need not tell it."""
        post = self._post(context, "reading the post back from X", published.platform_id, "created_at")
        if not post:
            return ReadBack(public=False)
        flag = post.get("made_with_ai")
        labelled = flag if isinstance(flag, bool) else None
        return ReadBack(public=True, labelled=labelled, detail={"created_at": post.get("created_at")})

    def unpublish(self, context: TargetContext, published: Published) -> None:
        self.call(
            context,
            "taking a post down from X",
            "DELETE",
            f"/2/tweets/{published.platform_id}",
            judge=answers.judge_unless_missing,
            accept={404},
        )

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        post = self._post(context, "asking X for the numbers of a post", published.platform_id, "public_metrics")
        told = mapping(post.get("public_metrics"))
        shares = [told[key] for key in ("retweet_count", "quote_count") if key in told]
        return Metrics(
            told.get("impression_count"),
            told.get("like_count"),
            told.get("reply_count"),
            sum(shares) if shares else None,
            detail={"bookmarks": told["bookmark_count"]} if "bookmark_count" in told else {},
        )

    def _text(self, delivery: Delivery) -> str:
        most = LONGEST_PREMIUM if self.premium else LONGEST
        return caption_of(delivery, most, length=weighted, hashtags=MOST_HASHTAGS, title=True)

    def _media(self, context: TargetContext, handle: Handle) -> MediaUpload:
        return MediaUpload(partial(self.call, context), context, handle)

    def _judge_post(self, tried: bool, reply: Reply) -> None:
        """What X says of a post.

        A duplicate may be an attempt of ours whose post is not listed yet, if one was made a short time ago. Else the
        account has another post with the same words.
        """
        if answers.is_duplicate(reply):
            if tried:
                raise Ambiguous(f"{reply.doing}: {words(reply)}")
            raise Refused(f"{reply.doing}: {words(reply)}", "give it other words, then resume the run")
        if answers.is_invalid_media(reply):
            raise Restart(f"{reply.doing}: {words(reply)}")
        answers.judge(reply)

    def _post(self, context: TargetContext, doing: str, post: str, fields: str) -> dict[str, Any]:
        """A post; empty if there is none."""
        reply = self.call(
            context,
            doing,
            "GET",
            f"/2/tweets/{post}",
            params={"tweet.fields": fields},
            judge=answers.judge_unless_missing,
            accept={404},
        )
        return mapping(reply.get("data"))

    def _published(self, context: TargetContext, post: str, detail: dict[str, Any]) -> Published:
        return Published(self.shown_at(context, post, f"{self.site}/i/web/status/{post}"), post, detail)


def _ours(post: dict[str, Any], handle: Handle) -> bool:
    """Whether a post is the one of an upload. Keys of media end in the id of the upload: `13_1880…`."""
    keys = mapping(post.get("attachments")).get("media_keys")
    if isinstance(keys, list) and keys:
        return any(key == handle.get("media_key") or str(key).rpartition("_")[2] == handle["media"] for key in keys)
    text = mapping(post.get("note_tweet")).get("text") or post.get("text") or ""
    return mark_of(str(text)) == handle.get("mark")
