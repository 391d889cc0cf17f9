"""Open ground: snowfields, meadows, terraces of rice and tea."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import Random, fractal, line
from wan_engine.storyboard.picture.raster import Field, blur, mix, sampled, smoothstep, spread
from wan_engine.storyboard.stage import Stage

#: Soft folds of open ground, from far to near.
FOLDS = 3


def ground(stage: Stage, *, top: float, depth: float = 0.80, tone: Field | None = None, path: bool = False) -> Layer:
    """Soft folds from row `top` down to our feet: snow in winter, grass otherwise; with a `path` if there is one."""
    name = "ground"
    rng = stage.random(name)
    palette, unit = stage.palette, stage.unit
    count = stage.canvas_width
    first, rows = stage.rows(top - 0.10 * unit)
    _, y = stage.grid(first, rows)
    base = palette.ground if tone is None else tone
    white = float(base.mean()) > 0.55
    rgb = spread(palette.haze, (rows, count))
    total = np.zeros((rows, count), np.float32)
    x = np.arange(count, dtype=np.float32)
    light_x = stage.light[0] * stage.width + stage.margin
    pool = np.exp(-(((x - light_x) / (0.50 * unit)) ** 2))
    for fold in range(FOLDS):
        share = fold / FOLDS
        wave = line(rng, count, (0.8 + 0.5 * fold) * unit, octaves=2, gain=0.35)
        fine = 0.004 * stage.style.detail * line(rng, count, 0.10 * unit, octaves=3)
        edge = top + (share**1.3 * 0.42 + (0.028 + 0.03 * share) * wave + fine) * unit
        mask = np.asarray(np.clip(y - edge[None, :] + 0.5, 0, 1), np.float32)
        below = np.asarray((y - edge[None, :]) / unit, np.float32)
        facing = np.clip(0.55 - 9.0 * np.gradient(wave) * (1 if light_x > count / 2 else -1) * 0.03 * unit / 9, 0, 1)
        lit = np.clip(
            np.exp(-np.clip(below, 0, None) / (0.10 + 0.10 * share)) * (0.55 * facing + 0.45 * pool)[None, :], 0, 1
        )
        dark = mix(base * (0.80 if white else 0.58), palette.zenith, 0.16)
        bright = mix(base, palette.light, 0.42 if white else 0.30)
        painted = mix(dark, bright, lit)
        painted = mix(painted, palette.haze, 0.50 * (1 - share) ** 2)
        rgb = mix(rgb, painted, mask)
        total = np.maximum(total, mask)
    if path:
        rgb = _trodden(stage, rgb, y, top)
    # Darker towards our feet: a calm place for words.
    down = (y - top) / (stage.height - top)
    foot = smoothstep(0.25, 1.05, np.broadcast_to(down, total.shape).astype(np.float32))
    rgb = mix(rgb, mix(base * 0.42, palette.near, 0.55), foot * (0.45 if white else 0.70))
    picture = stage.style.board(stage, Picture(rgb, total), name)
    return stage.layer(picture, depth, name=name, top=first)


def _trodden(stage: Stage, rgb: Field, y: Field, top: float) -> Field:
    """A path of flat stones that winds away from us and grows narrow."""
    palette, unit = stage.palette, stage.unit
    rng = stage.random("path")
    x = np.arange(rgb.shape[1], dtype=np.float32)[None, :] - stage.margin
    near = np.clip((y - top) / (stage.height - top), 0, 1)
    swing = float(rng.choice([-1, 1]))
    middle = stage.width * 0.5 + swing * unit * 0.20 * np.sin(3.6 * (1 - near) ** 1.3) * (0.35 + 0.65 * (1 - near))
    half = unit * (0.018 + 0.165 * near**1.25)
    across = (x - middle) / half
    worn = fractal(rng, (rgb.shape[0], rgb.shape[1]), 0.05 * unit, octaves=2)
    rows = np.log(near * 14 + 1) * 9.0 + 0.10 * worn
    across = across + 0.08 * worn
    joint = np.minimum(np.abs((across * 1.5 + 0.5 * np.floor(rows)) % 1.0 - 0.5), 0.5)
    gaps = np.maximum(
        smoothstep(0.43, 0.49, joint), smoothstep(0.38, 0.47, np.abs(rows % 1.0 - 0.5) * np.ones_like(across))
    )
    cover = smoothstep(1.0, 0.86, np.abs(across)) * smoothstep(0.0, 0.05, near * np.ones_like(across))
    stone = blend(blend(colour("#a8a294"), palette.horizon, 0.30), palette.near, 0.45 if palette.dark else 0.08)
    toned = mix(stone, blend(stone * 0.55, palette.near, 0.2), gaps)
    return mix(rgb, toned, cover * 0.85)


#: Steps of a terraced hillside.
STEPS = 15


def terraces(stage: Stage, kind: str, *, top: float, depth: float = 0.72) -> Layer:
    """A hillside of steps: flooded rice fields (`terraces`) or rows of tea (`tea hills`).

    The steps are the contour lines of a hill with knolls and hollows, so that they wind, part and meet again.
    """
    rng = stage.random(kind)
    palette, unit = stage.palette, stage.unit
    first, rows = stage.rows(top - 0.16 * unit)
    shape = (rows, stage.canvas_width)
    x, y = stage.grid(first, rows)
    edge = top + (0.075 * line(rng, stage.canvas_width, 0.9 * unit, octaves=2, gain=0.35) - 0.02) * unit
    down = np.asarray(np.clip((y - edge[None, :]) / (stage.height - top), 0, 1.3), np.float32)
    near = np.asarray(0.16 + down, np.float32)
    # Knolls are wide and low far away and come towards us in perspective.
    knolls = sampled(
        fractal(rng, (256, 512), 90, octaves=3, gain=0.42),
        256 + (x - stage.width / 2) / unit * 110 / near,
        250 - 34 / near + 0 * x,
    )
    level = STEPS * (0.72 * np.sqrt(down + 0.02) + 0.34 * down) + 1.25 * knolls
    step = np.floor(level)
    within = np.asarray(level - step, np.float32)
    rich = blend(blend(palette.foliage, colour("#5f9a4a"), 0.0 if palette.dark else 0.35), palette.ground, 0.15)
    if not palette.dark and "autumn" in stage.words:
        rich = blend(rich, colour("#cfa23e"), 0.45)
    painted = (
        _tea(stage, rng, within, near, rich) if kind == "tea hills" else _paddy(stage, rng, within, near, step, rich)
    )
    painted = mix(painted, palette.haze, 0.66 * np.clip(1 - down * 1.7, 0, 1) ** 1.8)
    dim = smoothstep(0.55, 1.05, down) * 0.55
    painted = mix(painted, mix(palette.near, rich * 0.25, 0.5), dim)
    painted = blur(painted, 0.75)  # the edges of steps are drawn without any softness of their own
    slope = np.abs(np.gradient(edge))[None, :]
    mask = np.clip((y - edge[None, :]) / np.sqrt(1 + slope**2) + 0.5, 0, 1)
    picture = stage.style.board(stage, Picture(painted, np.broadcast_to(mask, shape)), kind)
    return stage.layer(picture, depth, name=kind, top=first)


def _paddy(stage: Stage, rng: Random, within: Field, near: Field, step: Field, rich: Field) -> Field:
    """A flooded step: the sky in still water, rows of seedlings, and a green bank at its lower side."""
    palette = stage.palette
    tilt = np.asarray(0.5 + 0.5 * np.sin(step * 2.4), np.float32)  # no two steps mirror the same piece of sky
    mirror = mix(palette.horizon, palette.sky, 0.25 + 0.5 * tilt)
    water = mix(mirror, palette.light, smoothstep(0.5, 0.0, within) * 0.20)
    shape = (within.shape[0], within.shape[1])
    rows = 0.5 + 0.5 * np.cos(within * 2 * np.pi * 4)  # planted along the steps
    tufts = smoothstep(-0.25, 0.75, fractal(rng, shape, 4.0, octaves=2, gain=0.9, stretch=0.8))
    young = rows**2 * tufts * smoothstep(0.08, 0.2, within) * np.clip(near * 1.2, 0.12, 0.62)
    water = mix(water, rich * 1.05, young)
    bank = smoothstep(0.60, 0.68, within)
    grass = mix(rich * 1.15, rich * 0.36, smoothstep(0.66, 1.0, within))
    lip = np.exp(-(((within - 0.64) / 0.045) ** 2)) * 0.45
    return mix(mix(water, grass, bank), palette.light, lip * 0.6)


def _tea(stage: Stage, rng: Random, within: Field, near: Field, rich: Field) -> Field:
    """A clipped hedge of tea: round, bright on top, dark in the furrow, and full of leaves."""
    tea = blend(shifted(rich, saturation=1.2), colour("#4f9236"), 0.0 if stage.palette.dark else 0.30)
    shape = (within.shape[0], within.shape[1])
    foliage = fractal(rng, shape, 9.0, octaves=3, gain=0.75, stretch=1.3)
    profile = np.sqrt(np.clip(1 - (within * 2.15 - 1.0) ** 2, 0, 1))
    lit = np.clip(
        profile * (1.18 - 0.80 * within) + 0.13 * foliage * profile * np.clip(near * 1.6, 0.2, 1), 0, 1
    ).astype(np.float32)
    dark = mix(tea * 0.26, stage.palette.near, 0.30)
    bright = mix(tea * 1.06, stage.palette.light, 0.24)
    return mix(dark, bright, lit)
