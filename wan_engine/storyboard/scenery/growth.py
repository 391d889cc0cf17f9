"""How a woody plant grows: limbs that taper and turn, twigs at their sides, nodes where something may sit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Points


@dataclass(slots=True)
class Growth:
    """What a plant has grown: limbs from thick to thin, and the places where something may sit."""

    limbs: list[tuple[Points, npt.NDArray[np.float64]]] = field(default_factory=list)
    nodes: list[tuple[float, float, float]] = field(default_factory=list)  #: x, y, heading


def grow(
    rng: Random,
    start: tuple[float, float],
    heading: float,
    length: float,
    width: float,
    *,
    gnarl: float,
    lift: float,
    level: int = 0,
) -> Growth:
    """Grow a limb and its side twigs.

    Parameters
    ----------
    heading:
        Direction in radians, 0 to the right, clockwise.
    gnarl:
        How much it turns from step to step: 0.12 is a willow, 0.4 an old plum.
    lift:
        How much it bends up (negative: down) along its way.
    """
    growth = Growth()
    steps = max(5, round(10 - 2 * level + length * 0.004))
    points = [start]
    x, y = start
    turn = heading
    for step in range(steps):
        turn += rng.normal(0, gnarl) - lift / steps * math.cos(turn)
        stride = length / steps * rng.uniform(0.75, 1.25)
        x, y = x + math.cos(turn) * stride, y + math.sin(turn) * stride
        points.append((x, y))
        share = (step + 1) / steps
        if level < 3 and share > 0.15 and rng.random() < (0.85 if level == 0 else 0.45):
            side = rng.choice([-1, 1]) if level else (-1 if step % 2 else 1)
            twig = grow(
                rng,
                (x, y),
                turn + side * rng.uniform(0.5, 1.1),
                length * rng.uniform(0.30, 0.58) * (1 - 0.40 * share),
                width * (1 - 0.75 * share) * 0.55,
                gnarl=gnarl,
                lift=lift + 0.5,
                level=level + 1,
            )
            growth.limbs += twig.limbs
            growth.nodes += twig.nodes
        if level > 0 or share > 0.45:
            growth.nodes.append((x, y, turn))
    path = np.array(points)
    widths = width * (1 - 0.85 * np.linspace(0, 1, len(path)) ** 0.8) * (1 + 0.10 * rng.normal(size=len(path)))
    growth.limbs.insert(0, (_softened(path), np.maximum(np.repeat(widths, 2)[: 2 * len(path) - 1], 0.9)))
    return growth


def _softened(path: Points) -> Points:
    """The path with a point between each two, corners slightly cut."""
    middle = (path[:-1] + path[1:]) / 2
    result = np.empty((2 * len(path) - 1, 2))
    result[::2], result[1::2] = path, middle
    result[2:-2:2] = 0.5 * path[1:-1] + 0.25 * (middle[:-1] + middle[1:])
    return result
