"""WordPress: the video and its cover go into the media library of a site, and a post shows them."""

from __future__ import annotations

import base64
import datetime as dt
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from reelmill.content import Json
from tasks.publishing.account import Clockwork, Identity
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Delivery, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused
from tasks.publishing.slices import Slice
from tasks.publishing.wording import caption_of, title_of

API = "/wp-json/wp/v2"
#: Characters of a title and a text. WordPress has no limit; a browser's tab has one. Our choice.
LONGEST_TITLE, LONGEST_TEXT = 200, 20_000
#: Codes of a file that the site does not take. Source: WordPress, class WP_REST_Attachments_Controller.
_TOO_LARGE = {"rest_upload_file_too_big", "rest_upload_limited_space", "rest_upload_user_quota_exceeded"}


class WordPress(ApiTarget):
    """Publishes a post with a video block on a site, now or at a time, through the REST API.

    The slugs of the post and of its files are made of the post's identity, so each is found again by its slug. A file
    in the library has an address of its own from the moment that it is uploaded; nothing leads to it before the post.
    """

    safety = Safety.LOOK_UP
    hosts: ClassVar[Mapping[str, str]] = {}
    profiles = ("wordpress", "youtube_shorts", "instagram_reels", "tiktok")
    clockwork = Clockwork(least=dt.timedelta(minutes=1), most=dt.timedelta(days=365))
    certain_after = dt.timedelta(minutes=2)
    discloses = "a line in the post"
    unpublishes = True

    type: Literal["wordpress"]

    url: Annotated[
        str, StringConstraints(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:\d+)?(/|$))[^\s?#]*[^\s?#/]$")
    ]
    """The address of the site. https: the password goes along with each call."""

    user: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^:]+$")]
    """The name of the user who posts. `token` is an application password of that user, and not the one of the login."""

    status: Literal["publish", "draft", "private"] = "publish"
    """What becomes of the post: `draft` leaves the last word to an editor."""

    categories: tuple[Annotated[int, Field(ge=1)], ...] = Field((), strict=False, max_length=50)
    """The numbers of the post's categories."""

    tags: tuple[Annotated[int, Field(ge=1)], ...] = Field((), strict=False, max_length=50)
    """The numbers of the post's tags."""

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.url.partition("://")[2].lower()

    def keeps(self, at: dt.datetime) -> bool:
        """A time is for what is public then: the site keeps none for drafts and private posts."""
        return self.status == "publish" and super().keeps(at)

    def authorised(self, token: str) -> Mapping[str, str]:
        """Basic authentication with an application password."""
        return {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{token}".encode()).decode("ascii")}

    def identify(self, context: TargetContext) -> Identity:
        reply = self.ask(context, "asking WordPress whose the password is", f"{API}/users/me")
        return Identity(str(reply.need("id")), str(reply.get("slug", default="") or reply.get("name", default="")))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        rendition = delivery.rendition
        for name, path, kind in (("video", rendition.path, "video/mp4"), ("cover", rendition.cover, "image/jpeg")):
            if name not in handle:
                medium = self._medium(context, f"{_slug(delivery)}-{name}", path, kind)
                handle.remember(**{name: {"id": medium["id"], "url": medium["source_url"]}})

    def _medium(self, context: TargetContext, slug: str, path: Path, kind: str) -> Mapping[str, Json]:
        """The file in the library: the one that is there, or a new one. The file's name becomes its slug."""
        found = self._by_slug(context, "media", slug)
        if found is not None:
            return found
        reply = self.call(
            context,
            "sending a file to WordPress",
            "POST",
            f"{API}/media",
            headers={
                "Content-Type": kind,
                "Content-Disposition": f'attachment; filename="{slug}{".mp4" if kind == "video/mp4" else ".jpg"}"',
            },
            body=Slice.whole(path),
        )
        return {"id": reply.need("id"), "source_url": reply.need("source_url")}

    def _by_slug(self, context: TargetContext, kind: str, slug: str) -> Mapping[str, Json] | None:
        params = {"slug": slug, **({"status": "any"} if kind == "posts" else {})}
        reply = self.ask(context, f"looking for the {kind} on WordPress", f"{API}/{kind}", params=params)
        matching = [
            one for one in reply.need_list() if isinstance(one, dict) and one.get("slug") == slug and "id" in one
        ]
        return matching[0] if matching else None

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        if (found := self.look_up(delivery, context, handle)) is not None:
            return found  # a second post with the slug would get another one, and be a second post
        post: dict[str, Json] = {
            "title": title_of(delivery, LONGEST_TITLE),
            "content": _content(delivery, handle["video"], handle["cover"]),
            "slug": _slug(delivery),
            "status": self.status,
            "featured_media": handle["cover"]["id"],
        }
        for name, numbers in (("categories", self.categories), ("tags", self.tags)):
            if numbers:
                post[name] = list(numbers)
        at = delivery.public_at
        if self.status == "publish" and at is not None and at > context.now() + self.clockwork.least:
            post |= {"status": "future", "date_gmt": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")}
        reply = self.call(context, "posting on WordPress", "POST", f"{API}/posts", irreversible=True, json=post)
        if reply.get("id") is None:
            raise Ambiguous("posting on WordPress: the answer does not say what the post is called")
        return self._published(context, reply.json(), handle)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        found = self._by_slug(context, "posts", _slug(delivery))
        return None if found is None else self._published(context, found, handle)

    def _published(self, context: TargetContext, post: Mapping[str, Json], handle: Mapping[str, Json]) -> Published:
        """A post that waits for its time is not settled: it is asked again."""
        identity, status = str(post["id"]), post.get("status")
        files = {name: handle[name]["id"] for name in ("video", "cover") if name in handle}
        url = self.shown_at(context, identity, str(post.get("link", "")))
        return Published(url, identity, {**files, "status": status}, settled=status != "future")

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        doing, path = "reading the post back from WordPress", f"{API}/posts/{published.platform_id}"
        reply = self.call(context, doing, "GET", path, accept=(404, 410))
        status = reply.get("status")
        if reply.status >= 400 or status in {"trash", "pending"}:
            return ReadBack(public=False, detail={"status": status})
        waits = status in {"future", self.status}  # as it was asked for
        public = True if status == "publish" else None if waits else False
        return ReadBack(public=public, detail={"status": status, "url": reply.get("link")})

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """The post goes to the trash. Its files, which the library keeps for good or not at all, are deleted."""
        gone = (404, 410)
        path = f"{API}/posts/{published.platform_id}"
        self.call(context, "taking the post off WordPress", "DELETE", path, accept=gone)
        for name in ("video", "cover"):
            if (number := published.detail.get(name)) is not None:
                doing, path = "deleting a file from WordPress", f"{API}/media/{number}"
                self.call(context, doing, "DELETE", path, params={"force": "true"}, accept=gone)

    def judge(self, reply: Reply) -> None:
        code, said = reply.get("code"), f"{reply.doing}: {reply.status} {reply.quote}"
        if reply.status == 401:
            raise Reauthorise(
                said, "make an application password for `user` (Users, Profile), and put it where `token` says"
            )
        if reply.status == 413 or code in _TOO_LARGE:
            raise Refused(said, "let the site take larger files, or deliver a smaller profile")
        if reply.status == 403 or code in {"rest_cannot_create", "rest_cannot_publish"}:
            raise Refused(said, "give `user` a role that may publish posts and upload files, such as author")
        if code == "rest_no_route":
            raise Refused(said, "correct `url`: the site has no REST API there")


def _slug(delivery: Delivery) -> str:
    return f"clip-{delivery.post_id}"


def _content(delivery: Delivery, video: Mapping[str, Json], cover: Mapping[str, Json]) -> str:
    """A video block and a paragraph for each part of the text. Everything foreign is escaped."""
    source, poster = html.escape(str(video["url"])), html.escape(str(cover["url"]))
    blocks = [
        f"""<!-- wp:video {{"id":{video["id"]}}} -->
<figure class="wp-block-video"><video controls poster="{poster}" src="{source}"></video></figure>
<!-- /wp:video -->"""
    ]
    for paragraph in caption_of(delivery, LONGEST_TEXT, disclose=True).split("\n\n"):
        lines = "<br>".join(html.escape(line) for line in paragraph.splitlines())
        if lines:
            blocks.append(f"<!-- wp:paragraph -->\n<p>{lines}</p>\n<!-- /wp:paragraph -->")
    return "\n\n".join(blocks)
