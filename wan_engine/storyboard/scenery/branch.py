"""A branch that reaches into the picture: bare, in blossom, in leaf, with fruit or under snow."""

from __future__ import annotations

import math

from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.dresses import DRESSES, bark
from wan_engine.storyboard.scenery.growth import grow
from wan_engine.storyboard.scenery.wind import turning
from wan_engine.storyboard.stage import Stage


def branch(
    stage: Stage, kind: str, depth: float = 0.86, *, high: tuple[float, float] = (0.30, 0.42), size: float = 1.0
) -> Layer:
    """A branch from one side, dressed as `kind` says (a key of `DRESSES`).

    Parameters
    ----------
    high:
        Between which shares of the height it enters the frame.
    size:
        Of the whole branch, 1 for one that leads the picture.
    """
    rng = stage.random(f"branch {kind}")
    unit = stage.unit
    from_left = stage.light[0] > 0.5
    edge = -stage.margin - 0.06 * unit if from_left else stage.width + stage.margin + 0.06 * unit
    start = (edge, stage.height * rng.uniform(*high))
    rises = rng.uniform(0.05, 0.40)
    heading = -rises if from_left else math.pi + rises
    reach = 1.05 * size * stage.unit * rng.uniform(0.78, 0.92)
    gnarl = {"willow": 0.12}.get(kind, 0.27)
    growth = grow(rng, start, heading, reach, 0.034 * size * unit, gnarl=gnarl, lift=0.15)
    sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, stage.height * 0.80)
    bark(stage, sheet, growth, snow="snow" in stage.words)
    DRESSES[kind](stage, rng, sheet, growth)
    sway = turning(rng.uniform(0, 1), 0.0045)
    return stage.sketched(sheet, depth, name=f"branch {kind}", sway=sway, pivot=start)
