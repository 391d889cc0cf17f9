"""A jar for wine, tea or vegetables, closed and dressed for a feast."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.raster import Field, curve, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery import food, vessel
from wan_engine.storyboard.scenery.room import drawn, put
from wan_engine.storyboard.stage import Stage


def jar(stage: Stage, x: float, foot: float, _morsel: food.Morsel | None) -> list[Part]:
    """A dark glazed jar, its mouth tied with red cloth, a square of red paper on its belly."""
    ware, width = vessel.WARES["jar"], 0.42 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    parts: list[Part] = [*put(stage, picture, anchor, x=x, foot=foot, name="jar")]
    top = foot - ware.tall * width
    cloth = blend(colour("#c8321f"), stage.palette.near, 0.35 if stage.palette.dark else 0.03)
    sheet = Sketch(x - 0.24 * stage.unit, top - 0.09 * stage.unit, x + 0.24 * stage.unit, top + 0.17 * stage.unit)
    half = width * 0.33
    # Its hem hangs in folds; seen from the front, left to right, then back along the rim.
    hem = ((-1.05, 0), (-1.3, 0.14), (-0.72, 0.11), (-0.2, 0.17), (0.3, 0.11), (0.8, 0.16), (1.28, 0.12))
    rim = ((1.05, 0), (0.6, -0.055), (0, -0.075), (-0.6, -0.055))
    skirt = curve([[half * across, width * down] for across, down in hem + rim], 90, closed=True)
    sheet.polygon(moved(skirt, x, top), cloth)
    crown = curve(
        [
            [-half * 1.03, 0.0],
            [-half * 0.6, -0.055 * width],
            [0, -0.075 * width],
            [half * 0.6, -0.055 * width],
            [half * 1.03, 0.0],
            [0, 0.045 * width],
        ],
        60,
        closed=True,
    )
    sheet.polygon(moved(crown, x, top), blend(cloth, stage.palette.light, 0.20))
    cord = curve([[-half * 1.04, 0.035 * width], [0, 0.085 * width], [half * 1.04, 0.035 * width]], 20)
    sheet.stroke(moved(cord, x, top), 0.022 * width, blend(colour("#d9b56a"), stage.palette.near, 0.2))
    for fold in (-0.75, -0.25, 0.35, 0.85):
        sheet.stroke(
            np.array([[x + fold * half, top + 0.06 * width], [x + fold * half * 1.12, top + 0.13 * width]]),
            2.0,
            shifted(cloth, lightness=0.72),
        )
    return [
        *parts,
        drawn(stage, sheet, "cloth"),
        drawn(stage, _paper_square(stage, x, top + 0.62 * width, cloth), "paper square"),
    ]


def _paper_square(stage: Stage, x: float, y: float, red: Field) -> Sketch:
    """Red paper on its corner, as it is pasted on jars at a feast: a gold border, and a gold blossom in the middle."""
    side = 0.092 * stage.unit
    gold = blend(colour("#e2b95f"), stage.palette.near, 0.35 if stage.palette.dark else 0.05)
    sheet = Sketch(x - 1.1 * side, y - 1.1 * side, x + 1.1 * side, y + 1.1 * side)
    for reach, tone in ((1.0, shifted(red, lightness=0.92)), (0.80, gold), (0.74, shifted(red, lightness=0.92))):
        # Seen on a belly that turns away to both sides, the square is a little narrow.
        corners = [
            [x, y - reach * side],
            [x + 0.9 * reach * side, y],
            [x, y + reach * side],
            [x - 0.9 * reach * side, y],
        ]
        sheet.polygon(np.array(corners), tone)
    for petal in range(5):
        turn = (petal / 5 + 0.05) * 2 * math.pi
        sheet.disc(x + 0.17 * side * math.sin(turn), y - 0.17 * side * math.cos(turn), 0.13 * side, gold)
    sheet.disc(x, y, 0.07 * side, shifted(red, lightness=0.8))
    return sheet
