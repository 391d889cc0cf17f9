"""Flat illustration, as in animation backgrounds: clean shapes, two tones each, saturated air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import saturated, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep, spread
from wan_engine.storyboard.styles.base import Style, Terrain
from wan_engine.storyboard.styles.cinematic import vignette

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage


class Flat(Style):
    """Cel-shaded landscape."""

    name = "anime"
    detail = 0.5

    def regrade(self, palette: Palette) -> Palette:
        return palette.mapped(lambda value: shifted(value, saturation=1.32, lightness=1.03))

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        return saturated(rgb, 1.12)

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        palette, depth = stage.palette, terrain.depth
        base = terrain.colour
        rgb = spread(base, terrain.mask)
        lit = smoothstep(0.10, 0.16, terrain.relief)
        shade = smoothstep(0.28, 0.34, -terrain.relief)
        rgb = mix(rgb, mix(base, palette.light, 0.30), lit * (0.55 + 0.3 * depth))
        rgb = mix(rgb, mix(base * 0.72, palette.zenith, 0.18), shade * 0.75)
        if terrain.snow is not None:
            cap = smoothstep(0.40, 0.45, terrain.snow)
            cold = mix(palette.ground, palette.sky, 0.45 * shade + 0.05)
            rgb = mix(rgb, cold, cap)
        foot = smoothstep(0.02, 0.36, terrain.below) * (terrain.mist * (0.85 - 0.4 * depth))
        return Picture(mix(rgb, palette.haze, foot), terrain.mask)

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        rgb = saturated(picture.rgb, 1.15)
        return Picture(mix(rgb, stage.palette.haze, 0.40 * (1 - depth) ** 1.5), picture.alpha)

    def veil(self, stage: Stage) -> Field:
        return vignette(stage, 0.10)
