"""The nouns: what passes from stage to stage. Frozen, comparable, and free of behaviour that belongs to a stage.

Brief × Variant → Shot → Clip → Master → Verdict → Rendition → Post
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from reelmill.identity import post_identity

Json = Any  #: what `json.dumps` takes (a recursive alias chokes both pydantic and mypy)


def fingerprint(value: Json) -> str:
    """The sha256 (hex) of a value's canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Brief:
    """One thing to make a video about, as a source emits it."""

    key: str  #: stable in its source across days: a SKU, a term's slug, an event id
    title: str  #: for people, in names and tables
    fields: Mapping[str, Json]  #: what templates see as `brief.…`
    images: tuple[str, ...] = ()  #: reference images: http(s) URLs, or absolute paths of local files
    cursor: Json = None  #: how far the source is read with this one, if it goes on from there the next time
    made: str = ""  #: when the thing was made, in the source's own words; no template shows it

    @property
    def fingerprint(self) -> str:
        """The sha256 of everything that a template can show, so that a changed product is noticed."""
        return fingerprint({"fields": dict(self.fields), "images": list(self.images)})


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that a source found and cannot use."""

    where: str  #: "item 7", "line 12", "SKU tea-03"
    reason: str
    key: str | None = None  #: of its brief, if it could be read so far; "": it has none; None: nobody knows


@dataclass(frozen=True, slots=True)
class Variant:
    """One cell of a pipeline's matrix."""

    id: str  #: a stable slug of the values, "" for a pipeline without a matrix
    values: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shot:
    """One request to an engine. Everything in it determines the pixels, so its hash is its identity."""

    engine: str
    model: str  #: name and revision of what draws, e.g. `storyboard@1`
    prompt: str
    negative_prompt: str
    width: int  #: pixels
    height: int  #: pixels
    frames: int
    fps: int
    steps: int
    guidance: float
    seed: int
    image: str | None = None  #: sha256 of the reference image in the store

    @property
    def id(self) -> str:
        """The sha256 of the request. Same id, same clip."""
        # As `asdict`, which copies what cannot change: this is asked for with each of thousands of videos.
        return fingerprint({name: getattr(self, name) for name in self.__slots__})

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


@dataclass(frozen=True, slots=True)
class Clip:
    """The file that a shot became."""

    shot_id: str
    path: Path
    sha256: str
    width: int
    height: int
    frames: int
    fps: int
    preview: bool  #: made without the model; a target that is not a local folder refuses it by default
    record: Mapping[str, Json] = field(default_factory=dict)  #: how it was made: seconds, plan, versions

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


@dataclass(frozen=True, slots=True)
class Joint:
    """How a clip follows the one before it."""

    kind: str  #: `cut`, `crossfade` or `black`
    frames: int = 0  #: that both have in common; none of a cut


@dataclass(frozen=True, slots=True)
class Effect:
    """What somebody's own code makes of the clips together. All of it determines the pixels."""

    sha256: str  #: of the file with the code
    function: str
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edit:
    """How clips become a master. Everything in it determines the pixels, so its hash is its identity."""

    maker: str  #: what joins them, with its version
    clips: tuple[str, ...]  #: the sha256 of each, in order
    joints: tuple[Joint, ...] = ()  #: before each clip but the first
    effect: Effect | None = None

    @property
    def id(self) -> str:
        """The sha256 of the request. Same id, same master."""
        return fingerprint(asdict(self))

    @property
    def changes_nothing(self) -> bool:
        """The master is its one clip."""
        return len(self.clips) == 1 and self.effect is None


@dataclass(frozen=True, slots=True)
class Master:
    """A video's clips together, before anything is drawn on them. One clip by itself is a master as it is."""

    path: Path
    sha256: str
    width: int
    height: int
    frames: int
    fps: int
    preview: bool  #: one of its clips is
    edit_id: str | None = None  #: None: it is a clip
    record: Mapping[str, Json] = field(default_factory=dict)  #: how it was made

    @classmethod
    def of(cls, clip: Clip) -> Self:
        return cls(clip.path, clip.sha256, clip.width, clip.height, clip.frames, clip.fps, clip.preview)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


class Decision(StrEnum):
    """What screening says of a master."""

    PASS = "pass"
    REVIEW = "review"
    BLOCK = "block"


#: The frame of a hit that is not in the master, but in the photo of its end card.
PHOTO = -1


@dataclass(frozen=True, slots=True)
class Hit:
    """One piece of evidence."""

    category: str  #: e.g. `sexual`
    level: Decision  #: what this hit alone would decide
    detector: str
    label: str  #: the detector's own word
    score: float  #: 0 to 1
    frame: int  #: `PHOTO`: not in the master, but in the photo that is drawn on its end card
    seconds: float  #: position in the master
    box: tuple[int, int, int, int] | None = None  #: x, y, width, height in pixels of the master, or of the photo


@dataclass(frozen=True, slots=True)
class Examination:
    """What one detector did: a pass needs this for every detector that the policy requires."""

    detector: str
    version: str
    model_sha256: str
    frames: int  #: how many frames it looked at
    worst: float  #: the highest score seen, 0 to 1

    @property
    def identity(self) -> str:
        """Who exactly looked, in one text."""
        return f"{self.detector} {self.version} {self.model_sha256}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What screening says of one exact master under one exact policy."""

    master_sha256: str
    policy: str
    policy_version: str
    decision: Decision
    reasons: tuple[str, ...] = ()  #: why it is not a pass, for people
    hits: tuple[Hit, ...] = ()
    examinations: tuple[Examination, ...] = ()
    frames: int = 0  #: frames in the master
    examined: int = 0  #: frames that every required detector saw
    seconds_taken: float = 0.0

    @property
    def fault(self) -> bool:
        """Blocked because it could not be examined whole, not because of what was seen. Worth another try."""
        seen = any(hit.level is not Decision.PASS for hit in self.hits)
        return self.decision is Decision.BLOCK and not seen


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small, blurred picture of a frame that decided: for a person, beside the verdict."""

    frame: int
    seconds: float  #: position in the master
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Rendition:
    """A master finished for one platform."""

    master_sha256: str
    profile: str  #: the platform profile's name
    recipe: str  #: sha256 of everything that was drawn and how it was encoded
    path: Path
    sha256: str
    cover: Path
    cover_sha256: str
    width: int
    height: int
    frames: int
    fps: int
    size_bytes: int
    labels: Mapping[str, Json]  #: each label that was applied, and what proves it
    preview: bool
    record: Mapping[str, Json] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The identity of the content: same master, same profile, same recipe."""
        return self.identity(self.master_sha256, self.profile, self.recipe)

    @staticmethod
    def identity(master_sha256: str, profile: str, recipe: str) -> str:
        """The id that a rendition has, or would have once it is made."""
        return fingerprint([master_sha256, profile, recipe])


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a post goes, and what makes it the same post as another one."""

    target: str  #: the name in the definition
    platform: str
    account: str
    content: str  #: the fingerprint of what people see
    edition: str = ""  #: "" unless the same content may be posted again
    named: bool = False  #: the account is a name as people write it, which was kept as it was written once

    @property
    def post_id(self) -> UUID:
        return post_identity(self.content, self.platform, self.account, self.edition)


@dataclass(frozen=True, slots=True)
class PostText:
    """The words that go with a rendition to a target."""

    title: str
    caption: str
    hashtags: tuple[str, ...] = ()
