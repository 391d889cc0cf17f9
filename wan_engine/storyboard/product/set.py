"""The set that a product stands in: a lit wall, a floor without a seam, a plinth, a niche, shadows of leaves."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import Random, fractal
from wan_engine.storyboard.picture.raster import Field, blur, curve, mix, outline, smoothstep, unit
from wan_engine.storyboard.scenery.vessel import TILT
from wan_engine.storyboard.stage import Stage

#: Where the floor begins, as a share of the height.
FLOOR = 0.43


def wall(stage: Stage, kind: str) -> Layer:
    """Wall and floor in one picture, so that they meet without a seam; `kind` is plain, arch, disc or leaves."""
    rng = stage.random("wall")
    palette = stage.palette
    top, rows = stage.rows(-stage.margin)
    x, y = stage.grid(top, rows)
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    u = (x - stage.width / 2) / stage.unit
    v = y / stage.height
    spot = np.exp(-(((u - side * 0.10) / 0.62) ** 2) - ((v - 0.30) / 0.30) ** 2)
    fall = np.clip(0.62 + 0.35 * side * u, 0, 1)
    lit = np.asarray(np.clip(0.20 + 0.62 * spot + 0.25 * (fall - 0.5), 0, 1), np.float32)
    rgb = mix(blend(palette.sky, palette.zenith, 0.62), palette.horizon, lit)
    if kind in {"arch", "disc"}:
        rgb = _niche(stage, rgb, kind, u, np.asarray(v, np.float32), side)
    if kind == "leaves":
        rgb = _leaf_shadows(stage, rng, rgb, top)
    cove = smoothstep(FLOOR - 0.035, FLOOR + 0.05, np.broadcast_to(v, lit.shape).astype(np.float32))
    near = smoothstep(FLOOR, 1.05, np.broadcast_to(v, lit.shape).astype(np.float32))
    pool = np.exp(-((u / 0.60) ** 2) - ((v - FLOOR - 0.09) / 0.085) ** 2)
    floor = mix(blend(palette.ground, palette.sky, 0.4), palette.horizon, pool * 0.75 + 0.12)
    floor = mix(floor, palette.zenith, near * 0.80)
    rgb = mix(rgb, floor, cove)
    seam = np.exp(-(((v - FLOOR + 0.002) / 0.012) ** 2)) * 0.20 * np.ones_like(lit)
    rgb = mix(rgb, palette.zenith, seam)
    return stage.layer(Picture(stage.style.wall(stage, rgb, top)), 0.16, name="wall", top=top)


def _niche(stage: Stage, rgb: Field, kind: str, u: Field, v: Field, side: float) -> Field:
    """An arched opening, or a round one, sunk into the wall."""
    palette = stage.palette
    tall = stage.height / stage.unit
    y = (v - (0.27 if kind == "arch" else 0.30)) * tall
    half = 0.335 if kind == "arch" else 0.365
    if kind == "arch":
        inside = np.where(y < 0, np.hypot(u, y), np.abs(u)) - half
        shifted = np.where(y - 0.02 < 0, np.hypot(u - side * 0.035, y - 0.03), np.abs(u - side * 0.035)) - half
    else:
        inside = np.hypot(u, y) - half
        shifted = np.hypot(u - side * 0.035, y - 0.03) - half
    edge = 1.4 / stage.unit
    cover = smoothstep(edge, -edge, inside)
    within = mix(rgb * 0.80, palette.zenith, 0.14)
    shade = smoothstep(-0.10, 0.015, shifted)
    within = mix(within, palette.zenith, shade * 0.55)
    rgb = mix(rgb, within, cover)
    rim = np.exp(-((np.asarray(inside, np.float32) / (2.2 / stage.unit)) ** 2))
    return mix(rgb, palette.horizon, rim * 0.45)


def _leaf_shadows(stage: Stage, rng: Random, rgb: Field, top: int) -> Field:
    """Shadows of a twig in the window's light, out of focus."""
    rows, columns = rgb.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    scale = stage.unit
    for _ in range(4):
        start = np.array([rng.uniform(0.55, 1.1) * columns, rng.uniform(-0.05, 0.25) * rows])
        if stage.light[0] < 0.5:
            start[0] = columns - start[0]
        heading = rng.uniform(1.9, 2.6) if stage.light[0] > 0.5 else rng.uniform(0.5, 1.2)
        steps = (
            start
            + np.cumsum(
                np.stack([np.cos(heading + 0.1 * np.arange(12)), np.sin(heading + 0.1 * np.arange(12))], axis=1), axis=0
            )
            * 0.055
            * scale
        )
        for index, place in enumerate(steps):
            for turn in (-1, 1):
                angle = heading + 0.1 * index + turn * rng.uniform(0.6, 1.1)
                long = scale * rng.uniform(0.10, 0.17)
                tip = place + long * np.array([math.cos(angle), math.sin(angle)])
                across = np.array([-math.sin(angle), math.cos(angle)]) * long * 0.17
                outline(
                    mask, [curve([place, (place + tip) / 2 + across, tip, (place + tip) / 2 - across], 24, closed=True)]
                )
    soft = blur(unit(mask), 0.016 * scale)
    v = (np.arange(rows, dtype=np.float32)[:, None] + top) / stage.height
    return mix(rgb, stage.palette.zenith, soft * smoothstep(FLOOR + 0.02, FLOOR - 0.2, v) * 0.40)


