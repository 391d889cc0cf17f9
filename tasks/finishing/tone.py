"""Light words on a darkened picture, or dark words on a lightened one: whichever changes the picture less.

The picture behind the words is looked at before anything is drawn, and the ground below them is made just as strong as
the words need to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing.color import Rgb, contrast, mixed

#: WCAG asks for a contrast of 4.5; the rest is for what moves through the picture between the frames looked at.
WANTED = 5.2
WEAKEST, STRONGEST = 0.30, 0.78  #: strength of the ground; below the first, edges of letters swim on busy pictures
#: White words are what people expect on video, and WCAG's formula flatters dark letters on middle tones: they are taken
#: only on pictures whose middle tone is at least this bright, of 255, and when they save so much strength.
BRIGHT, SAVED = 160, 0.2

#: The part of the picture that is looked at: where any platform puts the words. From top, to bottom, to the right.
REGION = (0.35, 0.78, 0.85)
LOOKED_AT = (90, 160)  #: pixels, width and height
FRAMES = 6  #: key frames at most


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


def decide(tones: npt.NDArray[np.uint8]) -> Tone:
    """Choose by the grey values behind the words, any shape, 0 to 255."""
    dark, middle, light = (int(value) for value in np.percentile(tones, (8, 50, 92)))
    night = Tone(LIGHT_INK, NIGHT, _needed(LIGHT_INK, NIGHT, light))
    paper = Tone(DARK_INK, PAPER, _needed(DARK_INK, PAPER, dark))
    return paper if middle >= BRIGHT and paper.strength + SAVED <= night.strength else night


def look(master: Path, workplace: Path) -> Tone:
    """Choose by a few key frames of a master. Leaves a small file in the workplace.

    Raises
    ------
    FinishingError
        If the master cannot be decoded.
    """
    width, height = LOOKED_AT
    seen = workplace / "tones.raw"
    try:
        run(
            [
                "-y", "-skip_frame", "nokey", *SAFE_INPUT, "-i", master.resolve(), "-map", "0:v:0",
                "-vf", f"scale={width}:{height}:flags=area:out_range=pc,format=gray", "-fps_mode", "passthrough",
                "-frames:v", str(FRAMES), "-f", "rawvideo", seen,
            ],
            timeout=60,
        )  # fmt: skip
    except TerminalError as error:
        raise FinishingError(f"{master.name} could not be read: {error.reason}", error.instruction) from error
    pixels = np.fromfile(seen, np.uint8)
    if pixels.size < width * height:
        raise FinishingError(f"{master.name} holds no picture", "generate it again")
    frames = pixels[: pixels.size // (width * height) * width * height].reshape(-1, height, width)
    top, bottom, right = REGION
    return decide(frames[:, round(top * height) : round(bottom * height), : round(right * width)])


def _needed(ink: Rgb, ground: Rgb, grey: int) -> float:
    """The least strength of the ground at which the ink can be read on a grey of the picture."""
    for step in range(round(WEAKEST * 100), round(STRONGEST * 100)):
        if contrast(ink, mixed((grey, grey, grey), ground, step / 100)) >= WANTED:
            return step / 100
    return STRONGEST
