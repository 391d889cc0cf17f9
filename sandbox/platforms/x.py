"""X, API v2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.platform import PublicPost
from sandbox.request import Request
from sandbox.route import route
from sandbox.x.problems import check_names, invalid, not_found, refused
from sandbox.x.text import shortened, weight
from sandbox.x.uploads import Uploads, json_object

#: Of a post, for anybody and for a Premium account.
MOST_WEIGHT, PREMIUM_WEIGHT = 280, 25_000
#: The schema of POST /2/tweets.
_TWEET = frozenset(
    {
        *("text", "media", "made_with_ai", "reply_settings", "card_uri", "community_id", "direct_message_deep_link"),
        *("edit_options", "for_super_followers_only", "geo", "nullcast", "paid_partnership", "poll", "quote_tweet_id"),
        *("reply", "share_with_followers"),
    }
)
_FIELDS = (
    *("id", "text", "created_at", "author_id", "public_metrics", "attachments", "edit_history_tweet_ids"),
    "note_tweet",
)
_CASHTAG = re.compile(r"(?<!\w)\$[A-Za-z]{1,6}\b")


class X(Uploads):
    """Initialize, append, finalize, wait, post.

    `POST /2/media/upload/initialize`, `/{id}/append` for each segment in any order and as often as one likes,
    `/{id}/finalize`; `GET /2/media/upload?command=STATUS` until it `succeeded`; `POST /2/tweets` makes it public.
    The older form, `POST /2/media/upload` with `command=INIT|APPEND|FINALIZE`, is served too. Nothing is idempotent.
    Source: X API v2, "Media", "Manage Posts" and "Timelines", OpenAPI 2.167.

    Other moments: `token`, `image` and `metadata`, `account`, `list`, `read`, `delete`.
    Knobs: the attributes below and those of `Uploads` and `Access`: duplicates, rate limits, what was paid for,
    Premium, the life of tokens and uploads, slow lists, short links, processing that fails.
    """

    name = "x"
    moments = ("init", "chunk", "finalize", "status", "publish")
    further_moments = ("image",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.user_id, self.username = "2244994945", "sandbox"
        self.premium = False  #: the account may post 25,000 characters
        self.refuse_duplicates = False  #: a text that is public already is refused; X does so, but promises nothing
        self.usage_capped = False  #: the account has used what it paid for
        self.slow_lookup = 0.0  #: seconds of `clock` for which lists do not yet show a new post
        self.shortens_links = False  #: texts are told with t.co links, one of them to the post's own video

    @route("POST", "/2/tweets", "publish")
    def tweet(self, request: Request) -> Answer:
        fields = json_object(request)
        check_names(fields, _TWEET)
        text, ai = fields.get("text", ""), fields.get("made_with_ai", False)
        if not isinstance(text, str) or not isinstance(ai, bool):
            raise invalid("$.text must be a string, $.made_with_ai a boolean", text=text, made_with_ai=ai)
        if fields.get("reply_settings", "following") not in {"following", "mentionedUsers", "subscribers", "verified"}:
            raise invalid("$.reply_settings: does not have a value in the enumeration")
        self._check_text(text)
        media = fields.get("media", {"media_ids": []})
        ids = media.get("media_ids") if isinstance(media, dict) else None
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids) or len(ids) > 4:
            raise invalid("$.media.media_ids must be an array of 1 to 4 strings", media__media_ids=ids)
        if not text and not ids:
            raise invalid("Either text or media is required")
        with self.lock:
            attached = self.usable(ids)
            if attached is None:
                raise invalid("Your media IDs are invalid.", media__media_ids=ids)
            if self.usage_capped:
                why = "Usage cap exceeded: Monthly product cap"
                raise refused(429, "UsageCapExceeded", why, kind="usage-capped", period="Monthly", scope="Product")
            if self.refuse_duplicates and any(post.text == text for post in self.public):
                raise refused(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
            upload = next((one.upload for one in attached if one.upload is not None), None) or self.new_upload()
            detail = {"media_keys": [one.key for one in attached], "request": fields}
            post = self.publish(self.snowflake(), upload, account=self.user_id, text=text, ai=ai, detail=detail)
            return Answer(201, {"data": {"id": post.id, "text": self._text(post)}})

    @route("GET", "/2/users/me", "account")
    def me(self, request: Request) -> Answer:
        return Answer(200, {"data": {"id": self.user_id, "name": "Sandbox", "username": self.username}})

    @route("GET", "/2/users/{user}/tweets", "list")
    def timeline(self, request: Request) -> Answer:
        query, user = request.query, request.match["user"]
        most = query.get("max_results", "10")
        if not most.isdecimal() or not 5 <= int(most) <= 100:
            message = f"The `max_results` query parameter value [{most}] is not between 5 and 100"
            raise invalid(message, max_results=most)
        if user != self.user_id:
            return Answer(200, {"errors": [not_found("id", "user", user)]})
        first, last = (_time(query[name]) if name in query else None for name in ("start_time", "end_time"))
        with self.lock:
            now = self.clock.now()
            rows = [
                post
                for post in reversed(self.public)
                if post.at <= now - self.slow_lookup
                and _number(query, "since_id", 0) < int(post.id)
                and int(post.id) < _number(query, "until_id", 10**20)
                and int(post.id) < _number(query, "pagination_token", 10**20)
                and (first is None or post.at >= first)
                and (last is None or post.at < last)
            ]
            shown = rows[: int(most)]
            if not shown:
                return Answer(200, {"meta": {"result_count": 0}})
            meta = {"result_count": len(shown), "newest_id": shown[0].id, "oldest_id": shown[-1].id}
            if len(rows) > len(shown):
                meta["next_token"] = shown[-1].id
            return Answer(200, {"data": [self._told(post, query) for post in shown], "meta": meta})

    @route("GET", "/2/tweets", "read")
    def tweets(self, request: Request) -> Answer:
        ids = [one for one in request.query.get("ids", "").split(",") if one]
        if not 1 <= len(ids) <= 100:
            raise invalid("The `ids` query parameter must be 1 to 100 ids", ids=request.query.get("ids", ""))
        with self.lock:
            there = {post.id: post for post in self.public}
            found = [self._told(there[one], request.query) for one in ids if one in there]
        missing = [not_found("ids", "tweet", one) for one in ids if one not in there]
        return Answer(200, {**({"data": found} if found else {}), **({"errors": missing} if missing else {})})

    @route("GET", "/2/tweets/{tweet}", "read")
    def one(self, request: Request) -> Answer:
        identity = request.match["tweet"]
        with self.lock:
            found = [self._told(post, request.query) for post in self.public if post.id == identity]
        return Answer(200, {"data": found[0]} if found else {"errors": [not_found("id", "tweet", identity)]})

    @route("DELETE", "/2/tweets/{tweet}", "delete")
    def delete(self, request: Request) -> Answer:
        identity = request.match["tweet"]
        with self.lock:
            if all(post.id != identity for post in self.public):
                missing = f"Could not find tweet with id: [{identity}]."
                raise refused(404, "Not Found Error", missing, kind="resource-not-found")
            self.taken_down.add(identity)
        return Answer(200, {"data": {"deleted": True}})

    def _check_text(self, text: str) -> None:
        if weight(text) > (PREMIUM_WEIGHT if self.premium else MOST_WEIGHT):
            raise invalid("Your Tweet text is too long.", text=text)
        if len(_CASHTAG.findall(text)) > 1:
            raise invalid("A post can have one cashtag.", text=text)

    def _text(self, post: PublicPost) -> str:
        keys = post.detail["media_keys"]
        return shortened(post.text, keys[0] if keys else "") if self.shortens_links else post.text

    def _told(self, post: PublicPost, query: Mapping[str, str]) -> dict[str, Any]:
        """A post with the fields that were asked for."""
        asked = [name for name in query.get("tweet.fields", "").split(",") if name]
        if wrong := [name for name in asked if name not in _FIELDS]:
            message = f"The `tweet.fields` query parameter value [{wrong[0]}] is not one of [{','.join(_FIELDS)}]"
            raise invalid(message, tweet__fields=wrong[0])
        seen = Audience.of(post.id, self.clock.now() - post.at)
        all_of_it: dict[str, Any] = {
            "id": post.id,
            "text": self._text(post),
            "edit_history_tweet_ids": [post.id],
            "created_at": datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "author_id": post.account,
            "attachments": {"media_keys": post.detail["media_keys"]},
            "public_metrics": {
                "retweet_count": seen.shares,
                "reply_count": seen.comments,
                "like_count": seen.likes,
                "quote_count": seen.shares // 4,
                "bookmark_count": seen.saves,
                "impression_count": seen.views,
            },
        }
        if weight(post.text) > MOST_WEIGHT:  # of a long post, `text` is the beginning
            all_of_it["note_tweet"] = {"text": all_of_it["text"]}
            all_of_it["text"] = f"{post.text[:MOST_WEIGHT]}…"
        wanted = ("id", "text", "edit_history_tweet_ids", *asked)
        return {name: all_of_it[name] for name in wanted if name in all_of_it}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, "")
    if given and not given.isdecimal():
        raise invalid(f"The `{name}` query parameter value [{given}] is no id", **{name: given})
    return int(given) if given else default


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise invalid(f"[{text}] is no time as RFC 3339 has it") from error
