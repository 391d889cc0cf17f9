"""Lotus: round leaves on and over the water, and flowers between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field, blur, curve, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite
from wan_engine.storyboard.scenery.wind import leaning
from wan_engine.storyboard.stage import Stage

SIZE = 176


@dataclass(frozen=True, slots=True)
class Bed:
    """Leaves and flowers at one distance."""

    name: str
    depth: float
    low: float  #: where it begins and ends, as shares of the way from the far water to the lower edge
    high: float
    leaves: int
    flowers: int
    size: float  #: of a leaf, in units of the stage


BEDS = (
    Bed("far", 0.50, 0.10, 0.34, 15, 2, 0.17),
    Bed("middle", 0.70, 0.36, 0.70, 9, 2, 0.30),
    Bed("near", 0.93, 0.84, 1.08, 5, 1, 0.52),
)


def lotus(stage: Stage, bed: Bed, *, water_line: float) -> Layer:
    """Leaves on the water and over it, flowers between them; in winter only what has withered."""
    palette, name = stage.palette, f"lotus {bed.name}"
    rng = stage.random(name)
    withered = bool(stage.words & {"winter", "ice", "frost"})
    green = blend(shifted(palette.foliage, saturation=0.9), colour("#3f8f6b"), 0.0 if palette.dark else 0.25)
    tone = blend(colour("#7a6648"), palette.haze, 0.15) if withered else green
    span = stage.height - water_line
    top = water_line + bed.low * span - bed.size * stage.unit * 1.5
    sheet = Sketch(-stage.margin, top, stage.width + stage.margin, stage.height + stage.margin)
    _leaves(stage, rng, sheet, bed, tone, water_line)
    if not withered:
        _flowers(stage, rng, sheet, bed, tone, water_line)
    sway, pivot = leaning(rng.uniform(0, 1), 0.009), (0.0, water_line + bed.high * span)
    return stage.sketched(sheet, bed.depth, name=name, sway=sway, pivot=pivot)


def _leaves(stage: Stage, rng: Random, sheet: Sketch, bed: Bed, tone: Field, water_line: float) -> None:
    """Round leaves, some flat on the water, some on stalks; the middle stays open."""
    pads = [_pad(rng, shifted(tone, lightness=light)) for light in (0.84, 1.02)]
    for share, drawn in sorted((rng.uniform(bed.low, bed.high), rng.uniform(-0.05, 1.05)) for _ in range(bed.leaves)):
        across = drawn + 0.16 * math.copysign(1 - abs(2 * drawn - 1), drawn - 0.5)
        x, y = across * stage.width, water_line + share * (stage.height - water_line)
        wide = bed.size * stage.unit * rng.uniform(0.75, 1.15)
        pad, turn = pads[int(rng.integers(2))], rng.uniform(0, 6.28)
        if rng.random() < 0.55:
            sheet.stamp(pad, x, y, wide, turn=turn, squash=rng.uniform(0.22, 0.32), shade=0.88)
            continue
        rise = wide * rng.uniform(0.3, 0.6)
        stalk = curve([[x, y + 0.2 * wide], [x + 0.03 * wide, y - rise * 0.5], [x, y - rise]], 12)
        sheet.stroke(stalk, max(1.5, 0.018 * wide), shifted(tone, lightness=0.55))
        sheet.stamp(pad, x, y - rise, wide, turn=turn, squash=rng.uniform(0.42, 0.62), tilt=rng.normal(0, 0.35))


def _flowers(stage: Stage, rng: Random, sheet: Sketch, bed: Bed, tone: Field, water_line: float) -> None:
    """Flowers on their stalks, spread over the middle."""
    bloom = _flower(rng, stage.palette.accent)
    span = stage.height - water_line
    for index in range(bed.flowers):
        x = (0.22 + 0.56 * ((index + rng.random()) / bed.flowers)) * stage.width
        y = water_line + (0.5 * (bed.low + bed.high) + rng.uniform(-0.1, 0.1)) * span
        wide = bed.size * stage.unit * rng.uniform(0.52, 0.66)
        rise = wide * rng.uniform(0.9, 1.25)
        stalk = curve([[x, y + 0.15 * wide], [x - 0.05 * wide, y - rise * 0.5], [x, y - rise]], 12)
        sheet.stroke(stalk, max(1.5, 0.04 * wide), shifted(tone, lightness=0.7))
        sheet.stamp(bloom, x, y - rise - 0.18 * wide, wide, turn=rng.normal(0, 0.10))


def _pad(rng: Random, tone: Field) -> Sprite:
    """A leaf seen from above: veins from its heart, a waved edge, light over one side."""
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    x, y = axis[None, :], axis[:, None]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    phase = rng.uniform(0, 6.28, 3)
    edge = (
        0.90
        + 0.030 * np.sin(5 * angle + phase[0])
        + 0.022 * np.sin(9 * angle + phase[1])
        + 0.012 * np.sin(17 * angle + phase[2])
    )
    alpha = np.clip((edge - radius) * SIZE / 2 + 0.5, 0, 1).astype(np.float32)
    veins = (
        np.exp(-((np.sin(angle * 9 + phase[0]) / (0.10 + 0.02 / (radius + 0.05))) ** 2))
        * smoothstep(0.06, 0.2, radius)
        * smoothstep(1.0, 0.6, radius)
    )
    folds = 0.5 + 0.5 * np.cos(angle * 18 + 2 * phase[0] + np.pi)
    shade = (
        0.80
        + 0.20 * folds * smoothstep(0.1, 0.9, radius)
        + 0.16 * (-x * 0.6 - y * 0.6)
        - 0.12 * np.exp(-((radius / 0.10) ** 2))
    )
    rgb = np.asarray(tone * shade[..., None], np.float32)
    rgb = mix(rgb, shifted(tone, lightness=1.45, saturation=0.8), veins * 0.42)
    rgb = mix(rgb, shifted(tone, lightness=1.25), np.exp(-(((radius - edge + 0.02) / 0.025) ** 2)) * 0.5)
    return Sprite(np.concatenate([np.clip(rgb, 0, 1) * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32))


def _flower(rng: Random, tone: Field) -> Sprite:
    """A flower from the side: outer petals open, inner ones cupped, tips deeper than the base."""
    sheet = np.zeros((SIZE, SIZE, 4), np.float32)
    pale = blend(tone, colour("#fff8f2"), 0.78)
    deep = shifted(tone, saturation=1.15, lightness=0.92)
    rings = [(1.15, 5, 0.80, 0.86), (0.80, 5, 0.92, 0.94), (0.42, 4, 0.98, 1.0), (0.16, 3, 0.80, 1.05)]
    for spread, count, long, light in rings:
        order = np.argsort(-np.abs(np.linspace(-1, 1, count)))
        for index in order:
            lean = np.linspace(-1, 1, count)[index] * spread + rng.normal(0, 0.05)
            reach = SIZE * 0.56 * long * rng.uniform(0.93, 1.05) * (1 - 0.12 * abs(lean))
            sheet = _petal(sheet, lean, reach, pale * light, deep * light)
    return Sprite(sheet)


def _petal(sheet: Field, lean: float, reach: float, pale: Field, deep: Field) -> Field:
    t = np.linspace(0, 1, 24)
    wide = 0.30 * reach * np.sin(np.pi * t**0.85) ** 0.8 * (1 - 0.15 * t)
    bow = 0.16 * reach * math.sin(lean) * t**2
    outline = np.concatenate(
        [np.stack([bow - wide, -t * reach], axis=1), np.stack([bow + wide, -t * reach], axis=1)[::-1]]
    )
    cos, sin = math.cos(lean), math.sin(lean)
    points = outline @ np.array([[cos, sin], [-sin, cos]]) + (SIZE / 2, SIZE * 0.86)
    drawn = Sketch(0, 0, SIZE, SIZE)
    drawn.polygon(points, np.ones(3, np.float32))
    cover = drawn.rgba[..., 3].astype(np.float32) / 255
    x = np.arange(SIZE, dtype=np.float32)[None, :] - SIZE / 2
    y = np.arange(SIZE, dtype=np.float32)[:, None] - SIZE * 0.86
    along = np.clip((x * sin - y * cos) / reach, 0, 1)
    across = (x * cos + y * sin) / (0.30 * reach)
    rgb = mix(pale, deep, smoothstep(0.35, 1.05, along))
    lines = 1 - 0.05 * (0.5 + 0.5 * np.cos(across * 22)) * along
    round_ = 1 - 0.20 * np.clip(np.abs(across - 0.15), 0, 1) ** 2
    rgb = rgb * np.asarray(lines * round_, np.float32)[..., None]
    # A thin shadow parts each petal from those behind it.
    shadow = np.asarray(np.clip(blur(cover, 0.016 * SIZE) - cover, 0, 1), np.float32)[..., None] * 0.35
    behind = np.concatenate([sheet[..., :3] * (1 - shadow), sheet[..., 3:]], axis=-1)
    front = np.concatenate([rgb * cover[..., None], cover[..., None]], axis=-1)
    return np.asarray(behind * (1 - cover[..., None]) + front, np.float32)
