"""Mist: soft bands that drift between the layers."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.layer import Layer, Motion, Picture
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import resized, smoothstep, spread
from wan_engine.storyboard.stage import Stage

#: How far a band drifts to each side, in units of the stage.
DRIFT = 0.035


def mist(stage: Stage, name: str, *, middle: float, thick: float, depth: float, strength: float = 0.7) -> Layer:
    """A band of mist around row `middle`, `thick` pixels high to each side."""
    rng = stage.random(f"mist {name}")
    top, rows = stage.rows(middle - thick, middle + thick)
    drift = DRIFT * stage.unit * (0.4 + depth)
    extra = math.ceil(drift / 2 + 1) * 2
    width = stage.canvas_width + 2 * extra
    small = (max(8, rows // 4), width // 4)
    wisps = fractal(rng, small, 0.045 * stage.unit, octaves=4, gain=0.55, stretch=3.2)
    wisps = resized(wisps, width, rows, smooth=True)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    band = np.clip(1 - y**2, 0, 1) ** 1.5
    alpha = np.asarray(band * smoothstep(-0.9, 1.0, wisps) * strength, np.float32)
    rgb = spread(stage.palette.haze, (rows, width))
    start = rng.uniform(0, 2 * math.pi)
    direction = float(rng.choice([-1, 1]))

    def sway(phase: float) -> Motion:
        return Motion(x=direction * drift * math.sin(start + math.pi * phase))

    return stage.layer(Picture(rgb, alpha), depth, name=f"mist {name}", top=top, left=-stage.margin - extra, sway=sway)
