"""What each platform takes and what is made for it, as data: `profiles.yaml`, read once and checked strictly.

Every number names its source, and a source says whether it is the platform's own word. A platform is added by adding
its block to the data; nothing else changes.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from reelmill.errors import FinishingError
from tasks.options import Options

T = TypeVar("T")

DATA = Path(__file__).with_name("profiles.yaml")

Language = Literal["zh", "en"]

#: What the label says. AI element and generation element both (GB 45438-2025 §5.4); capital "AI" first (EU Code).
LABEL_WORDING: dict[Language, str] = {"zh": "AI生成", "en": "AI GENERATED"}


def even(pixels: float) -> int:
    """The nearest even number that is not smaller: 4:2:0 shares one colour sample between two pixels."""
    return math.ceil(pixels / 2) * 2


class Source(Options):
    """Where a number comes from."""

    title: str
    read: str  #: year and month in which it was read
    official: bool  #: the platform's or the law's own word


class Sourced(Options):
    """Anything that names its source."""

    source: str


class Fact(Sourced, Generic[T]):
    """One value and its source."""

    value: T


class Bounds(Sourced):
    """A least and a most, both allowed."""

    least: float = Field(strict=False)
    most: float = Field(strict=False)


class SafeZone(Sourced):
    """Pixels at each edge that the platform's own buttons and texts may cover, at the profile's size."""

    top: int
    bottom: int
    left: int
    right: int


class TextLimit(Sourced):
    """How long a text may be, in the unit that the platform counts in."""

    most: int
    unit: Literal["chars", "utf16", "bytes", "items"]

    def length(self, text: str) -> int:
        """How long a text is in this unit."""
        match self.unit:
            case "utf16":
                return len(text.encode("utf-16-le")) // 2
            case "bytes":
                return len(text.encode())
            case "items":
                return len(text.split())
            case _:
                return len(text)


class TextLimits(Options):
    """The limits of the words beside the video."""

    title: TextLimit
    caption: TextLimit
    hashtags: TextLimit


class CoverRule(Sourced):
    """What the cover may be. Its picture is always a labelled frame of the rendition, as JPEG."""

    max_bytes: int


class Profile(Options):
    """One platform: what it takes, and what is made for it."""

    name: str
    title: str
    language: Fact[Language]  #: of the visible label
    width: Fact[int]  #: pixels
    height: Fact[int]  #: pixels
    fps: Bounds
    seconds: Bounds
    max_bytes: Fact[int]
    crf: Fact[int]  #: quality of x264
    max_bitrate: Fact[int]  #: bits per second
    gop_seconds: Fact[float]  #: length of a closed group of pictures
    audio_bitrate: Fact[int]  #: bits per second
    safe_zone: SafeZone
    text: TextLimits
    cover: CoverRule
    reframe: Literal["auto", "crop", "pad", "blur"] = "auto"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width.value, self.height.value

    @property
    def short_side(self) -> int:
        """The shorter side in pixels, which label heights are measured against."""
        return min(self.size)

    @property
    def room(self) -> int:
        """Pixels across inside the safe zone, from its left axis on."""
        return self.width.value - even(self.safe_zone.left) - self.safe_zone.right

    def label_lines(self, *, bilingual: bool = False) -> tuple[str, ...]:
        """The words of the visible AI label, the platform's own language first."""
        own = LABEL_WORDING[self.language.value]
        return (own, *(text for text in LABEL_WORDING.values() if text != own)) if bilingual else (own,)

    def rate(self, source: int) -> tuple[int, int]:
        """The frame rate to deliver for a master's, and how often each of the master's frames is shown.

        A rate that the platform takes is kept. A lower one is multiplied, so that motion stays even.

        Raises
        ------
        FinishingError
            If no whole multiple is within the platform's bounds.
        """
        times = max(1, -(-int(self.fps.least) // source))
        if source * times > self.fps.most:
            raise FinishingError(
                f"{self.title} takes {self.fps.least:g} to {self.fps.most:g} frames per second, not {source}",
                "generate at 24 frames per second",
            )
        return source * times, times

    def check_seconds(self, seconds: float) -> None:
        """Raise `FinishingError` unless the platform takes videos of this length."""
        if not self.seconds.least <= seconds <= self.seconds.most:
            raise FinishingError(
                f"{self.title} takes videos of {self.seconds.least:g} to {self.seconds.most:g} s, "
                f"this one has {seconds:.2f} s",
                f"change `seconds` of the pipeline, or take {self.name} out of `deliver`",
            )


class _Data(Options):
    version: int
    sources: dict[str, Source]
    profiles: dict[str, Profile]

    @model_validator(mode="after")
    def _sources_are_named(self) -> Self:
        for name, profile in self.profiles.items():
            for field, value in profile:
                if isinstance(value, Sourced) and value.source not in self.sources:
                    raise ValueError(f"{name}.{field} names the source {value.source!r}, which is not listed")
        return self


@cache
def _data() -> _Data:
    from ruamel.yaml import YAML

    raw = YAML(typ="safe").load(DATA)
    for name, profile in raw["profiles"].items():
        profile["name"] = name
    return _Data.model_validate(raw)


@cache
def names() -> tuple[str, ...]:
    """Every profile's name, in the order of the data."""
    return tuple(_data().profiles)


def find(name: str) -> Profile:
    """The profile of that name.

    Raises
    ------
    FinishingError
        If there is none; the definition checks names long before.
    """
    try:
        return _data().profiles[name]
    except KeyError:
        raise FinishingError(f"there is no profile {name!r}", f"use one of: {', '.join(names())}") from None


def source(name: str) -> Source:
    """The source that a number names."""
    return _data().sources[name]
