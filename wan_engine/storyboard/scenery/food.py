"""What lies on a table: round cakes, dumplings, fruit; each a small body with light on it."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.noise import Random, fractal
from wan_engine.storyboard.picture.raster import Field, curve, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch, Sprite
from wan_engine.storyboard.stage import Stage

SIZE = 160


def ball(stage: Stage, rng: Random, tone: Field, *, gloss: float = 0.5, squash: float = 1.0, grain: float = 0.0) -> Sprite:
    """A round body lit from the stage's light; `squash` below 1 makes it flat."""
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2) / 0.92
    x, y = axis[None, :], axis[:, None] / squash
    reach = np.hypot(x, y)
    z = np.sqrt(np.clip(1 - reach**2, 0, 1))
    facing = 0.50 * side * x - 0.62 * y + 0.60 * z
    alpha = np.clip((1 - reach) * SIZE / 2 + 0.5, 0, 1).astype(np.float32)
    lit = smoothstep(-0.45, 1.0, np.asarray(facing, np.float32))
    dark = mix(shifted(tone, lightness=0.50, saturation=1.1), stage.palette.zenith, 0.14)
    rgb = mix(np.broadcast_to(dark, (SIZE, SIZE, 3)).astype(np.float32), blend(tone, stage.palette.light, 0.18), lit)
    under = smoothstep(0.35, 1.0, np.asarray(y * squash, np.float32) * np.ones_like(lit)) * np.float32(0.22)
    rgb = mix(rgb, blend(tone, stage.palette.horizon, 0.5), under)
    if grain:
        rgb = rgb * (1 + grain * fractal(rng, (SIZE, SIZE), 9, octaves=3)[..., None])
    shine = np.exp(-(((x - side * 0.36) / 0.16) ** 2 + ((y + 0.46) / 0.12) ** 2)) * gloss
    rgb = mix(np.asarray(rgb, np.float32), colour("#fffdf6"), np.asarray(shine, np.float32))
    return Sprite(np.concatenate([np.clip(rgb, 0, 1) * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32))


def dumpling(stage: Stage, rng: Random) -> Sprite:
    """A folded crescent with pleats."""
    tone = blend(colour("#f4e9d4"), stage.palette.zenith, 0.25 if stage.palette.dark else 0.0)
    body = ball(stage, rng, tone, gloss=0.25, squash=0.62).rgba
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    edge = curve([[-0.90, 0.05], [-0.55, -0.52], [0, -0.70], [0.55, -0.52], [0.90, 0.05]], 40) * half + half
    sheet.stroke(edge, 10 * np.sin(np.pi * np.linspace(0.06, 0.94, 40)) + 5, blend(tone, colour("#ffffff"), 0.35))
    for share in np.linspace(0.12, 0.88, 9):
        place = edge[int(share * 39)]
        sheet.stroke(np.array([place + (0, -6), place + (0, 10)]), 2.0, shifted(tone, lightness=0.74))
    drawn = sheet.rgba.astype(np.float32) / 255
    return Sprite(np.asarray(body * (1 - drawn[..., 3:]) + drawn, np.float32))


def mooncake(stage: Stage) -> Sprite:
    """A pressed round cake with a scalloped wall and a flower on top."""
    tone = blend(colour("#c6853d"), stage.palette.zenith, 0.25 if stage.palette.dark else 0.0)
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    turns = np.linspace(0, 2 * np.pi, 121)[:-1]
    wave = 0.86 * (1 + 0.035 * np.cos(turns * 16))
    top = np.stack([np.cos(turns) * wave, np.sin(turns) * wave * 0.42 - 0.18], axis=1)
    low = top + (0, 0.42)
    sheet.polygon(low * half + half, shifted(tone, lightness=0.55))
    for share in np.linspace(0, 1, 14):
        layer = top * (1 - share) + low * share
        sheet.polygon(layer[::-1] * half + half, shifted(tone, lightness=float(0.62 + 0.18 * (1 - share)))) if share > 0.93 else None
    wall = np.concatenate([top[:60], low[:60][::-1]])
    sheet.polygon(wall * half + half, shifted(tone, lightness=0.72))
    for index in range(0, 60, 4):
        sheet.stroke(np.array([top[index], low[index]]) * half + half, 3.0, shifted(tone, lightness=0.60))
    sheet.polygon(top * half + half, tone)
    inner = top * 0.86 + (0, -0.18 * 0.14)
    sheet.stroke(np.concatenate([inner, inner[:1]]) * half + half, 3.0, shifted(tone, lightness=0.78))
    for petal in range(8):
        turn = petal * np.pi / 4
        spot = np.stack([0.36 * np.cos(turn) + 0.16 * np.cos(turns), (0.36 * np.sin(turn) + 0.16 * np.sin(turns)) * 0.42 - 0.18], axis=1)
        sheet.polygon(spot * half + half, shifted(tone, lightness=1.16))
        sheet.polygon(spot * (1, 1) * half + half + (0, 1.5), shifted(tone, lightness=1.04))
    return Sprite(sheet.rgba.astype(np.float32) / 255)


def heap(stage: Stage, rng: Random, sheet: Sketch, sprites: list[Sprite], *, x: float, y: float, spread: float, size: float, count: int, squash: float = 0.34) -> None:
    """Several bodies heaped in an ellipse around x, y; those behind first."""
    places = []
    for index in range(count):
        turn, reach = index * 2.399963, math.sqrt((index + 0.5) / count)  # a sunflower's spiral: even, and never in rows
        places.append((x + reach * spread * math.cos(turn), y + reach * spread * squash * math.sin(turn)))
    for place in sorted(places, key=lambda item: item[1]):
        pile = (1 - abs(place[0] - x) / max(spread, 1)) * size * 0.22
        sheet.stamp(sprites[int(rng.integers(len(sprites)))], place[0], place[1] - pile, size * rng.uniform(0.93, 1.06), turn=rng.normal(0, 0.05))
