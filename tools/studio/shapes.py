"""Solids: lathe works, bent tubes, strips of ribbon, boxes, and blends of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from studio.outline import Points
from studio.solid import Solid
from studio.surface import Material
from studio.table import look_up, polygon_distance, segment_distance
from studio.vectors import Array, normalised

_MARGIN = 0.03  # decimetres of free space around a shape in its table


def _grid(lower: tuple[float, float], upper: tuple[float, float], cell: float) -> tuple[Array, Array]:
    columns, rows = (int(np.ceil((high - low) / cell)) + 1 for low, high in zip(lower, upper, strict=True))
    x, y = np.meshgrid(lower[0] + cell * np.arange(columns), lower[1] + cell * np.arange(rows))
    return x.astype(np.float32), y.astype(np.float32)


class Lathe(Solid):
    """A turned piece: half a section, a closed polygon of (radius, height), spun about the y axis."""

    def __init__(self, outline: Points, material: Material, *, cell: float = 0.004, glass: bool = False) -> None:
        self.material, self.glass, self._cell = material, glass, cell
        radius, self._bottom = float(outline[:, 0].max()) + _MARGIN, float(outline[:, 1].min()) - _MARGIN
        top = float(outline[:, 1].max()) + _MARGIN
        self.lower = np.array([[-radius], [self._bottom], [-radius]], np.float32)
        self.upper = np.array([[radius], [top], [radius]], np.float32)
        x, y = _grid((0, self._bottom), (radius + 2 * cell, top), cell)
        distance = polygon_distance(outline, x, y, open_at_axis=True)
        rise, run = np.gradient(distance, cell)
        run[:, 0] = 0  # on the axis the surface is level
        self._distance = distance
        self._slopes = np.stack([run, rise], axis=-1).astype(np.float32)

    def _coordinates(self, place: Array) -> tuple[Array, Array, Array]:
        radius = np.sqrt(place[0] ** 2 + place[2] ** 2)
        return radius, radius / np.float32(self._cell), (place[1] - np.float32(self._bottom)) / np.float32(self._cell)

    def distance(self, place: Array) -> Array:
        _, column, row = self._coordinates(place)
        return look_up(self._distance, column, row)

    def normal(self, place: Array) -> Array:
        radius, column, row = self._coordinates(place)
        outward, upward = look_up(self._slopes, column, row)
        outward = outward / np.maximum(radius, 1e-6)
        return normalised(np.stack([place[0] * outward, upward, place[2] * outward]))


class Tube(Solid):
    """A round bar bent in the plane z = 0 along a curve of points (x, y, radius), its ends round.

    A `flat` above 1 presses it thinner along z by that factor.
    """

    pace = 0.8

    def __init__(self, path: Points, material: Material, *, cell: float = 0.005, flat: float = 1.0) -> None:
        self.material, self._cell, self._flat = material, cell, np.float32(flat)
        thickest = float(path[:, 2].max()) + _MARGIN
        self._low = (float(path[:, 0].min()) - thickest, float(path[:, 1].min()) - thickest)
        high = (float(path[:, 0].max()) + thickest, float(path[:, 1].max()) + thickest)
        self.lower = np.array([[self._low[0]], [self._low[1]], [-thickest / flat]], np.float32)
        self.upper = np.array([[high[0]], [high[1]], [thickest / flat]], np.float32)
        x, y = _grid(self._low, high, cell)
        best = np.full(x.shape, np.inf, np.float32)
        squared, radius = np.zeros_like(x), np.zeros_like(x)
        for (x0, y0, r0), (x1, y1, r1) in pairwise(path):
            square, along = segment_distance(x, y, x0, y0, x1, y1)
            thick = r0 + (r1 - r0) * along
            nearer = np.sqrt(square) - thick < best
            best = np.where(nearer, np.sqrt(square) - thick, best)
            squared, radius = np.where(nearer, square, squared), np.where(nearer, thick, radius)
        self._table = np.stack([np.sqrt(squared), radius], axis=-1).astype(np.float32)

    def distance(self, place: Array) -> Array:
        column = (place[0] - np.float32(self._low[0])) / np.float32(self._cell)
        row = (place[1] - np.float32(self._low[1])) / np.float32(self._cell)
        middle, radius = look_up(self._table, column, row)
        return np.sqrt(middle**2 + (place[2] * self._flat) ** 2) - radius


class Strip(Solid):
    """A band whose section is a curve in the plane z = 0 and which is wide along z: points (x, y, half width)."""

    pace = 0.7

    def __init__(self, path: Points, thickness: float, material: Material, *, cell: float = 0.004) -> None:
        self.material, self._cell, self._half = material, cell, np.float32(thickness / 2)
        edge = thickness + _MARGIN
        widest = float(path[:, 2].max()) + thickness
        self._low = (float(path[:, 0].min()) - edge, float(path[:, 1].min()) - edge)
        high = (float(path[:, 0].max()) + edge, float(path[:, 1].max()) + edge)
        self.lower = np.array([[self._low[0]], [self._low[1]], [-widest]], np.float32)
        self.upper = np.array([[high[0]], [high[1]], [widest]], np.float32)
        x, y = _grid(self._low, high, cell)
        best = np.full(x.shape, np.inf, np.float32)
        width = np.zeros_like(x)
        for (x0, y0, w0), (x1, y1, w1) in pairwise(path):
            square, along = segment_distance(x, y, x0, y0, x1, y1)
            nearer = square < best
            best = np.where(nearer, square, best)
            width = np.where(nearer, w0 + (w1 - w0) * along, width)
        self._table = np.stack([np.sqrt(best), width], axis=-1).astype(np.float32)

    def distance(self, place: Array) -> Array:
        column = (place[0] - np.float32(self._low[0])) / np.float32(self._cell)
        row = (place[1] - np.float32(self._low[1])) / np.float32(self._cell)
        middle, width = look_up(self._table, column, row)
        return _corner(middle - self._half * np.float32(0.2), np.abs(place[2]) - width) - self._half * np.float32(0.8)


class Box(Solid):
    """A box centred on its origin, its edges rounded."""

    def __init__(self, width: float, height: float, depth: float, radius: float, material: Material) -> None:
        self.material, self._radius = material, np.float32(radius)
        self._half = np.array([[width / 2], [height / 2], [depth / 2]], np.float32) - self._radius
        self.upper = self._half + self._radius + np.float32(0.01)
        self.lower = -self.upper

    def distance(self, place: Array) -> Array:
        beyond = np.abs(place) - self._half
        outside = np.maximum(beyond, 0)
        return (
            np.sqrt(outside[0] ** 2 + outside[1] ** 2 + outside[2] ** 2)
            + np.minimum(beyond.max(axis=0), 0)
            - self._radius
        )


class Blend(Solid):
    """Solids of one material melted into each other over `softness`, some others carved out."""

    feeler = 0.006
    pace = 0.8

    def __init__(
        self, parts: Sequence[Solid], material: Material, *, softness: float = 0.05, carved: Sequence[Solid] = ()
    ) -> None:
        self.material, self._parts, self._carved, self._softness = material, parts, carved, np.float32(softness)
        self.lower = np.min([part.lower + part.offset for part in parts], axis=0)
        self.upper = np.max([part.upper + part.offset for part in parts], axis=0)

    def distance(self, place: Array) -> Array:
        result = self._parts[0].distance(self._parts[0].local(place))
        for part in self._parts[1:]:
            other = part.distance(part.local(place))
            overlap = np.maximum(self._softness - np.abs(result - other), 0) / self._softness
            result = np.minimum(result, other) - overlap * overlap * self._softness / 4
        for part in self._carved:
            result = np.maximum(result, -part.distance(part.local(place)))
        return result


def _corner(a: Array, b: Array) -> Array:
    """The distance to a rectangle's corner from the distances to its two sides."""
    return np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2) + np.minimum(np.maximum(a, b), 0)
