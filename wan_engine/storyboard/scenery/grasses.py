"""What grows in stands and moves with the wind: grass, reeds, wheat, rice, wild flowers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field, Points, curve, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite
from wan_engine.storyboard.scenery import blossoms
from wan_engine.storyboard.scenery.wind import leaning
from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Stand:
    """How one kind of plant stands."""

    tall: float  #: height in units of the stage
    count: int  #: stalks of a full row
    stalk: float  #: width in units of the stage
    bend: float  #: how far the tip leans, as a share of the height
    blades: int  #: leaves per stalk
    head: Callable[[Stage, Random], list[Sprite]] | None
    size: float = 0.0  #: of the head, in units of the stage
    tone: Callable[[Stage], Field] = lambda stage: stage.palette.foliage


@dataclass(frozen=True, slots=True)
class Row:
    """One of the rows in which a stand is planted."""

    name: str
    depth: float
    below: float  #: how far below the stand's foot it is planted, as a share of the height
    scale: float
    dense: float


ROWS = (
    Row("far", 0.55, -0.055, 0.72, 1.3),
    Row("middle", 0.74, 0.015, 0.95, 1.0),
    Row("near", 0.95, 0.13, 1.25, 0.6),
)


def stand(stage: Stage, kind: str, row: Row, *, foot: float = 0.86) -> Layer:
    """One row of `kind` (a key of `STANDS`).

    Parameters
    ----------
    foot:
        Where the middle row stands, as a share of the height.
    """
    plan, name = STANDS[kind], f"{kind} {row.name}"
    rng = stage.random(name)
    base = (foot + row.below) * stage.height
    high = plan.tall * row.scale * stage.unit
    lower = base + 0.10 * stage.unit + (0 if row.name == "far" else 0.2 * stage.height)
    sheet = Sketch(-stage.margin, base - high * 1.35, stage.width + stage.margin, lower)
    tone = blend(plan.tone(stage), stage.palette.near, 0.62 * row.depth**2)
    sprites = plan.head(stage, rng) if plan.head else []
    total = max(4, round(plan.count * row.dense * stage.width / stage.unit))
    for index in rng.permutation(total):
        x = (index + rng.uniform(0, 1)) / total * stage.canvas_width - stage.margin
        # Lower in the middle, so that the view stays open.
        open_middle = 0.62 + 0.38 * abs(2 * x / stage.width - 1) ** 1.2
        tall = high * rng.uniform(0.62, 1.08) * open_middle
        shade = shifted(tone, lightness=float(rng.uniform(0.75, 1.12)))
        root = base + rng.uniform(0, 0.05) * stage.unit
        _stalk(stage, rng, sheet, plan, x, root, tall, shade, sprites, row.scale)
    return stage.sketched(sheet, row.depth, name=name, sway=leaning(rng.uniform(0, 1), 0.030), pivot=(0.0, base))


def _stalk(
    stage: Stage,
    rng: Random,
    sheet: Sketch,
    plan: Stand,
    x: float,
    foot: float,
    tall: float,
    tone: Field,
    sprites: list[Sprite],
    scale: float,
) -> None:
    lean = plan.bend * rng.normal(0.25, 0.75) * tall
    path = curve([[x, foot + 0.12 * tall], [x + lean * 0.12, foot - 0.45 * tall], [x + lean, foot - tall]], 14)
    width = max(1.0, plan.stalk * stage.unit * scale)
    sheet.stroke(path, np.linspace(width, width * 0.4, 14), tone)
    for _ in range(plan.blades):
        sheet.polygon(_blade(rng, path, tall, width), shifted(tone, lightness=float(rng.uniform(0.8, 1.2))))
    if sprites:
        heading = math.atan2(path[-1, 1] - path[-4, 1], path[-1, 0] - path[-4, 0]) + math.pi / 2
        sprite = sprites[int(rng.integers(len(sprites)))]
        size = plan.size * stage.unit * scale * rng.uniform(0.8, 1.15)
        sheet.stamp(
            sprite, float(path[-1, 0]), float(path[-1, 1]), size, turn=heading, shade=float(rng.uniform(0.82, 1.05))
        )


def _blade(rng: Random, path: Points, tall: float, width: float) -> Points:
    """A leaf that leaves the stalk and bends over."""
    start = path[int(rng.integers(1, 8))]
    side = rng.choice([-1, 1])
    long = tall * rng.uniform(0.35, 0.7)
    spine = curve(
        [
            start,
            moved(start, side * long * 0.18, -long * 0.55),
            moved(start, side * long * rng.uniform(0.35, 0.7), -long * rng.uniform(0.35, 0.75)),
        ],
        10,
    )
    wide = np.sin(np.pi * np.linspace(0.08, 1, 10) ** 0.7) * width * 1.7
    across = np.stack([-np.gradient(spine[:, 1]), np.gradient(spine[:, 0])], axis=1)
    across /= np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-6)[:, None]
    return np.concatenate([spine + across * wide[:, None] / 2, (spine - across * wide[:, None] / 2)[::-1]])


def _plumes(stage: Stage, rng: Random) -> list[Sprite]:
    """The feathery heads of reeds, hanging to one side."""
    tone = (
        blend(colour("#efe3cc"), stage.palette.haze, 0.35)
        if not stage.palette.dark
        else blend(colour("#8d93a6"), stage.palette.haze, 0.4)
    )
    sprites = []
    for _ in range(3):
        sheet = Sketch(0, 0, 160, 160)
        spine = curve([[80, 84], [84, 50], [98, 14]], 24)
        for index, place in enumerate(spine):
            share = index / 23
            for _ in range(9):
                long = 34 * math.sin(math.pi * (0.15 + 0.8 * share)) * rng.uniform(0.5, 1.1)
                heading = -math.pi / 2 + rng.normal(0.75, 0.42)
                tip = place + long * np.array([math.cos(heading), math.sin(heading)]) + (0, long * 0.25)
                shade = shifted(tone, lightness=float(rng.uniform(0.72, 1.08)))
                sheet.stroke(curve([place, (place + tip) / 2 - (0, 3), tip], 5), 1.0, shade)
        sprites.append(Sprite(sheet.premultiplied()))
    return sprites


def _ears(tone: str, droop: float) -> Callable[[Stage, Random], list[Sprite]]:
    """Ears of grain: wheat stands, rice hangs."""

    def make(stage: Stage, rng: Random) -> list[Sprite]:
        gold = colour(tone) if not stage.palette.dark else blend(colour(tone), stage.palette.near, 0.45)
        sprites = []
        for _ in range(3):
            sheet = Sketch(0, 0, 160, 160)
            spine = curve(np.array([[80, 86], [82 + 10 * droop, 52], [84 + 62 * droop, 18 + 40 * droop]]), 14)
            for index, place in enumerate(spine):
                for side in (-1, 1):
                    heading = -math.pi / 2 + 1.7 * droop * index / 13 + side * 0.38
                    grain = place + 7.5 * np.array([math.cos(heading), math.sin(heading)])
                    sheet.stroke(
                        np.array(
                            [
                                grain,
                                grain
                                + 46
                                * (1 - 0.8 * droop)
                                * np.array([math.cos(heading - side * 0.14), math.sin(heading - side * 0.14)]),
                            ]
                        ),
                        0.9,
                        shifted(gold, lightness=1.05),
                    )
                    body = curve(
                        [
                            place,
                            place + 8 * np.array([math.cos(heading + 0.5), math.sin(heading + 0.5)]),
                            place + 15 * np.array([math.cos(heading), math.sin(heading)]),
                            place + 8 * np.array([math.cos(heading - 0.5), math.sin(heading - 0.5)]),
                        ],
                        16,
                        closed=True,
                    )
                    sheet.polygon(
                        body, shifted(gold, lightness=float(0.80 + 0.25 * (side > 0) + rng.uniform(-0.06, 0.06)))
                    )
            sprites.append(Sprite(sheet.premultiplied()))
        return sprites

    return make


def _flower_heads(stage: Stage, rng: Random) -> list[Sprite]:
    accent = stage.palette.accent
    tones = [accent, shifted(accent, hue=0.06), blend(accent, colour("#ffffff"), 0.5), colour("#f2c14e")]
    return [blossoms.five_petals(rng, tone) for tone in tones]


def _chrysanthemums(_stage: Stage, rng: Random) -> list[Sprite]:
    return [blossoms.many_petals(rng, colour(tone)) for tone in ("#f0c02c", "#f3d9a0", "#d9772e")]


def _rape(_stage: Stage, rng: Random) -> list[Sprite]:
    return [blossoms.cluster(rng, colour("#f5c91e")) for _ in range(2)]


def _lavender(_stage: Stage, rng: Random) -> list[Sprite]:
    return [blossoms.cluster(rng, colour("#8d6cc4")) for _ in range(2)]


def _peonies(stage: Stage, rng: Random) -> list[Sprite]:
    return [
        blossoms.many_petals(rng, shifted(stage.palette.accent, lightness=light), rings=6, petals=15, slim=0.15)
        for light in (0.92, 1.05)
    ]


def _gold(stage: Stage) -> Field:
    return blend(colour("#c9a24a"), stage.palette.near, 0.5 if stage.palette.dark else 0.1)


def _straw(stage: Stage) -> Field:
    return blend(colour("#a08d62"), stage.palette.foliage, 0.3)


STANDS: dict[str, Stand] = {
    "grass": Stand(0.24, 90, 0.0042, 0.45, 2, None),
    "reeds": Stand(0.46, 22, 0.0050, 0.28, 2, _plumes, 0.34, _straw),
    "wheat": Stand(0.34, 120, 0.0034, 0.13, 1, _ears("#dcae52", 0.10), 0.135, _gold),
    "rice": Stand(0.32, 100, 0.0034, 0.26, 2, _ears("#d2ad4c", 0.85), 0.15, _gold),
    "flowers": Stand(0.30, 30, 0.0048, 0.25, 2, _flower_heads, 0.085),
    "hollyhock": Stand(0.46, 14, 0.0060, 0.10, 5, _flower_heads, 0.120),
    "chrysanthemum": Stand(0.32, 15, 0.0065, 0.16, 4, _chrysanthemums, 0.175),
    "rape flowers": Stand(0.32, 74, 0.0040, 0.15, 2, _rape, 0.058),
    "lavender": Stand(0.28, 50, 0.0040, 0.18, 1, _lavender, 0.060),
    "peony": Stand(0.30, 9, 0.0075, 0.14, 5, _peonies, 0.26),
}
