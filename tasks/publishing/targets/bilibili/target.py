"""The target `bilibili`: signed calls, an upload in parts, a cover, and an archive that is reviewed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import count
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tasks.publishing.attempt import OLD, armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Refused, Restart
from tasks.publishing.recognition import back_to
from tasks.publishing.slices import cut
from tasks.publishing.targets.bilibili.account import BilibiliAccount
from tasks.publishing.targets.bilibili.answers import judge_posting
from tasks.publishing.targets.bilibili.archive import OPEN, Archive, page
from tasks.publishing.wording import caption_of, title_of

#: What it takes: bytes and seconds of a video, its longer side in pixels, its frames a second; bytes of a cover.
LARGEST, LONGEST, LONGEST_SIDE, FASTEST, LARGEST_COVER = 4_000_000_000, 18_000, 4096, 120, 5_000_000
#: Characters of its words.
TITLE, DESCRIPTION, TAGS = 79, 249, 199
#: Archives that a look-up asks for at once, and how often at most.
PER_PAGE, PAGES = 20, 50


class Bilibili(BilibiliAccount):
    """A Bilibili account, through an app of its open platform. Accounts that are no formal members post 5 a day.

    An archive is reviewed before the public sees it. The API has no flag for AI (the site's `neutral_mark` is not part
    of it) and keeps no time. Source: openhome.bilibili.com, 视频稿件管理.
    """

    safety = Safety.LOOK_UP
    profiles = ("bilibili", "douyin")
    certain_after = dt.timedelta(minutes=10)  # our choice: how soon a list shows a new archive is not documented
    discloses = "the label in the picture, a line of the description, a tag, and AIGC metadata"
    tells_metrics = True
    unpublishes = True

    #: Bytes of a part. 8 MB is suggested.
    part_bytes: ClassVar[int] = 8 * 1024 * 1024

    type: Literal["bilibili"]

    tid: Annotated[int, Field(ge=1)] = 21
    """The partition (分区) that archives are put into. 21: daily life."""

    tags: tuple[Annotated[str, StringConstraints(min_length=1, max_length=20)], ...] = Field(
        ("AI生成",), strict=False, max_length=10
    )
    """Tags of every archive, before the hashtags of its text."""

    copyright: Literal[1, 2] = 1
    """1: made by the account. 2: taken over from `source`."""

    source: Annotated[str, StringConstraints(max_length=200)] = ""
    """Where it is from, with `copyright: 2`."""

    no_reprint: bool = True
    """Nobody else may post it."""

    @model_validator(mode="after")
    def _a_source_if_taken_over(self) -> Self:
        if (self.copyright == 2) != bool(self.source):
            reason = "`copyright: 2` and `source` belong together"
            raise PydanticCustomError("source", "{reason}", {"reason": reason, "allowed": "both or neither"})
        return self

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        rendition = delivery.rendition
        seconds, cover = rendition.frames / rendition.fps, rendition.cover.stat().st_size
        wrong = []
        if rendition.size_bytes > LARGEST:
            wrong.append(f"{rendition.size_bytes} bytes are more than 4 GB")
        if seconds >= LONGEST:
            wrong.append(f"{seconds:.0f} s are not less than 5 hours")
        if max(rendition.width, rendition.height) > LONGEST_SIDE:
            wrong.append(f"{rendition.width}x{rendition.height} is more than 4096 pixels")
        if rendition.fps > FASTEST:
            wrong.append(f"{rendition.fps} frames a second are more than 120")
        if cover > LARGEST_COVER:
            wrong.append(f"a cover of {cover} bytes is more than 5 MB")
        if not delivery.text.title.strip():
            wrong.append("an archive needs a title")
        if wrong:
            raise Refused(f"Bilibili does not take it: {'; '.join(wrong)}", "finish it with the profile bilibili")
        if not self._tags(delivery):
            raise Refused("Bilibili wants a tag", "give the target `tags`, or the text hashtags")
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if not handle.get("uploaded"):
            self._send(delivery, context, handle)
            handle.remember(uploaded=context.now().isoformat())
        if "cover" not in handle:
            with delivery.rendition.cover.open("rb") as stream:
                reply = self.sign(
                    context,
                    "uploading a cover to Bilibili",
                    "POST",
                    "archive/cover/upload",
                    files={"file": ("cover.jpg", stream, "image/jpeg")},
                )
            handle.remember(cover=str(reply.need("data", "url")))

    def _send(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Send the parts that were not taken yet. Nobody can be asked which: the handle knows."""
        doing, resumed = "uploading a part to Bilibili", "upload_token" in handle
        if not resumed:
            wish = {"name": f"{delivery.post_id}.mp4", "utype": "0"}
            init = "archive/video/init"
            reply = self.sign(context, "asking Bilibili for an upload", "POST", init, content=wish)
            handle.remember(upload_token=str(reply.need("data", "upload_token")), parts=0)
        token = str(handle["upload_token"])
        address = f"{self.base(context, 'upload')}/video/v2/part/upload"
        try:
            for number, part in enumerate(cut(delivery.rendition.path, self.part_bytes), start=1):
                if number <= cast("int", handle["parts"]):
                    continue
                which = {"upload_token": token, "part_number": number}
                raw = {"Content-Type": "application/octet-stream"}
                self.client(context).call(
                    doing, "POST", address, params=which, headers=raw, body=part, judge=self.judge
                )
                handle.remember(parts=number)
            complete = "archive/video/complete"
            query = {"upload_token": token}
            self.sign(context, "completing an upload to Bilibili", "POST", complete, params=query)
        except Refused as error:
            # No code is documented for an upload that is over: one of an earlier attempt is begun again.
            if resumed:
                raise Restart(f"an earlier upload is not continued ({error.reason})") from error
            raise

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        how: dict[str, Any] = {
            "irreversible": True,
            "judge": judge_posting,
            "params": {"upload_token": str(handle["upload_token"])},
            "content": {
                "title": title_of(delivery, TITLE),
                "cover": handle["cover"],
                "tid": self.tid,
                "no_reprint": int(self.no_reprint),
                "desc": caption_of(delivery, DESCRIPTION, hashtags=0, disclose=True),
                "tag": self._tags(delivery),
                "copyright": self.copyright,
                **({"source": self.source} if self.source else {}),
            },
        }
        with attempt(handle, context.now(), old=OLD):
            reply = self.sign(context, "posting to Bilibili", "POST", "archive/add-by-utoken", **how)
        resource = reply.get("data", "resource_id")
        if not resource:
            raise Ambiguous(f"{reply.doing}: the answer names no archive: {reply.quote}")
        identity = str(resource)
        return Published(self.shown_at(context, identity, page(identity)), identity, settled=False)

    def _tags(self, delivery: Delivery) -> str:
        """As many tags as fit."""
        fitted: list[str] = []
        for tag in dict.fromkeys((*self.tags, *delivery.text.hashtags)):
            one = tag.replace(",", " ").strip()
            if one and len(",".join([*fitted, one])) <= TAGS:
                fitted.append(one)
        return ",".join(fitted)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """Among the account's archives since posting began: the one with this title and cover."""
        armed = armed_at(handle)
        if armed is None:
            return None
        title, cover = title_of(delivery, TITLE), str(handle["cover"])
        latest = back_to(armed, self._latest(context), lambda one: one.made, most=PAGES, where="Bilibili")
        alike = (one for one in latest if one.is_of(title, cover, armed))
        archive = next((one for one in alike if not handle.is_of_another(one.id)), None)
        if archive is None:
            return None
        archive.require_open()
        return Published(self.shown_at(context, archive.id, archive.url), archive.id)

    def _latest(self, context: TargetContext) -> Iterator[list[Archive]]:
        """The account's archives, newest first, by pages. Only an empty one is the last: how many one has is theirs."""
        for number in count(1):
            which = {"ps": PER_PAGE, "pn": number}
            doing = "asking Bilibili for the latest archives"
            reply = self.sign(context, doing, "GET", "archive/viewlist", params=which, question=True)
            reply.need("code")  # else it is no answer of Bilibili's, which must not pass for an empty list
            found = reply.rows("data", "list")
            if not found:
                return
            yield list(map(Archive, found))

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        archive = self._view(context, published)
        if archive is None:
            return ReadBack(public=False)
        detail = {"state": archive.state, "reason": archive.reason, "url": archive.url}
        return ReadBack(public=archive.state == OPEN, detail=detail)

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        which = {"resource_id": published.platform_id}
        reply = self.sign(context, "asking Bilibili for numbers", "GET", "data/arc/stat", params=which)
        view, like, comment, share = (reply.get("data", name) for name in ("view", "like", "reply", "share"))
        return Metrics(view, like, comment, share, detail={"favorites": reply.get("data", "favorite")})

    def unpublish(self, context: TargetContext, published: Published) -> None:
        which = {"resource_id": published.platform_id}
        try:
            self.sign(context, "deleting from Bilibili", "POST", "archive/delete", content=which)
        except Refused:
            if self._view(context, published) is not None:
                raise

    def _view(self, context: TargetContext, published: Published) -> Archive | None:
        """The archive, or None if Bilibili shows none of that id."""
        which = {"resource_id": published.platform_id}
        try:
            reply = self.sign(context, "asking Bilibili for an archive", "GET", "archive/view", params=which)
        except Refused:
            return None
        return Archive(reply.get("data") or {})
