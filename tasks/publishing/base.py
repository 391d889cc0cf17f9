"""The contract of a target: five calls, of which exactly one makes a post public.

    prepare → upload → finalize → (look_up after a crash) → read_back

`prepare` and `upload` may be repeated at will and show nothing to the public. `finalize` is the one irreversible call:
the stage commits `armed` before it and `live` after it. If a process dies in between, the stage asks `look_up`; a
target that cannot look up leaves the post `unknown`, and a person decides.

Every target passes `tests/contract/test_targets.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from reelmill.content import Json, PostText, Rendition
from tasks.options import Options


class Safety(StrEnum):
    """How a target can be kept from posting twice."""

    IDEMPOTENCY_KEY = "idempotency_key"  #: the platform refuses a second call with the same key
    NATURAL = "natural"  #: doing it twice is the same as doing it once
    LOOK_UP = "look_up"  #: the platform can be asked whether it happened
    NONE = "none"  #: neither: after a crash a person decides


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything a target needs to make one post."""

    post_id: UUID
    rendition: Rendition
    text: PostText
    folder: str  #: where it belongs, as a relative path: `solar-terms-daily/2026-11-22`
    name: str  #: a file name without suffix, unique within the folder
    about: Mapping[str, Json]  #: pipeline, date, video, variant, labels, verdict: for sidecars and disclosure


@dataclass(frozen=True, slots=True)
class Published:
    """What a target says of a post that is live."""

    url: str
    platform_id: str
    detail: Mapping[str, Json]


Remember = Callable[[Mapping[str, Json]], None]
"""Commits the handle of an upload (session URI, container id, segment acks) before the next byte is sent."""


class Target(Options):
    """One entry of `targets:`. The class is its options model: its fields are its YAML keys."""

    safety: ClassVar[Safety]
    local: ClassVar[bool] = False  #: a folder on this machine: previews are welcome

    type: str
    accept_previews: bool = False
    """Take clips that were made without the model. A local folder always does."""

    @property
    def takes_previews(self) -> bool:
        return self.local or self.accept_previews

    @abstractmethod
    def prepare(self, delivery: Delivery, base: Path) -> None:
        """Check everything that can be checked without sending a byte. `base` is the folder of pipelines.yaml.

        Raises
        ------
        PublishingError, TransientError
        """

    @abstractmethod
    def upload(self, delivery: Delivery, base: Path, handle: Mapping[str, Json], remember: Remember) -> None:
        """Bring the bytes there without making anything public. Continues from `handle` if an earlier try left one."""

    @abstractmethod
    def finalize(self, delivery: Delivery, base: Path, handle: Mapping[str, Json]) -> Published:
        """Make the post public: the one irreversible call.

        Raises
        ------
        UnknownOutcome
            If the call was sent and its answer did not come.
        """

    @abstractmethod
    def look_up(self, delivery: Delivery, base: Path, handle: Mapping[str, Json]) -> Published | None:
        """Whether the post is public already. Reads only. Called for posts that were armed when a process died."""

    @abstractmethod
    def read_back(self, delivery: Delivery, base: Path, published: Published) -> Mapping[str, Json]:
        """What the target shows of a live post: public, labelled, the right size. Reads only."""
