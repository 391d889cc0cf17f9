"""A sketch: shapes and stamps drawn onto a transparent sheet, in natural colours; a style turns it into a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture import colour
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import SUBPIXEL_BITS, Bytes, Field, Points, ribbon


@dataclass(frozen=True, slots=True)
class Sprite:
    """A small picture to be stamped: premultiplied RGBA, (size, size, 4) from 0 to 1, its middle at the anchor."""

    rgba: Field

    @property
    def size(self) -> int:
        return int(self.rgba.shape[0])

    def straight(self) -> Picture:
        """The sprite as straight colours and coverage, for a style to paint."""
        cover = self.rgba[..., 3]
        rgb = np.clip(self.rgba[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1)
        return Picture(np.asarray(rgb, np.float32), cover)

    def at(
        self,
        size: float,
        turn: float = 0.0,
        squash: float = 1.0,
        tilt: float = 0.0,
        offset: tuple[float, float] = (0.0, 0.0),
    ) -> Field:
        """The sprite scaled, turned and foreshortened: premultiplied RGBA on an even square.

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
        source = self.rgba
        while source.shape[0] > 2.2 * max(size, 2.0):
            source = np.asarray(cv2.resize(source, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
        side = max(2, 2 * math.ceil(size / 2 * 1.42 + 1))
        scale = source.shape[0] / size
        cos, sin = math.cos(turn), math.sin(turn)
        axis = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
        flatten = axis.T @ np.diag([1.0, 1 / max(squash, 0.08)]) @ axis
        matrix = np.empty((2, 3))
        matrix[:, :2] = np.array([[cos, sin], [-sin, cos]]) @ flatten * scale
        middle = (side - 1) / 2
        matrix[:, 2] = (source.shape[0] - 1) / 2 - matrix[:, :2] @ (middle + offset[0], middle + offset[1])
        return np.asarray(
            cv2.warpAffine(source, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32
        )


def sprite_of(picture: Picture) -> Sprite:
    """A painted picture as a sprite again."""
    assert picture.alpha is not None
    cover = np.asarray(picture.alpha, np.float32)[..., None]
    return Sprite(np.concatenate([picture.rgb * cover, cover], axis=-1).astype(np.float32))


def coded(sprite: Sprite) -> Sprite:
    """A sprite whose colours are luma and chroma in code values, premultiplied: what `Frame.stamp` takes."""
    components = np.asarray(cv2.transform(sprite.rgba[..., :3], colour.MATRIX), np.float32)
    cover = sprite.rgba[..., 3]
    luma = components[..., 0] * colour.LUMA_SPAN + colour.BLACK * cover
    chroma = components[..., 1:] * colour.CHROMA_SPAN + colour.ZERO_CHROMA * cover[..., None]
    return Sprite(np.concatenate([luma[..., None], chroma, cover[..., None]], axis=-1).astype(np.float32))


def gather(cover: Field, sprite: Field, x: float, y: float, size: float, turn: float, strength: float) -> None:
    """Add a sprite of coverage, (n, n) from 0 to 1, to a field of coverage: what is there already counts less."""
    side = max(2, 2 * math.ceil(size * 0.71 + 1))
    left, top = math.floor(x) - side // 2, math.floor(y) - side // 2
    first_row, first_column = max(0, -top), max(0, -left)
    last_row, last_column = min(side, cover.shape[0] - top), min(side, cover.shape[1] - left)
    if last_row <= first_row or last_column <= first_column:
        return
    scale, cos, sin = sprite.shape[0] / size, math.cos(turn), math.sin(turn)
    matrix = np.empty((2, 3))
    matrix[:, :2] = np.array([[cos, sin], [-sin, cos]]) * scale
    matrix[:, 2] = (sprite.shape[0] - 1) / 2 - matrix[:, :2] @ (x - left, y - top)
    small = cv2.warpAffine(sprite, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    part = cover[top + first_row : top + last_row, left + first_column : left + last_column]
    part += (1 - part) * (small[first_row:last_row, first_column:last_column] * strength)


class Sketch:
    """A sheet of premultiplied RGBA bytes that covers part of the frame."""

    def __init__(self, left: float, top: float, right: float, bottom: float) -> None:
        self.left = math.floor(left / 2) * 2
        self.top = math.floor(top / 2) * 2
        width = max(4, math.ceil((right - self.left) / 2) * 2)
        height = max(4, math.ceil((bottom - self.top) / 2) * 2)
        self.rgba: Bytes = np.zeros((height, width, 4), np.uint8)
        self._origin = np.array([self.left, self.top], np.float64)

    def polygon(self, points: Points, tone: Field) -> None:
        """Fill an outline, given in pixels of the frame."""
        fixed = np.round((points - self._origin) * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(self.rgba, [fixed], _bytes(tone), cv2.LINE_AA, SUBPIXEL_BITS)

    def polygons(self, outlines: Sequence[Points], tone: Field) -> None:
        for points in outlines:
            self.polygon(points, tone)

    def stroke(self, path: Points, widths: npt.NDArray[np.float64] | float, tone: Field) -> None:
        """A stroke along a path, its width in pixels at each point."""
        full = np.full(len(path), widths) if isinstance(widths, float | int) else widths
        if float(full.max()) < 1.3:
            thin = np.round((path - self._origin) * (1 << SUBPIXEL_BITS)).astype(np.int32)
            strength = min(1.0, max(0.35, float(full.mean())))
            value = tuple(channel * strength for channel in _bytes(tone))
            cv2.polylines(self.rgba, [thin], False, value, 1, cv2.LINE_AA, SUBPIXEL_BITS)
            return
        self.polygon(ribbon(path, full), tone)

    def disc(self, x: float, y: float, radius: float, tone: Field) -> None:
        """A filled circle."""
        scale = 1 << SUBPIXEL_BITS
        centre = (round((x - self.left) * scale), round((y - self.top) * scale))
        cv2.circle(self.rgba, centre, max(1, round(radius * scale)), _bytes(tone), -1, cv2.LINE_AA, SUBPIXEL_BITS)

    def stamp(
        self,
        sprite: Sprite,
        x: float,
        y: float,
        size: float,
        *,
        turn: float = 0.0,
        squash: float = 1.0,
        tilt: float = 0.0,
        shade: float = 1.0,
    ) -> None:
        """Lay a sprite over the sheet with its middle at x, y; `shade` multiplies its colours."""
        place_x, place_y = x - self.left, y - self.top
        column, row = math.floor(place_x), math.floor(place_y)
        small = sprite.at(size, turn, squash, tilt, (place_x - column, place_y - row))
        half = small.shape[0] // 2
        top, left = row - half, column - half
        height, width = self.rgba.shape[:2]
        first_row, first_column = max(0, -top), max(0, -left)
        last_row, last_column = min(small.shape[0], height - top), min(small.shape[1], width - left)
        if last_row <= first_row or last_column <= first_column:
            return
        part = small[first_row:last_row, first_column:last_column]
        target = self.rgba[top + first_row : top + last_row, left + first_column : left + last_column]
        colours = part * np.array([shade, shade, shade, 1], np.float32)
        target[:] = np.clip(target * (1 - part[..., 3:]) + colours * 255 + 0.5, 0, 255)

    def premultiplied(self) -> Field:
        """The sheet as premultiplied RGBA from 0 to 1."""
        return np.asarray(self.rgba, np.float32) * np.float32(1 / 255)

    def picture(self) -> Picture:
        """The sheet as straight colours and coverage."""
        alpha = np.asarray(self.rgba[..., 3], np.float32)
        rgb = np.asarray(self.rgba[..., :3], np.float32) / np.maximum(alpha, 1)[..., None]
        return Picture(np.clip(rgb, 0, 1), alpha * np.float32(1 / 255))


def _bytes(tone: Field) -> tuple[float, float, float, float]:
    red, green, blue = (float(value) * 255 for value in np.clip(tone, 0, 1))
    return red, green, blue, 255.0
