"""A village of white walls with stepped gables and dark roofs."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, shifted
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.masonry import Tones
from wan_engine.storyboard.stage import Stage


def village(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    """White walls with stepped gables and dark roofs."""
    tones = Tones(stage)
    rng = stage.random("village")
    places = np.sort(rng.uniform(-0.62, 0.62, 7))
    order = rng.permutation(7)
    for rank, index in enumerate(order):
        wide = size * rng.uniform(0.17, 0.28)
        tall = wide * rng.uniform(0.62, 0.95)
        left = x + places[index] * size - wide / 2
        ground = foot - size * 0.10 * (1 - rank / 7)
        _house(stage, sheet, tones, left, ground, wide, tall, bool(rng.random() < 0.5))


def _house(
    stage: Stage, sheet: Sketch, tones: Tones, left: float, ground: float, wide: float, tall: float, gable: bool
) -> None:
    right, top = left + wide, ground - tall
    sheet.polygon(np.array([[left, ground + 3], [left, top], [right, top], [right, ground + 3]]), tones.wall)
    sheet.polygon(
        np.array([[left + wide * 0.72, ground + 3], [left + wide * 0.72, top], [right, top], [right, ground + 3]]),
        blend(tones.wall, stage.palette.zenith, 0.22),
    )
    if gable:
        # Steps like a horse's head: up from both eaves, flat on top.
        profile = ((-0.03, 0), (-0.03, 0.2), (0.2, 0.2), (0.2, 0.4), (0.8, 0.4), (0.8, 0.2), (1.03, 0.2), (1.03, 0))
        outline = np.array([[left + wide * across, top - tall * up] for across, up in profile])
        sheet.polygon(outline, tones.wall)
        for start in (1, 3, 5):
            sheet.stroke(
                np.array([outline[start] - (wide * 0.02, 0), outline[start + 1] + (wide * 0.02, 0)]),
                max(1.6, tall * 0.075),
                tones.roof,
            )
    else:
        roof = np.array(
            [
                [left - wide * 0.07, top + tall * 0.03],
                [left + wide * 0.12, top - tall * 0.34],
                [right - wide * 0.12, top - tall * 0.34],
                [right + wide * 0.07, top + tall * 0.03],
            ]
        )
        sheet.polygon(roof, tones.roof)
        sheet.stroke(
            np.array([roof[1] - (wide * 0.03, 0), roof[2] + (wide * 0.03, 0)]),
            max(1.4, tall * 0.05),
            shifted(tones.roof, lightness=0.8),
        )
        for share in np.linspace(0.1, 0.9, 7):
            sheet.stroke(
                np.array([roof[0] + (roof[3] - roof[0]) * share, roof[1] + (roof[2] - roof[1]) * share]),
                1.0,
                tones.roof_lit,
            )
        if tones.snow is not None:
            sheet.polygon(
                np.array([roof[0] * 0.25 + roof[1] * 0.75, roof[1], roof[2], roof[3] * 0.25 + roof[2] * 0.75]),
                tones.snow,
            )
    for column in (0.22, 0.56):
        side = wide * 0.13
        mid = left + wide * column
        sheet.polygon(
            np.array(
                [
                    [mid, top + tall * 0.28],
                    [mid + side, top + tall * 0.28],
                    [mid + side, top + tall * 0.50],
                    [mid, top + tall * 0.50],
                ]
            ),
            tones.window,
        )
