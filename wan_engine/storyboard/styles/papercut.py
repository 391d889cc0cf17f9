"""Cut paper: flat sheets with soft shadows between them, lit from above."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fibres
from wan_engine.storyboard.picture.raster import Field, blur, mix, smoothstep, spread
from wan_engine.storyboard.styles.base import Style, Terrain
from wan_engine.storyboard.styles.cinematic import vignette

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage

SHADOW = 0.46
RINGS = 4
#: Scallops of the innermost opening, and how deep they are in units of the stage.
SCALLOPS, BOW = 12, 0.030
#: From how much more red than blue on a horizon is a warm one.
ROSY = 0.12
GOLD = colour("#ffd873")


class PaperCut(Style):
    """Layered paper."""

    name = "paper cut"
    detail = 0.18

    def regrade(self, palette: Palette) -> Palette:
        lift = 1.0 if palette.dark else 1.04
        bright = palette.mapped(lambda value: shifted(value, saturation=1.22, lightness=lift))
        if bright.dark or bright.horizon[0] - bright.horizon[2] <= ROSY:
            return bright
        # A low sun makes everything rose. Paper has clear colours: gold for the light, the sky's blue for the rest.
        return replace(
            bright,
            horizon=blend(bright.horizon, GOLD, 0.55),
            sky=blend(bright.sky, bright.zenith, 0.35),
            haze=blend(bright.haze, bright.zenith, 0.70),
            far=blend(bright.far, bright.zenith, 0.65),
        )

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        """Sheets with scalloped openings, one in the other, around the light."""
        palette = stage.palette
        x, y = stage.grid(top, rgb.shape[0])
        light_x, light_y = stage.light[0] * stage.width, stage.light[1] * stage.height
        reach = np.asarray(np.hypot(x - light_x, y - light_y) / stage.unit, np.float32)
        lowered = np.asarray(np.hypot(x - light_x, y - light_y + 0.016 * stage.unit) / stage.unit, np.float32)
        around = np.asarray(np.arctan2(y - light_y, x - light_x), np.float32)
        inner, outer = blend(palette.horizon, palette.light, 0.35), palette.zenith
        result = spread(inner, rgb)
        for index in range(RINGS):
            share = (index + 1) / RINGS
            bows = SCALLOPS + 4 * index
            bow = np.abs(np.cos(around * (bows / 2) + 0.7 * index))
            radius = 0.25 + 0.27 * index + BOW * bow
            sheet = shifted(
                blend(blend(palette.horizon, palette.sky, min(1, share * 1.6)), outer, max(0, share * 1.5 - 0.6)),
                saturation=1.35,
            )
            cut = smoothstep(-1.2 / stage.unit, 1.2 / stage.unit, reach - radius)
            # The sheet's shadow falls into the opening.
            shade = smoothstep(-0.05, 0.012, lowered - radius) * (1 - cut) * 0.30
            result = mix(result, result * 0.55, shade)
            result = mix(result, sheet, cut)
        return result

    def wall(self, stage: Stage, rgb: Field, top: int) -> Field:
        return rgb

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        palette, depth = stage.palette, terrain.depth
        rng = stage.random(f"sheet {name}")
        base = shifted(blend(terrain.colour, palette.foliage, 0.18 * depth), hue=float(rng.uniform(-0.015, 0.015)))
        fall = smoothstep(0.0, 0.6, terrain.below)
        rgb = mix(base, palette.haze, fall * (0.34 * (1.1 - depth)))
        if terrain.snow is not None:
            sheet = blend(palette.ground, palette.sky, 0.22 * (1 - depth))
            edge = smoothstep(0.40, 0.46, terrain.snow)
            lower = smoothstep(0.40, 0.46, np.roll(terrain.snow, round(0.01 * stage.unit), axis=0))
            rgb = mix(rgb, rgb * 0.72, np.clip(blur(lower, 0.006 * stage.unit) - edge, 0, 1))
            rgb = mix(rgb, sheet, edge)
        return sheeted(stage, Picture(rgb, terrain.mask), 0.6 + 0.5 * depth)

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        rgb = mix(picture.rgb, stage.palette.haze, 0.30 * (1 - depth))
        return sheeted(stage, Picture(rgb, picture.alpha), 0.35 + 0.5 * depth)

    def veil(self, stage: Stage) -> Field:
        paper = fibres(stage.random("paper"), (stage.height, stage.width))
        return np.asarray(vignette(stage, 0.14) * (1 + 0.013 * np.clip(paper, -3, 3)), np.float32)


def sheeted(stage: Stage, picture: Picture, lift: float) -> Picture:
    """A sheet that floats over what lies behind: a bright cut edge, and a soft shadow around it."""
    if picture.alpha is None:
        return picture
    unit = stage.unit
    alpha = picture.alpha
    drop = max(1, round(0.010 * lift * unit))
    shifted_mask = np.roll(alpha, drop, axis=0)
    shifted_mask[:drop] = 0
    wide = blur(shifted_mask, 0.016 * lift * unit)
    close = blur(alpha, 0.004 * unit)
    shade = np.clip(np.maximum(wide * 1.15, close * 0.9), 0, 1) * SHADOW
    lit = np.clip(alpha - np.roll(alpha, max(1, round(0.0022 * unit)), axis=0), 0, 1)
    rgb = mix(picture.rgb, colour("#ffffff"), lit * 0.30)
    total = alpha + (1 - alpha) * shade
    ink = shifted(stage.palette.near, lightness=0.35)
    share = alpha / np.maximum(total, 1e-4)
    return Picture(mix(ink, rgb, share), total)
