"""WordPress: a file for the library, and a post that shows it; its slug is how it is found again."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.request import Request
from sandbox.route import route
from sandbox.wordpress.media import Media, WordPressMedia
from sandbox.wordpress.rest import (
    chosen,
    fields_of,
    gmt,
    invalid,
    listed,
    moment_of,
    rendered,
    slug_of,
    slugs_of,
    terms_of,
    unique_slug,
    user_of,
    wrong,
)

_STATUSES = ("publish", "future", "draft", "pending", "private")
_TEXTS = ("title", "content", "excerpt")
_MINUTE = 60  # seconds; what is due within them is published and not scheduled (WordPress, `wp_insert_post`)


@dataclass
class _Post:
    id: int
    author: str
    created: float
    at: float  #: its date
    status: str = "draft"
    slug: str = ""
    texts: dict[str, str] = field(default_factory=lambda: dict.fromkeys(_TEXTS, ""))
    featured_media: int = 0
    terms: dict[str, list[int]] = field(default_factory=lambda: {"categories": [1], "tags": []})


class WordPress(WordPressMedia):
    """The REST API of WordPress, with application passwords.

    `media` sends the file, `publish` makes a post of it. A slug that is taken gets a number, so that a post that is
    sent twice is there twice. A post with the status `future` is public when its time comes.
    `POST /wp/v2/posts` is the moment `publish`, whatever the status; a change of a post is the moment `edit`.
    Source: WordPress REST API Handbook, "Reference: Posts", "Reference: Media", "Reference: Comments".
    """

    name = "wordpress"
    moments = ("media", "publish")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self._posts: dict[int, _Post] = {}
        self._seen: set[int] = set()  #: ids of posts that the public has seen
        self.may_publish = True  #: the user has the capability `publish_posts`; a contributor has not
        self.slow_lookup = 0.0  #: seconds for which lists, which come from a cache, do not show a new post

    def settle(self) -> None:
        for post in self._posts.values():
            self._settle(post)

    def taken_slugs(self) -> set[str]:
        return super().taken_slugs() | {post.slug for post in self._posts.values()}

    # Posts.

    @route("POST", "/wp-json/wp/v2/posts", "publish")
    def _create(self, request: Request) -> Answer:
        user = user_of(self, request)
        if not user:
            raise wrong(401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
        fields = fields_of(request)
        if fields.get("id"):
            raise wrong(400, "rest_post_exists", "Cannot create existing post.")
        self._examine(fields)
        if not any(rendered(fields.get(name)) for name in _TEXTS):
            raise wrong(400, "empty_content", "Content, title, and excerpt are empty.")
        with self.lock:
            now = self.clock.now()
            post = _Post(self.next_id(), user, now, now)
            self._change(post, fields)
            self._posts[post.id] = post
            self._settle(post)
            shown = self._shown(post)
        return Answer(201, shown, {"Location": f"{self.base}/wp-json/wp/v2/posts/{post.id}"})

    @route("POST", "/wp-json/wp/v2/posts/{id}", "edit")
    @route("PUT", "/wp-json/wp/v2/posts/{id}", "edit")
    @route("PATCH", "/wp-json/wp/v2/posts/{id}", "edit")
    def _edit(self, request: Request) -> Answer:
        user = user_of(self, request)
        fields = fields_of(request)
        with self.lock:
            post = self._post(request)
            if not user:
                raise wrong(401, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
            self._examine(fields)
            self._change(post, fields)
            self._settle(post)
            return Answer(200, self._shown(post))

    @route("GET", "/wp-json/wp/v2/posts", "look_up")
    def _list(self, request: Request) -> Answer:
        user = user_of(self, request)
        wanted = {one.strip() for one in request.query.get("status", "publish").split(",")}
        if wanted - {*_STATUSES, "any", "trash"}:
            raise invalid("status", "status[0] is not one of the statuses of posts.")
        if wanted != {"publish"} and not user:
            raise invalid("status", "Status is forbidden.")
        slugs, search = slugs_of(request), request.query.get("search", "").lower()
        with self.lock:
            found = []
            for post in reversed(self._posts.values()):
                self._settle(post)
                status_fits = post.status in wanted or ("any" in wanted and post.status != "trash")
                slug_fits = not slugs or post.slug in slugs
                old = post.created <= self.clock.now() - self.slow_lookup
                if status_fits and slug_fits and old and search in " ".join(post.texts.values()).lower():
                    found.append(self._shown(post))
        return listed(request, found)

    @route("GET", "/wp-json/wp/v2/posts/{id}", "read_back")
    def _read(self, request: Request) -> Answer:
        user = user_of(self, request)
        with self.lock:
            post = self._post(request)
            if post.status != "publish" and not user:
                raise wrong(401, "rest_forbidden", "Sorry, you are not allowed to do that.")
            return Answer(200, chosen(request, self._shown(post)))

    @route("DELETE", "/wp-json/wp/v2/posts/{id}", "delete")
    def _delete(self, request: Request) -> Answer:
        user = user_of(self, request)
        with self.lock:
            post = self._post(request)
            if not user:
                raise wrong(401, "rest_cannot_delete", "Sorry, you are not allowed to delete this post.")
            previous = self._shown(post)
            if request.query.get("force", "").lower() in {"true", "1"}:
                post.status = "trash"
                self._settle(post)
                del self._posts[post.id]
                return Answer(200, {"deleted": True, "previous": previous})
            if post.status == "trash":
                raise wrong(410, "rest_already_trashed", "The post has already been deleted.")
            post.status, post.slug = "trash", f"{post.slug}__trashed"
            self._settle(post)
            return Answer(200, self._shown(post))

    def _post(self, request: Request) -> _Post:
        given = request.match["id"]
        if not given.isdecimal() or int(given) not in self._posts:
            raise wrong(404, "rest_post_invalid_id", "Invalid post ID.")
        self._settle(self._posts[int(given)])
        return self._posts[int(given)]

    def _examine(self, fields: Mapping[str, Any]) -> None:
        status = fields.get("status", "draft")
        if status not in _STATUSES:
            raise invalid("status", "status is not one of publish, future, draft, pending, and private.")
        if status in {"publish", "future", "private"} and not self.may_publish:
            raise wrong(403, "rest_cannot_publish", "Sorry, you are not allowed to publish posts in this post type.")
        for name in _TEXTS:
            if not isinstance(fields.get(name, ""), str | dict):
                raise invalid(name, f"{name} is not of type string.")
        for name in ("categories", "tags"):
            terms_of(name, fields.get(name, []))
        for name in ("date", "date_gmt"):
            moment_of(name, fields.get(name) or gmt(0))
        featured = fields.get("featured_media") or 0
        if not re.fullmatch(r"\d+", str(featured)):
            raise invalid("featured_media", "featured_media is not of type integer.")
        if int(featured) and int(featured) not in self.library:
            raise wrong(400, "rest_invalid_featured_media", "Invalid featured media ID.")

    def _change(self, post: _Post, fields: Mapping[str, Any]) -> None:
        """What `wp_insert_post` does."""
        post.texts |= {name: rendered(fields[name]) for name in _TEXTS if name in fields}
        post.terms |= {name: terms_of(name, fields[name]) for name in post.terms if name in fields}
        post.featured_media = int(fields.get("featured_media", post.featured_media) or 0)
        post.status = fields.get("status", post.status)
        for name in ("date", "date_gmt"):
            post.at = moment_of(name, fields[name]) if fields.get(name) else post.at
        if post.status in {"publish", "future"}:
            post.status = "future" if post.at - self.clock.now() >= _MINUTE else "publish"
        if fields.get("slug"):
            post.slug = slug_of(str(fields["slug"]))
        elif not post.slug and post.status not in {"draft", "pending"}:
            post.slug = slug_of(post.texts["title"]) or str(post.id)
        if post.slug and post.status not in {"draft", "pending"}:  # the slugs of drafts need not be their own
            others = {other.slug for other in self._posts.values() if other is not post}
            post.slug = unique_slug(post.slug, others)

    def _settle(self, post: _Post) -> None:
        """Bring what the public sees up to the post's state and the clock."""
        now = self.clock.now()
        due = post.at if post.status == "future" else now
        if post.status == "future" and post.at <= now:
            post.status = "publish"
        identity = str(post.id)
        if post.status != "publish":
            self.taken_down |= {identity} if post.id in self._seen else set()
        elif post.id in self._seen:
            self.taken_down.discard(identity)
        else:
            self._seen.add(post.id)
            media = self._video(post)
            text = "\n".join(post.texts[name] for name in ("title", "content") if post.texts[name])
            detail = {"slug": post.slug, "featured_media": post.featured_media, **post.terms}
            upload, link = media.upload if media else self.new_upload(), self._link(post)
            self.publish(identity, upload, account=post.author, text=text, ai=None, url=link, detail=detail, at=due)

    def _video(self, post: _Post) -> Media | None:
        """That which stands in the content, by its URL or by its number in a block; else the featured one."""
        content = html.unescape(post.texts["content"])
        named = {int(one) for one in re.findall(r'"id":\s*(\d+)', content)}
        found = [one for one in self.library.values() if self.source_url(one) in content or one.id in named]
        featured = [one for one in self.library.values() if one.id == post.featured_media]
        return next((one for one in [*found, *featured] if one.is_video), None)

    def _link(self, post: _Post) -> str:
        return f"{self.base}/{post.slug}/" if post.status == "publish" else f"{self.base}/?p={post.id}"

    def _shown(self, post: _Post) -> dict[str, Any]:
        return {
            "id": post.id,
            "date": gmt(post.at),
            "date_gmt": gmt(post.at),
            "slug": post.slug,
            "status": post.status,
            "type": "post",
            "link": self._link(post),
            **{name: {"raw": post.texts[name], "rendered": post.texts[name], "protected": False} for name in _TEXTS},
            "author": 1,
            "featured_media": post.featured_media,
            **post.terms,
        }

    # Around them.

    @route("GET", "/wp-json/wp/v2/comments", "metrics")
    def _comments(self, request: Request) -> Answer:
        """The one figure that WordPress itself has; the number is a header of the list."""
        user_of(self, request)
        with self.lock:
            wanted = request.query.get("post", "")
            posts = [post for post in self._posts.values() if not wanted or str(post.id) in wanted.split(",")]
            counts = [
                (post, Audience.of(str(post.id), self.clock.now() - post.at).comments)
                for post in posts
                if post.id in self._seen
            ]
        comments = [{"id": post.id * 1000 + at, "post": post.id} for post, count in counts for at in range(count)]
        return listed(request, comments)

    @route("GET", "/wp-json/wp/v2/users/me", "user")
    def _user(self, request: Request) -> Answer:
        user = user_of(self, request)
        if not user:
            raise wrong(401, "rest_not_logged_in", "You are not currently logged in.")
        role = "author" if self.may_publish else "contributor"
        capabilities = {"upload_files": self.may_upload, "publish_posts": self.may_publish}
        told = {"id": 1, "name": user, "slug": slug_of(user), "roles": [role], "capabilities": capabilities}
        return Answer(200, chosen(request, told))

    @route("GET", "/{slug}/", "page")
    def _page(self, request: Request) -> Answer:
        with self.lock:
            for post in self._posts.values():
                self._settle(post)
                if post.status == "publish" and post.slug == slug_of(request.match["slug"]):
                    title, video = html.escape(post.texts["title"]), self._video(post)
                    shown = f"<video src='{self.source_url(video)}' controls></video>" if video else ""
                    return Answer(200, f"<!doctype html><title>{title}</title><h1>{title}</h1>{shown}")
        return Answer(404, "<!doctype html><title>Page not found</title>")
