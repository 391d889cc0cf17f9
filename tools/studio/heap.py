"""Loose and pressed tea: twisted leaves as bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.bars import Bars
from studio.solid import Solid
from studio.vectors import Array

_PIECES = 5  # bars of one leaf
_TAPER = np.sin(np.pi * np.linspace(0.16, 0.93, _PIECES + 1))

Places = NDArray[np.float64]


def strewn(places: Places, *, seed: int, length: tuple[float, float], thick: float, colours: Array) -> Bars:
    """One leaf at each place (n, 3), loosely on the table, each in one of the colours (m, 3)."""
    random = np.random.default_rng(seed)
    bars = []
    for place in places:
        angle = random.uniform(0, 2 * np.pi) + random.normal(0, 0.35) * np.arange(_PIECES + 1)
        angle += random.normal(0, 0.22, _PIECES + 1)
        lift = random.uniform(0.05, 0.3) * random.normal(0, 0.7, _PIECES + 1)
        steps = np.stack([np.cos(angle), lift, np.sin(angle)], axis=1) * random.uniform(*length) / _PIECES
        path = place + np.cumsum(steps, axis=0)
        path[:, 1] = np.maximum(path[:, 1], thick * 0.8)
        across = random.normal(0, 1, (_PIECES, 3))
        bars.append(_leaf(path, thick * random.uniform(0.75, 1.2), across, 1.6, _shade(random, colours)))
    return Bars.joined(bars)


def pressed(
    base: Solid, places: Places, *, seed: int, length: tuple[float, float], thick: float, colours: Array
) -> Bars:
    """One leaf at each place (n, 3) on a solid that stands at the origin, pressed flat into its surface."""
    random = np.random.default_rng(seed)
    normals = base.normal(places.T.astype(np.float32)).T
    paths = []
    for place, normal in zip(places, normals, strict=True):
        side = np.cross(normal, random.normal(0, 1, 3))
        side /= np.linalg.norm(side)
        angle = random.normal(0, 0.30) * np.arange(_PIECES + 1) + random.normal(0, 0.12, _PIECES + 1)
        steps = np.outer(np.cos(angle), side) + np.outer(np.sin(angle), np.cross(normal, side))
        walk = np.cumsum(steps * random.uniform(*length) / _PIECES, axis=0)
        paths.append(place + walk - walk.mean(axis=0))
    points = np.concatenate(paths).T.astype(np.float32)
    normal = base.normal(points)
    depth = np.repeat(random.uniform(-0.9, 0.3, len(paths)), _PIECES + 1) + random.normal(0, 0.15, points.shape[1])
    laid = (points - normal * (base.distance(points) - depth * thick)).T.reshape(len(paths), _PIECES + 1, 3)
    facing = normal.T.reshape(laid.shape)[:, :-1]
    return Bars.joined(
        [
            _leaf(
                path,
                thick * random.uniform(0.7, 1.35),
                across + random.normal(0, 0.2, across.shape),
                2.2,
                _shade(random, colours),
            )
            for path, across in zip(laid, facing, strict=True)
        ]
    )


def _shade(random: np.random.Generator, colours: Array) -> Array:
    return np.asarray(colours[random.integers(len(colours))] * random.uniform(0.72, 1.25), np.float32)


def _leaf(path: Places, thick: float, across: Places, flat: float, colour: Array) -> Bars:
    return Bars.along(path, thick * _TAPER, across=across, flat=flat, colour=colour)
