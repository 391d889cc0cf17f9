"""Ink wash on rice paper: dark ridges that fade into mist, wet edges, one warm seal of colour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import LUMA, blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fibres, fractal
from wan_engine.storyboard.picture.raster import Field, blur, brightest, darkest, mix, resized, smoothstep
from wan_engine.storyboard.styles.base import Style, Terrain
from wan_engine.storyboard.styles.cinematic import vignette

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage

PAPER = colour("#f5efe3")
#: What a wash of density 1 takes from each channel: soot is a little blue when it is thin.
SOOT = np.array([1.06, 1.0, 0.90], np.float32)
#: How dark the paper is washed at night, so that a moon can stand out of it.
NIGHT_WASH = 0.95


def paper(palette: Palette) -> Field:
    """The sheet: bare by day, under a wash when it is dark."""
    dusk = max(0.0, 0.55 - palette.brightness) * 0.5
    wash = NIGHT_WASH if palette.dark else dusk
    return np.asarray(PAPER * np.exp(-wash * SOOT * np.array([1.08, 1.0, 0.88], np.float32)), np.float32)


class Ink(Style):
    """Chinese ink painting."""

    name = "ink wash"
    detail = 0.9

    def regrade(self, palette: Palette) -> Palette:
        """Paper, a breath of the season's colour, and ink; accents stay, as mineral pigments do."""
        ground = paper(palette)
        washed = palette.mapped(lambda value: blend(ground, shifted(value, saturation=0.6), 0.30))
        return replace(
            washed,
            accent=blend(palette.accent, colour("#b8332a"), 0.35),
            light=PAPER,
            haze=blend(ground, washed.haze, 0.3),
            wood=colour("#2a2725"),
            near=colour("#23262a"),
        )

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        rng = stage.random("ink sky")
        height, width = rgb.shape[:2]
        flow = fractal(rng, (height // 2, width // 2), 0.45 * stage.unit, octaves=5, gain=0.5, stretch=1.8)
        flow = resized(flow, width, height, smooth=False)
        _, y = stage.grid(top, height)
        share = np.clip(y / (stage.height * stage.horizon), 0, 1)
        # The natural sky's own light and shade, around its mean, carries clouds and the glow.
        tone = np.asarray(rgb @ LUMA, np.float32)
        natural = np.clip((tone.mean() - tone) * 1.2, -0.25, 0.6)
        density = (0.16 * (1 - share) ** 1.5 + natural) * np.clip(1 + 0.5 * flow, 0.1, 2)
        tint = blend(np.ones(3, np.float32), stage.palette.sky / stage.palette.sky.max(), 0.5)
        return np.asarray(
            paper(stage.palette) * tint * np.exp(-np.clip(density, -0.2, 2)[..., None] * SOOT), np.float32
        )

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        rng = stage.random(f"ink {name}")
        shape, unit, depth = terrain.mask.shape, stage.unit, terrain.depth
        pool = fractal(rng, shape, 0.22 * unit, octaves=4, gain=0.55)
        # Hemp-fibre strokes: long and thin, running down the slope.
        brush = fractal(rng, shape, 0.10 * unit, octaves=5, gain=0.8, stretch=0.22)
        under = np.clip(terrain.below, 0, None)
        reach = 0.06 + 0.11 * depth
        wash = np.exp(-under / reach) * np.clip(0.8 + 0.4 * pool, 0.1, 2)
        shade = smoothstep(-0.2, 1.1, -terrain.relief + 0.5 * brush)
        strokes = shade * np.exp(-under / (reach * 1.9))
        density = (0.14 + 1.15 * depth**1.25) * wash + (0.05 + 0.75 * depth) * strokes
        tint = blend(np.ones(3, np.float32), terrain.colour / terrain.colour.max(), 0.55)
        if terrain.snow is not None:
            density *= 1 - 0.9 * terrain.snow
        ground = stage.palette.haze
        rgb = ground * tint * np.exp(-density[..., None] * SOOT)
        mist = smoothstep(0.03, 0.36, terrain.below) * (terrain.mist * (1 - 0.35 * depth))
        return Picture(mix(rgb, ground, mist), bled(terrain.mask, pool, unit))

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        rng = stage.random(f"ink {name}")
        rgb = picture.rgb
        strongest = brightest(rgb)
        vivid = np.asarray((strongest - darkest(rgb)) / np.maximum(strongest, 1e-3), np.float32)
        pool = fractal(rng, (rgb.shape[0], rgb.shape[1]), 0.11 * stage.unit, octaves=4, gain=0.55)
        tone = np.clip(rgb @ LUMA, 0, 1)
        density = (0.10 + 1.25 * (1 - tone) ** 1.4) * (0.8 + 0.9 * depth) * np.clip(0.92 + 0.20 * pool, 0.5, 1.4)
        sheet = blend(PAPER, paper(stage.palette), 0.25 if stage.palette.dark else 0.55)
        ink = sheet * np.exp(-density[..., None] * SOOT)
        pigment = np.asarray(rgb * np.clip(0.94 + 0.10 * pool, 0.7, 1.1)[..., None], np.float32)
        warm = smoothstep(0.14, 0.40, vivid) * smoothstep(
            -0.02, 0.12, rgb[..., 0] - np.maximum(rgb[..., 1], rgb[..., 2]) * 0.92
        )
        rgb = mix(ink, pigment, warm * 0.9)
        return Picture(mix(rgb, stage.palette.haze, 0.45 * (1 - depth) ** 1.5), picture.alpha)

    def board(self, stage: Stage, picture: Picture, name: str) -> Picture:
        """One wide wash that thins out towards us."""
        rng = stage.random(f"ink {name}")
        height, width = picture.rgb.shape[:2]
        flow = resized(
            fractal(rng, (height // 2, width // 2), 0.30 * stage.unit, octaves=5, gain=0.5, stretch=3.0),
            width,
            height,
            smooth=False,
        )
        tone = np.clip(picture.rgb @ LUMA, 0, 1)
        natural = (float(tone.mean()) - tone) * 1.1
        down = np.linspace(1, 0.25, height, dtype=np.float32)[:, None]
        density = np.clip(0.30 * down + natural * 0.7, 0.02, 1.2) * np.clip(1 + 0.22 * flow, 0.4, 1.6)
        own = np.asarray(picture.rgb.mean(axis=(0, 1)), np.float32)
        tint = blend(np.ones(3, np.float32), own / max(float(own.max()), 1e-3), 0.30)
        rgb = paper(stage.palette) * tint * np.exp(-density[..., None] * SOOT)
        return Picture(rgb, picture.alpha)

    def veil(self, stage: Stage) -> Field:
        sheet = fibres(stage.random("paper"), (stage.height, stage.width))
        return np.asarray(vignette(stage, 0.10) * (1 + 0.013 * np.clip(sheet, -3, 3)), np.float32)


def bled(mask: Field, pool: Field, unit: float) -> Field:
    """A coverage whose edge has run into wet paper in places."""
    wet = smoothstep(-0.1, 0.9, pool)
    soft = blur(mask, unit * 0.009)
    inside = np.clip(mask * 1.2, 0, 1)
    return np.asarray(mix(blur(inside, 0.7), np.maximum(soft, mask * 0.35), wet * 0.85), np.float32)
