"""Light on the table: a paper lamp, or a candle."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.raster import Field, Points, curve, mix, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery import vessel
from wan_engine.storyboard.scenery.glow import glow
from wan_engine.storyboard.scenery.room import put, side_of_light
from wan_engine.storyboard.stage import Stage

#: Where the light has its heart above the table, in units of the stage: of a candle, of a lamp.
CANDLE, LAMP = 0.30, 0.22


def lamp(stage: Stage, x: float, foot: float, *, candle: bool) -> list[Part]:
    """A paper lamp, or a candle, that lights the table."""
    unit = stage.unit
    sheet = Sketch(x - 0.2 * unit, foot - 0.52 * unit, x + 0.2 * unit, foot + 0.03 * unit)
    heart = foot - (CANDLE if candle else LAMP) * unit
    (_candle if candle else _paper_lamp)(stage, sheet, x, foot)
    anchor = (x - sheet.left, foot - sheet.top)
    return [
        *put(stage, sheet.picture(), anchor, x=x, foot=foot, name="lamp", wide=0.10 * unit),
        glow(x, heart, 0.62 * unit, colour("#ffb45e"), 0.50, depth=0.62),
        glow(x, heart, 0.22 * unit, colour("#ffe2b0"), 0.42, depth=0.62),
    ]


def _candle(stage: Stage, sheet: Sketch, x: float, foot: float) -> None:
    """A round pillar of wax with a flame in three tones."""
    unit = stage.unit
    half, tall = 0.050 * unit, 0.23 * unit
    wax = blend(colour("#efe0c4"), stage.palette.zenith, 0.2)
    lit_at = 0.72 if side_of_light(stage) > 0 else 0.28
    for strip in range(14):
        share = strip / 13
        light = 0.62 + 0.40 * max(0.0, math.cos(math.pi * (share - lit_at)))
        left = x - half * math.cos(math.pi * share)
        right = x - half * math.cos(math.pi * min(1, share + 1 / 13))
        sheet.polygon(_box(left, foot - tall, right - left + 1, tall), shifted(wax, lightness=light))
    turns = np.linspace(0, 2 * math.pi, 40)
    lid = np.stack([x + np.cos(turns) * half, foot - tall + np.sin(turns) * half * vessel.TILT], axis=1)
    sheet.polygon(lid, blend(wax, colour("#fff0d0"), 0.5))
    wick: Field = mix(wax, stage.palette.near, 0.5)
    sheet.stroke(np.array([[x, foot - tall], [x, foot - tall - 0.2 * half]]), 2.0, wick)
    for share, tone in ((1.0, "#ff9a3c"), (0.66, "#ffd07a"), (0.34, "#fff6da")):
        drop = curve([[0, -0.068], [-0.019, -0.016], [0, 0.006], [0.019, -0.016]], 24, closed=True) * share * unit
        sheet.polygon(moved(drop, x, foot + (0.045 - CANDLE) * unit), colour(tone))


def _paper_lamp(stage: Stage, sheet: Sketch, x: float, foot: float) -> None:
    """Paper in a frame of dark laths, brightest at its heart."""
    unit = stage.unit
    wood = blend(colour("#3f2a20"), stage.palette.near, 0.2)
    for step in range(12):
        share = step / 11
        half = 0.105 * unit * (1 - 0.42 * share)
        tone = blend(colour("#e8862f"), colour("#ffe6b0"), share)
        top, tall = foot - (0.33 - 0.05 * share) * unit, (0.29 - 0.10 * share) * unit
        sheet.polygon(_box(x - half, top, 2 * half, tall), tone)
    for across in (-0.108, -0.036, 0.036, 0.108):
        lath = np.array([[x + across * unit, foot], [x + across * unit, foot - 0.36 * unit]])
        sheet.stroke(lath, 0.010 * unit, wood)
    for up in (0.0, 0.17, 0.34):
        bar = np.array([[x - 0.12 * unit, foot - up * unit], [x + 0.12 * unit, foot - up * unit]])
        sheet.stroke(bar, 0.013 * unit, wood)


def _box(left: float, top: float, wide: float, tall: float) -> Points:
    return np.array([[left, top], [left + wide, top], [left + wide, top + tall], [left, top + tall]])
