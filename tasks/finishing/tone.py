"""Light words on a darkened picture, or dark words on a lightened one: whichever changes the picture less.

The picture behind the words is looked at before anything is drawn, and the ground below them is made just as strong as
the words need to be read: stronger on greys that are near their own, and stronger where there is much detail. The
colour is chosen by a region that is the same for all platforms, so that a video looks alike everywhere, whether its
renditions are made together or one by one; how strong the ground is, is decided by what lies behind the very words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import run
from tasks.finishing import glimpses
from tasks.finishing.color import Rgb, contrast, mixed
from tasks.finishing.layout import Layout
from tasks.finishing.reframe import Reframe

#: WCAG asks for a contrast of 4.5; the rest is for what moves through the picture between the frames looked at.
WANTED = 5.2
WEAKEST, STRONGEST = 0.30, 0.80  #: strength of the ground; below the first, edges of letters swim
#: Detail behind letters makes them hard to read whatever its grey: for each grey level of fine contrast (its standard
#: deviation), so much strength is added, up to a limit.
FOR_DETAIL, FOR_DETAIL_MOST = 0.012, 0.28
#: Fine is what is smaller than this, in pixels of the small picture: the size of a letter.
FINE = 9

#: White words are what people expect on video, and WCAG's formula flatters dark letters on middle tones: they are taken
#: only on pictures whose middle tone is at least this bright, of 255, and when they save so much strength.
BRIGHT, SAVED = 160, 0.2

#: The part of the canvas that decides on the colour: where any platform puts words. From top, to bottom, to the right.
REGION = (0.35, 0.78, 0.85)
SHRINK = 6  #: the picture is looked at so many times smaller
FRAMES = 6  #: that are looked at, all over its length

Greys = npt.NDArray[np.uint8]  #: (frames, height, width)


@dataclass(frozen=True, slots=True)
class Tone:
    """Colours of the words and of the ground below them."""

    ink: Rgb
    ground: Rgb
    strength: float  #: how much of the ground covers the picture behind the words, 0 to 1

    @property
    def dark_words(self) -> bool:
        return sum(self.ink) < sum(self.ground)


LIGHT_INK, NIGHT = (255, 255, 255), (9, 12, 14)
DARK_INK, PAPER = (27, 29, 31), (250, 248, 243)


def decide(frames: Greys, layout: Layout) -> Tone:
    """Choose by the pictures that the words of a layout will lie on; see `look`."""
    height, width = frames.shape[1:]
    top, bottom, right = REGION
    region = frames[:, round(top * height) : round(bottom * height), : round(right * width)]
    bright = np.median(region) >= BRIGHT
    saved = _strength(LIGHT_INK, NIGHT, region) - _strength(DARK_INK, PAPER, region)
    ink, ground = (DARK_INK, PAPER) if bright and saved >= SAVED else (LIGHT_INK, NIGHT)
    return Tone(ink, ground, _strength(ink, ground, _behind(frames, layout)))


def look(master: Path, seconds: float, reframe: Reframe, workplace: Path) -> Greys:
    """A few key frames of a master as they will lie on the canvas, grey and `SHRINK` times smaller.

    Leaves a small file in the workplace.

    Parameters
    ----------
    seconds:
        Its length.

    Raises
    ------
    FinishingError
        If the master cannot be decoded.
    """
    width, height = (side // SHRINK for side in reframe.canvas)
    seen = workplace / "tones.raw"
    small = f"[canvas]scale={width}:{height}:flags=area:in_range=tv:out_range=pc,format=gray[grey]"
    try:
        run(
            [
                "-y", *glimpses.inputs(master, seconds, FRAMES), "-filter_complex",
                f"{glimpses.filters(seconds, FRAMES, 'few')};{reframe.filters('few', 'canvas')};{small}",
                "-map", "[grey]", "-fps_mode", "passthrough", "-frames:v", str(FRAMES), "-f", "rawvideo", seen,
            ],
            timeout=60,
        )  # fmt: skip
    except TerminalError as error:
        raise FinishingError(f"{master.name} could not be read: {error.reason}", error.instruction) from error
    pixels = np.fromfile(seen, np.uint8)
    count = pixels.size // (width * height)
    if count == 0:
        raise FinishingError(f"{master.name} holds no picture", "generate it again")
    return pixels[: count * width * height].reshape(count, height, width)


def _behind(frames: Greys, layout: Layout) -> Greys:
    """The part of the frames that lies behind the words of a layout."""
    top, bottom, right = (side // SHRINK for side in (layout.words_top, layout.words_bottom, layout.words_right))
    return frames[:, top : max(bottom, top + 1), : max(right, 1)]


def _strength(ink: Rgb, ground: Rgb, greys: Greys) -> float:
    """How strong the ground must be for the ink to be read on these greys."""
    dark, light = (int(value) for value in np.percentile(greys, (8, 92)))
    needed = _needed(ink, ground, light if ink == LIGHT_INK else dark)
    return min(STRONGEST, needed + min(FOR_DETAIL_MOST, FOR_DETAIL * _detail(greys)))


def _detail(greys: Greys) -> float:
    """The standard deviation of what is finer than a letter, in grey levels."""
    deviations = []
    for frame in greys.astype(np.float32):
        fine = frame - cv2.blur(frame, (FINE, FINE))
        deviations.append(float(fine.std()))
    return max(deviations)


def _needed(ink: Rgb, ground: Rgb, grey: int) -> float:
    """The least strength of the ground at which the ink can be read on a grey of the picture."""
    for step in range(round(WEAKEST * 100), round(STRONGEST * 100)):
        if contrast(ink, mixed((grey, grey, grey), ground, step / 100)) >= WANTED:
            return step / 100
    return STRONGEST
