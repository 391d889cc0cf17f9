"""Bars: the little straight pieces that tines, petals, threads and tea leaves are made of.

Each runs from `a` to `b`, is `ra` thick at one end and `rb` at the other, and is pressed `flat` times thinner along
`across`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.vectors import Array


@dataclass
class Bars:
    """n bars: ends and directions (n, 3), radii and flatness (n,), colours (n, 3) in linear light."""

    a: Array
    b: Array
    ra: Array
    rb: Array
    across: Array
    flat: Array
    colour: Array

    @classmethod
    def along(
        cls, path: NDArray[Any], radius: NDArray[Any], *, across: NDArray[Any], flat: float, colour: NDArray[Any]
    ) -> Bars:
        """Bars that join the points of a path (m, 3).

        Parameters
        ----------
        radius:
            At each point, (m,).
        across:
            The direction in which each bar is pressed flat, (m - 1, 3), of any length.
        colour:
            Of all of them (3,), or of each (m - 1, 3).
        """
        count = len(path) - 1
        unit = across / np.linalg.norm(across, axis=1, keepdims=True)
        numbers = (path[:-1], path[1:], radius[:-1], radius[1:], unit, np.full(count, flat))
        return cls(*(np.asarray(part, np.float32) for part in (*numbers, np.broadcast_to(colour, (count, 3)))))

    @classmethod
    def joined(cls, parts: Sequence[Bars]) -> Bars:
        """All of them together."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def moved(self, rotation: Array, offset: Array) -> Bars:
        """Turned (and scaled) by a matrix (3, 3) and shifted; radii stay."""
        turn = rotation.T
        a, b, across = self.a @ turn + offset, self.b @ turn + offset, self.across @ turn
        across = across / np.linalg.norm(across, axis=1, keepdims=True)
        return Bars(a, b, self.ra, self.rb, across, self.flat, self.colour)

    def packed(self) -> Array:
        """All numbers that the distance needs, (14, n): one gather brings them all."""
        way = self.b - self.a
        inverse = 1 / np.maximum((way * way).sum(axis=1), 1e-12)
        shape = (inverse, self.ra, self.rb - self.ra, *self.across.T, self.flat**2 - 1, self.flat**4 - 1)
        return np.ascontiguousarray(np.stack([*self.a.T, *way.T, *shape]), np.float32)


def bar_distance(bars: Array, place: Sequence[Array] | Array) -> Array:
    """About how far each place (3, …) is from its bar, packed (14, …): an ellipse's distance, to first order."""
    x, y, z = place[0] - bars[0], place[1] - bars[1], place[2] - bars[2]
    along = np.clip((x * bars[3] + y * bars[4] + z * bars[5]) * bars[6], 0, 1)
    x, y, z = x - bars[3] * along, y - bars[4] * along, z - bars[5] * along
    pressed = (x * bars[9] + y * bars[10] + z * bars[11]) ** 2
    square = x * x + y * y + z * z
    length = np.sqrt(square + bars[12] * pressed)
    slope = np.sqrt(square + bars[13] * pressed)
    return np.asarray((length - bars[7] - bars[8] * along) * length / np.maximum(slope, np.float32(1e-9)), np.float32)
