"""Watercolour: transparent washes on white paper, pigment that gathers at the edges, blooms where it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import blend, colour, saturated, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fibres, fractal
from wan_engine.storyboard.picture.raster import Field, blur, mix, resized, smoothstep
from wan_engine.storyboard.styles.base import Style, Terrain
from wan_engine.storyboard.styles.ink import bled

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage

PAPER = colour("#fbf8f1")


class Watercolor(Style):
    """Wet on dry, with wet edges."""

    name = "watercolor"
    detail = 0.6

    def regrade(self, palette: Palette) -> Palette:
        lift = 0.12 if palette.dark else 0.20
        return palette.mapped(lambda value: blend(shifted(value, saturation=1.15), PAPER, lift))

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        height, width = rgb.shape[:2]
        rng = stage.random("wash")
        flow = resized(fractal(rng, (height // 2, width // 2), 0.35 * stage.unit, octaves=6, gain=0.55), width, height)
        wet = smoothstep(-0.9, 0.7, flow)
        washed = mix(rgb, PAPER, 0.42 * (1 - wet))
        return np.asarray(saturated(washed, 1.08) * (1 - backruns(flow) * 0.07)[..., None], np.float32)

    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        rng = stage.random(f"wash {name}")
        unit, depth = stage.unit, terrain.depth
        flow = fractal(rng, terrain.mask.shape, 0.20 * unit, octaves=5, gain=0.55)
        base = terrain.colour
        hue = float(rng.uniform(-0.03, 0.03))
        other = shifted(blend(base, stage.palette.foliage, 0.30), hue=hue, saturation=1.2, lightness=1.05)
        rgb = mix(base, other, smoothstep(-0.6, 0.7, flow))
        thin = np.clip(0.26 + 0.20 * terrain.relief + 0.16 * flow, 0, 0.7)
        rgb = mix(rgb, PAPER, thin * (1.1 - 0.5 * depth))
        if terrain.snow is not None:
            rgb = mix(rgb, PAPER * 0.985, terrain.snow * 0.9)
        gathered = np.exp(-np.clip(terrain.below, 0, None) * unit / 3.0) * 0.30 + backruns(flow) * 0.14
        rgb = rgb * (1 - (gathered * (0.5 + 0.6 * depth)))[..., None]
        foot = smoothstep(0.06, 0.40, terrain.below) * (0.85 * terrain.mist * (1 - 0.5 * depth))
        rgb = mix(rgb, blend(stage.palette.haze, PAPER, 0.4), foot)
        return Picture(rgb, bled(terrain.mask, flow * 0.7, unit * 0.6))

    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        rng = stage.random(f"wash {name}")
        shape = picture.rgb.shape[:2]
        flow = fractal(rng, shape, 0.06 * stage.unit, octaves=4, gain=0.55)
        rgb = mix(picture.rgb, PAPER, np.clip(0.10 + 0.16 * flow, 0, 0.4))
        if picture.alpha is not None:
            inner = picture.alpha - blur(picture.alpha, 0.0035 * stage.unit)
            rgb = rgb * (1 - np.clip(inner, 0, 1) * 0.35)[..., None]
        return Picture(mix(rgb, stage.palette.haze, 0.5 * (1 - depth) ** 1.5), picture.alpha)

    def board(self, stage: Stage, picture: Picture, name: str) -> Picture:
        """A wide wash with a few soft runs."""
        rng = stage.random(f"wash {name}")
        height, width = picture.rgb.shape[:2]
        flow = resized(
            fractal(rng, (height // 2, width // 2), 0.30 * stage.unit, octaves=5, gain=0.5, stretch=2.5),
            width,
            height,
            smooth=False,
        )
        rgb = mix(picture.rgb, PAPER, np.clip(0.30 + 0.10 * flow, 0, 0.6))
        return Picture(rgb * (1 - backruns(flow) * 0.05)[..., None], picture.alpha)

    def veil(self, stage: Stage) -> Field:
        rng = stage.random("paper")
        rough = fractal(rng, (stage.height, stage.width), 9, octaves=3, gain=0.8)
        paper = fibres(rng, (stage.height, stage.width))
        return np.asarray(1.0 + 0.010 * np.clip(paper, -3, 3) + 0.014 * rough, np.float32)


def backruns(flow: Field) -> Field:
    """The thin dark fronts that water leaves where it stopped."""
    return np.asarray(
        np.exp(-(((flow - 0.12) / 0.035) ** 2)) + 0.6 * np.exp(-(((flow + 0.35) / 0.03) ** 2)), np.float32
    )
