"""The default: painted light, as in a graded film. Depth haze, lit slopes, rims of light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep
from wan_engine.storyboard.styles.base import Style, Terrain

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage


class Cinematic(Style):
    """Painterly and graded."""

    name = "cinematic"

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        return rgb

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        palette = stage.palette
        rng = stage.random(f"land {name}")
        depth = terrain.depth
        contrast = (0.10 + 0.5 * depth) * (0.6 if palette.dark else 1.0)
        texture = fractal(rng, terrain.mask.shape, 0.05 * stage.unit, octaves=4, gain=0.6, stretch=1.4)
        lit = np.asarray(terrain.relief + 0.10 * texture, np.float32)
        base = terrain.colour
        bright = mix(base, palette.light, 0.38) * 1.04
        dark = base * 0.62 + palette.zenith * 0.06
        rgb = mix(base, bright, np.clip(lit, 0, 1) * contrast)
        rgb = mix(rgb, dark, np.clip(-lit, 0, 1) * (contrast * 1.5))
        if terrain.snow is not None:
            cold = mix(palette.ground, palette.sky, 0.35)
            white = mix(cold * 0.86, mix(palette.ground, palette.light, 0.35), np.clip(0.5 + 0.6 * lit, 0, 1))
            white = mix(white, palette.haze, 0.55 * (1 - depth))
            rgb = mix(rgb, white, terrain.snow * 0.92)
        # Only what looks towards the light has a bright edge.
        side = np.clip(0.35 + lit, 0, 1)
        rim = np.exp(-np.clip(terrain.below, 0, None) * (stage.unit / 5)) * side * (0.10 + 0.22 * depth)
        rgb = mix(rgb, palette.light, rim)
        foot = smoothstep(0.02, 0.34, terrain.below) * (terrain.mist * (0.92 - 0.35 * depth))
        rgb = mix(rgb, palette.haze, foot)
        return Picture(rgb, terrain.mask)

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        veiled = mix(picture.rgb, stage.palette.haze, 0.55 * (1 - depth) ** 1.5)
        return Picture(veiled, picture.alpha)

    def veil(self, stage: Stage) -> Field:
        return vignette(stage, 0.22)


def vignette(stage: Stage, strength: float) -> Field:
    """Corners that fall off by `strength`, softly and without a visible ring."""
    x = np.linspace(-1, 1, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, stage.height, dtype=np.float32)[:, None]
    radius = (0.75 * x**2 + 0.85 * y**2) / 1.6
    return np.asarray(1 - strength * smoothstep(0.15, 1.1, radius), np.float32)
