"""The eave of an old house that reaches into the picture from above: tiles, a curved beam, snow if it lies."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import Points, curve, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage

#: How far it reaches, in units of the stage, and the row of its lower edge at the side, as a share of the height.
REACH, LOW = 0.74, 0.205
TILES = 15


def eave(stage: Stage, depth: float = 0.86) -> Layer:
    """The eave on the side where the light does not stand."""
    palette, unit = stage.palette, stage.unit
    from_left = stage.light[0] > 0.5
    sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, stage.height * 0.36)
    edge = -stage.margin if from_left else stage.width + stage.margin
    way = 1.0 if from_left else -1.0
    low = LOW * stage.height
    shade = 0.5 if palette.dark else 0.2
    tile = blend(blend(colour("#454c52"), palette.near, shade), palette.haze, 0.06)
    wood = blend(colour("#5e3423"), palette.near, shade)

    def at(points: list[tuple[float, float]]) -> Points:
        return np.array([(edge + way * across * unit, low + down * unit) for across, down in points])

    # The lower edge rises towards the corner, as roofs of the south do.
    lower = curve(at([(0.0, 0.02), (0.32, 0.015), (0.58, -0.03), (REACH, -0.125)]), 60)
    upper = curve(at([(0.0, -0.62), (0.24, -0.58), (0.44, -0.46), (REACH - 0.03, -0.165)]), 60)
    beam = moved(lower, 0, 0.045 * unit)
    sheet.polygon(np.concatenate([lower, beam[::-1]]), wood)
    sheet.stroke(beam - (0, 0.005 * unit), 0.008 * unit, blend(wood, palette.light, 0.25))
    for share in np.linspace(0.04, 0.96, 13):
        end = lower[int(share * 59)] + (0, 0.062 * unit)
        sheet.disc(float(end[0]), float(end[1]) - 0.012 * unit, 0.015 * unit, shifted(wood, lightness=0.75))
    sheet.polygon(np.concatenate([lower, upper[::-1]]), tile)
    snowed = "snow" in stage.words or "heavy snow" in stage.words
    for index in range(TILES):
        share = (index + 0.5) / TILES
        top, foot = upper[int(share * 59)], lower[int(share * 59)]
        lean = np.array([way * 0.02 * unit, 0])
        rib = curve([top, (top + foot) / 2 + lean * 0.4, foot], 14)
        sheet.stroke(rib, 0.034 * unit, shifted(tile, lightness=0.82))
        sheet.stroke(rib - (way * 0.006 * unit, 0), 0.014 * unit, blend(tile, palette.light, 0.22))
        sheet.disc(float(foot[0]), float(foot[1]), 0.021 * unit, shifted(tile, lightness=0.68))
        sheet.disc(float(foot[0]), float(foot[1]) - 0.002 * unit, 0.014 * unit, blend(tile, palette.light, 0.12))
    if snowed:
        _snow(stage, sheet, lower, upper)
    return stage.sketched(sheet, depth, name="eave")


def _snow(stage: Stage, sheet: Sketch, lower: Points, upper: Points) -> None:
    """A thick soft cover with a rounded lip."""
    rng = stage.random("eave snow")
    unit = stage.unit
    white = blend(stage.palette.ground, colour("#ffffff"), 0.30)
    lip = lower * 0.86 + upper * 0.14
    bulge = np.interp(np.arange(60), np.arange(0, 60, 6), rng.uniform(-0.010, 0.020, 10)) * unit
    front = curve(lip[::4] + np.stack([np.zeros(15), bulge[::4]], axis=1), 80)
    shade = blend(white, stage.palette.zenith, 0.40)
    sheet.polygon(np.concatenate([moved(front, 0, 0.018 * unit), upper[::-1]]), shade)
    # Thin steps from shade to light towards the lip, and the tiles' ribs under the cover.
    for step in range(10):
        share = step / 9
        inner = front * (1 - 0.30 * (1 - share)) + np.stack(
            [np.interp(np.linspace(0, 59, 80), np.arange(60), upper[:, axis]) for axis in (0, 1)], axis=1
        ) * (0.30 * (1 - share))
        sheet.polygon(
            np.concatenate([inner, upper[::-1]]) if share < 1 else np.concatenate([front, inner[::-1]]),
            blend(shade, white, 0.25 + 0.5 * share),
        )
    for index in range(TILES):
        share = (index + 0.5) / TILES
        top, foot = upper[int(share * 59)], front[int(share * 79)]
        rib = curve([top, (top + foot) / 2, foot + (foot - top) * -0.04], 12)
        sheet.stroke(rib, np.linspace(0.010, 0.026, 12) * unit, blend(white, stage.palette.light, 0.10))
    sheet.stroke(front - (0, 0.010 * unit), 0.011 * unit, blend(white, colour("#ffffff"), 0.5))
