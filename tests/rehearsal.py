"""What tests of one target share: a delivery, a memory that outlives a process, and a post from end to end."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid5

from reelmill.content import NAMESPACE, Json, PostText, Rendition
from reelmill.files import sha256_of
from sandbox.platform import Platform
from tasks.publishing.base import Delivery, Handle, Published, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Wait
from tasks.registry import find

DISCLOSURE = "Made with AI."


class Died(Exception):
    """The process ended here."""


class Memory:
    """What the ledger has of a handle.

    Parameters
    ----------
    dies_after:
        The process ends when so much was committed.
    """

    def __init__(self, dies_after: int | None = None) -> None:
        self.commits: list[Mapping[str, Json]] = []
        self.dies_after = dies_after

    def handle(self) -> Handle:
        """As another process finds it."""
        return Handle(json.loads(json.dumps(self.commits[-1])) if self.commits else {}, self._commit)

    def _commit(self, known: Mapping[str, Json]) -> None:
        self.commits.append(known)
        if self.dies_after is not None and len(self.commits) == self.dies_after:
            raise Died


def make_target(kind: str, **options: Json) -> Any:
    made = find("targets", kind).model_validate({"type": kind, **options})
    assert isinstance(made, Target)
    return made


def make_delivery(
    folder: Path,
    *,
    size: int = 200_000,
    frames: int = 121,
    title: str = "First snow",
    caption: str = "The kettle sings.",
    hashtags: tuple[str, ...] = ("tea", "snow"),
    name: str = "01-first-snow",
    public_at: dt.datetime | None = None,
) -> Delivery:
    """A post with a file of `size` bytes that no other name has, and 24 frames a second."""
    video, cover = folder / f"{name}.mp4", folder / f"{name}.jpg"
    content = (name.encode() + bytes(range(256))) * (size // 256 + 1)
    video.write_bytes(content[:size])
    cover.write_bytes(b"\xff\xd8\xff\xe0 a cover \xff\xd9")
    rendition = Rendition(
        "m" * 64, "instagram_reels", sha256_of(video), video, sha256_of(video), cover, sha256_of(cover), 1080, 1920,
        frames, 24, size, {}, preview=False,
    )  # fmt: skip
    return Delivery(
        uuid5(NAMESPACE, rendition.sha256), rendition, PostText(title, caption, hashtags), "daily/2026-11-22", name,
        {"pipeline": "daily"}, DISCLOSURE, public_at,
    )  # fmt: skip


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
    handle = prepared(target, delivery, context, memory or Memory(), platform)
    return target.finalize(delivery, context, handle)


def count(platform: Platform, moment: str) -> int:
    """How many requests of a moment came."""
    return sum(met == moment for met, _ in platform.calls)
