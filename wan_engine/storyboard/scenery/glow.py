"""A soft round light that lies over what is there: around the sun, a lantern, embers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import code
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import wash
from wan_engine.storyboard.picture.raster import Field, smoothstep

#: How much smaller than the frame a glow is kept: it has no detail.
COARSE = 8


@dataclass(frozen=True, slots=True)
class Glow:
    """The light and where it lies."""

    cover: Field
    x: float  #: its middle, pixels of the frame at rest
    y: float
    tone: tuple[float, float, float]  #: code values
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x = frame.width / 2 + (self.x - frame.width / 2) * view.zoom + view.shift_x
        y = frame.height / 2 + (self.y - frame.height / 2) * view.zoom + view.shift_y
        half = self.cover.shape[0] * COARSE // 2
        # Whole pairs of pixels are fine enough for something this soft.
        wash(frame, self.cover, round((x - half) / 2) * 2, round((y - half) / 2) * 2, COARSE, self.tone)


def glow(x: float, y: float, radius: float, tone: Field, strength: float, *, depth: float, core: float = 0.42) -> Glow:
    """A glow of `radius` pixels around x, y; `core` says how much of it is bright (share of the radius)."""
    half = max(2, math.ceil(radius / COARSE))
    axis = (np.arange(-half, half, dtype=np.float32) + 0.5) / half
    reach = np.hypot(axis[None, :], axis[:, None])
    cover = np.exp(-((reach / core) ** 2)) * smoothstep(1.0, 0.62, reach) * strength
    return Glow(np.asarray(cover, np.float32), x, y, code(tone), depth)
