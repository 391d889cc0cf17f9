"""What tests of targets share: a post that is driven by hand, a process that dies, and a context in another time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reelmill.content import Json
from sandbox.platform import Platform
from tasks.publishing.base import Delivery, Handle, Published, Target
from tasks.publishing.context import TargetContext
from tests.contract.test_targets import make_delivery


class Died(BaseException):
    """The process is gone."""


@dataclass
class Elsewhen(TargetContext):
    """A context whose clock is ahead, by as much as a test says."""

    ahead: dt.timedelta = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return super().now() + self.ahead


@dataclass
class Ledger:
    """What was committed of a handle. The process dies right after the commit number `dies_at`, counted from 1."""

    dies_at: int = 0
    committed: list[Mapping[str, Json]] = field(default_factory=list)

    def commit(self, handle: Mapping[str, Json]) -> None:
        self.committed.append(json.loads(json.dumps(handle)))
        if len(self.committed) == self.dies_at:
            raise Died

    def handle(self) -> Handle:
        """As a process finds it that begins, or begins again."""
        return Handle(self.committed[-1] if self.committed else {}, self.commit)


def delivery_of(folder: Path, content: bytes, **changes: Json) -> Delivery:
    """A post of these bytes, with other words or another time."""
    delivery = make_delivery(folder, content=content)
    words = {key: changes.pop(key) for key in ("title", "caption", "hashtags") if key in changes}
    return replace(delivery, text=replace(delivery.text, **words), **changes)


def sent(target: Target, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
    """The way of a post on which nothing goes wrong."""
    target.prepare(delivery, context)
    target.upload(delivery, context, handle)
    target.check(delivery, context, handle)
    return target.finalize(delivery, context, handle)


def by_address(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> dict[str, Json]:
    """Options of a target that meets a simulated platform as the real one: by its address, with a token of its own."""
    monkeypatch.setenv("TOKEN_OF_A_TEST", platform.issue())
    platform.strict = True
    return {"url": platform.base, "token": {"env": "TOKEN_OF_A_TEST"}}
