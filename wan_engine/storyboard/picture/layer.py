"""A layer: a picture larger than the frame, painted once, and seen through the camera in every frame.

It is kept as premultiplied BT.709 planes of bytes, luma at full and chroma at half resolution, because that is what
the encoder takes: composing in these planes costs half of what RGB does, and no frame is ever converted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from wan_engine.storyboard.picture import colour
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Bytes, Field

#: Pixels at the lower right of a layer that a frame does not look at: what a sample may reach beyond its place.
INNER = 6
#: Empty pixels that are left around what a layer shows: more than a frame leaves out, also when it is seen smaller.
RIM = INNER + 4


@dataclass(frozen=True, slots=True)
class Motion:
    """How one layer moves of itself at a moment, about its pivot."""

    x: float = 0.0  #: pixels to the right
    y: float = 0.0  #: pixels down
    turn: float = 0.0  #: radians, clockwise
    shear: float = 0.0  #: pixels to the right per pixel above the pivot


#: Phase of the clip (0 to 1) → motion.
Sway = Callable[[float], Motion]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a painter hands over: straight RGB from 0 to 1 and its coverage, at full resolution."""

    rgb: Field  #: (height, width, 3)
    alpha: Field | None = None  #: (height, width); None where everything is covered


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture ready to be laid over a frame."""

    luma: Bytes  #: (height, width), premultiplied
    keep: Bytes | None  #: (height, width): how much of what lies behind stays, 255 for all; None for nothing
    chroma: Bytes  #: (height / 2, width / 2, 2), premultiplied; a third plane is `keep` at this size, if there is one
    depth: float  #: 0 at the horizon, 1 at the lens
    left: int  #: where its first column lies in the frame when the camera rests, pixels, even
    top: int  #: where its first row lies
    solid: int = 1 << 30  #: rows from here on hide everything behind them
    sway: Sway | None = None  #: motion of its own
    pivot: tuple[float, float] = (0.0, 0.0)  #: what it turns about, in frame pixels at rest
    packed: Bytes | None = None  #: (height, width, 4): luma, keep and full chroma, for what turns or leans

    @property
    def height(self) -> int:
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        return int(self.luma.shape[1])


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture in code values, premultiplied. See `Layer`."""

    luma: Bytes
    keep: Bytes | None
    chroma: Bytes
    packed: Bytes | None


def planes(rgb: Field, alpha: Field | None, rng: Random, *, pack: bool) -> Planes:
    """A picture in code values. Rounding is dithered, so that soft gradients show no steps."""
    height, width = rgb.shape[:2]
    components = np.asarray(cv2.transform(np.clip(rgb, 0, 1), colour.MATRIX), np.float32)
    luma = components[..., 0] * colour.LUMA_SPAN + colour.BLACK
    chroma = components[..., 1:] * colour.CHROMA_SPAN + colour.ZERO_CHROMA
    keep = None
    if alpha is not None:
        cover = np.clip(alpha, 0, 1)
        luma *= cover
        chroma *= cover[..., None]
        keep = 255 - np.rint(cover * 255).astype(np.uint8)
    noise = rng.random((height, width), dtype=np.float32)
    luma += noise if alpha is None else np.where(cover > 0, noise, 0)
    half = np.asarray(cv2.resize(chroma, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    half += np.stack([noise[: height // 2, : width // 2], noise[height // 2 :, width // 2 :]], axis=-1)
    if alpha is not None:
        # Where nothing is covered nothing may be added, not even rounding.
        half[cv2.resize(cover, (width // 2, height // 2), interpolation=cv2.INTER_AREA) <= 0] = 0
    bright, coloured = luma.astype(np.uint8), half.astype(np.uint8)
    packed = None
    if keep is not None:
        coloured = np.dstack([coloured, cv2.resize(keep, (width // 2, height // 2), interpolation=cv2.INTER_AREA)])
        if pack:
            tint = np.clip(chroma + np.where(cover > 0, noise, 0)[..., None], 0, 255).astype(np.uint8)
            packed = np.dstack([bright, keep, tint])
    return Planes(bright, keep, coloured, packed)


def first_solid_row(keep: Bytes) -> int:
    """The first row from which on everything is covered, or far below where there is none."""
    rows = keep.max(axis=1) > 0
    if not rows.any():
        return 0
    last_open = int(np.flatnonzero(rows)[-1])
    return last_open + 1 if last_open + 1 < len(rows) else 1 << 30


def rimmed(picture: Picture, left: int, top: int) -> tuple[Picture, int, int]:
    """The picture with an empty border, and where its first pixel lies then: what is cut close would lose its edge."""
    assert picture.alpha is not None
    sides = ((2 * RIM, 2 * RIM), (2 * RIM, 2 * RIM))
    rgb = np.pad(picture.rgb, (*sides, (0, 0)), mode="edge")
    return Picture(rgb, np.pad(picture.alpha, sides)), left - 2 * RIM, top - 2 * RIM


def cropped(picture: Picture, left: int, top: int) -> tuple[Picture, int, int]:
    """The picture without its empty border, and where its first pixel lies then. Stays on even pixels."""
    if picture.alpha is None:
        return picture, left, top
    seen = picture.alpha > 1 / 512
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return Picture(picture.rgb[:4, :4], picture.alpha[:4, :4]), left, top
    height, width = seen.shape
    first_row, first_column = max(0, int(rows[0]) - RIM) & ~1, max(0, int(columns[0]) - RIM) & ~1
    last_row, last_column = min(height, int(rows[-1]) + RIM) + 1 & ~1, min(width, int(columns[-1]) + RIM) + 1 & ~1
    part = slice(first_row, min(last_row, height & ~1)), slice(first_column, min(last_column, width & ~1))
    return Picture(picture.rgb[part], picture.alpha[part]), left + first_column, top + first_row
