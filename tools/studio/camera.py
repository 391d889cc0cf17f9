"""The camera: a long lens on a tripod in front of the table, a little open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.randomness import LENS, PIXEL, Sampler
from studio.vectors import Array, normalised, vector


@dataclass(frozen=True)
class Camera:
    """Where it stands and what it sees. It looks at `target` from the front, raised by `pitch` degrees."""

    target: tuple[float, float, float]
    height_seen: float  #: decimetres that the picture is high at the target
    pitch: float = 14.0
    yaw: float = 0.0
    distance: float = 9.0
    aperture: float = 0.05  #: radius of the lens opening
    focus: float = 0.0  #: how much nearer than the target the sharpest plane lies

    def rays(self, pixels: Array, width: int, height: int, sampler: Sampler) -> tuple[Array, Array]:
        """Origins and directions (3, n) through pixels given by their number, row by row."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        backward = vector(np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch))
        right = normalised(vector(np.cos(yaw), 0, -np.sin(yaw)))
        up = np.cross(backward[:, 0], right[:, 0])[:, None].astype(np.float32)
        jitter_x, jitter_y = sampler.pair(PIXEL)
        scale = np.float32(self.height_seen / height)
        x = (pixels % width + jitter_x - np.float32(width / 2)) * scale
        y = (np.float32(height / 2) - pixels // width - jitter_y) * scale
        eye = vector(*self.target) + backward * np.float32(self.distance)
        ahead = right * x + up * y - backward * np.float32(self.distance)
        sharp = ahead * np.float32((self.distance - self.focus) / self.distance)
        turn, spread = sampler.pair(LENS)
        radius, angle = np.sqrt(spread) * np.float32(self.aperture), turn * np.float32(2 * np.pi)
        shift = right * (radius * np.cos(angle)) + up * (radius * np.sin(angle))
        return eye + shift, normalised(sharp - shift)
