"""The YAML key `profiles:` – profiles of your own, and changes of those that come with Reelmill."""

from __future__ import annotations

from pydantic import Field

from reelmill.content import Json
from reelmill.text_length import Unit
from tasks.finishing.profile import Codec, Language, Policy
from tasks.options import Options


class BoundsOptions(Options):
    """A least and a most, both allowed."""

    least: float | None = Field(None, ge=0, strict=False)
    """The least."""
    most: float | None = Field(None, gt=0, strict=False)
    """The most."""


class SafeZoneOptions(Options):
    """Pixels at each edge that are covered by the platform's own buttons and texts."""

    top: int | None = Field(None, ge=0, le=4096)
    """From the top."""
    bottom: int | None = Field(None, ge=0, le=4096)
    """From the bottom."""
    left: int | None = Field(None, ge=0, le=4096)
    """From the left."""
    right: int | None = Field(None, ge=0, le=4096)
    """From the right."""


class LoudnessOptions(Options):
    """How loud the sound is made."""

    lufs: float | None = Field(None, ge=-40, le=-5, strict=False)
    """Integrated loudness (EBU R 128)."""
    true_peak: float | None = Field(None, ge=-9, le=0, strict=False)
    """The highest peak, in dBTP."""


class TextLimitOptions(Options):
    """How long a text may be."""

    most: int | None = Field(None, ge=1, le=1_000_000)
    """The most, in the unit."""
    unit: Unit | None = None
    """What is counted: characters, UTF-16 units, bytes, characters with X's weights, or words."""


class TextLimitsOptions(Options):
    """The limits of the words beside the video."""

    title: TextLimitOptions | None = None
    """Of the title."""
    caption: TextLimitOptions | None = None
    """Of the text."""
    hashtags: TextLimitOptions | None = None
    """Of the hashtags."""


class CoverOptions(Options):
    """What the cover may be."""

    max_bytes: int | None = Field(None, ge=10_000)
    """The largest file."""
    longest_side: int | None = Field(None, ge=320, le=8192)
    """Pixels of its longer side at most. Empty: as large as the video."""


class LabelRuleOptions(Options):
    """How AI content is labelled. It always is."""

    language: Language | None = None
    """The language of the visible label."""
    metadata: bool | None = None
    """The law asks for `AIGC` metadata in the file."""


class ProfileOptions(Options):
    """A platform: what it takes, and what is made for it. What is left out is as in `like`."""

    like: str | None = None
    """The profile that this one is like. Empty: the one of the same name."""
    title: str | None = Field(None, min_length=1, max_length=60)
    """What people call it."""
    codec: Codec | None = None
    """How the picture is encoded. Every platform takes `h264`."""
    codecs: tuple[Codec, ...] | None = Field(None, min_length=1, strict=False)
    """The codecs that are taken; `codec` is one of them."""
    width: int | None = Field(None, ge=128, le=8192)
    """Pixels, an even number."""
    height: int | None = Field(None, ge=128, le=8192)
    """Pixels, an even number."""
    aspect: BoundsOptions | None = None
    """Width divided by height that is taken."""
    fps: BoundsOptions | None = None
    """Frames per second that are taken."""
    seconds: BoundsOptions | None = None
    """Lengths that are taken."""
    max_bytes: int | None = Field(None, ge=100_000)
    """The largest file that is taken."""
    crf: int | None = Field(None, ge=0, le=51)
    """Quality: 0 loses nothing, each 6 more halve the file."""
    max_bitrate: int | None = Field(None, ge=100_000, le=400_000_000)
    """The most bits per second of the picture."""
    min_bitrate: int | None = Field(None, ge=1, le=400_000_000)
    """Bits per second of the picture below which nobody wants to see it. What would need fewer to be small enough is
    refused."""
    gop_seconds: float | None = Field(None, ge=0.1, le=10, strict=False)
    """Seconds between two key frames."""
    audio_bitrate: int | None = Field(None, ge=32_000, le=512_000)
    """Bits per second of the sound."""
    audio_rate: int | None = Field(None, ge=16_000, le=96_000)
    """Samples per second of the sound."""
    loudness: LoudnessOptions | None = None
    """How loud the sound is made."""
    safe_zone: SafeZoneOptions | None = None
    """What is covered by the platform's own buttons and texts."""
    text: TextLimitsOptions | None = None
    """The limits of the words beside the video."""
    cover: CoverOptions | None = None
    """What the cover may be."""
    label: LabelRuleOptions | None = None
    """How AI content is labelled."""
    reframe: Policy | None = None
    """How a clip of another shape is fitted: cropped in the middle, cropped where its subject is (`follow`), or shown
    whole on a dark or a blurred ground. `auto` crops where little is lost, and blurs elsewhere."""

    @property
    def changes(self) -> dict[str, Json]:
        """What it says, without what it leaves out."""
        return self.model_dump(mode="python", exclude_none=True, exclude={"like"})
