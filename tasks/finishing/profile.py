"""One platform: what it takes, and what is made for it. Every number names its source."""

from __future__ import annotations

import math
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, model_validator

from reelmill.errors import FinishingError
from reelmill.text_length import LENGTHS, Unit
from tasks.options import Options

T = TypeVar("T")

Language = Literal["zh", "en"]
Codec = Literal["h264", "hevc", "av1"]
Policy = Literal["auto", "crop", "follow", "pad", "blur"]
Part = Literal["title", "ai_line", "hashtags"]

#: What the label says. AI element and generation element both (GB 45438-2025 §5.4); capital "AI" first (EU Code).
LABEL_WORDING: dict[Language, str] = {"zh": "AI生成", "en": "AI GENERATED"}
#: The line beside a post that says how it was made.
AI_LINE: dict[Language, str] = {"zh": "内容由AI生成", "en": "AI-generated"}

#: How much of a platform's limit a file may fill: an encoder meets its rate only about.
FILLED = 0.92


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

    # To look for the docstrings of a generic class's fields goes through all modules: a fifth of every start, for none.
    model_config = ConfigDict(use_attribute_docstrings=False)

    source: str


class Fact(Sourced, Generic[T]):
    """One value and its source."""

    value: T


class Bounds(Sourced):
    """A least and a most, both allowed."""

    least: float = Field(strict=False)
    most: float = Field(strict=False)

    def holds(self, value: float) -> bool:
        """Whether a value is allowed."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.least:g} to {self.most:g}"


class SafeZone(Sourced):
    """Pixels at each edge that the platform's own buttons and texts may cover, at the profile's size."""

    top: int
    bottom: int
    left: int
    right: int

    def scaled(self, across: float, down: float) -> Self:
        """The same of a larger or smaller picture."""
        sizes = {"top": down, "bottom": down, "left": across, "right": across}
        return self.model_copy(update={edge: round(getattr(self, edge) * factor) for edge, factor in sizes.items()})


class Loudness(Sourced):
    """How loud the sound is made."""

    lufs: float = Field(strict=False)  #: integrated loudness (EBU R 128)
    true_peak: float = Field(strict=False)  #: dBTP


class TextLimit(Sourced):
    """How long a text may be, in the unit that the platform counts in."""

    most: int
    unit: Unit

    def length(self, text: str) -> int:
        """How long a text is in this unit."""
        return LENGTHS[self.unit](text)


class CaptionLimit(TextLimit):
    """How long the text of a post may be, with all that stands in it."""

    holds: tuple[Part, ...] = Field((), strict=False)  #: what stands in it as well, for want of a place of its own


class TextLimits(Options):
    """The limits of the words beside the video."""

    title: TextLimit
    caption: CaptionLimit
    hashtags: TextLimit


class CoverRule(Sourced):
    """What the cover may be. Its picture is always a labelled frame of the rendition, as JPEG."""

    max_bytes: int
    longest_side: int | None = None  #: pixels; None: as large as the video


class LabelRule(Sourced):
    """How a platform wants AI content labelled."""

    language: Language  #: of the visible label
    metadata: bool  #: the law asks for `AIGC` metadata in the file (GB 45438-2025 §6.1)

    def loosened(self, other: LabelRule) -> Literal["", "metadata", "language"]:
        """What of this rule another one does not hold: the law's metadata, or the language of the label there."""
        if not self.metadata:
            return ""
        return "metadata" if not other.metadata else "language" if other.language != self.language else ""


