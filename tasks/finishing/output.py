"""One rendition in the making: all that is decided about it before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelmill.ffmpeg import SAFE_INPUT
from tasks.finishing import captions, cover
from tasks.finishing.encoding import Aim
from tasks.finishing.labels import mark
from tasks.finishing.labels.mark import Mark
from tasks.finishing.labels.visible import VisibleLabel
from tasks.finishing.layer import BT709, KEPT, TO_VIDEO, Layer, looks
from tasks.finishing.layout import Layout
from tasks.finishing.manner import Manner
from tasks.finishing.overlays import Overlays
from tasks.finishing.profile import Profile
from tasks.finishing.reframe import Reframe
from tasks.finishing.slides import Slides
from tasks.finishing.tone import Tone

#: Seconds in which the darkening below the words comes in.
SCRIM_FADE = 0.3


@dataclass(frozen=True, slots=True)
class Output:
    """One rendition in the making. Its files lie in the folder that ffmpeg runs in.

    What is made of it alone bears the profile's name; what several may share is named after its looks.
    """

    profile: Profile
    reframe: Reframe
    rate: int  #: frames per second that are delivered
    times: int  #: how often each frame of the master is shown
    frames: int  #: that are delivered
    label: VisibleLabel
    layout: Layout
    mark: Mark
    metadata: Mapping[str, str] | None  #: AIGC
    sound: str = ""  #: a WAV file below the folder that ffmpeg runs in; "": silence
    manner: Manner = field(default_factory=Manner)
    overlays: Overlays = field(default_factory=Overlays)
    tone: Tone | None = None  #: of the words; None until the master was looked at, or if there are none

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    @property
    def has_words(self) -> bool:
        return self.layout.scrim_top < self.layout.height

    @property
    def aim(self) -> Aim:
        """What its picture stream shall be."""
        return Aim(self.profile, self.rate, self.times, self.seconds)

    @property
    def video(self) -> str:
        return f"{self.name}.{self.profile.container.value}"

    @property
    def backdrop(self) -> str:
        return f"words-{self._words}.rgba"

    @property
    def captions(self) -> str:
        return f"words-{self._words}.ass"

    @property
    def label_picture(self) -> str:
        return f"label-{looks(self.label)}.rgba"

    @property
    def mark_picture(self) -> str:
        return f"mark-{looks(self.mark)}.yuv"

    @property
    def settled(self) -> int:
        """Frames until the words stand still."""
        moved = captions.settled(self.layout, self.manner.animation)
        return min(self.frames, math.ceil(max(moved, SCRIM_FADE) * self.rate) + 1)

    @property
    def candidates(self) -> tuple[int, ...]:
        """The frames of which one becomes the cover."""
        end = self.overlays.end
        frames = self.frames if end is None else max(1, int(end.start * self.rate))  # an end card is no cover
        return cover.candidates(frames, self.settled if self.has_words else 0)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All that is drawn over the picture, the lowest first."""
        words = [self._words_layer()] if self.has_words else []
        slides = (self._slides_layer(one) for one in self.overlays.slides)
        return (*words, *slides, self._mark_layer(), self._label_layer())

    @property
    def _words(self) -> str:
        return looks(self.layout, self.tone, self.manner.animation)

    def _words_layer(self) -> Layer:
        """The words on a small canvas of their own, as long as they move."""
        still = f"{TO_VIDEO},loop=loop={self.settled - 1}:size=1:start=0,settb=1/{self.rate},setpts=N"
        set_words = f"ass=f={self.captions}:fontsdir=fonts:alpha=1"
        above = f"{still},fade=t=in:st=0:d={SCRIM_FADE}:alpha=1,{set_words}"
        size = (self.layout.width, self.layout.height - self.layout.scrim_top)
        return Layer("words", self._picture(self.backdrop, size), above, f"overlay=0:{self.layout.scrim_top}:{KEPT}")

    def _slides_layer(self, slides: Slides) -> Layer:
        return Layer("slides", tuple(slides.arguments), TO_VIDEO, f"overlay={slides.overlay}:{KEPT}")

    def _mark_layer(self) -> Layer:
        source = self.mark.arguments(self.mark_picture, self.rate)
        return Layer("mark", tuple(source), BT709, mark.FILTER)

    def _label_layer(self) -> Layer:
        onto = f"overlay={self.label.x}:{self.label.y}:{KEPT},{BT709}"
        size = (self.label.width, self.label.height)
        return Layer("label", self._picture(self.label_picture, size), TO_VIDEO, onto)

    def _picture(self, file: str, size: tuple[int, int]) -> tuple[str, ...]:
        """One picture as it lies in memory: to compress it takes longer than anything else that is done with it."""
        kind = ("-f", "rawvideo", "-pixel_format", "rgba", "-video_size", f"{size[0]}x{size[1]}")
        return (*kind, "-framerate", str(self.rate), *SAFE_INPUT, "-i", file)
