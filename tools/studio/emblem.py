"""The mark of the brand: a tea leaf with a mountain ridge and a stream cut out of it."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.outline import Points
from studio.vectors import Array

_FINER = 8  # drawn this many times larger, then averaged
_LEAN = -9.0  # degrees that the leaf leans

Corner = tuple[float, float]

#: Bézier curves (start, two handles, end) of the leaf's right side, tip to stem; the left one mirrors it.
#: Coordinates run from -1 to 1, y up.
_SIDE: list[tuple[Corner, Corner, Corner, Corner]] = [
    ((0.0, 1.0), (0.07, 0.74), (0.60, 0.52), (0.60, 0.03)),
    ((0.60, 0.03), (0.60, -0.36), (0.26, -0.56), (0.0, -0.66)),
]
_RIDGE: list[Corner] = [(-0.75, -0.25), (-0.28, 0.22), (-0.09, 0.02), (0.15, 0.47), (0.75, -0.19)]
_SAG = 0.035  # how far each slope hangs through
_STREAM = ((-0.75, -0.31), (-0.12, -0.17), (0.02, -0.54), (0.75, -0.36))
_STEM = ((0.0, -0.64), (0.0, -0.76), (-0.04, -0.86), (-0.14, -0.95))
_LINE = 0.030  # half the width of the lines


def mark(size: int, *, margin: float = 0.04) -> Array:
    """How much of each pixel the mark covers, (size, size), 0 to 1."""
    canvas = np.zeros((size * _FINER, size * _FINER), np.uint8)
    side = np.concatenate([_bezier(*part) for part in _SIDE])
    _fill(canvas, np.concatenate([side, (side * (-1, 1))[::-1]]), 255, margin)
    slopes = [_bezier(a, _hung(a, b), _hung(a, b), b) for a, b in pairwise(_RIDGE)]
    ridge = np.concatenate(slopes)
    rise = np.array([0, 2.6 * _LINE])  # lifted, not offset: the line is thin on steep slopes, like a brush's
    _fill(canvas, np.concatenate([ridge + rise, ridge[::-1]]), 0, margin)
    stream = _bezier(*_STREAM)
    _fill(canvas, _ribbon(stream, np.linspace(0.8 * _LINE, 1.25 * _LINE, len(stream))), 0, margin)
    stem = _bezier(*_STEM)
    _fill(canvas, _ribbon(stem, np.linspace(1.15 * _LINE, 0.4 * _LINE, len(stem))), 255, margin)
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), np.float32) / 255


def _hung(a: Corner, b: Corner) -> Corner:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - _SAG


def _bezier(start: Corner, leave: Corner, arrive: Corner, end: Corner, steps: int = 60) -> Points:
    t = np.linspace(0, 1, steps)[:, None]
    p, q, r, s = (np.array(point) for point in (start, leave, arrive, end))
    return np.asarray((1 - t) ** 3 * p + 3 * t * (1 - t) ** 2 * q + 3 * t * t * (1 - t) * r + t**3 * s, np.float64)


def _ribbon(path: Points, half: NDArray[np.float64]) -> Points:
    way = np.gradient(path, axis=0)
    way /= np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None]
    side = np.stack([-way[:, 1], way[:, 0]], axis=1) * half[:, None]
    return np.concatenate([path + side, (path - side)[::-1]])


def _fill(canvas: NDArray[np.uint8], outline: Points, level: int, margin: float) -> None:
    size = canvas.shape[0]
    scale = size / 2 * (1 - 2 * margin)
    turn = np.radians(_LEAN)
    leaning = outline @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places = np.stack([size / 2 + leaning[:, 0] * scale, size / 2 - leaning[:, 1] * scale], axis=1)
    cv2.fillPoly(canvas, [np.round(places * 16).astype(np.int32)], level, shift=4)
