"""Willow: long strands that hang into the picture from above and sway."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.picture.colour import blend, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import curve
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.bamboo import leaf
from wan_engine.storyboard.scenery.wind import leaning
from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Curtain:
    """A group of strands at one distance."""

    name: str
    depth: float
    count: int
    reach: float  #: how far into the picture they hang, as a share of the width


CURTAINS = (Curtain("far", 0.70, 9, 0.46), Curtain("near", 0.92, 7, 0.36))
#: Points along a strand.
POINTS = 60


def willow(stage: Stage, curtain: Curtain) -> Layer:
    """Strands on the side where the light does not stand."""
    name, depth, unit = f"willow {curtain.name}", curtain.depth, stage.unit
    rng = stage.random(name)
    inward = 1 if stage.light[0] > 0.5 else -1
    sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, 0.80 * stage.height)
    fresh = shifted(stage.palette.foliage, lightness=1.08, saturation=1.05)
    tone = blend(fresh, stage.palette.far, 0.35 * (1 - depth))
    bark = blend(tone, stage.palette.wood, 0.45)
    for index in range(curtain.count):
        share = (index + rng.uniform(0.2, 0.8)) / curtain.count
        across = curtain.reach * share**0.8
        x = (across if inward > 0 else 1 - across) * stage.width
        long = stage.height * rng.uniform(0.34, 0.66) * (1.12 - 0.75 * share)
        drift = unit * rng.uniform(0.0, 0.09) * inward
        start = [x - inward * 0.05 * unit, -stage.margin - 4]
        path = curve([start, [x, 0.06 * long], [x + drift * 0.7, 0.55 * long], [x + drift, long]], POINTS)
        sheet.stroke(path, np.linspace(2.4, 1.0, POINTS) * (0.6 + 0.6 * depth), bark)
        steps = int(long / (unit * 0.014))
        for step in range(steps):
            along = 0.10 + 0.90 * (step + rng.random()) / steps
            place = path[min(POINTS - 1, int(along * (POINTS - 1)))]
            heading = math.pi / 2 + (1 if step % 2 else -1) * rng.uniform(0.20, 0.75)
            size = unit * (0.040 + 0.030 * depth) * rng.uniform(0.7, 1.15) * (1.1 - 0.45 * along)
            shade = shifted(tone, lightness=float(rng.uniform(0.62, 1.10)))
            leaf(rng, sheet, float(place[0]), float(place[1]), size, heading, shade)
    return stage.sketched(sheet, depth, name=name, sway=leaning(rng.uniform(0, 1), -0.018))
