"""What the store holds: content under the hash of its bytes."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

#: Names that are ours. Nothing else in a folder or a bucket is ever touched.
_NAME = re.compile(r"([0-9a-f]{64})(\.(?:mp4|jpg|png))")


@dataclass(frozen=True, slots=True, order=True)
class Content:
    """A file's content, wherever the file is."""

    sha256: str
    suffix: str  #: part of the name, e.g. `.mp4`

    @property
    def name(self) -> str:
        """The name in the store: the same in a folder and in a bucket."""
        return f"{self.sha256[:2]}/{self.sha256}{self.suffix}"

    @classmethod
    def of(cls, name: str) -> Self | None:
        """The content that a file's name (without folders) stands for; None if the file is none of ours."""
        parts = _NAME.fullmatch(name)
        return cls(parts[1], parts[2]) if parts else None


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is in the store."""

    content: Content
    bytes: int
    added_at: dt.datetime  #: last time; adding what is there already counts
