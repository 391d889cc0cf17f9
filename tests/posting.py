"""What tests of targets share: a post that is driven by hand, a process that dies, a context in another time."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from reelmill.content import Destination, Json, PostText, Rendition
from reelmill.files import sha256_of
from reelmill.identity import post_identity
from sandbox.platform import Platform
from tasks.publishing.base import Delivery, Published, ReadBack, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Wait
from tasks.registry import find
from tests.simulators.served_discord import ServedDiscord

if TYPE_CHECKING:
    from tests.place import Place

DISCLOSURE = "内容由AI生成"
#: The beginning of a JPEG, for platforms that look at it.
JPEG = b"\xff\xd8\xff\xe0 a cover \xff\xd9"

#: What is spoken in a video, as its rendition's record has it.
SPOKEN: Mapping[str, Json] = {
    "sound": {"language": "zh"},
    "subtitles": {
        "srt": "1\n00:00:00,250 --> 00:00:01,500\n花雪随风不厌看\n",
        "vtt": "WEBVTT\n\n00:00:00.250 --> 00:00:01.500\n花雪随风不厌看\n",
        "ass": "[Script Info]\nScriptType: v4.00+\n",
        "drawn": True,
    },
}


class Died(BaseException):
    """The process is gone."""


@dataclass
class Elsewhen(TargetContext):
    """A context whose clock is ahead, by as much as a test says."""

    ahead: dt.timedelta = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return super().now() + self.ahead


class Memory:
    """What the ledger has of a handle.

    Parameters
    ----------
    dies_after:
        The process ends right after so many commits. 0: it does not.
    commits:
        What was committed before.
    """

    def __init__(self, dies_after: int = 0, commits: Sequence[Mapping[str, Json]] = ()) -> None:
        self.commits = list(commits)
        self.dies_after = dies_after
        self.others: set[str] = set()  #: what the platform calls other posts of the ledger

    @property
    def known(self) -> Mapping[str, Json]:
        """What was committed last."""
        return self.commits[-1] if self.commits else {}

    def handle(self, *, dies_after: int = 0) -> Handle:
        """As a process finds it that begins, or begins again, and ends after so many commits more. 0: it does not."""
        if dies_after:
            self.dies_after = len(self.commits) + dies_after
        known = json.loads(json.dumps(self.commits[-1])) if self.commits else {}
        return Handle(known, self._commit, lambda identity: identity in self.others)

    def _commit(self, known: Mapping[str, Json]) -> None:
        self.commits.append(json.loads(json.dumps(known)))
        if len(self.commits) == self.dies_after:
            raise Died


class Posted(Memory):
    """One post, call by call: each call is made as by a new process, which knows what was committed.

    Parameters
    ----------
    place:
        Where it is tried: what others do for it meanwhile, and what the public sees. None: nothing is waited for.
    """

    def __init__(self, target: Target, context: TargetContext, delivery: Delivery, place: Place | None = None) -> None:
        super().__init__()
        self.target, self.context, self.delivery = target, context, delivery
        self._place = place

    def another(
        self, *, target: Target | None = None, context: TargetContext | None = None, delivery: Delivery | None = None
    ) -> Posted:
        """A post of which nothing is known yet; of the same words and the same video, if it is given no others."""
        made = delivery or replace(self.delivery, post_id=uuid4())
        return Posted(target or self.target, context or self.context, made, self._place)

    def prepare(self) -> None:
        self.target.prepare(self.delivery, self.context)

    def upload(self) -> None:
        self.target.upload(self.delivery, self.context, self.handle())

    def check(self) -> None:
        """Ask until it is ready."""
        for _ in range(20):
            try:
                return self.target.check(self.delivery, self.context, self.handle())
            except Wait:
                self.place.wait()
        raise AssertionError("it is never ready")

    def ready(self) -> Posted:
        """Everything but the last call."""
        self.prepare()
        self.upload()
        self.check()
        return self

    def finalize(self) -> Published:
        return self.target.finalize(self.delivery, self.context, self.handle())

    def live(self) -> Published:
        """The whole way."""
        return self.ready().finalize()

    def look_up(self) -> Published | None:
        return self.target.look_up(self.delivery, self.context, self.handle())

    def settled(self, published: Published | None = None) -> Published | None:
        """What it comes to in the end. None: it is not there."""
        for _ in range(20):
            if published is not None and published.settled:
                return published
            self.place.wait()
            with suppress(Wait):
                published = self.look_up()
                if published is None:
                    return None
        raise AssertionError("it never settles")

    def read_back(self, published: Published) -> ReadBack:
        return self.target.read_back(self.delivery, self.context, published)

    @property
    def place(self) -> Place:
        assert self._place is not None
        return self._place

    @property
    def platform(self) -> Any:
        """The simulated platform, with knobs of its own."""
        assert self.place.platform is not None
        return self.place.platform

    @property
    def shown(self) -> list[str]:
        return list(self.place.shown())

    @property
    def once(self) -> list[str]:
        """What the public is to see: this very file, once."""
        return [self.delivery.rendition.sha256]


def to(target: str, rendition: Rendition) -> Destination:
    """A folder of that name."""
    return Destination(target, "folder", target, rendition.id)


def make_target(kind: str, **options: Json) -> Any:
    if options.get("type") == "served_discord":
        return ServedDiscord.model_validate({**options, "type": kind})
    made = find("targets", kind).model_validate({"type": kind, **options})
    assert isinstance(made, Target)
    return made


def delivery_of(
    folder: Path, content: bytes | None = None, *, size: int = 200_000, name: str = "01-xiaoxue", **changes: Any
) -> Delivery:
    """A post of a video with this content; without it, of `size` bytes that are the same for the same name alone.

    Parameters
    ----------
    changes:
        Other values of fields of the delivery, its words or its rendition.
    """
    if content is None:
        block = random.Random(name).randbytes(64 * 1024 - 1)
        content = (block * (size // len(block) + 1))[:size]
    video, cover = folder / f"{name}.mp4", folder / f"{name}.jpg"
    video.write_bytes(content)
    cover.write_bytes(JPEG)
    rendition = Rendition(
        "m" * 64, "douyin", "r" * 64, video, sha256_of(video), cover, sha256_of(cover), 1080, 1920, 121, 24,
        len(content), {"visible": {"text": "AI生成"}}, preview=False,
    )  # fmt: skip
    text = PostText("小雪", "小雪 – 花雪随风不厌看", ("小雪", "节气"))
    delivery = Delivery(
        post_identity(rendition.sha256, "t", "t"), _changed(rendition, changes), _changed(text, changes),
        "solar-terms-daily/2026-11-22", name, {"pipeline": "solar-terms-daily"}, DISCLOSURE,
    )  # fmt: skip
    return replace(delivery, **changes)


def _changed(one: Any, changes: dict[str, Any]) -> Any:
    """With those of the changes that are its own, which are taken out."""
    return replace(one, **{field.name: changes.pop(field.name) for field in fields(one) if field.name in changes})


def until_ready(platform: Platform, ask: Callable[[], None]) -> None:
    """Ask again for as long as the platform works, whose time passes meanwhile."""
    for _ in range(10):
        try:
            return ask()
        except Wait as wait:
            platform.clock.advance(wait.retry_after or 1.0)
    raise AssertionError("the platform is never ready")


def prepared(target: Target, delivery: Delivery, context: TargetContext, memory: Memory, platform: Platform) -> Handle:
    """Everything but the last step."""
    handle = memory.handle()
    target.prepare(delivery, context)
    target.upload(delivery, context, handle)
    until_ready(platform, lambda: target.check(delivery, context, handle))
    return handle


def post(
    target: Target, delivery: Delivery, context: TargetContext, platform: Platform, memory: Memory | None = None
) -> Published:
    """The way of a post on a platform that takes its time."""
    handle = prepared(target, delivery, context, memory or Memory(), platform)
    return target.finalize(delivery, context, handle)


def sent(target: Target, delivery: Delivery, context: TargetContext, handle: Handle | None = None) -> Published:
    """The way of a post on which nothing goes wrong, and nothing is waited for."""
    handle = Memory().handle() if handle is None else handle  # one that is empty is false
    target.prepare(delivery, context)
    target.upload(delivery, context, handle)
    target.check(delivery, context, handle)
    return target.finalize(delivery, context, handle)


def by_address(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> dict[str, Json]:
    """Options of a target that meets a simulated platform as the real one: by its address, with a token of its own."""
    monkeypatch.setenv("TOKEN_OF_A_TEST", platform.issue())
    platform.strict = True
    return {"url": platform.base, "token": {"env": "TOKEN_OF_A_TEST"}}


def moments(platform: Platform) -> list[str]:
    """Those of all requests that came."""
    return [moment for moment, _ in platform.calls]


def count(platform: Platform, moment: str) -> int:
    """How many requests of a moment came."""
    return moments(platform).count(moment)
