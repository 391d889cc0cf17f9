"""Conifers: a forest that stands on a ridge, and single firs nearby."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Bytes, Field, Points, outline, strokes, unit
from wan_engine.storyboard.stage import Stage
from wan_engine.storyboard.styles.base import Terrain


def conifer(rng: Random, x: float, foot: float, height: float, *, rough: float) -> tuple[Points, Points]:
    """The outline of a fir and of its half that faces right, in pixels."""
    levels = int(np.clip(height / 7, 5, 22))
    width = height * rng.uniform(0.17, 0.25)
    lean = rng.normal(0, 0.012) * height
    sides = []
    for side in (-1, 1):
        points = [(x + lean, foot - height)]
        for level in range(1, levels + 1):
            share = (level - rng.uniform(0.0, 0.35) * rough) / levels
            reach = width * share**0.85 * (1 - 0.30 * rough * rng.random())
            y = foot - height * (1 - share**0.93)
            axis = x + lean * (1 - share)
            points.append((axis + side * reach, y + 0.02 * height * rough))
            points.append((axis + side * reach * (0.52 - 0.12 * rough), y - 0.006 * height))
        points.append((x + side * 0.022 * height, foot - 0.02 * height))
        points.append((x + side * 0.018 * height, foot + 0.05 * height))
        sides.append(points)
    left, right = sides
    whole = np.array(left + right[::-1])
    spine = [(x + lean, foot - height), (x + 0.1 * width, foot - 0.4 * height), (x, foot)]
    return whole, np.array(right + spine[::-1])


def forest(
    stage: Stage,
    land: Terrain,
    edge: Field,
    name: str,
    *,
    height: float,
    density: float,
    rows: int = 3,
    spread: float = 0.06,
) -> Terrain:
    """The land with firs on it, from the ridge down.

    Parameters
    ----------
    edge:
        Row of the ridge along the canvas, in pixels of the frame.
    height:
        Of a full tree, in pixels.
    density:
        Trees of one row per tree height, 1 for a closed wood.
    rows, spread:
        How many rows stand down the slope, and how far it goes (units of the stage).
    """
    rng = stage.random(f"forest {name}")
    shape = land.mask.shape
    lifted = int(height * 1.25) // 2 * 2
    size = (shape[0] + lifted, shape[1])
    cover: Bytes = np.zeros(size, np.uint8)
    tone: Bytes = np.zeros(size, np.uint8)
    white: Bytes = np.zeros(size, np.uint8)
    top = land.top - lifted
    rough = 0.35 + 0.65 * stage.style.detail
    right = stage.light[0] > 0.5
    clumps = np.clip(
        0.65
        + 0.6
        * np.interp(np.arange(shape[1]), np.arange(0, shape[1], 40), rng.normal(0, 1, len(range(0, shape[1], 40)))),
        0.15,
        1.5,
    )
    for row in range(rows):
        share = row / max(1, rows - 1) if rows > 1 else 0.0
        step = height * 0.30 / density
        column = rng.uniform(-step, 0)
        while column < shape[1]:
            place = int(np.clip(column, 0, shape[1] - 1))
            tall = height * rng.uniform(0.45, 1.0) * float(clumps[place]) ** 0.5 * (1 + 0.22 * share)
            foot = float(edge[place]) - top + share * spread * stage.unit + rng.uniform(0, 0.03) * stage.unit
            whole, half = conifer(rng, column, foot, tall, rough=rough)
            outline(cover, [whole])
            outline(tone, [whole], int(70 + 40 * rng.random() + 30 * share))
            if not right:
                half[:, 0] = 2 * column - half[:, 0]
            outline(tone, [half], int(130 + 50 * rng.random() + 30 * share))
            if land.snow is not None:
                _snowed(rng, white, whole, tall)
            column += step * rng.uniform(0.5, 1.6)
    return _planted(land, cover, tone, white, top, lifted)


def _snowed(rng: Random, white: Bytes, whole: Points, tall: float) -> None:
    """Snow on the upper side of each bough."""
    count = len(whole)
    boughs = []
    for index in range(1, count // 2 - 3, 2):
        for tip, inner in (
            (whole[index], whole[max(0, index - 1)]),
            (whole[count - 1 - index], whole[min(count - 1, count - index)]),
        ):
            if rng.random() < 0.5:
                boughs.append(np.array([tip * 0.9 + inner * 0.1, tip * 0.35 + inner * 0.65]))
    strokes(white, boughs, max(1, round(tall / 55)), 235)


def _planted(land: Terrain, cover: Bytes, tone: Bytes, white: Bytes, top: int, lifted: int) -> Terrain:
    """The land's fields, taller by `lifted` rows, with the trees in them."""

    def taller(field: Field, value: float) -> Field:
        return np.pad(field, ((lifted, 0), (0, 0)), constant_values=value)

    trees = unit(cover)
    mask = np.maximum(taller(land.mask, 0), trees)
    relief = np.asarray(taller(land.relief, 0) * (1 - trees) + (unit(tone) * 2.2 - 1.25) * trees, np.float32)
    # Trees darken the land's upper part; the mist at its foot still covers them.
    below = np.maximum(taller(land.below, -1), trees * 0.012)
    snow = None
    if land.snow is not None:
        snow = np.asarray(taller(land.snow, 0) * (1 - trees) + unit(white) * trees, np.float32)
    return replace(land, mask=mask, relief=relief, below=np.asarray(below, np.float32), top=top, snow=snow)
