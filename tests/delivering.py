"""What tests of targets share: a delivery, and a ledger of handles whose process dies when a test wants it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reelmill.content import Json
from tasks.publishing.base import Delivery, Handle, Published, Target
from tasks.publishing.context import TargetContext
from tests.contract.test_targets import make_delivery


class DiedError(Exception):
    """The process is gone, right after what it remembered was in the ledger."""


@dataclass
class Ledger:
    """Keeps what a handle remembers."""

    known: Mapping[str, Json] = field(default_factory=dict)
    commits: int = 0

    def handle(self, *, dies_after: int | None = None) -> Handle:
        """What a new process starts with. It dies with its n-th commit."""
        left = dies_after

        def commit(known: Mapping[str, Json]) -> None:
            nonlocal left
            self.known, self.commits = dict(known), self.commits + 1
            if left is not None:
                left -= 1
                if left <= 0:
                    raise DiedError

        return Handle(self.known, commit)


def delivery_of(base: Path, content: bytes = b"video", **changed: Json) -> Delivery:
    """A post of these bytes, with other words or another name if they are given."""
    made = replace(make_delivery(base, content=content), disclosure="AI生成内容")
    return replace(made, **changed)


def posted(target: Target, delivery: Delivery, context: TargetContext, handle: Handle | None = None) -> Published:
    """Everything that the stage does with a post."""
    known = Ledger().handle() if handle is None else handle
    target.prepare(delivery, context)
    target.upload(delivery, context, known)
    target.check(delivery, context, known)
    return target.finalize(delivery, context, known)