def plinth(stage: Stage, *, x: float, top: float, width: float) -> Layer:
    """A round plinth whose upper face has its middle on row `top`."""
    palette, scale = stage.palette, stage.unit
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    half = width / 2
    tall = 0.15 * scale
    squash = TILT * 0.78
    first = round((top - squash * half - 6) / 2) * 2
    rows = int(tall + 2 * squash * half + 40) // 2 * 2
    left = round((x - half * 1.9) / 2) * 2
    columns = int(half * 3.8) // 2 * 2
    u = ((np.arange(columns, dtype=np.float32) + left + 0.5 - x) / half)[None, :]
    y = (np.arange(rows, dtype=np.float32) + first + 0.5 - top)[:, None]
    lid = 1 - np.hypot(u, y / (half * squash))
    face = np.clip(lid * half * squash + 0.5, 0, 1).astype(np.float32)
    front = np.sqrt(np.clip(1 - u**2, 0, None)) * half * squash
    body = np.asarray(
        np.clip((1 - np.abs(u)) * half + 0.5, 0, 1) * np.clip(front + tall - y + 0.5, 0, 1) * (y > -2), np.float32
    )
    base = blend(palette.horizon, palette.sky, 0.45)
    facing = np.clip(0.55 * side * u + 0.75 * np.sqrt(np.clip(1 - u**2, 0, 1)), 0, 1)
    down = np.clip((y - front) / tall, 0, 1)
    shade = np.asarray(np.clip(facing * (1 - 0.35 * down), 0, 1), np.float32)
    rgb = mix(blend(palette.zenith, base, 0.25), base, shade)
    upper = mix(base, palette.light, 0.20 + 0.16 * side * np.broadcast_to(u, face.shape))
    rgb = mix(rgb, upper, face)
    rim = np.exp(-((lid / 0.022) ** 2)) * face
    rgb = mix(rgb, palette.light, rim * 0.5)
    alpha = np.maximum(face, body)
    ground = np.exp(-np.clip(np.hypot(u / 1.02, (y - tall) / (half * squash * 1.15)) - 0.80, 0, None) * 6) * 0.55
    cast = np.exp(-(((u + side * 0.55) / 1.15) ** 2) - ((y - tall) / (half * squash * 0.95)) ** 2) * 0.35
    shadow = (
        np.clip(ground + cast, 0, 0.7)
        * smoothstep(
            0, 14, np.minimum(np.arange(rows)[:, None], rows - 1 - np.arange(rows)[:, None]).astype(np.float32)
        )
        * smoothstep(1.88, 1.5, np.abs(u))
    )
    total = np.asarray(alpha + (1 - alpha) * shadow, np.float32)
    dark = blend(palette.zenith, colour("#000000"), 0.45)
    rgb = mix(dark, rgb, alpha / np.maximum(total, 1e-3))
    grain = fractal(stage.random("plinth"), (rows, columns), 4, octaves=2)
    rgb = np.clip(rgb * (1 + 0.012 * grain[..., None]), 0, 1)
    return stage.layer(Picture(rgb, total), 0.48, name="plinth", top=first, left=left)
