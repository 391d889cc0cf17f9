"""LinkedIn: a video that arrives in ranges, and a post whose author's token may not read it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.linkedin.little_text import plain
from sandbox.linkedin.restli import denied, missing, number, wrong
from sandbox.linkedin.videos import AUTHOR, LinkedInVideos
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY
from sandbox.upload import Upload

_POST = re.compile(r"urn:li:(?:share|ugcPost):\w+")
_FIELDS = {
    "author",
    "commentary",
    "visibility",
    "distribution",
    "content",
    "lifecycleState",
    "isReshareDisabledByAuthor",
    "adContext",
    "container",
    "contentLandingPage",
    "contentCallToActionLabel",
    "reshareContext",
}
_COMMENTARY, _TITLE = 3000, 200  # characters at most


@dataclass
class _Post:
    urn: str
    fields: Mapping[str, Any]
    at: float


class LinkedIn(LinkedInVideos):
    """LinkedIn's Videos API and Posts API.

    `init` tells the ranges of the file and a URL for each; `chunk` puts one and gets its ETag; `finalize` names the
    ETags in order; `status` tells when the video is AVAILABLE; `publish` is the post. Each call of `/rest` has the
    headers `LinkedIn-Version` and `X-Restli-Protocol-Version: 2.0.0`.
    Source: Microsoft Learn, "Videos API", "Posts API", "little Text Format", "Refresh Tokens with OAuth 2.0".
    What is not documented there, the bodies of most errors, is in LinkedIn's usual form and not to be relied on.
    """

    name = "linkedin"
    moments = ("init", "chunk", "finalize", "status", "publish")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.member_reads = False  #: the token may read single posts (r_member_social, which few apps are given)
        self.daily_cap = self.limit(150, DAY)  #: posts of one author
        self.refuse_duplicates = False  #: the same commentary of the same author again is a 422
        self.slow_lookup = 0.0  #: seconds for which the finder does not show a new post
        self.post_kind = "share"  #: or ugcPost: both are documented
        self._posts: dict[str, _Post] = {}
        self._serial = 0

    @route("POST", "/rest/posts", "publish")
    def _create(self, request: Request) -> Answer:
        token = self.admit(request)
        fields = request.json_object()
        author = self.author(fields, "author")
        text = _examined(fields)
        with self.lock:
            upload, title = self._attached(fields, author)
            urns = [urn for urn, post in self._posts.items() if _same(post.fields, fields)]
            if self.refuse_duplicates and urns:
                raise wrong(422, f"Content is a duplicate of {urns[-1]}", "DUPLICATE_POST")
            if self.daily_cap.take(f"{token} {author}"):
                message = "Resource level throttle DAY limit for calls to this resource is reached."
                raise wrong(429, message, "TOO_MANY_REQUESTS", 101)
            self._serial += 1
            urn = f"urn:li:{self.post_kind}:{7_000_000_000_000_000_000 + self._serial}"
            self._posts[urn] = _Post(urn, fields, self.clock.now())
            if fields["visibility"] == "PUBLIC":
                self.publish(urn, upload, account=author, text=text, ai=None, detail={"title": title})
        return Answer(201, None, {"x-restli-id": urn})

    def _attached(self, fields: Mapping[str, Any], author: str) -> tuple[Upload, str]:
        media = (fields.get("content") or {}).get("media")
        if media is None:
            return self.new_upload(), ""  # a post of words alone
        video = self.video(media.get("id"))
        state = self.state(video)
        if state != "AVAILABLE" or video.whole is None:
            raise wrong(400, f"The video is {state}", f"MEDIA_ASSET_{state}")
        if video.owner != author:
            raise wrong(400, f"The video belongs to {video.owner}", "INVALID_CONTENT_OWNERSHIP")
        return video.whole, str(media.get("title", ""))

    @route("GET", "/rest/posts/{urn}", "read_back")
    def _read(self, request: Request) -> Answer:
        self._admit_reader(request)
        with self.lock:
            return Answer(200, _shown(self._post(request.match["urn"])))

    @route("GET", "/rest/posts", "look_up")
    def _find(self, request: Request) -> Answer:
        self.admit(request)
        author, start = request.query.get("author", ""), number(request, "start", 0)
        if request.query.get("q") != "author" or not AUTHOR.fullmatch(author):
            raise wrong(400, "The finder is q=author with an author", "ILLEGAL_ARGUMENT")
        if not self.organization:
            raise denied("partnerApiPostsExternal.FINDER-author")
        count = min(100, number(request, "count", 10))
        with self.lock:
            latest = self.clock.now() - self.slow_lookup
            found = [post for post in self._posts.values() if post.fields["author"] == author and post.at <= latest]
        elements = [_shown(post) for post in reversed(found)][start : start + count]
        return Answer(200, {"paging": {"start": start, "count": count, "links": []}, "elements": elements})

    @route("DELETE", "/rest/posts/{urn}", "delete")
    def _delete(self, request: Request) -> Answer:
        """Deletions are idempotent: a post that is not there is a 204 too."""
        self.admit(request)
        with self.lock:
            if self._posts.pop(request.match["urn"], None):
                self.taken_down.add(request.match["urn"])
        return Answer(204)

    def _admit_reader(self, request: Request) -> None:
        self.admit(request)
        if not (self.organization or self.member_reads):
            raise denied("partnerApiPostsExternal.GET")

    def _post(self, urn: str) -> _Post:
        if urn not in self._posts:
            raise wrong(404, f"Post {urn} not found", "NOT_FOUND")
        return self._posts[urn]

    # What the public did with them.

    @route("GET", "/rest/socialActions/{urn}", "metrics")
    def _reactions(self, request: Request) -> Answer:
        self._admit_reader(request)
        with self.lock:
            seen = self._audience(self._post(request.match["urn"]))
        likes, comments = seen.likes, seen.comments
        body = {
            "likesSummary": {"totalLikes": likes, "aggregatedTotalLikes": likes, "likedByCurrentUser": False},
            "commentsSummary": {"totalFirstLevelComments": comments, "aggregatedTotalComments": comments},
            "target": request.match["urn"],
        }
        return Answer(200, body)

    @route("GET", "/rest/organizationalEntityShareStatistics", "metrics")
    def _statistics(self, request: Request) -> Answer:
        self.admit(request)
        if not self.organization:
            raise denied("organizationalEntityShareStatistics.FINDER-organizationalEntity")
        elements = []
        with self.lock:
            for name, urn in [(k, u) for k, value in request.query.items() for u in _POST.findall(value)]:
                seen = self._audience(self._post(urn))
                views = seen.views
                counts = {"impressionCount": views, "uniqueImpressionsCount": views * 4 // 5, "clickCount": views // 25}
                counts |= {"likeCount": seen.likes, "commentCount": seen.comments, "shareCount": seen.shares}
                kind = "share" if name.startswith("shares") else "ugcPost"
                owner = request.query.get("organizationalEntity", "")
                elements.append({"totalShareStatistics": counts, kind: urn, "organizationalEntity": owner})
        return Answer(200, {"paging": {"start": 0, "count": len(elements), "links": []}, "elements": elements})

    def _audience(self, post: _Post) -> Audience:
        return Audience.of(post.urn, self.clock.now() - post.at)


def _examined(fields: Mapping[str, Any]) -> str:
    """The text that readers see of a post that is as the schema wants it."""
    for name in sorted(fields.keys() - _FIELDS):
        raise wrong(422, f"ERROR :: /{name} :: unrecognized field found but not allowed\n")
    for name in ("commentary", "visibility", "distribution", "lifecycleState"):
        if name not in fields:
            raise missing(f"/{name}")
    if fields["lifecycleState"] != "PUBLISHED":  # "the only accepted field during creation"
        raise wrong(422, "ERROR :: /lifecycleState :: only PUBLISHED is accepted during creation")
    if fields["visibility"] not in {"PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"}:
        raise wrong(422, f"ERROR :: /visibility :: {fields['visibility']!r} is not an enum symbol")
    distribution, content = fields["distribution"], fields.get("content", {})
    if not isinstance(distribution, dict) or distribution.get("feedDistribution") not in {"MAIN_FEED", "NONE"}:
        raise wrong(422, "ERROR :: /distribution/feedDistribution :: is not an enum symbol")
    if not isinstance(content, dict) or not isinstance(content.get("media", {}), dict):
        raise wrong(422, "ERROR :: /content :: is not a record")
    if len(str(content.get("media", {}).get("title", ""))) > _TITLE:
        raise wrong(422, "ERROR :: /content/media/title :: is too long", "FIELD_LENGTH_TOO_LONG")
    try:
        text = plain(str(fields["commentary"]))
    except ValueError as error:
        raise wrong(422, f"ERROR :: /commentary :: {error}") from None
    if len(text) > _COMMENTARY:
        raise wrong(422, "ERROR :: /commentary :: is too long", "FIELD_LENGTH_TOO_LONG")
    return text


def _same(post: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (post["author"], post["commentary"]) == (other["author"], other["commentary"])


def _shown(post: _Post) -> dict[str, Any]:
    at = int(post.at * 1000)
    return {**post.fields, "id": post.urn, "createdAt": at, "publishedAt": at, "lastModifiedAt": at}
