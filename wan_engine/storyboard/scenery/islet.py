"""A low piece of land in the water, with bushes, for a building to stand on."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage


def islet(stage: Stage, x: float, foot: float, size: float, depth: float) -> Layer:
    """A low piece of land in the water with bushes, for a building to stand on."""
    rng = stage.random("islet")
    half = size * 0.95
    sheet = Sketch(x - half * 1.1, foot - size * 0.5, x + half * 1.1, foot + size * 0.10)
    earth = blend(stage.palette.land(0.30 + 0.5 * depth), stage.palette.near, 0.25)
    t = np.linspace(-1, 1, 50)
    bumps = 0.10 * np.cos(t * np.pi / 2) ** 0.6 * size + rng.normal(0, 0.006, 50) * size
    sheet.polygon(
        np.concatenate(
            [
                np.stack([x + t * half, foot + 0.035 * size - bumps], axis=1),
                [[x + half, foot + 0.05 * size], [x - half, foot + 0.05 * size]],
            ]
        ),
        earth,
    )
    green = blend(blend(stage.palette.foliage, stage.palette.near, 0.45), stage.palette.haze, 0.30 * (1 - depth))
    for _ in range(64):
        place = rng.uniform(-0.92, 0.92)
        if abs(place) < 0.40 and rng.random() < 0.8:
            continue
        tall = size * rng.uniform(0.04, 0.13) * (1.15 - abs(place) * 0.6)
        centre = (x + place * half, foot + 0.02 * size - 0.06 * size * math.cos(place * math.pi / 2) - tall * 0.3)
        shade = shifted(green, lightness=float(rng.uniform(0.72, 1.15)))
        for _ in range(5):
            sheet.disc(
                centre[0] + rng.normal(0, tall * 0.4),
                centre[1] + rng.normal(0, tall * 0.30),
                tall * rng.uniform(0.25, 0.5),
                shade,
            )
    picture = stage.style.thing(stage, sheet.picture(), depth, "islet")
    return stage.layer(picture, depth, name="islet", top=sheet.top, left=sheet.left)