class Profile(Options):
    """One platform: what it takes, and what is made for it."""

    name: str
    platform: str  #: the one that ships with Reelmill and that this one is, or is like
    title: str
    container: Fact[Literal["mp4"]]  #: of the file, and its suffix
    codec: Fact[Codec]  #: of the picture
    codecs: Fact[Annotated[tuple[Codec, ...], Field(strict=False)]]  #: those that the platform takes
    audio_codec: Fact[Literal["aac"]]
    width: Fact[int] | None = None  #: pixels; None: as wide as the clip
    height: Fact[int] | None = None  #: pixels; None: as high as the clip
    aspect: Bounds  #: width divided by height
    fps: Bounds
    seconds: Bounds
    max_bytes: Fact[int]
    crf: Fact[int]  #: quality of the encoder
    max_bitrate: Fact[int]  #: bits per second
    min_bitrate: Fact[int]  #: bits per second, below which nobody wants to see it
    gop_seconds: Fact[float]  #: length of a closed group of pictures
    audio_bitrate: Fact[int]  #: bits per second
    audio_rate: Fact[int]  #: hertz
    loudness: Loudness
    safe_zone: SafeZone
    text: TextLimits
    cover: CoverRule
    label: LabelRule
    reframe: Fact[Policy]  #: how a clip of another shape is fitted

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.codec.value not in self.codecs.value:
            raise ValueError(f"{self.title} takes {' and '.join(self.codecs.value)}, not {self.codec.value}")
        if (self.width is None) != (self.height is None):
            raise ValueError("give both width and height, or neither")
        if self.width is None or self.height is None:
            return self
        width, height = self.size
        if width % 2 or height % 2:
            raise ValueError(f"{width}x{height}: width and height are even numbers")
        if not self.aspect.holds(width / height):
            raise ValueError(f"{width}x{height} is {width / height:.3f} to 1, and {self.title} takes {self.aspect}")
        if self.room < width // 3 or height - self.safe_zone.top - self.safe_zone.bottom < height // 3:
            raise ValueError("the safe zone leaves less than a third of the picture")
        return self

    def for_clip(self, width: int, height: int) -> Self:
        """The same with a size, which one that has none takes from the clip."""
        if self.width is not None:
            return self
        sides = {"width": width, "height": height}
        size = {side: Fact[int](value=even(pixels), source="choice") for side, pixels in sides.items()}
        return self.model_copy(update=size)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        assert self.width is not None, "a profile without a size is asked `for_clip` first"
        assert self.height is not None
        return self.width.value, self.height.value

    @property
    def short_side(self) -> int:
        """The shorter side in pixels, which label heights are measured against."""
        return min(self.size)

    @property
    def room(self) -> int:
        """Pixels across inside the safe zone, from its left axis on."""
        return self.size[0] - even(self.safe_zone.left) - self.safe_zone.right

    def label_lines(self, *, bilingual: bool = False) -> tuple[str, ...]:
        """The words of the visible AI label, the platform's own language first."""
        own = LABEL_WORDING[self.label.language]
        return (own, *(text for text in LABEL_WORDING.values() if text != own)) if bilingual else (own,)

    @property
    def ai_line(self) -> str:
        """The line beside a post that says how it was made."""
        return AI_LINE[self.label.language]

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
                f"{self.title} takes {self.fps} frames per second, not {source}", "generate at 24 frames per second"
            )
        return source * times, times

    def check_seconds(self, seconds: float) -> None:
        """Raise `FinishingError` unless the platform takes videos of this length, and a file that can be looked at."""
        if not self.seconds.holds(seconds):
            raise FinishingError(
                f"{self.title} takes videos of {self.seconds} s, this one has {seconds:.2f} s",
                f"change `seconds` of the pipeline, or take {self.name} out of `deliver`",
            )
        if self.bitrate(seconds) < self.least_bitrate:
            raise FinishingError(
                f"{self.title} takes {self.max_bytes.value / 1e6:g} MB: {seconds:.1f} s of video would have to be "
                f"encoded with {self.bitrate(seconds) // 1000} kbit/s",
                f"at most {self.longest:.0f} s, for {self.least_bitrate // 1000} kbit/s (`min_bitrate`)",
            )

    def bitrate(self, seconds: float) -> int:
        """The most bits per second that the picture may have, so that a video of this length is not too large."""
        budget = self._filled / seconds - self.audio_bitrate.value
        return max(1, min(self.max_bitrate.value, int(budget)))

    @property
    def least_bitrate(self) -> int:
        """Bits per second that the picture must have: whoever asks for few at the most, gets them."""
        return min(self.min_bitrate.value, self.max_bitrate.value)

    @property
    def longest(self) -> float:
        """Seconds of video that make a file of the largest size."""
        return self._filled / (self.least_bitrate + self.audio_bitrate.value)

    @property
    def _filled(self) -> float:
        """Bits of the largest file."""
        return FILLED * self.max_bytes.value * 8
