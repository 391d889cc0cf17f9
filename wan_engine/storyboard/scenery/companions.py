"""Small things that keep a dish company: chopsticks, a second cup, a sprig, a cloth under it all."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Points, blur, curve, mix, moved, outline, smoothstep, spread, unit
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery import dresses, vessel
from wan_engine.storyboard.scenery.growth import grow
from wan_engine.storyboard.scenery.room import put, side_of_light
from wan_engine.storyboard.stage import Stage

#: What cloths are dyed with: indigo, linen, moss, madder, ink.
DYES = ("#3f5a78", "#cdbf9f", "#6f7f56", "#a8564a", "#4a4a50")


def cloth(stage: Stage, x: float, foot: float) -> Part:
    """A runner of linen that lies across the table under the dish."""
    rng = stage.random("cloth")
    scale = stage.unit
    dim = 0.45 if stage.palette.dark else 0.05
    tone = blend(colour(DYES[int(rng.integers(len(DYES)))]), stage.palette.near, dim)
    top, rows = stage.rows(foot - 0.17 * scale, foot + 0.15 * scale)
    lean = rng.uniform(-0.05, 0.05) * scale

    def edge(y: float, bend: float) -> Points:
        ends = [[x - 0.62 * scale, y + bend - top], [x, y - top], [x + 0.62 * scale, y - bend - top]]
        return moved(curve(ends, 30), stage.margin, 0)

    upper, lower = edge(foot - 0.125 * scale, lean * 0.6), edge(foot + 0.105 * scale, lean)
    cut = 0.40 * scale
    mask = np.zeros((rows, stage.canvas_width), np.uint8)
    shape = np.concatenate([upper, lower[::-1]])
    middle = x + stage.margin
    shape[:, 0] = middle + np.clip(shape[:, 0] - middle, -cut * 1.2, cut * 1.2)
    outline(mask, [shape])
    cover = unit(mask)
    u = np.arange(stage.canvas_width, dtype=np.float32)[None, :]
    v = np.arange(rows, dtype=np.float32)[:, None]
    weave = 1 + 0.045 * np.sin(u * 1.9) * np.sin(v * 2.2)
    folds = 1 + 0.06 * np.sin((u - middle) / scale * 21 + rng.uniform(0, 6)) * np.exp(
        -(((v - rows * 0.5) / (rows * 0.5)) ** 2)
    )
    rgb = np.asarray(tone * (weave * folds)[..., None], np.float32)
    stripe = smoothstep(0.030, 0.024, np.abs(np.abs(u - middle) / scale - 0.335) * np.ones_like(v)) * 0.30
    rgb = mix(rgb, blend(tone, colour("#fff6e4"), 0.55), stripe)
    rgb = mix(
        rgb,
        stage.palette.light,
        np.exp(-(((u - middle) / scale - 0.25 * side_of_light(stage)) ** 2) / 0.08) * 0.12 * np.ones_like(v),
    )
    shade = np.clip(blur(np.roll(cover, 4, axis=0), 0.008 * scale) - cover, 0, 1) * 0.5
    total = np.asarray(cover + (1 - cover) * shade, np.float32)
    dark = spread(colour("#140d08"), rgb)
    picture = stage.style.thing(stage, Picture(mix(dark, rgb, cover / np.maximum(total, 1e-3)), total), 0.95, "cloth")
    return stage.layer(picture, 0.56, name="cloth", top=top)


def chopsticks(stage: Stage, x: float, foot: float) -> list[Part]:
    """A pair on its rest, in front of the dish and to its side."""
    scale = stage.unit
    side = side_of_light(stage)
    wood = blend(colour("#6a3a26"), stage.palette.near, 0.4 if stage.palette.dark else 0.08)
    centre = np.array([x + side * 0.16 * scale, foot + 0.115 * scale])
    sheet = Sketch(
        centre[0] - 0.30 * scale, centre[1] - 0.10 * scale, centre[0] + 0.30 * scale, centre[1] + 0.09 * scale
    )
    soft = Sketch(
        centre[0] - 0.30 * scale, centre[1] - 0.10 * scale, centre[0] + 0.30 * scale, centre[1] + 0.09 * scale
    )
    for index, offset in enumerate((0.0, 0.022)):
        ends = (
            np.array([[-0.25, 0.030 + offset], [0.25, -0.045 + offset * 1.4]]) * scale * (1 if side > 0 else -1, 1)
            + centre
        )
        path = curve([ends[0], ends.mean(axis=0), ends[1]], 12)
        soft.stroke(moved(path, 0.004 * scale, 0.012 * scale), np.linspace(0.008, 0.014, 12) * scale, colour("#0c0806"))
        sheet.stroke(path, np.linspace(0.0065, 0.012, 12) * scale, shifted(wood, lightness=1.0 - 0.12 * index))
        sheet.stroke(
            path - (0, 0.0025 * scale), np.linspace(0.002, 0.004, 12) * scale, blend(wood, stage.palette.light, 0.45)
        )
    shadow = soft.picture()
    assert shadow.alpha is not None
    blurred = Picture(shadow.rgb, blur(shadow.alpha, 0.006 * scale) * 0.6)
    drawn = stage.style.thing(stage, sheet.picture(), 0.98, "chopsticks")
    return [
        stage.layer(blurred, 0.64, name="chopsticks shadow", top=soft.top, left=soft.left),
        stage.layer(drawn, 0.64, name="chopsticks", top=sheet.top, left=sheet.left),
    ]


def second_cup(stage: Stage, x: float, foot: float) -> list[Part]:
    """A small cup behind, on the side away from the light."""
    picture, anchor = vessel.vessel(stage, vessel.WARES["cup"], 0.16 * stage.unit)
    place = x - side_of_light(stage) * 0.34 * stage.unit
    return [*put(stage, picture, anchor, x=place, foot=foot - 0.055 * stage.unit, name="second cup", depth=0.58)]


def sprig(stage: Stage, x: float, foot: float, twig: str) -> list[Part]:
    """A cut sprig that lies on the table beside the dish."""
    rng = stage.random("sprig")
    scale = stage.unit
    side = -side_of_light(stage)
    start = (x + side * 0.12 * scale, foot + 0.145 * scale)
    heading = (0.0 if side > 0 else math.pi) - side * 0.22
    growth = grow(rng, start, heading, 0.23 * scale, 0.011 * scale, gnarl=0.13, lift=0.0, level=2)
    box = np.concatenate([limb[0] for limb in growth.limbs])
    low, high = box.min(axis=0) - 0.08 * scale, box.max(axis=0) + 0.08 * scale
    sheet = Sketch(low[0], low[1], high[0], high[1])
    dresses.bark(stage, sheet, growth, snow=False)
    dresses.DRESSES[twig](stage, rng, sheet, growth)
    picture = sheet.picture()
    assert picture.alpha is not None
    shade = Picture(
        spread(colour("#0e0906"), picture.rgb),
        blur(np.roll(picture.alpha, round(0.012 * scale), axis=0), 0.010 * scale) * 0.55,
    )
    drawn = stage.style.thing(stage, picture, 0.98, "sprig")
    return [
        stage.layer(shade, 0.66, name="sprig shadow", top=sheet.top, left=sheet.left),
        stage.layer(drawn, 0.66, name="sprig", top=sheet.top, left=sheet.left),
    ]
