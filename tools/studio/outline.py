"""Outlines of things: polygons with rounded corners, and smooth curves through points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def rounded(corners: Sequence[tuple[float, float, float]], steps: int = 9) -> Points:
    """A closed polygon whose corners (x, y, radius) are rounded off with arcs. Radius 0 keeps a corner sharp."""
    points: list[NDArray[np.float64]] = []
    for index, (x, y, radius) in enumerate(corners):
        corner = np.array([x, y])
        back = np.array(corners[index - 1][:2]) - corner
        ahead = np.array(corners[(index + 1) % len(corners)][:2]) - corner
        reach = [float(np.hypot(*back)), float(np.hypot(*ahead))]
        if radius <= 0 or min(reach) < 1e-9:
            points.append(corner)
            continue
        back, ahead = back / reach[0], ahead / reach[1]
        half = np.arccos(np.clip(back @ ahead, -1, 1)) / 2
        length = min(radius / np.tan(half), 0.499 * min(reach)) if half < np.pi / 2 - 1e-3 else 0
        if length <= 0:
            points.append(corner)
            continue
        middle = back + ahead
        centre = corner + middle / np.hypot(*middle) * length / np.cos(half)
        first, last = corner + back * length - centre, corner + ahead * length - centre
        start = np.arctan2(first[1], first[0])
        sweep = (np.arctan2(last[1], last[0]) - start + np.pi) % (2 * np.pi) - np.pi
        angles = start + sweep * np.linspace(0, 1, steps)
        points.extend(centre + np.hypot(*first) * np.array([np.cos(a), np.sin(a)]) for a in angles)
    return np.array(points)


def curve(through: Sequence[Sequence[float]], steps: int = 14) -> Points:
    """A smooth open curve through points of any dimension (centripetal Catmull-Rom)."""
    knots = np.array(through, float)
    knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    pieces = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        times = np.cumsum([0, *(max(float(np.linalg.norm(q - p)), 1e-9) ** 0.5 for p, q in ((a, b), (b, c), (c, d)))])
        t = np.linspace(times[1], times[2], steps, endpoint=False)[:, None]
        ab = _between(a, b, times[0], times[1], t)
        bc = _between(b, c, times[1], times[2], t)
        cd = _between(c, d, times[2], times[3], t)
        pieces.append(
            _between(
                _between(ab, bc, times[0], times[2], t), _between(bc, cd, times[1], times[3], t), times[1], times[2], t
            )
        )
    return np.concatenate([*pieces, knots[-2:-1]])


def _between(a: Points, b: Points, start: float, end: float, t: Points) -> Points:
    return ((end - t) * a + (t - start) * b) / (end - start)
