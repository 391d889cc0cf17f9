"""One frame in the making: planes of bytes in the encoder's own layout, and the operations that lay things on them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import View
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import Bytes, Field
from wan_engine.storyboard.picture.sketch import Sprite

#: Into how many groups dots are parted: only those of one group can wipe each other out where they touch.
DOT_GROUPS = 3
#: Fractions of a pixel, and differences of scale, below which nobody sees a difference.
NEARLY_WHOLE, NEARLY_ONE = 1e-3, 1e-5
#: What lies beyond a layer: planes that keep everything, alone and packed.
_KEPT, _NOTHING = (255, 0, 0, 0), (0, 255, 0, 0)
_SAMPLE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


class Frame:
    """A YUV 4:2:0 frame with chroma interleaved until `finish`. One object is used for many frames in turn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.offset = (0.0, 0.0)  #: the whole picture is moved by this, pixels
        self.buffer = np.empty((height * 3 // 2, width), np.uint8)
        self.luma: Bytes = self.buffer[:height]
        self.chroma: Bytes = np.empty((height // 2, width // 2, 2), np.uint8)

    def lay(self, layer: Layer, view: View, phase: float, *, below: int = 1 << 30) -> None:
        """Lay a layer over the frame as the camera sees it.

        Parameters
        ----------
        view:
            The camera's view at the layer's depth.
        phase:
            Moment of the clip, 0 to 1, for the layer's own motion.
        below:
            Rows from here on are hidden by something nearer and may be left as they are.
        """
        matrix = self._inverse(layer, view, phase)
        window = self._window(layer, matrix, below)
        if window is None:
            return
        left, top, right, bottom = window
        full = matrix.copy()
        full[:, 2] += full[:, :2] @ (left, top)
        size = (right - left, bottom - top)
        half_size = (size[0] // 2, size[1] // 2)
        # A chroma sample sits in the middle of four luma samples.
        half = full.copy()
        half[:, 2] = (full[:, :2].sum(axis=1) * 0.5 + full[:, 2] - 0.5) / 2
        luma = self.luma[top:bottom, left:right]
        chroma = self.chroma[top // 2 : bottom // 2, left // 2 : right // 2]
        if layer.keep is None:
            _seen(layer.luma, full, size, luma, cv2.BORDER_REPLICATE)
            _seen(layer.chroma, half, half_size, chroma, cv2.BORDER_REPLICATE)
            return
        if layer.packed is not None and full[0, 1] != 0:
            # Four planes at once through one affine take little longer than one.
            seen = _seen(layer.packed, full, size, None, cv2.BORDER_CONSTANT, _NOTHING)
            added, keep, blue, red = (np.asarray(plane, np.uint8) for plane in cv2.split(seen))
            halves = [cv2.resize(plane, half_size, interpolation=cv2.INTER_AREA) for plane in (blue, red)]
            tint = np.asarray(cv2.merge(halves), np.uint8)
        else:
            keep = _seen(layer.keep, full, size, None, cv2.BORDER_CONSTANT, _KEPT)
            added = _seen(layer.luma, full, size, None, cv2.BORDER_CONSTANT)
            tint = _seen(layer.chroma, half, half_size, None, cv2.BORDER_CONSTANT)
        over(luma, chroma, added, tint, keep)

    def brighten(self, place: Layer, light: Bytes, view: View, phase: float) -> None:
        """Add luma to the frame where a layer is seen; `light` has the layer's size."""
        matrix = self._inverse(place, view, phase)
        window = self._window(place, matrix, 1 << 30)
        if window is None:
            return
        left, top, right, bottom = window
        matrix[:, 2] += matrix[:, :2] @ (left, top)
        seen = _seen(light, matrix, (right - left, bottom - top), None, cv2.BORDER_CONSTANT)
        luma = self.luma[top:bottom, left:right]
        cv2.add(luma, seen, dst=luma)

    def _inverse(self, layer: Layer, view: View, phase: float) -> npt.NDArray[np.float64]:
        """From pixels of the frame to pixels of the layer, as (2, 3)."""
        centre_x, centre_y = self.width / 2, self.height / 2
        scale = 1 / view.zoom
        matrix = np.array(
            [
                [scale, 0, centre_x - (centre_x + view.shift_x + self.offset[0]) * scale],
                [0, scale, centre_y - (centre_y + view.shift_y + self.offset[1]) * scale],
            ]
        )
        if layer.sway is not None:
            motion = layer.sway(phase)
            cos, sin = math.cos(motion.turn), math.sin(motion.turn)
            # Undo in reverse: first the shift, then the turn, then the shear.
            undo = np.array([[1.0, motion.shear], [0.0, 1.0]]) @ np.array([[cos, sin], [-sin, cos]])
            pivot = np.array(layer.pivot)
            matrix[:, 2] = undo @ (matrix[:, 2] - pivot - (motion.x, motion.y)) + pivot
            matrix[:, :2] = undo @ matrix[:, :2]
        matrix[:, 2] -= (layer.left, layer.top)
        return matrix

    def _window(
        self, layer: Layer, inverse: npt.NDArray[np.float64], below: int
    ) -> tuple[int, int, int, int] | None:
        """The part of the frame that the layer can touch: left, top, right, bottom, all even."""
        forward = np.asarray(cv2.invertAffineTransform(inverse), np.float64)
        corners = np.array([[0, 0], [layer.width, 0], [0, layer.height], [layer.width, layer.height]])
        seen = corners @ forward[:, :2].T + forward[:, 2]
        # Its outermost pixels hold nothing: leaving them out keeps all samples inside.
        low, high = np.ceil(seen.min(axis=0)) + 1, np.floor(seen.max(axis=0)) - 2
        left, top = max(0, int(low[0])) + 1 & ~1, max(0, int(low[1])) + 1 & ~1
        right, bottom = min(self.width, int(high[0])) & ~1, min(self.height, below + 1, int(high[1])) & ~1
        return None if right - left < 2 or bottom - top < 2 else (left, top, right, bottom)

    def solid_from(self, layer: Layer, view: View) -> int:
        """The row of the frame from which on a layer hides everything, far below if it never does."""
        if layer.sway is not None:
            return 1 << 30
        if layer.solid > layer.height:
            return 1 << 30
        inverse = self._inverse(layer, view, 0.0)
        last_x, last_y = (inverse[axis, axis] * (side - 1) + inverse[axis, 2] for axis, side in enumerate((self.width, self.height)))
        if inverse[0, 2] < 0 or last_x > layer.width - 1 or last_y > layer.height - 1:
            return 1 << 30
        return math.ceil((layer.solid - inverse[1, 2]) / inverse[1, 1]) + 2

    def splat(
        self,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        spread: npt.NDArray[np.float64],
        strength: npt.NDArray[np.float64],
        value: int,
        *,
        neutral: bool = False,
    ) -> None:
        """Draw many small soft dots at once, between pixels, without a call for each.

        Parameters
        ----------
        x, y:
            Middles in pixels.
        spread:
            Standard deviations in pixels, up to about 4.
        strength:
            How much of what lies behind each dot's middle hides, 0 to 1.
        value:
            Luma of the dots.
        neutral:
            Also pull the chroma towards grey: for white flakes over colours.
        """
        _dots(self.luma, x, y, spread, strength, value)
        if neutral:
            for channel in (0, 1):
                _dots(self.chroma[..., channel], x / 2 - 0.25, y / 2 - 0.25, spread / 2 + 0.2, strength, 128)

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
        opacity: float = 1.0,
    ) -> None:
        """Lay a sprite in code values (see `coded`) over the frame with its middle at x, y."""
        column, row = math.floor(x / 2) * 2, math.floor(y / 2) * 2
        small = sprite.at(size, turn, squash, tilt, (x - column, y - row))
        half = small.shape[0] // 2 & ~1
        small = small[small.shape[0] // 2 - half : small.shape[0] // 2 + half, small.shape[0] // 2 - half : small.shape[0] // 2 + half]
        left, top = column - half, row - half
        first_row, first_column = max(0, -top), max(0, -left)
        last_row, last_column = min(2 * half, self.height - top), min(2 * half, self.width - left)
        if last_row - first_row < 2 or last_column - first_column < 2:
            return
        part = small[first_row:last_row, first_column:last_column]
        if opacity < 1:
            part = part * opacity
        top, left = top + first_row, left + first_column
        rows, columns = part.shape[:2]
        luma = self.luma[top : top + rows, left : left + columns]
        luma[:] = luma * (1 - part[..., 3]) + part[..., 0] + 0.5
        quarter = np.asarray(cv2.resize(part, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA), np.float32)
        chroma = self.chroma[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2]
        chroma[:] = chroma * (1 - quarter[..., 3:]) + quarter[..., 1:3] + 0.5

    def wash(self, cover: Field, left: int, top: int, factor: int, tone: tuple[float, float, float]) -> None:
        """Lay one colour over a part of the frame, as much of it as a small field says.

        Parameters
        ----------
        cover:
            0 to 1, `factor` times smaller than the part: for soft things such as steam, that need no detail.
        left, top:
            Where the part begins, even.
        tone:
            Luma and both chroma, in code values.
        """
        height, width = cover.shape[0] * factor, cover.shape[1] * factor
        first_row, first_column = max(0, -top), max(0, -left)
        rows, columns = min(height, self.height - top) - first_row, min(width, self.width - left) - first_column
        if rows < 2 or columns < 2:
            return
        grown = cv2.resize(cover, (width, height), interpolation=cv2.INTER_LINEAR)
        part = grown[first_row : first_row + rows, first_column : first_column + columns]
        strength = np.asarray(cv2.convertScaleAbs(part, alpha=255), np.uint8)
        row, column = top + first_row, left + first_column
        luma = self.luma[row : row + rows, column : column + columns]
        chroma = self.chroma[row // 2 : (row + rows) // 2, column // 2 : (column + columns) // 2]
        half = np.asarray(cv2.resize(strength, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
        added = np.asarray(cv2.convertScaleAbs(strength, alpha=tone[0] / 255), np.uint8)
        tint = np.asarray(cv2.merge([cv2.convertScaleAbs(half, alpha=value / 255) for value in tone[1:]]), np.uint8)
        over(luma, chroma, added, tint, np.asarray(cv2.bitwise_not(strength), np.uint8))

    def finish(self) -> Bytes:
        """The frame as the encoder takes it: (height * 3 / 2, width). Valid until the next frame is begun."""
        quarter = self.height // 4
        for channel, start in ((0, self.height), (1, self.height + quarter)):
            plane = self.buffer[start : start + quarter].reshape(self.height // 2, self.width // 2)
            cv2.extractChannel(self.chroma, channel, plane)
        return self.buffer


def _seen(
    source: Bytes,
    matrix: npt.NDArray[np.float64],
    size: tuple[int, int],
    into: Bytes | None,
    border: int,
    outside: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Bytes:
    """The source through an affine that maps the result's pixels to its own."""
    if matrix[0, 1] == matrix[1, 0] == 0:
        magnified = _magnified(source, matrix, size)
        if magnified is not None:
            if into is not None:
                np.copyto(into, magnified)
            return magnified
    return np.asarray(
        cv2.warpAffine(source, matrix, size, dst=into, flags=_SAMPLE, borderMode=border, borderValue=outside),
        np.uint8,
    )


def _magnified(source: Bytes, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> Bytes | None:
    """The same for a mere enlargement, at a third of the time; None where it would look beyond the source's edge.

    OpenCV's resize is much faster than its affine, but begins at whole pixels: the fraction is taken off first.
    """
    scale = float(matrix[0, 0])
    starts = [float(matrix[axis, 2]) + 0.5 - 0.5 * scale for axis in (0, 1)]
    column, row = (math.floor(start + NEARLY_WHOLE) for start in starts)
    across, down = (math.ceil(side * scale) + 2 for side in size)
    if column < 0 or row < 0 or column + across + 1 > source.shape[1] or row + down + 1 > source.shape[0]:
        return None
    part = source[row : row + down + 1, column : column + across + 1]
    shift_x, shift_y = starts[0] - column, starts[1] - row
    if shift_x > NEARLY_WHOLE:
        part = np.asarray(cv2.addWeighted(part[:, :-1], 1 - shift_x, part[:, 1:], shift_x, 0), np.uint8)
    if shift_y > NEARLY_WHOLE:
        part = np.asarray(cv2.addWeighted(part[:-1], 1 - shift_y, part[1:], shift_y, 0), np.uint8)
    if abs(scale - 1) > NEARLY_ONE:
        part = np.asarray(cv2.resize(part, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    return part[: size[1], : size[0]]


def over(luma: Bytes, chroma: Bytes, added: Bytes, tint: Bytes, keep: Bytes) -> None:
    """Premultiplied "over" in place: what lies behind times `keep` / 255, plus what is added."""
    cv2.multiply(luma, keep, dst=luma, scale=1 / 255)
    cv2.add(luma, added, dst=luma)
    half = cv2.resize(keep, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA)
    cv2.multiply(chroma, cv2.merge((half, half)), dst=chroma, scale=1 / 255)
    cv2.add(chroma, tint, dst=chroma)


def _dots(
    plane: Bytes,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
    strength: npt.NDArray[np.float64],
    value: int,
) -> None:
    if not len(x):
        return
    height, width = plane.shape
    radius = math.ceil(2.4 * float(spread.max()))
    steps = np.arange(-radius, radius + 1)
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    columns = column[:, None] + steps
    rows = row[:, None] + steps
    narrow = (-0.5 / spread**2)[:, None]
    across = np.exp(narrow * (columns - x[:, None]) ** 2) * ((columns >= 0) & (columns < width))
    down = np.exp(narrow * (rows - y[:, None]) ** 2) * ((rows >= 0) & (rows < height)) * strength[:, None]
    cover = (down[:, :, None] * across[:, None, :]).astype(np.float32)
    at = np.clip(rows, 0, height - 1)[:, :, None], np.clip(columns, 0, width - 1)[:, None, :]
    # Dots that touch are laid one by one in groups, so that none wipes out its neighbour.
    for group in range(DOT_GROUPS):
        chosen = slice(group, None, DOT_GROUPS)
        place = at[0][chosen], at[1][chosen]
        behind = plane[place]
        part = cover[chosen]
        seen = part > 0.004
        where = np.broadcast_to(place[0], part.shape)[seen], np.broadcast_to(place[1], part.shape)[seen]
        plane[where] = (behind + (value - behind.astype(np.float32)) * part + 0.5)[seen]
