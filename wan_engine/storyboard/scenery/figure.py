"""A small figure in the landscape, for scale and for company: in a cape, with a hat or an umbrella."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Motion
from wan_engine.storyboard.picture.raster import curve
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage


def figure(stage: Stage, *, x: float, foot: float, tall: float, depth: float, umbrella: bool) -> list[Layer]:
    """Somebody who walks away from us, with a soft shadow."""
    sheet = Sketch(x - tall * 0.7, foot - tall * 1.35, x + tall * 0.7, foot + tall * 0.10)
    dim = 0.45 if stage.palette.dark else 0.05
    coat = blend(colour("#c23a2c"), stage.palette.near, dim)
    hair = blend(colour("#2b211d"), stage.palette.near, 0.3)
    boots = blend(colour("#3a3330"), stage.palette.near, 0.4)
    light = stage.palette.light

    def at(points: list[list[float]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array(points) * tall + (x, foot)

    for side in (-1, 1):
        sheet.polygon(at([[side * 0.03, -0.26], [side * 0.15, -0.26], [side * 0.14, 0.0], [side * 0.03, 0.0]]), boots)
    body = curve(
        at(
            [
                [-0.13, -0.66],
                [-0.22, -0.40],
                [-0.27, -0.17],
                [0.0, -0.13],
                [0.27, -0.17],
                [0.22, -0.40],
                [0.13, -0.66],
                [0.0, -0.72],
            ]
        ),
        60,
        closed=True,
    )
    sheet.polygon(body, coat)
    sheet.polygon(
        curve(
            at([[0.02, -0.70], [0.13, -0.66], [0.22, -0.40], [0.27, -0.17], [0.12, -0.15], [0.08, -0.4]]),
            30,
            closed=True,
        ),
        shifted(coat, lightness=0.80),
    )
    sheet.stroke(
        curve(at([[-0.12, -0.64], [-0.20, -0.42], [-0.24, -0.22]]), 12), 0.030 * tall, blend(coat, light, 0.35)
    )
    sheet.disc(x, foot - 0.82 * tall, 0.125 * tall, hair)
    sheet.polygon(
        curve(at([[-0.14, -0.72], [-0.16, -0.66], [0.0, -0.62], [0.16, -0.66], [0.14, -0.72]]), 30, closed=True),
        blend(colour("#f0e4cf"), stage.palette.near, dim),
    )
    if umbrella:
        _umbrella(stage, sheet, x, foot, tall, dim)
    picture = stage.style.thing(stage, sheet.picture(), 0.6 + 0.4 * depth, "figure")
    start = stage.random("figure").random()

    def walk(phase: float) -> Motion:
        step = 2 * math.pi * (phase * max(1, round(1.1 * stage.seconds)) + start)
        return Motion(y=-0.012 * tall * abs(math.sin(step)) - 0.03 * tall * phase, turn=0.012 * math.sin(step))

    return [stage.layer(picture, depth, name="figure", top=sheet.top, left=sheet.left, sway=walk, pivot=(x, foot))]


def _umbrella(stage: Stage, sheet: Sketch, x: float, foot: float, tall: float, dim: float) -> None:
    """An oil-paper umbrella."""
    paper = blend(colour("#e3b565"), stage.palette.near, dim)
    tip = np.array([x + 0.04 * tall, foot - 1.26 * tall])
    sheet.stroke(
        np.array([tip, [x + 0.10 * tall, foot - 0.50 * tall]]),
        max(1.2, 0.022 * tall),
        blend(colour("#5a4030"), stage.palette.near, dim),
    )
    ribs = np.linspace(-0.56, 0.56, 9)
    for index in range(8):
        left, right = (
            np.array([tip[0] + share * tall, foot - (0.96 - 0.03 * math.cos(share * 5.6)) * tall])
            for share in (ribs[index], ribs[index + 1])
        )
        dip = (left + right) / 2 - (0, 0.035 * tall)
        panel = np.concatenate([[tip], curve([left, dip, right], 8)])
        sheet.polygon(panel, shifted(paper, lightness=float(0.80 + 0.05 * ((index * 3) % 5))))
        sheet.stroke(np.array([tip, right]), 1.0, shifted(paper, lightness=0.62))
    sheet.disc(float(tip[0]), float(tip[1]), 0.022 * tall, shifted(paper, lightness=0.5))
