"""Ridge lines and the land under them: mountains, hills, karst towers, dunes."""

from __future__ import annotations

from typing import Literal

import numpy as np

from wan_engine.storyboard.picture.noise import Random, fractal, line
from wan_engine.storyboard.picture.raster import Field, blur, sampled, smoothstep
from wan_engine.storyboard.stage import Stage
from wan_engine.storyboard.styles.base import Terrain

Kind = Literal["alpine", "rolling", "karst", "dunes"]

#: How many smoothed copies of a ridge its faces are built from.
FACE_LEVELS = 10


def ridge(stage: Stage, kind: Kind, name: str, *, peak: float | None = None) -> Field:
    """Heights along the canvas, 0 to about 1.

    Parameters
    ----------
    peak:
        Where the highest point stands, as a share of the frame's width; None lets the seed choose.
    """
    rng = stage.random(f"ridge {name}")
    count, unit = stage.canvas_width, stage.unit
    x = (np.arange(count, dtype=np.float32) - stage.margin) / unit
    span = stage.width / unit
    detail = stage.style.detail
    fine = 2 + round(5 * detail)
    centre = span * (rng.uniform(0.15, 0.85) if peak is None else peak)
    match kind:
        case "alpine":
            height = _tents(rng, x, span, centre, 4)
            height += 0.16 * detail * line(rng, count, 0.22 * unit, octaves=fine, gain=0.52)
            height += 0.10 * line(rng, count, 0.6 * unit, octaves=2)
        case "karst":
            height = _towers(rng, x, span, centre)
            height += 0.06 * (0.3 + detail) * line(rng, count, 0.12 * unit, octaves=fine, gain=0.5)
        case "dunes":
            wave = line(rng, count, 0.7 * unit, octaves=2, gain=0.35)
            height = 0.5 + 0.4 * wave
        case "rolling":
            height = 0.5 + 0.42 * line(rng, count, 0.75 * unit, octaves=3, gain=0.38)
            height += 0.25 * np.exp(-(((x - centre) / 0.45) ** 2))
            height += 0.025 * detail * line(rng, count, 0.05 * unit, octaves=4, gain=0.6)
    return np.asarray(height, np.float32)


def _tents(rng: Random, x: Field, span: float, centre: float, count: int) -> Field:
    """Sharp peaks with concave flanks, the main one at `centre`."""
    total = np.zeros_like(x)
    places = [centre, *rng.uniform(-0.1 * span, 1.1 * span, count)]
    for index, place in enumerate(places):
        tall = 1.0 if index == 0 else rng.uniform(0.35, 0.75)
        wide = rng.uniform(0.42, 0.62) if index == 0 else rng.uniform(0.25, 0.5)
        lean = rng.uniform(0.75, 1.3)
        distance = np.where(x < place, (place - x) * lean, (x - place) / lean) / wide
        tent = tall * np.clip(1 - distance, 0, None) ** 1.25
        # A soft maximum, so that peaks grow out of each other.
        total = np.log(np.exp(7 * total) + np.exp(7 * tent)) / 7
    return np.asarray(total - np.log(2) / 7 * 0, np.float32)


def _towers(rng: Random, x: Field, span: float, centre: float) -> Field:
    """Steep rounded towers, as along the Li river."""
    total = np.zeros_like(x)
    places = [centre, *(centre + rng.uniform(-0.9, 0.9, 7) * span)]
    for index, place in enumerate(places):
        tall = 1.0 if index == 0 else rng.uniform(0.25, 0.8)
        wide = rng.uniform(0.10, 0.19) if index == 0 else rng.uniform(0.08, 0.17)
        distance = np.abs(x - place) / wide
        total = np.maximum(total, tall * np.exp(-(distance**2.6) * 0.5))
    base = 0.12 + 0.06 * line(rng, len(x), 0.3 * span * 700, octaves=2)
    return np.asarray(np.maximum(total, base), np.float32)


def terrain(
    stage: Stage,
    heights: Field,
    name: str,
    *,
    foot: float,
    rise: float,
    depth: float,
    colour: Field,
    mist: float = 1.0,
    snow: float = 0.0,
    bottom: float | None = None,
) -> Terrain:
    """The land under a ridge.

    Parameters
    ----------
    heights:
        The ridge, 0 at its foot, along the canvas.
    foot, rise:
        Row of the foot, and how far a height of 1 rises over it, in pixels.
    snow:
        How far down snow lies, 0 for none, 1 for everywhere.
    bottom:
        Row where the canvas may end because something nearer hides the rest.
    """
    edge = foot - heights * rise
    top, rows = stage.rows(float(edge.min()) - 3, bottom)
    _, y = stage.grid(top, rows)
    slope = np.gradient(edge)
    steep = np.sqrt(1 + slope**2)
    mask = np.clip((y - edge[None, :]) / steep[None, :] + 0.5, 0, 1).astype(np.float32)
    below = np.asarray((y - edge[None, :]) / stage.unit, np.float32)
    relief = _faces(stage, edge, below, name)
    white = None
    if snow > 0:
        rng = stage.random(f"snow {name}")
        patchy = fractal(rng, below.shape, 0.10 * stage.unit, octaves=2 + round(3 * stage.style.detail), gain=0.6)
        altitude = (foot - y) / max(rise, 1.0)
        white = smoothstep(-0.25, 0.3, altitude - (1 - snow) + 0.22 * patchy + 0.45 * relief * (1 - snow * 0.7))
    return Terrain(mask, below, relief, depth, colour, top, mist, white)


def _faces(stage: Stage, edge: Field, below: Field, name: str) -> Field:
    """Which way the faces of a mountain look, -1 to 1.

    The slope of the ridge carries on downwards: near the ridge with all its detail, further down smoother and
    displaced by noise, so that spurs and gullies run down from each summit.
    """
    unit, detail = stage.unit, stage.style.detail
    rng = stage.random(f"faces {name}")
    towards = 1.0 if stage.light[0] * stage.width > stage.width / 2 else -1.0
    levels = []
    for level in range(FACE_LEVELS):
        spread = 0.004 + 0.03 * (1 - detail) + 0.075 * (level / (FACE_LEVELS - 1)) ** 1.6
        smooth = blur(edge[None, :], unit * spread)[0]
        levels.append(np.tanh(1.6 * np.gradient(smooth)) * towards)
    shades = np.asarray(levels, np.float32)
    warp = fractal(rng, below.shape, 0.16 * unit, octaves=2 + round(3 * detail), gain=0.30 + 0.28 * detail, stretch=0.7)
    depth = np.clip(below, 0, None)
    x = np.arange(below.shape[1], dtype=np.float32)[None, :]
    column = x + warp * (0.9 * np.sqrt(depth + 1e-4) * 0.16) * unit
    row = np.clip(depth / 0.42, 0, 1) ** 0.6 * (FACE_LEVELS - 1)
    value = sampled(shades, column, row)
    return np.asarray(np.clip(value + 0.18 * detail * warp * np.clip(depth * 12, 0, 1), -1, 1), np.float32)
