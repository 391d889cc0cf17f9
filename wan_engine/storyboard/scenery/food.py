"""Small bodies that are heaped in bowls, on plates and in baskets: each is drawn once, with light on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.noise import Random, fractal
from wan_engine.storyboard.picture.raster import Field, curve, mix, moved, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite
from wan_engine.storyboard.scenery import blossoms, leaves
from wan_engine.storyboard.stage import Stage

SIZE = 160

Shape = Callable[[Stage, Random, Field], Sprite]


@dataclass(frozen=True, slots=True)
class Morsel:
    """One kind of thing to eat or to heap up."""

    shape: Shape
    tones: tuple[str, ...]
    size: float  #: in units of the stage
    count: int  #: of a full plate
    dish: str = "plate"  #: what it is served in if the prompt does not say


def _ball(stage: Stage, tone: Field, rng: Random, *, gloss: float, squash: float, grain: float) -> Sprite:
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2) / 0.92
    x, y = axis[None, :], axis[:, None] / squash
    reach = np.hypot(x, y)
    facing = 0.50 * side * x - 0.62 * y + 0.60 * np.sqrt(np.clip(1 - reach**2, 0, 1))
    alpha = np.clip((1 - reach) * SIZE / 2 + 0.5, 0, 1).astype(np.float32)
    lit = smoothstep(-0.45, 1.0, facing)
    dark = mix(shifted(tone, lightness=0.50, saturation=1.1), stage.palette.zenith, 0.14)
    rgb = mix(dark, blend(tone, stage.palette.light, 0.18), lit)
    under = smoothstep(0.35, 1.0, np.broadcast_to(y * squash, lit.shape).astype(np.float32)) * 0.22
    rgb = mix(rgb, blend(tone, stage.palette.horizon, 0.5), under)
    if grain:
        rgb = np.asarray(rgb * (1 + grain * fractal(rng, (SIZE, SIZE), 9, octaves=3)[..., None]), np.float32)
    shine = np.exp(-(((x - side * 0.36) / 0.16) ** 2 + ((y + 0.46) / 0.12) ** 2)) * gloss
    rgb = mix(rgb, colour("#fffdf6"), shine)
    return Sprite(np.concatenate([np.clip(rgb, 0, 1) * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32))


def ball(stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A glossy ball: fruit."""
    return _ball(stage, tone, rng, gloss=0.5, squash=0.95, grain=0.03)


