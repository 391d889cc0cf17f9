"""A sketch: shapes and stamps drawn onto a transparent sheet, in natural colours; a style turns it into a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import SUBPIXEL_BITS, Bytes, Field, Points, ribbon
from wan_engine.storyboard.picture.sprite import Sprite


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
        part = np.ascontiguousarray(small[first_row:last_row, first_column:last_column])
        keep = cv2.bitwise_not(cv2.extractChannel(part, 3))
        if shade != 1:
            part = np.asarray(cv2.multiply(part, np.array([shade, shade, shade, 1.0])), np.uint8)
        target = self.rgba[top + first_row : top + last_row, left + first_column : left + last_column]
        cv2.multiply(target, cv2.merge((keep, keep, keep, keep)), dst=target, scale=1 / 255)
        cv2.add(target, part, dst=target)

    def trim(self, margin: float) -> None:
        """Give up the empty part of the sheet but for `margin` pixels around what is drawn, where a style may bleed.

        Styles work on every pixel that they are handed, so this is most of the time that a slim thing takes.
        """
        rows, columns = (np.flatnonzero(self.rgba[..., 3].any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return
        height, width = self.rgba.shape[:2]
        reach = math.ceil(margin)
        top, left = (max(0, int(used[0]) - reach) & ~1 for used in (rows, columns))
        bottom, right = (
            min(side, (int(used[-1]) + reach + 2) & ~1) for used, side in ((rows, height), (columns, width))
        )
        self.rgba = np.ascontiguousarray(self.rgba[top : max(bottom, top + 4), left : max(right, left + 4)])
        self.left, self.top = self.left + left, self.top + top
        self._origin = np.array([self.left, self.top], np.float64)

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
