"""Instagram Reels through the Graph API, as an app with a Facebook Login sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.graph.api import Graph, fetch
from sandbox.graph.errors import refusal, rupload_refusal, unknown_object
from sandbox.graph.fields import graph_time, is_true, metrics, new_id, selected
from sandbox.instagram.container import Container, check
from sandbox.platform import PublicPost
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY


class Instagram(Graph):
    """Container, bytes, processing, `media_publish`.

    `POST /{user}/media` makes a container, which takes its bytes on rupload or fetches them from `video_url`. It is
    IN_PROGRESS, then FINISHED or ERROR, and EXPIRED after a day. `POST /{user}/media_publish` makes it public at once.
    Source: Instagram Platform, "Content Publishing", "Resumable Uploads" and "Error Codes", Graph API v26.0.

    Other moments: `quota`, `read` and `metrics` of a reel, `list`, `account`, `delete` (which the API refuses).
    Knobs: the attributes below and those of `Graph`: caps, expiry, distrust, slow lists, processing that fails.
    """

    name = "instagram"
    moments = ("init", "chunk", "status", "publish")
    further_moments = ("read", "account")
    uploads = "ig-api-upload"

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.users: set[str] = set()  #: the only accounts there are; empty: any number is one
        self.username = "sandbox"  #: of every account
        self.most_bytes = 300 * 1024 * 1024  #: of a file; an older text says 1 GB
        self.most_characters = 2200  #: of a caption
        self.container_seconds: float = DAY  #: until a container is EXPIRED
        self.daily_cap = self.limit(50, DAY)  #: posts of an account; the documentation says 50 and 100
        self.container_cap = self.limit(400, DAY)  #: containers of an account
        self.republishes = True  #: a second `media_publish` makes a second post: the documentation leaves it open
        self.spam = False  #: `media_publish` is refused as restricted activity, 4/2207051
        self.restricted = False  #: the account is, 25/2207050
        self._containers: dict[str, Container] = {}

    def moment(self, moment: str, request: Request) -> str:
        """One path reads containers, reels and accounts."""
        if moment != "node":
            return moment
        node = request.match["node"]
        with self.lock:
            if node in self._containers:
                return "status"
            return "read" if self._post(node) else "account"

    @route("POST", "/{user}/media", "init")
    def create(self, request: Request) -> Answer:
        fields = self.fields(request)
        user = self._user(request.match["user"], "post")
        check(fields, self.most_characters)
        if self.container_cap.take(user):
            raise _at_most("containers")
        expires = self.clock.now() + self.container_seconds
        container = Container(new_id(), user, fields, self.new_upload(), expires)
        if fields.get("upload_type") != "resumable":
            if not fetch(fields["video_url"], container.upload):
                message = "Only photo or video can be accepted as media type."
                raise refusal(9004, message, subcode=2207052, advice="The media could not be fetched from this URI")
            self._arrived(container)
        with self.lock:
            self._containers[container.id] = container
        if fields.get("upload_type") != "resumable":
            return Answer(200, {"id": container.id})
        path = "/".join(part for part in (self.uploads, self.version, container.id) if part)
        return Answer(200, {"id": container.id, "uri": f"{self.base}/{path}"})

    @route("POST", "/ig-api-upload/{version}/{container}", "chunk")
    @route("POST", "/ig-api-upload/{container}", "chunk")
    def append(self, request: Request) -> Answer:
        with self.lock:
            container = self._containers.get(request.match["container"])
        if container is None or container.state(self.clock.now()) == "EXPIRED":
            raise rupload_refusal("ProcessingFailedError", "Request processing failed", status=404)
        self.receive(request, container.upload)
        self._arrived(container)
        return Answer(200, {"success": True, "message": "Upload successful."})

    @route("GET", "/{node}", "node")
    def read(self, request: Request) -> Answer:
        fields, node = self.fields(request), request.match["node"]
        asked = fields.get("fields", "")
        with self.lock:
            if container := self._containers.get(node):
                return Answer(200, selected("ShadowIGMediaBuilder", asked, container.told(self.clock.now()), ("id",)))
            if post := self._post(node):
                return Answer(200, selected("ShadowIGMedia", asked, self._of_a_post(post), ("id",)))
            user = self._user(node, "get")
            own = [post for post in self.public if post.account == user]
            known: dict[str, Callable[[str], Any]] = {
                "id": lambda _: user,
                "username": lambda _: self.username,
                "name": lambda _: self.username,
                "media_count": lambda _: len(own),
                "followers_count": lambda _: 100,
            }
            return Answer(200, selected("ShadowIGUser", asked, known, ("id",)))

    @route("POST", "/{user}/media_publish", "publish")
    def make_public(self, request: Request) -> Answer:
        fields = self.fields(request)
        user = self._user(request.match["user"], "post")
        if not fields.get("creation_id"):
            raise refusal(100, "(#100) The parameter creation_id is required")
        with self.lock:
            container = self._containers.get(fields["creation_id"])
            if container is None or container.user != user:
                raise refusal(24, "The requested resource does not exist", subcode=2207008)
            self._check_publishable(container)
            if self.daily_cap.take(user):
                raise _at_most("posts")
            identity, caption = new_id(), container.fields.get("caption", "")
            ai = is_true(container.fields.get("is_ai_generated", ""))
            detail = {"container": container.id, **container.fields}
            self.publish(identity, container.upload, account=user, text=caption, ai=ai, detail=detail)
            container.posts.append(identity)
        return Answer(200, {"id": identity})

    @route("GET", "/{user}/content_publishing_limit", "quota")
    def quota(self, request: Request) -> Answer:
        fields = self.fields(request)
        user = self._user(request.match["user"], "get")
        known: dict[str, Callable[[str], Any]] = {
            "quota_usage": lambda _: self.daily_cap.used(user),
            "config": lambda _: {"quota_total": self.daily_cap.count, "quota_duration": int(self.daily_cap.seconds)},
            "id": lambda _: None,
        }
        told = selected("ContentPublishingLimit", fields.get("fields", ""), known, ("quota_usage",))
        return Answer(200, {"data": [told]})

    @route("GET", "/{user}/media", "list")
    def posts(self, request: Request) -> Answer:
        fields = self.fields(request)
        user = self._user(request.match["user"], "get")
        with self.lock:
            rows = {post.id: post for post in self.within(fields, self.published) if post.account == user}

            def told(identity: str) -> Any:
                return selected("ShadowIGMedia", fields.get("fields", ""), self._of_a_post(rows[identity]), ("id",))

            return Answer(200, self.page(request, fields, list(rows), told))

    @route("GET", "/{node}/insights", "metrics")
    def insights(self, request: Request) -> Answer:
        fields, node = self.fields(request), request.match["node"]
        post = self._post(node)
        if post is None:
            raise unknown_object(node)
        seen = Audience.of(post.id, self.clock.now() - post.at)
        acts = {"likes": seen.likes, "comments": seen.comments, "shares": seen.shares, "saved": seen.saves}
        known = {
            "views": seen.views,
            "reach": seen.views * 4 // 5,
            **acts,
            "total_interactions": sum(acts.values()),
            "ig_reels_avg_watch_time": int(seen.watched * 1000),
            "ig_reels_video_view_total_time": int(seen.views * seen.watched * 1000),
        }
        return Answer(200, metrics(fields, known, f"{node}/insights"))

    @route("DELETE", "/{node}", "delete")
    def delete(self, request: Request) -> Answer:
        """The API has no such call: a reel is deleted by hand, in the app."""
        self.fields(request)
        raise unknown_object(request.match["node"], "delete")

    def _user(self, identity: str, verb: str) -> str:
        with self.lock:
            other = identity in self._containers or any(post.id == identity for post in self.published)
        if not identity.isdecimal() or other or (self.users and identity not in self.users):
            raise unknown_object(identity, verb)
        return identity

    def _post(self, identity: str) -> PublicPost | None:
        return next((post for post in self.public if post.id == identity), None)

    def _check_publishable(self, container: Container) -> None:
        state = container.state(self.clock.now())
        if self.restricted:
            message = "The Instagram professional account is inactive, checkpointed, or restricted."
            raise refusal(25, message, status=403, subcode=2207050)
        if self.spam:
            advice = "We restrict certain activity to protect our community."
            raise refusal(4, "Application request limit reached", status=403, subcode=2207051, advice=advice)
        if state == "EXPIRED":
            raise refusal(-2, "The media you are trying to access has expired.", subcode=2207020)
        if state == "ERROR":
            raise refusal(-1, "Create media fail, please try to re-create media", subcode=2207032)
        if state == "IN_PROGRESS":
            advice = "The media is not ready to be published, please wait for a moment"
            raise refusal(9007, "Media ID is not available", subcode=2207027, advice=advice)
        if state == "PUBLISHED" and not self.republishes:
            raise refusal(24, "The requested resource does not exist", subcode=2207008)

    def _arrived(self, container: Container) -> None:
        with self.lock:
            if container.processed is None:
                container.processed = self.clock.now() + self.processing
                container.failure, self.reject_processing = self.reject_processing, None

    def _of_a_post(self, post: PublicPost) -> dict[str, Callable[[str], Any]]:
        seen = Audience.of(post.id, self.clock.now() - post.at)
        return {
            "id": lambda _: post.id,
            "caption": lambda _: post.text or None,
            "timestamp": lambda _: graph_time(post.at),
            "permalink": lambda _: post.url,
            "is_ai_generated": lambda _: post.ai,
            "media_type": lambda _: "VIDEO",
            "media_product_type": lambda _: "REELS",
            "media_url": lambda _: f"{self.base}/media/{post.id}.mp4",
            "is_shared_to_feed": lambda _: is_true(post.detail.get("share_to_feed", "true")),
            "shortcode": lambda _: post.url.rsplit("/", 1)[-1],
            "username": lambda _: self.username,
            "owner": lambda _: {"id": post.account},
            "like_count": lambda _: seen.likes,
            "comments_count": lambda _: seen.comments,
        }


def _at_most(what: str) -> Exception:
    advice = f"You reached maximum number of {what} that is allowed to be created by Content Publishing API."
    return refusal(9, "Application request limit reached", status=403, subcode=2207042, advice=advice)