def soft_ball(stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A soft, slightly flattened ball of dough."""
    return _ball(stage, tone, rng, gloss=0.35, squash=0.86, grain=0.02)


def oval(stage: Stage, rng: Random, tone: Field) -> Sprite:
    """Longer than wide: eggs, dates, roots."""
    return _ball(stage, tone, rng, gloss=0.35, squash=0.66, grain=0.03)


def dumpling(stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A folded crescent with pleats."""
    body = _ball(stage, tone, rng, gloss=0.22, squash=0.60, grain=0.02).planes
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    edge = curve([[-0.92, 0.04], [-0.55, -0.46], [0, -0.64], [0.55, -0.46], [0.92, 0.04]], 40) * half + half
    sheet.stroke(moved(edge, 0, 3), 13 * np.sin(np.pi * np.linspace(0.06, 0.94, 40)) + 3, shifted(tone, lightness=0.80))
    sheet.stroke(edge, 9 * np.sin(np.pi * np.linspace(0.06, 0.94, 40)) + 3, blend(tone, colour("#ffffff"), 0.30))
    for share in np.linspace(0.14, 0.86, 7):
        place = edge[int(share * 39)]
        sheet.stroke(np.array([moved(place, -1, -4), moved(place, 2, 9)]), 1.8, shifted(tone, lightness=0.78))
    drawn = sheet.premultiplied()
    return Sprite(np.asarray(body * (1 - drawn[..., 3:]) + drawn, np.float32))


def mooncake(_stage: Stage, _rng: Random, tone: Field) -> Sprite:
    """A pressed round cake with a scalloped wall and a flower on top."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    turns = np.linspace(0, 2 * np.pi, 121)[:-1]
    wave = 0.86 * (1 + 0.035 * np.cos(turns * 16))
    top = np.stack([np.cos(turns) * wave, np.sin(turns) * wave * 0.42 - 0.18], axis=1)
    low = moved(top, 0, 0.42)
    sheet.polygon(low * half + half, shifted(tone, lightness=0.55))
    sheet.polygon(np.concatenate([top[:60], low[:60][::-1]]) * half + half, shifted(tone, lightness=0.72))
    for index in range(0, 60, 4):
        sheet.stroke(np.array([top[index], low[index]]) * half + half, 3.0, shifted(tone, lightness=0.60))
    sheet.polygon(top * half + half, tone)
    inner = top * 0.86 + (0, -0.18 * 0.14)
    sheet.stroke(np.concatenate([inner, inner[:1]]) * half + half, 3.0, shifted(tone, lightness=0.78))
    for petal in range(8):
        turn = petal * np.pi / 4
        x, y = 0.36 * np.cos(turn) + 0.16 * np.cos(turns), (0.36 * np.sin(turn) + 0.16 * np.sin(turns)) * 0.42 - 0.18
        sheet.polygon(np.stack([x, y], axis=1) * half + half, shifted(tone, lightness=1.16))
        sheet.polygon(np.stack([x, y], axis=1) * half + half + (0, 1.5), shifted(tone, lightness=1.04))
    return Sprite(sheet.premultiplied())


def cube(stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A cut block: steamed cake, tofu."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    left_lit = stage.light[0] < 0.5
    top = np.array([[0, -0.62], [0.80, -0.30], [0, 0.02], [-0.80, -0.30]])
    left = np.array([[-0.80, -0.30], [0, 0.02], [0, 0.70], [-0.80, 0.36]])
    right = left * (-1, 1)
    for face, shade in ((left, 0.90 if left_lit else 0.66), (right, 0.66 if left_lit else 0.90)):
        sheet.polygon(face * half + half, shifted(tone, lightness=shade))
    sheet.polygon(top * half + half, blend(tone, stage.palette.light, 0.30))
    sheet.stroke(
        np.array([[-0.80, -0.30], [0, 0.02], [0.80, -0.30]]) * half + half, 2.5, blend(tone, colour("#ffffff"), 0.45)
    )
    for _ in range(26):
        a, b = rng.uniform(-0.8, 0.8, 2)
        spot = np.array([(a - b) * 0.5, -0.30 + (a + b) * 0.18])
        crumb, shade = float(rng.uniform(1.0, 2.4)), float(rng.uniform(0.72, 0.92))
        place = spot * half + half
        sheet.disc(float(place[0]), float(place[1]), crumb, shifted(tone, lightness=shade))
    return Sprite(sheet.premultiplied())


def slice_(stage: Stage, _rng: Random, tone: Field) -> Sprite:
    """A wedge of melon with its rind and seeds."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    turns = np.linspace(0.10, np.pi - 0.10, 40)

    def bow(radius: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.stack([np.cos(turns) * radius, np.sin(turns) * radius * 0.86 - 0.32], axis=1) * half + half

    for radius, shade in ((0.96, "#2f6b35"), (0.90, "#7fb06a"), (0.86, "#f3f0d8")):
        sheet.polygon(bow(radius), blend(colour(shade), stage.palette.zenith, 0.35 if stage.palette.dark else 0.04))
    sheet.polygon(bow(0.81), tone)
    sheet.polygon(bow(0.81) * (1, 0.55) + (0, half * 0.31), blend(tone, stage.palette.light, 0.16))
    for turn in np.linspace(0.45, np.pi - 0.45, 7):
        for reach in (0.38, 0.60):
            spot = np.array([np.cos(turn + reach) * reach, np.sin(turn) * reach * 0.80 - 0.27]) * half + half
            sheet.disc(float(spot[0]), float(spot[1]), 3.0, colour("#2a1a16"))
    return Sprite(sheet.premultiplied())


def ring(stage: Stage, _rng: Random, tone: Field) -> Sprite:
    """A slice with holes: lotus root."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    turns = np.linspace(0, 2 * np.pi, 60)
    disc = np.stack([np.cos(turns), np.sin(turns) * 0.52], axis=1)
    sheet.polygon((disc * 0.86 + (0, 0.13)) * half + half, shifted(tone, lightness=0.68))
    sheet.polygon(disc * 0.86 * half + half, blend(tone, stage.palette.light, 0.25))
    for hole in range(7):
        turn = hole * 2 * np.pi / 7
        spot = disc * 0.13 + np.array([np.cos(turn) * 0.48, np.sin(turn) * 0.48 * 0.52])
        sheet.polygon(spot * half + half, shifted(tone, lightness=0.52))
    sheet.polygon(disc * 0.09 * half + half, shifted(tone, lightness=0.55))
    return Sprite(sheet.premultiplied())


def leaf(_stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A tender leaf."""
    return leaves.ovate(shifted(tone, hue=float(rng.uniform(-0.015, 0.015))), slim=0.36)


def blossom(_stage: Stage, rng: Random, tone: Field) -> Sprite:
    """A dried flower that opens in hot water."""
    return blossoms.many_petals(rng, tone, rings=4, petals=15, slim=0.07)


def blade(_stage: Stage, _rng: Random, tone: Field) -> Sprite:
    """Something long and thin: tea leaves, peppers, shreds."""
    return leaves.ovate(tone, slim=0.15)


MORSELS: dict[str, Morsel] = {
    "qingtuan": Morsel(soft_ball, ("#7a9c46", "#6f9440"), 0.150, 6),
    "tangyuan": Morsel(soft_ball, ("#fbf3e4",), 0.085, 8, "bowl"),
    "dumplings": Morsel(dumpling, ("#f4e9d4",), 0.165, 9),
    "mooncakes": Morsel(mooncake, ("#c6853d",), 0.185, 5),
    "cakes": Morsel(cube, ("#f2e6cc", "#eddcb4"), 0.170, 6),
    "tofu": Morsel(cube, ("#f6f0e2",), 0.085, 14),
    "pancake": Morsel(oval, ("#eedcb0", "#e8d19c"), 0.190, 5),
    "greens": Morsel(leaf, ("#5f9a3c", "#79b04a", "#4c8434"), 0.135, 22),
    "puffed rice": Morsel(soft_ball, ("#f6eedb", "#efe3c4"), 0.030, 120, "basket"),
    "tea leaves": Morsel(blade, ("#5d8a3a", "#74a448", "#48742e"), 0.090, 70, "basket"),
    "persimmons": Morsel(ball, ("#e8741f", "#e0641a"), 0.150, 7, "basket"),
    "pear": Morsel(ball, ("#d9c46a", "#e0cf80"), 0.165, 4),
    "berries": Morsel(ball, ("#c5303c", "#b3263a"), 0.060, 30, "bowl"),
    "longans": Morsel(ball, ("#b08a55", "#a37c48"), 0.068, 30, "basket"),
    "grapes": Morsel(ball, ("#5d3a72", "#6d4a86"), 0.070, 30),
    "green plums": Morsel(ball, ("#9db84a", "#88a83e"), 0.085, 16, "jar"),
    "melon": Morsel(slice_, ("#d8403c",), 0.330, 2),
    "lotus root": Morsel(ring, ("#f1e4cd",), 0.165, 8),
    "eggs": Morsel(oval, ("#d9584a", "#4f8f9a", "#e3b24a"), 0.150, 4, "basket"),
    "chillies": Morsel(blade, ("#c92f22", "#b5261c", "#d9482a"), 0.115, 60, "basket"),
    "radish": Morsel(oval, ("#f3efe2", "#eae6d2"), 0.210, 4),
    "sweet potato": Morsel(oval, ("#b0563c", "#c4683f"), 0.180, 5),
    "beans": Morsel(soft_ball, ("#8fb04a", "#7a9c3e"), 0.040, 40, "bowl"),
    "red beans": Morsel(soft_ball, ("#8c2f2a", "#a0453a", "#d9c08a"), 0.040, 46, "bowl"),
    "rice": Morsel(soft_ball, ("#f7f1e4",), 0.026, 150, "bowl"),
    "jelly": Morsel(cube, ("#2c2420",), 0.080, 12, "bowl"),
    "noodles": Morsel(blade, ("#f0dfae", "#e8d294"), 0.200, 34, "bowl"),
    "flowers": Morsel(blossom, ("#ecc63f", "#f3dc80"), 0.105, 22, "glass"),
}


def sprites_of(stage: Stage, rng: Random, morsel: Morsel) -> list[Sprite]:
    """The morsel drawn in each of its tones, in this light."""
    dim = 0.30 if stage.palette.dark else 0.03
    return [morsel.shape(stage, rng, blend(colour(tone), stage.palette.zenith, dim)) for tone in morsel.tones]


def heap(
    stage: Stage,
    rng: Random,
    sheet: Sketch,
    morsel: Morsel,
    *,
    x: float,
    y: float,
    spread: float,
    share: float = 1.0,
    squash: float = 0.34,
) -> None:
    """A heap in an ellipse around x, y, `spread` pixels to each side; those behind first."""
    sprites = sprites_of(stage, rng, morsel)
    size = morsel.size * stage.unit
    flat = morsel.shape in {leaf, blade}
    count = max(2, round(morsel.count * share))
    places = []
    for index in range(count):
        # A sunflower's spiral: even, and never in rows.
        turn, reach = index * 2.399963, math.sqrt((index + 0.5) / count)
        places.append((x + reach * spread * math.cos(turn), y + reach * spread * squash * math.sin(turn), 1 - reach))
    for place_x, place_y, inner in sorted(places, key=lambda item: item[1] + item[2] * 0.1):
        rise = inner * (0.30 * spread if count > 12 else 0.22 * size)
        sheet.stamp(
            sprites[int(rng.integers(len(sprites)))],
            place_x,
            place_y - rise,
            size * rng.uniform(0.90, 1.08),
            turn=rng.uniform(0, 6.28) if flat else rng.normal(0, 0.08),
            squash=0.55 if flat else 1.0,
            shade=float(rng.uniform(0.90, 1.04)),
        )
