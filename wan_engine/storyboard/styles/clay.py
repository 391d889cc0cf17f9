"""Clay: rounded, matt, warm, as in a stop-motion set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, blur, mix, smoothstep
from wan_engine.storyboard.styles.base import Style, Terrain
from wan_engine.storyboard.styles.cinematic import vignette
from wan_engine.storyboard.styles.papercut import sheeted

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage


class Clay(Style):
    """Plasticine."""

    name = "clay"
    detail = 0.05

    def regrade(self, palette: Palette) -> Palette:
        cream = colour("#fff3e4")
        return palette.mapped(
            lambda value: blend(shifted(value, saturation=1.18), cream, 0.06 if palette.dark else 0.13)
        )

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        """A painted backdrop, softly lit."""
        rng = stage.random("backdrop")
        soft = blur(rgb, 0.06 * stage.unit)
        press = thumbed(rng, (rgb.shape[0], rgb.shape[1]), stage.unit * 1.4)
        return np.asarray(soft * (1 + 0.018 * press)[..., None], np.float32)

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        palette, depth, unit = stage.palette, terrain.depth, stage.unit
        rng = stage.random(f"clay {name}")
        base = blend(blend(terrain.colour, palette.foliage, 0.35 * depth), palette.ground, 0.25 * depth)
        shape = terrain.mask.shape
        rgb = np.broadcast_to(base, (*shape, 3)).astype(np.float32)
        if terrain.snow is not None:
            cap = smoothstep(0.35, 0.55, blur(terrain.snow, 0.012 * unit))
            rgb = mix(rgb, mix(palette.ground, palette.light, 0.2), cap)
        return rounded(stage, Picture(rgb, terrain.mask), rng, 0.05, press=1.0, foot=terrain.below)

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        rng = stage.random(f"clay {name}")
        rgb = mix(blur(picture.rgb, 0.0012 * stage.unit), stage.palette.haze, 0.25 * (1 - depth))
        return rounded(stage, Picture(rgb, picture.alpha), rng, 0.012, press=0.6)

    def board(self, stage: Stage, picture: Picture, name: str) -> Picture:
        rng = stage.random(f"clay {name}")
        press = thumbed(rng, (picture.rgb.shape[0], picture.rgb.shape[1]), stage.unit)
        return Picture(blur(picture.rgb, 0.004 * stage.unit) * (1 + 0.03 * press)[..., None], picture.alpha)

    def veil(self, stage: Stage) -> Field:
        return vignette(stage, 0.20)


def thumbed(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Field:
    """The shallow dents that fingers leave, around 0."""
    return np.asarray(
        0.7 * fractal(rng, shape, 0.09 * unit, octaves=2, gain=0.4)
        + 0.35 * fractal(rng, shape, 0.018 * unit, octaves=2),
        np.float32,
    )


def rounded(
    stage: Stage, picture: Picture, rng: np.random.Generator, radius: float, *, press: float, foot: Field | None = None
) -> Picture:
    """A cut-out turned into a body: a height is grown from its edge inwards and lit from above left."""
    if picture.alpha is None:
        return picture
    unit = stage.unit
    alpha = picture.alpha
    height = np.zeros_like(alpha)
    for share, weight in ((0.3, 0.25), (0.7, 0.35), (1.3, 0.40)):
        height += weight * np.clip(2 * blur(alpha, radius * share * unit) - 1, 0, 1) ** 0.6
    height = height * alpha * (radius * unit * 1.1)
    dents = thumbed(rng, (alpha.shape[0], alpha.shape[1]), unit)
    height = blur(height, 0.6) + dents * (0.0016 * unit * press)
    slope_y, slope_x = np.gradient(height)
    side = -0.45 if stage.light[0] < 0.5 else 0.45
    facing = (slope_x * -side * -1 + slope_y * 0.85 + 0.62) / np.sqrt(slope_x**2 + slope_y**2 + 1)
    lit = np.clip(facing, 0, 1.4).astype(np.float32)
    warm = blend(stage.palette.light, colour("#ffffff"), 0.3)
    cool = blend(stage.palette.zenith, stage.palette.near, 0.4)
    rgb = mix(picture.rgb * 0.60, cool, 0.10)
    rgb = mix(rgb, picture.rgb * 1.04, smoothstep(0.25, 0.72, lit))
    rgb = mix(rgb, warm, smoothstep(0.72, 1.25, lit) * 0.42)
    if foot is not None:
        rgb = mix(rgb, stage.palette.haze, smoothstep(0.10, 0.6, foot) * 0.35)
    return sheeted(stage, Picture(rgb, alpha), 0.7)
