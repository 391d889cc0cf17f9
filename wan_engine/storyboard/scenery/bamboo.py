"""Bamboo: jointed canes with leaves in fans, near at the sides and faint behind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field, Points, curve
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.wind import leaning
from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Grove:
    """Canes at one distance."""

    name: str
    depth: float
    count: int
    width: float  #: of a cane, in units of the stage
    reach: float  #: how far into the picture they stand, as a share of the width


#: A grove that is the subject, clearest in the middle of the frame; and a few canes aside.
WHOLE = (
    Grove("far", 0.35, 9, 0.016, 1.0),
    Grove("middle", 0.62, 5, 0.026, 0.55),
    Grove("near", 0.92, 3, 0.046, 0.22),
)
ASIDE = (Grove("far", 0.45, 4, 0.018, 0.26), Grove("near", 0.80, 2, 0.030, 0.13))


def bamboo(stage: Stage, grove: Grove) -> Layer:
    """Canes on the side where the light does not stand."""
    name, count = f"bamboo {grove.name}", grove.count
    rng = stage.random(name)
    sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, stage.height + stage.margin)
    if grove.reach < 1:
        places = rng.uniform(-0.04, grove.reach, count)
    else:
        places = (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count
    for place in np.sort(places):
        share = 1 - place if stage.light[0] < 0.5 else place
        width = grove.width * stage.unit * rng.uniform(0.8, 1.2)
        _cane(stage, rng, sheet, share * stage.width, width, grove.depth)
    sway = leaning(rng.uniform(0, 1), 0.006 * (0.5 + grove.depth))
    pivot = (stage.width / 2, float(stage.height))
    return stage.sketched(sheet, grove.depth, name=name, sway=sway, pivot=pivot)


def evergreen(stage: Stage) -> Field:
    """What stays green all year, in this light."""
    palette = stage.palette
    fresh = blend(colour("#6fa24e"), palette.haze, 0.16)
    return blend(fresh, palette.near, 0.62 if palette.dark else 0.18)


def _cane(stage: Stage, rng: Random, sheet: Sketch, x: float, width: float, depth: float) -> None:
    palette = stage.palette
    green = evergreen(stage)
    body = blend(green, palette.near, 0.25 + 0.2 * rng.random())
    body = shifted(body, saturation=0.95)
    low, high = stage.height + stage.margin, -float(stage.margin)
    lean = rng.normal(0, 0.05) * stage.unit
    path = curve([[x, low], [x + lean * 0.3, (low + high) / 2], [x + lean, high]], 30)
    widths = np.linspace(width, width * 0.8, len(path))
    sheet.stroke(path, widths, shifted(body, lightness=0.72))
    sheet.stroke(path - (width * 0.06, 0), widths * 0.74, body)
    sheet.stroke(path - (width * 0.16, 0), widths * 0.26, blend(body, palette.light, 0.32))
    joint = width * rng.uniform(5.0, 6.2)
    y = low - rng.uniform(0, joint)
    while y > high:
        middle = x + lean * ((low - y) / (low - high)) ** 1.2
        across = np.array([[middle - width * 0.54, y], [middle, y + width * 0.08], [middle + width * 0.54, y]])
        sheet.stroke(across, width * 0.20, shifted(body, lightness=0.55))
        sheet.stroke(across - (0, width * 0.16), width * 0.10, blend(body, palette.light, 0.45))
        if rng.random() < 0.42 and y < 0.72 * stage.height:
            _fan(stage, rng, sheet, middle, y, width, depth)
        y -= joint


def _fan(stage: Stage, rng: Random, sheet: Sketch, x: float, y: float, width: float, depth: float) -> None:
    """A twig with fans of slim leaves that hang from it."""
    green = evergreen(stage)
    side = rng.choice([-1, 1])
    long = stage.unit * rng.uniform(0.10, 0.20) * (0.5 + 0.6 * depth)
    twig = curve([[x, y], [x + side * long * 0.5, y - long * 0.35], [x + side * long, y - long * 0.30]], 10)
    sheet.stroke(twig, np.linspace(width * 0.16, 1.0, 10), blend(green, stage.palette.near, 0.4))
    size = stage.unit * (0.05 + 0.075 * depth)
    for knot in twig[3::3]:
        for _ in range(int(rng.integers(3, 6))):
            leaf(
                rng,
                sheet,
                knot[0],
                knot[1],
                size * rng.uniform(0.7, 1.25),
                math.pi / 2 - side * rng.uniform(-0.5, 1.25),
                _tone(rng, green),
            )


def _tone(rng: Random, base: Field) -> Field:
    return shifted(base, hue=float(rng.uniform(-0.02, 0.015)), lightness=float(rng.uniform(0.55, 1.05)))


def leaf(rng: Random, sheet: Sketch, x: float, y: float, long: float, heading: float, tone: Field) -> None:
    """One slim leaf from its stalk towards `heading`, in two halves of light."""
    t = np.linspace(0, 1, 9)
    bend = rng.normal(0, 0.16)
    spine = np.stack([t * long, bend * long * t**2], axis=1)
    wide = 0.075 * long * np.sin(np.pi * t**0.7) ** 0.9
    upper, lower = spine - np.stack([np.zeros(9), wide], axis=1), spine + np.stack([np.zeros(9), wide], axis=1)
    cos, sin = math.cos(heading), math.sin(heading)
    turn = np.array([[cos, sin], [-sin, cos]])

    def placed(points: Points) -> Points:
        return np.asarray(points @ turn + (x, y), np.float64)

    sheet.polygon(placed(np.concatenate([upper, lower[::-1]])), tone)
    sheet.polygon(placed(np.concatenate([upper, spine[::-1]])), shifted(tone, lightness=1.16))
