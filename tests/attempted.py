"""One post of a target, call by call: each call is made as by a new process, which knows what was remembered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reelmill.content import Json, PostText
from reelmill.files import sha256_of
from tasks.publishing.base import Delivery, Handle, Published, ReadBack, Target
from tasks.publishing.context import TargetContext
from tests.contract.test_targets import make_delivery

#: The beginning of a JPEG, for platforms that look at it.
JPEG = b"\xff\xd8\xff\xe0 a cover"


class DiedHere(Exception):
    """A process that is gone."""


@dataclass
class Posted:
    target: Target
    context: TargetContext
    delivery: Delivery
    commits: list[Mapping[str, Json]] = field(default_factory=list)
    dies_after: int = -1  #: commits; -1: it does not

    @property
    def handle(self) -> Handle:
        return Handle(self.commits[-1] if self.commits else {}, self._commit)

    def _commit(self, known: Mapping[str, Json]) -> None:
        self.commits.append(json.loads(json.dumps(known)))
        if len(self.commits) == self.dies_after:
            raise DiedHere

    def upload(self) -> None:
        self.target.upload(self.delivery, self.context, self.handle)

    def finalize(self) -> Published:
        return self.target.finalize(self.delivery, self.context, self.handle)

    def look_up(self) -> Published | None:
        return self.target.look_up(self.delivery, self.context, self.handle)

    def read_back(self, published: Published) -> ReadBack:
        return self.target.read_back(self.delivery, self.context, published)

    def live(self) -> Published:
        """The whole way."""
        self.target.prepare(self.delivery, self.context)
        self.upload()
        self.target.check(self.delivery, self.context, self.handle)
        return self.finalize()


def delivery(folder: Path, size: int = 1000, text: PostText | None = None, **more: object) -> Delivery:
    """A video of `size` bytes, no two of which are the same for long, with a cover that looks like a JPEG.

    `more` changes the rendition.
    """
    block = os.urandom(64 * 1024)
    made = make_delivery(folder, content=(block * (size // len(block) + 1))[:size])
    made.rendition.cover.write_bytes(JPEG)
    rendition = replace(made.rendition, cover_sha256=sha256_of(made.rendition.cover), **more)  # type: ignore[arg-type]
    return replace(made, rendition=rendition, text=text or made.text, disclosure="内容由AI生成")
