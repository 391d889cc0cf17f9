"""A bucket: video, cover and subtitles under names that hold their hashes, and a sidecar that makes them a post."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.content import fingerprint
from reelmill.subtitles import KINDS
from tasks.publishing import sidecar
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.context import SANDBOX_TOKEN, TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Refused, Restart, Retry
from tasks.publishing.own_server import is_simulated, revealed
from tasks.publishing.targets.s3 import parts
from tasks.publishing.targets.s3.bucket import Bucket, Content, Exists, Held, Unconditional
from tasks.secret import Secret

#: Characters of a hash in a name.
SHORT = 16


class S3(Target):
    """A bucket at Amazon or at any server that speaks its protocol, for a program to take posts from.

    Video, cover and subtitles lie under names that hold their hashes, so nothing that is public is ever overwritten.
    The sidecar is put last and makes them a post: whoever reads the bucket looks for `.json`. It is put only where none
    is (`If-None-Match: *`), or in place of an earlier edition that is still the one that was seen (`If-Match`). So
    doing it twice is doing it once.

    In the sandbox, its store gets the posts, unless the server is on this machine.

    Parts of an upload that is never taken up again stay in the bucket until a lifecycle rule aborts it.
    """

    safety = Safety.NATURAL
    discloses = "the sidecar says it"
    unpublishes = True

    type: Literal["s3"]
    bucket: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$")]
    """The name of the bucket. It is not made."""

    prefix: Annotated[str, StringConstraints(pattern=r"^([^/\s][^/]*(/[^/]+)*)?$", max_length=500)] = ""
    """What all keys begin with, without a slash at the end: `reels/tea`."""

    name_by: Literal["name", "content"] = "name"
    """What keys are made of: the post's folder and name, or the sha256 of the video."""

    endpoint_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]+$")] | None = None
    """The address of a server that is not Amazon's. Empty: AWS_ENDPOINT_URL, or Amazon."""

    region: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None
    """The region of the bucket. Empty: as the environment says."""

    key: Secret | None = None
    """The access key's id. Without `key` and `secret`, the environment's login is used (AWS_ACCESS_KEY_ID, roles …)."""

    secret: Secret | None = None
    """The secret access key."""

    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] | None = None
    """What people see instead of the bucket, such as a CDN: `https://cdn.example/tea`. A key is appended to it."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.key is None) != (self.secret is None):
            reason = "key and secret belong together"
            raise PydanticCustomError("login", "{reason}", {"reason": reason, "allowed": "both of them, or none"})
        return self

    def account_key(self, context: TargetContext) -> str:
        place = f"{self.endpoint_url or 'aws'}/{self.bucket}/{self.prefix}".rstrip("/")
        return ("sandbox:" if context.sandbox else "") + place

    def probe(self, context: TargetContext) -> None:
        self._bucket(context).check()

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        self._contents(delivery)
        self._bucket(context).check()

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        contents = self._contents(delivery)
        done = [content.key for content in contents]
        if handle.get("uploaded") == done:
            return
        bucket = self._bucket(context)
        for content in contents:
            if _is(bucket.look(content.key), content):
                continue
            if content.size > parts.PART:
                parts.send(bucket, content, handle)
            else:
                bucket.put(content)
        handle.remember(uploaded=done)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        bucket = self._bucket(context)
        for content in self._contents(delivery):
            if not _is(bucket.look(content.key), content):
                raise Restart(f"{content.key} is not in the bucket {self.bucket} any more, or not whole")

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        bucket, told = self._bucket(context), self._sidecar(delivery)
        try:
            bucket.put(told, condition={"IfNoneMatch": "*"}, irreversible=True)
        except Unconditional:
            bucket.put(told, irreversible=True)
        except Exists:
            self._replace(bucket, told)
        return self._published(delivery, context)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        bucket, told = self._bucket(context), self._sidecar(delivery)
        found = bucket.look(told.key)
        if found is None or found.marks.get("post") != told.post:
            return None
        whole = all(_is(bucket.look(content.key), content) for content in self._contents(delivery))
        return self._published(delivery, context) if whole else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether the sidecar is there, and the video as it was sent: its size, the hash beside it, the checksum."""
        bucket, told = self._bucket(context), self._sidecar(delivery)
        video = self._contents(delivery)[0]
        beside, found = bucket.look(told.key), bucket.look(video.key)
        if found is None:
            return ReadBack(public=beside is not None, whole=False)
        return ReadBack(
            public=beside is not None and beside.marks.get("post") == told.post,
            whole=_is(found, video),
            detail={"bytes": found.size, "sha256": found.marks.get("sha256", ""), "checksum": found.checksum},
        )

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """Remove the sidecar, then the files. What a later edition in its place still names stays."""
        bucket, key = self._bucket(context), published.platform_id
        folder = key.rpartition("/")[0]
        found = sidecar.read(bucket.get(key))
        kept: set[str] = set()
        if found.get("post") == published.detail["post"]:
            bucket.delete(key)
        elif found:
            named = [found[part] for part in ("video", "cover") if part in found]
            named += found.get("subtitles", {}).values()
            kept = {f"{folder}/{one['file']}".lstrip("/") for one in named}
        bucket.delete(*(one for one in published.detail["files"] if one not in kept))

    def _replace(self, bucket: Bucket, told: Content) -> None:
        """There is a sidecar already: ours, whose answer did not come, or that of an earlier edition."""
        found = bucket.look(told.key)
        if found is not None and found.marks.items() >= told.marks.items():
            return
        condition = {"IfNoneMatch": "*"} if found is None else {"IfMatch": found.etag}
        try:
            bucket.put(told, condition=condition, irreversible=True)
        except Exists:
            raise Retry(f"{told.key} was written by somebody else at the same time", "try again later") from None
        except Unconditional:
            bucket.put(told, irreversible=True)

    def _bucket(self, context: TargetContext) -> Bucket:
        if self._simulated(context):
            return self._spoken_to(context, f"{context.sandbox}/s3/buckets", SANDBOX_TOKEN, SANDBOX_TOKEN)
        key = revealed(self.key) if self.key is not None else None
        secret = revealed(self.secret) if self.secret is not None else None
        return self._spoken_to(context, self.endpoint_url, key, secret)

    def _simulated(self, context: TargetContext) -> bool:
        """Whether the sandbox stands in for a server, whose address may come from the environment."""
        if not context.sandbox:
            return False
        found = self._spoken_to(context, self.endpoint_url, None, None).endpoint
        return is_simulated(context, urlsplit(found).hostname or "")

    def _spoken_to(self, context: TargetContext, endpoint: str | None, key: str | None, secret: str | None) -> Bucket:
        def make() -> Bucket:
            try:
                return Bucket(self.bucket, endpoint=endpoint, region=self.region, key=key, secret=secret)
            except ImportError:
                raise Refused("boto3 is not installed", "pip install 'reelmill[s3]'") from None

        known = fingerprint([endpoint, self.region, self.bucket, key, secret])
        return context.kept(f"s3:{known}", make)

    def _stem(self, delivery: Delivery) -> str:
        """What the keys of a post begin with."""
        sha256 = delivery.rendition.sha256
        steps = [delivery.folder, delivery.name] if self.name_by == "name" else [sha256[:2], sha256]
        stem = "/".join(step for step in (self.prefix, *steps) if step)
        if any(step in {"", ".", ".."} for step in stem.split("/")):
            raise Refused(f"{stem} is no key that every program can read", "correct `prefix`")
        return stem

    def _contents(self, delivery: Delivery) -> list[Content]:
        """Video, cover, and subtitles of each kind that there is."""
        stem, rendition, post = self._stem(delivery), delivery.rendition, str(delivery.post_id)
        video = stem if self.name_by == "content" else f"{stem}.{rendition.sha256[:SHORT]}"
        cover = f"{stem}.{rendition.cover_sha256[:SHORT]}"
        size = rendition.cover.stat().st_size
        return [
            Content(f"{video}.mp4", rendition.path, rendition.size_bytes, rendition.sha256, "video/mp4", post),
            Content(f"{cover}.jpg", rendition.cover, size, rendition.cover_sha256, "image/jpeg", post),
            *(self._document(delivery, kind, text) for kind, text in sidecar.subtitles(delivery).items()),
        ]

    def _document(self, delivery: Delivery, kind: str, text: bytes) -> Content:
        sha256 = hashlib.sha256(text).hexdigest()
        key = f"{self._stem(delivery)}.{sha256[:SHORT]}.{kind}"
        return Content(key, text, len(text), sha256, KINDS[kind], str(delivery.post_id))

    def _sidecar(self, delivery: Delivery) -> Content:
        video, cover, *spoken = (content.key.rpartition("/")[2] for content in self._contents(delivery))
        subtitled = {name.rpartition(".")[2]: name for name in spoken}
        text = sidecar.written(delivery, video=video, cover=cover, subtitled=subtitled).encode()
        key, sha256 = f"{self._stem(delivery)}.json", hashlib.sha256(text).hexdigest()
        return Content(key, text, len(text), sha256, "application/json", str(delivery.post_id))

    def _published(self, delivery: Delivery, context: TargetContext) -> Published:
        files = [content.key for content in self._contents(delivery)]
        base = self.public_url.rstrip("/") if self.public_url is not None else f"s3://{self.bucket}"
        address = f"{base}/{quote(files[0])}"
        shown = context.shown_at("s3", str(delivery.post_id), address) if self._simulated(context) else address
        return Published(
            url=shown,
            platform_id=f"{self._stem(delivery)}.json",
            detail={"post": str(delivery.post_id), "files": files},
        )


def _is(found: Held | None, content: Content) -> bool:
    """Whether an object is what it must be, as far as the server tells."""
    if found is None or found.size != content.size or found.marks.get("sha256") != content.sha256:
        return False
    return not found.checksum or found.checksum == parts.checksum(content)
