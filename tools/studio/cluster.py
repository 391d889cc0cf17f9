"""Very many bars as one solid: the tines of a whisk, the petals of a hundred flowers, a heap of leaves.

A grid remembers which few bars are nearest to each cell, so that a place asks those and not thousands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.bars import Bars, bar_distance
from studio.solid import Solid
from studio.surface import Surface
from studio.vectors import Array

_SPREADING = 14  # rounds in which empty cells learn how far away everything is
_NEAREST = 4  # bars that a cell remembers


class Cluster(Solid):
    """The bars as a solid."""

    pace = 0.85

    def __init__(self, bars: Bars, *, cell: float, gloss: float = 0.03, roughness: float = 0.5) -> None:
        self._bars, self._cell, self._colours = bars.packed(), np.float32(cell), np.ascontiguousarray(bars.colour.T)
        self._gloss, self._roughness = gloss, roughness
        self.material = self._material
        thick = np.maximum(bars.ra, bars.rb)[:, None]
        low = np.minimum(bars.a, bars.b) - thick
        high = np.maximum(bars.a, bars.b) + thick
        self.lower = low.min(axis=0)[:, None].astype(np.float32) - np.float32(2 * cell)
        self.upper = high.max(axis=0)[:, None].astype(np.float32) + np.float32(2 * cell)
        shape = tuple(int(n) for n in np.ceil((self.upper - self.lower)[:, 0] / cell).astype(int) + 1)
        self._near = np.full((_NEAREST, *shape), np.inf, np.float32)
        self._which = np.zeros((_NEAREST, *shape), np.int32)
        for number in range(len(bars.a)):
            self._enter(number, low[number], high[number])
        self._spread()

    def _enter(self, number: int, low: Array, high: Array) -> None:
        most = self._near.shape[1:]
        start = np.maximum(((low - self.lower[:, 0]) / self._cell).astype(int) - 2, 0)
        stop = np.minimum(((high - self.lower[:, 0]) / self._cell).astype(int) + 4, most)
        spot = (slice(None), *(slice(a, b) for a, b in zip(start, stop, strict=True)))
        axes = np.ogrid[spot[1:]]
        centre = [
            (axis * self._cell + low).astype(np.float32) for axis, low in zip(axes, self.lower[:, 0], strict=True)
        ]
        distance = bar_distance(self._bars[:, number], centre)
        which = np.full(distance.shape, number, np.int32)
        nearest, names = self._near[spot], self._which[spot]
        for rank in range(_NEAREST):  # the new one takes its rank, the one that it displaces goes on down
            wins = distance < nearest[rank]
            nearest[rank], distance = np.where(wins, distance, nearest[rank]), np.where(wins, nearest[rank], distance)
            names[rank], which = np.where(wins, which, names[rank]), np.where(wins, names[rank], which)

    def _spread(self) -> None:
        """Give empty cells a distance: steps from cell to cell along the axes, shortened to be surely not too large."""
        nearest = self._near[0]
        reach = nearest.copy()
        for _ in range(_SPREADING):
            for axis in range(3):
                for ahead in (True, False):
                    into, out_of = [slice(None)] * 3, [slice(None)] * 3
                    into[axis], out_of[axis] = (slice(1, None), slice(-1)) if ahead else (slice(-1), slice(1, None))
                    np.minimum(reach[tuple(into)], reach[tuple(out_of)] + self._cell, out=reach[tuple(into)])
        reach = np.minimum(reach, self._cell * _SPREADING)
        self._reach = np.where(np.isfinite(nearest), nearest, reach * np.float32(1 / 3**0.5))
        del self._near

    def _cells(self, place: Array) -> tuple[NDArray[np.intp], ...]:
        index = np.rint((place - self.lower) / self._cell).astype(np.intp)
        return tuple(np.clip(index[axis], 0, self._reach.shape[axis] - 1) for axis in range(3))

    def _nearest(self, cells: tuple[NDArray[np.intp], ...], place: Array) -> tuple[Array, NDArray[np.intp]]:
        """The distance from each place (3, n) to the nearest bar of its cell, and that bar's number."""
        which = self._which[0][cells]
        best = bar_distance(self._bars.take(which, axis=1), place)
        for rank in range(1, _NEAREST):
            other = self._which[rank][cells]
            distance = bar_distance(self._bars.take(other, axis=1), place)
            which = np.where(distance < best, other, which)
            best = np.minimum(best, distance)
        return best, which

    def distance(self, place: Array) -> Array:
        cells = self._cells(place)
        result = self._reach[cells] - self._cell * np.float32(0.87)  # half the diagonal of a cell
        close = np.flatnonzero(result < self._cell * np.float32(0.8))
        if close.size:
            result[close], _ = self._nearest(tuple(axis[close] for axis in cells), place[:, close])
        return result

    def _material(self, place: Array, normal: Array) -> Surface:
        _, number = self._nearest(self._cells(place), place)
        colour = self._colours.take(number, axis=1)
        return Surface.plain(normal, colour, self._gloss, self._roughness)
