"""Willow: long strands that hang into the picture from above and sway."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, shifted
from wan_engine.storyboard.picture.layer import Layer, Motion, Sway
from wan_engine.storyboard.picture.raster import curve
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.bamboo import leaf
from wan_engine.storyboard.stage import Stage


def willow(stage: Stage) -> list[Layer]:
    """Two curtains of strands on the side where the light does not stand."""
    from_left = stage.light[0] > 0.5
    layers = []
    for name, depth, count, reach in (("far", 0.70, 9, 0.46), ("near", 0.92, 7, 0.36)):
        rng = stage.random(f"willow {name}")
        sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, 0.80 * stage.height)
        tone = blend(
            shifted(stage.palette.foliage, lightness=1.08, saturation=1.05), stage.palette.far, 0.35 * (1 - depth)
        )
        for index in range(count):
            share = (index + rng.uniform(0.2, 0.8)) / count
            across = reach * share**0.8
            x = (across if from_left else 1 - across) * stage.width
            long = stage.height * rng.uniform(0.34, 0.66) * (1.12 - 0.75 * share)
            inward = 1 if from_left else -1
            drift = stage.unit * rng.uniform(0.0, 0.09) * inward
            path = curve(
                [
                    [x - inward * 0.05 * stage.unit, -stage.margin - 4],
                    [x, 0.06 * long],
                    [x + drift * 0.7, 0.55 * long],
                    [x + drift, long],
                ],
                60,
            )
            sheet.stroke(path, np.linspace(2.4, 1.0, 60) * (0.6 + 0.6 * depth), blend(tone, stage.palette.wood, 0.45))
            steps = int(long / (stage.unit * 0.014))
            for step in range(steps):
                along = 0.10 + 0.90 * (step + rng.random()) / steps
                place = path[min(59, int(along * 59))]
                side = 1 if step % 2 else -1
                heading = math.pi / 2 + side * rng.uniform(0.20, 0.75)
                size = stage.unit * (0.040 + 0.030 * depth) * rng.uniform(0.7, 1.15) * (1.1 - 0.45 * along)
                light = float(rng.uniform(0.62, 1.10))
                leaf(rng, sheet, float(place[0]), float(place[1]), size, heading, shifted(tone, lightness=light))
        picture = stage.style.thing(stage, sheet.picture(), depth, f"willow {name}")
        layers.append(
            stage.layer(
                picture,
                depth,
                name=f"willow {name}",
                top=sheet.top,
                left=sheet.left,
                sway=_wind(rng.uniform(0, 1), 0.018),
                pivot=(0.0, 0.0),
            )
        )
    return layers


def _wind(start: float, strength: float) -> Sway:
    def sway(phase: float) -> Motion:
        # What hangs leans the other way than what stands: a negative shear below its pivot.
        return Motion(
            shear=-strength
            * (math.sin(2 * math.pi * (phase + start)) + 0.35 * math.sin(4 * math.pi * (phase + 1.7 * start)))
        )

    return sway
