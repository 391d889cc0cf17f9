"""A sprite: a small picture that is drawn once and stamped many times, at any size, turned and foreshortened."""

from __future__ import annotations

import math

import cv2
import numpy as np

from wan_engine.storyboard.picture import colour
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Bytes, Field, Floats

#: A sprite is not shrunk by more than this at once: it would lose what is finer than a pixel, and flicker.
SHRINK = 2.2
#: How flat a sprite can be made: less would be a line that comes and goes.
FLATTEST = 0.08
#: The diagonal of a square, with a little room: whatever a sprite is turned to fits.
DIAGONAL = 1.42

_SAMPLE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


class Sprite:
    """Premultiplied RGBA, or luma, chroma and coverage, on a square; its middle is the anchor.

    Parameters
    ----------
    planes:
        (size, size, 4) from 0 to 1.
    """

    __slots__ = ("_levels", "planes")

    def __init__(self, planes: Floats) -> None:
        self.planes = np.asarray(planes, np.float32)
        self._levels = [np.asarray(np.clip(self.planes * 255 + 0.5, 0, 255), np.uint8)]

    def straight(self) -> Picture:
        """The sprite as straight colours and coverage, for a style to paint."""
        cover = self.planes[..., 3]
        rgb = np.clip(self.planes[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1)
        return Picture(np.asarray(rgb, np.float32), cover)

    def at(
        self,
        size: float,
        turn: float = 0.0,
        squash: float = 1.0,
        tilt: float = 0.0,
        offset: tuple[float, float] = (0.0, 0.0),
    ) -> Bytes:
        """The sprite scaled, turned and foreshortened, on a square of even size.

        Parameters
        ----------
        size:
            Side of the sprite in pixels of the target.
        turn:
            Rotation in radians, clockwise.
        squash:
            How much it is foreshortened along its turned vertical axis: 1 faces us, 0 is seen from the edge.
        tilt:
            Direction of that axis in radians.
        offset:
            Fraction of a pixel that it sits off the middle.
        """
        source = self._level(size)
        side = max(2, 2 * math.ceil(size / 2 * DIAGONAL + 1))
        scale = source.shape[0] / size
        cos, sin = math.cos(turn), math.sin(turn)
        turned = np.array([[cos, sin], [-sin, cos]]) * scale
        if squash < 1:
            axis = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
            turned = turned @ (axis.T @ np.diag([1.0, 1 / max(squash, FLATTEST)]) @ axis)
        matrix = np.empty((2, 3))
        matrix[:, :2] = turned
        middle = (side - 1) / 2
        matrix[:, 2] = (source.shape[0] - 1) / 2 - turned @ (middle + offset[0], middle + offset[1])
        return np.asarray(cv2.warpAffine(source, matrix, (side, side), flags=_SAMPLE), np.uint8)

    def _level(self, size: float) -> Bytes:
        """The smallest halving that is still larger than the target. Two threads may make one twice: it is the same."""
        level = 0
        while self._levels[0].shape[0] >> level > SHRINK * max(size, 2.0):
            level += 1
            if level == len(self._levels):
                halved = cv2.resize(self._levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                self._levels = [*self._levels[:level], np.asarray(halved, np.uint8)]
        return self._levels[level]


def sprite_of(picture: Picture) -> Sprite:
    """A painted picture as a sprite again."""
    assert picture.alpha is not None
    cover = picture.alpha[..., None]
    return Sprite(np.concatenate([picture.rgb * cover, cover], axis=-1))


def coded(sprite: Sprite) -> Sprite:
    """A sprite whose colours are luma and chroma in code values, premultiplied: what `marks.stamp` takes."""
    components = np.asarray(cv2.transform(sprite.planes[..., :3], colour.MATRIX), np.float32)
    cover = sprite.planes[..., 3]
    luma = components[..., 0] * colour.LUMA_SPAN + colour.BLACK * cover
    chroma = components[..., 1:] * colour.CHROMA_SPAN + colour.ZERO_CHROMA * cover[..., None]
    return Sprite(np.concatenate([luma[..., None] / 255, chroma / 255, cover[..., None]], axis=-1))


def gather(cover: Field, sprite: Field, x: float, y: float, size: float, turn: float, strength: float) -> None:
    """Add a sprite of coverage, (n, n) from 0 to 1, to a field of coverage: what is there already counts less."""
    side = max(2, 2 * math.ceil(size / 2 * DIAGONAL + 1))
    left, top = math.floor(x) - side // 2, math.floor(y) - side // 2
    first_row, first_column = max(0, -top), max(0, -left)
    last_row, last_column = min(side, cover.shape[0] - top), min(side, cover.shape[1] - left)
    if last_row <= first_row or last_column <= first_column:
        return
    scale, cos, sin = sprite.shape[0] / size, math.cos(turn), math.sin(turn)
    matrix = np.empty((2, 3))
    matrix[:, :2] = np.array([[cos, sin], [-sin, cos]]) * scale
    matrix[:, 2] = (sprite.shape[0] - 1) / 2 - matrix[:, :2] @ (x - left, y - top)
    small = cv2.warpAffine(sprite, matrix, (side, side), flags=_SAMPLE)
    part = cover[top + first_row : top + last_row, left + first_column : left + last_column]
    part += (1 - part) * (small[first_row:last_row, first_column:last_column] * strength)
