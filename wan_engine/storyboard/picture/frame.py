"""One frame in the making: planes of bytes in the encoder's own layout, and the operations that lay things on them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import View
from wan_engine.storyboard.picture.colour import BLACK, LUMA_SPAN
from wan_engine.storyboard.picture.composing import over, seen
from wan_engine.storyboard.picture.layer import INNER, Layer
from wan_engine.storyboard.picture.raster import Bytes

#: The range of luma that video allows.
_BLACKEST, _WHITEST = np.uint8(BLACK), np.uint8(BLACK + LUMA_SPAN)
#: What lies beyond a layer: planes that keep everything, alone, packed, and behind two planes of chroma.
_KEPT, _NOTHING, _COLOURLESS = (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0)


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
            seen(layer.luma, full, size, luma, cv2.BORDER_REPLICATE)
            seen(layer.chroma, half, half_size, chroma, cv2.BORDER_REPLICATE)
            return
        if layer.packed is not None and full[0, 1] != 0:
            # Four planes at once through one affine take little longer than one.
            planes = seen(layer.packed, full, size, None, cv2.BORDER_CONSTANT, _NOTHING)
            added, keep, blue, red = (np.asarray(plane, np.uint8) for plane in cv2.split(planes))
            halves = [cv2.resize(plane, half_size, interpolation=cv2.INTER_AREA) for plane in (blue, red)]
            over(luma, chroma, added, np.asarray(cv2.merge(halves), np.uint8), keep)
            return
        keep = seen(layer.keep, full, size, None, cv2.BORDER_CONSTANT, _KEPT)
        added = seen(layer.luma, full, size, None, cv2.BORDER_CONSTANT)
        coloured = seen(layer.chroma, half, half_size, None, cv2.BORDER_CONSTANT, _COLOURLESS)
        tint, half_keep = np.empty((*coloured.shape[:2], 2), np.uint8), np.empty(coloured.shape[:2], np.uint8)
        cv2.mixChannels([coloured], [tint, half_keep], [0, 0, 1, 1, 2, 2])
        over(luma, chroma, added, tint, keep, half_keep)

    def brighten(self, place: Layer, light: Bytes, view: View, phase: float) -> None:
        """Add luma to the frame where a layer is seen; `light` has the layer's size."""
        matrix = self._inverse(place, view, phase)
        window = self._window(place, matrix, 1 << 30)
        if window is None:
            return
        left, top, right, bottom = window
        matrix[:, 2] += matrix[:, :2] @ (left, top)
        shine = seen(light, matrix, (right - left, bottom - top), None, cv2.BORDER_CONSTANT)
        luma = self.luma[top:bottom, left:right]
        cv2.add(luma, shine, dst=luma)

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

    def _window(self, layer: Layer, inverse: npt.NDArray[np.float64], below: int) -> tuple[int, int, int, int] | None:
        """The part of the frame that the layer can touch: left, top, right, bottom, all even."""
        forward = np.asarray(cv2.invertAffineTransform(inverse), np.float64)
        corners = np.array([[0, 0], [layer.width, 0], [0, layer.height], [layer.width, layer.height]])
        placed = corners @ forward[:, :2].T + forward[:, 2]
        # Its outermost pixels hold nothing: leaving them out keeps all samples inside, where they are fast to take.
        low, high = np.ceil(placed.min(axis=0)) + 1, np.floor(placed.max(axis=0)) - INNER
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
        last_x, last_y = (
            inverse[axis, axis] * (side - 1) + inverse[axis, 2] for axis, side in enumerate((self.width, self.height))
        )
        if inverse[0, 2] < 0 or last_x > layer.width - 1 or last_y > layer.height - 1:
            return 1 << 30
        # A sample of the chroma reaches two rows further than one of the luma, and covers two.
        return math.ceil(float((layer.solid - inverse[1, 2]) / inverse[1, 1])) + 4

    def finish(self) -> Bytes:
        """The frame as the encoder takes it: (height * 3 / 2, width). Valid until the next frame is begun.

        Lights that were added and corners that were darkened are brought back into the range that video allows.
        """
        np.clip(self.luma, _BLACKEST, _WHITEST, out=self.luma)
        quarter = self.height // 4
        for channel, start in ((0, self.height), (1, self.height + quarter)):
            plane = self.buffer[start : start + quarter].reshape(self.height // 2, self.width // 2)
            cv2.extractChannel(self.chroma, channel, plane)
        return self.buffer
