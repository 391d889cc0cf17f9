"""The invisible mark: 32 bits in the brightness of the picture, which outlive what platforms do to a file.

A grid of cells covers the picture, 90 along its short side. Each cell is a little brighter or darker than it was; the
signs are noise to everybody who lacks the key, and each of the 32 bits turns those of its own 450 cells (spread
spectrum). Nothing is to be seen, all frames carry the same, and a smaller picture or another codec takes little of it:
metadata and signature are lost at a platform, this is not. Cropping, turning and mirroring lose it: it is a mark of
origin, no proof against somebody who wants to remove it.

The bits are a short number of the video, which its producer finds in the ledger again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.content import Json
from reelmill.ffmpeg import SAFE_INPUT
from reelmill.frames import Frame

Floats = npt.NDArray[np.float64]

BITS = 32
#: Decides which cell is brighter and which bit it carries. Changing it would make every mark so far unreadable.
KEY = b"reelmill mark 1"
#: Cells along the short side of the picture.
CELLS = 90
#: Levels of brightness (of 255). One is not seen on a clear sky; two are faintly, when one looks closely.
FAINT, PLAIN = 1, 2
#: Pictures with a short side up to this many pixels get the plainer mark: their cells are small.
SMALL = 540
#: Of these, the ones above so many pixels do with the faint mark where it could be seen: in a picture whose unrest is
#: less than this (levels of brightness; see `tasks.finishing.unrest`): one that is flat or drawn. From such a one of
#: 540x960 it is read with a strength of 7 and more after another encoding at CRF 34; a photo would leave less than 3.
SMALLER, CALM = 480, 0.4
#: From this unrest on, the mark is so many times as strong: a plain one drowns in noise, which hides this one.
NOISY, LOUD = 15.0, 3

#: Mean distance of the 32 bits from zero, in standard deviations, from which on the mark counts as there. Without a
#: mark, or with another key, it is 0.80; the highest of 2400 wrong keys was 1.21.
PRESENT = 1.5
#: Bits that may be read wrongly on difficult pictures. By chance so few are wrong once in eight million times.
WRONG_BITS = 2

#: What is read: pixels along a cell, and the first frame of each three.
PIXELS, STEP = 4, 3
#: The picture itself is in the way of the mark. What is larger than some cells is taken out (pixels), what differs more
#: than any mark is cut off (levels).
BLUR, LIMIT = 5.0, 10.0
#: Cells around one that tell how restless the picture is there, and the least unrest (levels squared).
AROUND, LEAST_UNREST = 5, 0.3


@dataclass(frozen=True, slots=True)
class Mark:
    """What is put into a picture, and what was promised to be in it."""

    payload: int  #: 32 bits
    amplitude: int  #: levels of brightness
    width: int  #: pixels of the picture
    height: int

    @classmethod
    def of(cls, produce_id: str, width: int, height: int) -> Self:
        """The mark of a video in a picture of this size."""
        amplitude = PLAIN if min(width, height) <= SMALL else FAINT
        return cls(payload(produce_id), amplitude, width, height)

    def amid(self, unrest: float) -> Self:
        """The same mark, as strong as a picture of this unrest needs it and hides it."""
        if unrest >= NOISY:
            return replace(self, amplitude=LOUD * self.amplitude)
        if unrest < CALM and min(self.width, self.height) > SMALLER:
            return replace(self, amplitude=FAINT)
        return self

    @property
    def grid(self) -> tuple[int, int]:
        """Cells across and down."""
        short = min(self.width, self.height)
        return round(CELLS * self.width / short), round(CELLS * self.height / short)

    @property
    def sight(self) -> tuple[int, int]:
        """Width and height, in pixels, of the pictures that the mark is read from."""
        columns, rows = self.grid
        return columns * PIXELS, rows * PIXELS

    def evidence(self) -> dict[str, Json]:
        """As JSON, for the ledger."""
        return {**asdict(self), "payload": f"{self.payload:08x}"}

    @classmethod
    def recall(cls, evidence: Mapping[str, Json]) -> Self:
        """From what `evidence` gave."""
        numbers = (int(evidence[name]) for name in ("amplitude", "width", "height"))
        return cls(int(evidence["payload"], 16), *numbers)

    def pattern(self) -> npt.NDArray[np.uint8]:
        """What is added to the brightness of each pixel, plus 128: (height, width)."""
        columns, rows = self.grid
        signs, bit = _carrier(columns, rows)
        turned = np.array([1.0 if self.payload >> number & 1 else -1.0 for number in range(BITS)])
        cells = (128 + self.amplitude * signs * turned[bit]).astype(np.uint8).reshape(rows, columns)
        down, across = np.arange(self.height) * rows // self.height, np.arange(self.width) * columns // self.width
        pattern: npt.NDArray[np.uint8] = cells[np.ix_(down, across)]
        return pattern

    def write(self, path: Path) -> None:
        """The pattern as one raw picture in yuv420p. Its colours are never looked at."""
        colors = np.full(self.width * self.height // 2, 128, np.uint8)
        path.write_bytes(self.pattern().tobytes() + colors.tobytes())

    def arguments(self, picture: str, rate: int) -> list[str]:
        """What ffmpeg is told to read that picture as it is: no conversion touches its levels."""
        return [
            "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{self.width}x{self.height}",
            "-framerate", str(rate), *SAFE_INPUT, "-i", picture,
        ]  # fmt: skip


#: Adds the second input's levels to the first one's brightness. Colours are left as they are.
FILTER = "blend=c0_mode=grainmerge"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from pictures."""

    payload: int
    strength: float  #: mean distance of a bit from zero, in standard deviations

    def wrong(self, mark: Mark) -> int:
        """How many bits differ from those that were promised."""
        return (self.payload ^ mark.payload).bit_count()

    def shows(self, mark: Mark) -> bool:
        """Whether this is that mark."""
        return self.strength >= PRESENT and self.wrong(mark) <= WRONG_BITS


