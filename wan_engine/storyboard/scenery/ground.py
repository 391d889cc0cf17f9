"""Open ground: snowfields, meadows, terraces of rice and tea."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import fractal, line
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep
from wan_engine.storyboard.stage import Stage


#: Soft folds of open ground, from far to near.
FOLDS = 3


def ground(stage: Stage, *, top: float, depth: float = 0.80, tone: Field | None = None, name: str = "ground") -> Layer:
    """Soft folds from row `top` down to our feet: snow in winter, grass otherwise."""
    rng = stage.random(name)
    palette, unit = stage.palette, stage.unit
    count = stage.canvas_width
    first, rows = stage.rows(top - 0.10 * unit)
    _, y = stage.grid(first, rows)
    base = palette.ground if tone is None else tone
    white = float(base.mean()) > 0.55
    rgb = np.broadcast_to(palette.haze, (rows, count, 3)).astype(np.float32)
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
        lit = np.clip(np.exp(-np.clip(below, 0, None) / (0.10 + 0.10 * share)) * (0.55 * facing + 0.45 * pool)[None, :], 0, 1)
        dark = mix(base * np.float32(0.80 if white else 0.58), palette.zenith, 0.16)
        bright = mix(base, palette.light, 0.42 if white else 0.30)
        painted = mix(np.broadcast_to(dark, rgb.shape).astype(np.float32), bright, np.asarray(lit, np.float32))
        painted = mix(painted, palette.haze, np.float32(0.50 * (1 - share) ** 2))
        rgb = mix(rgb, painted, mask)
        total = np.maximum(total, mask)
    # Darker towards our feet: a calm place for words.
    down = (y - top) / (stage.height - top)
    foot = smoothstep(0.25, 1.05, np.broadcast_to(down, total.shape).astype(np.float32))
    rgb = mix(rgb, mix(base * np.float32(0.42), palette.near, 0.55), foot * np.float32(0.45 if white else 0.70))
    picture = stage.style.thing(stage, Picture(rgb, total), depth, name)
    return stage.layer(picture, depth, name=name, top=first)


def terraces(stage: Stage, kind: str, *, top: float, depth: float = 0.72) -> Layer:
    """A hillside of steps: flooded rice fields (`terraces`) or rows of tea (`tea hills`)."""
    rng = stage.random(kind)
    palette, unit = stage.palette, stage.unit
    count = stage.canvas_width
    steps = 13
    shared = line(rng, count, 0.85 * unit, octaves=2, gain=0.35)
    first, rows = stage.rows(top - 0.14 * unit)
    _, y = stage.grid(first, rows)
    rgb = np.broadcast_to(palette.haze, (rows, count, 3)).astype(np.float32)
    total = np.zeros((rows, count), np.float32)
    span = stage.height + stage.margin - top
    edges = []
    for index in range(steps + 1):
        share = (index / steps) ** 1.45
        own = line(rng, count, 0.45 * unit, octaves=3, gain=0.45)
        sway = (0.085 * shared + 0.022 * own) * unit * (0.35 + 1.0 * share)
        edges.append(top + share * span + sway * (1 if index else 0.8))
    rich = blend(palette.foliage, palette.ground, 0.25)
    for index in range(steps):
        edge, following = edges[index], edges[index + 1]
        deep = index / steps
        mask = np.asarray(np.clip(y - edge[None, :] + 0.5, 0, 1), np.float32)
        within = np.clip((y - edge[None, :]) / np.maximum(following - edge, 3)[None, :], 0, 1).astype(np.float32)
        painted = (_tea if kind == "tea hills" else _paddy)(stage, rng, within, deep, rich)
        painted = mix(painted, palette.haze, np.float32(0.62 * (1 - deep) ** 2.2))
        rgb = mix(rgb, painted, mask)
        total = np.maximum(total, mask)
    dim = smoothstep(0.72, 1.05, np.asarray((y - first) / rows, np.float32)) * np.float32(0.45)
    rgb = mix(rgb, palette.near, np.broadcast_to(dim, total.shape).astype(np.float32))
    picture = stage.style.thing(stage, Picture(rgb, total), depth, kind)
    return stage.layer(picture, depth, name=kind, top=first)


def _paddy(stage: Stage, rng: np.random.Generator, within: Field, deep: float, rich: Field) -> Field:
    """A flooded step: the sky in still water, a green bank below it."""
    palette = stage.palette
    shore = within * np.float32(1.0)
    mirror = mix(palette.horizon, palette.sky, shore) * np.float32(0.96)
    water = mix(np.asarray(mirror, np.float32), palette.light, smoothstep(0.6, 0.0, within) * np.float32(0.18))
    seedlings = fractal(rng, (within.shape[0], within.shape[1]), 7 + 10 * deep, octaves=2, gain=0.7, stretch=2.2)
    water = mix(water, rich * np.float32(0.85), smoothstep(0.55, 1.1, seedlings) * np.float32(0.35 + 0.25 * deep))
    bank = smoothstep(0.66, 0.74, within)
    grass = mix(rich * np.float32(1.12), rich * np.float32(0.42), smoothstep(0.70, 1.0, within))
    return mix(water, grass, bank)


def _tea(stage: Stage, rng: np.random.Generator, within: Field, deep: float, rich: Field) -> Field:
    """A clipped hedge of tea: round, bright on top, dark in the furrow."""
    tea = blend(shifted(rich, saturation=1.15), colour("#4f8f3a"), 0.0 if stage.palette.dark else 0.35)
    shape = (within.shape[0], within.shape[1])
    leaves_ = fractal(rng, shape, 6 + 9 * deep, octaves=3, gain=0.75)
    profile = np.sqrt(np.clip(1 - (within * 1.9 - 0.95) ** 2, 0, 1))
    lit = np.clip(profile * (1.15 - 0.75 * within) + 0.14 * leaves_ * profile, 0, 1).astype(np.float32)
    dark = mix(tea * np.float32(0.30), stage.palette.near, 0.30)
    return mix(np.broadcast_to(dark, (*shape, 3)).astype(np.float32), mix(tea * np.float32(1.08), stage.palette.light, 0.22), lit)