def payload(produce_id: str) -> int:
    """The 32 bits of a video: the beginning of its number's sha256."""
    return int.from_bytes(hashlib.sha256(produce_id.encode()).digest()[: BITS // 8])


def detect(frames: Iterable[Frame]) -> Reading:
    """Read the mark of some pictures; what they show is averaged.

    Parameters
    ----------
    frames:
        Grey pictures of the size that `Mark.sight` says, from a file of any size that was not cropped.
    """
    count, total = 0, np.zeros((1, 1))
    for frame in frames:
        picture = frame.astype(np.float32)
        fine = np.clip(picture - cv2.GaussianBlur(picture, (0, 0), BLUR), -LIMIT, LIMIT)
        size = (frame.shape[1] // PIXELS, frame.shape[0] // PIXELS)
        count, total = count + 1, total + cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    if count == 0:
        return Reading(0, 0.0)
    distances = _distances(total / count)
    bits = sum(1 << number for number in range(BITS) if distances[number] > 0)
    return Reading(bits, float(np.abs(distances).mean()))


def _distances(cells: Floats) -> Floats:
    """How far each bit is from zero, in standard deviations. Where the picture is restless, cells count less."""
    rows, columns = cells.shape
    signs, bit = _carrier(columns, rows)
    unrest = cv2.blur(cells * cells, (AROUND, AROUND))
    weighted = (cells / (LEAST_UNREST + unrest)).ravel() * signs
    sums = np.bincount(bit, weighted, BITS)
    spread = np.sqrt(np.bincount(bit, weighted**2, BITS))
    found: Floats = np.divide(sums, spread, out=np.zeros(BITS), where=spread > 0)
    return found


@cache
def _carrier(columns: int, rows: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The sign of each cell, and which bit it carries. From a hash, so that no library's next version changes it."""
    cells = columns * rows
    noise = hashlib.shake_256(KEY + f" {columns}x{rows}".encode()).digest(9 * cells)
    signs: Floats = (np.frombuffer(noise, np.uint8, cells) % 2).astype(np.float64) * 2 - 1
    order = np.argsort(np.frombuffer(noise, ">u8", cells, offset=cells), kind="stable")
    bit = np.empty(cells, np.intp)
    bit[order] = np.arange(cells) % BITS
    return signs, bit
