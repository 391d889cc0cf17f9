"""Tables that are looked up with bilinear interpolation: the fast way to ask NumPy for a complicated function."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.vectors import Array

_ROW = 256  # OpenCV wants its maps as pictures less than 32,767 wide; a bundle is folded into rows of this length


def look_up(table: Array, column: Array, row: Array, *, wrap: bool = False) -> Array:
    """Sample a table of shape (h, w) or (h, w, c) at fractional columns and rows.

    Returns shape (n,) or (c, n). Outside, the nearest edge counts, or the table repeats.
    """
    count = column.shape[0]
    rows = -(-count // _ROW)
    maps = np.zeros((2, rows * _ROW), np.float32)
    maps[0, :count], maps[1, :count] = column, row
    if wrap:  # the fraction is folded by hand: OpenCV's own wrapping loses precision far from the origin
        maps[0] %= table.shape[1]
        maps[1] %= table.shape[0]
    folded = maps.reshape(2, rows, _ROW)
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE
    found = cv2.remap(table, folded[0], folded[1], cv2.INTER_LINEAR, borderMode=border)
    if table.ndim == 2:
        return np.asarray(found.reshape(-1)[:count], np.float32)
    return np.ascontiguousarray(found.reshape(rows * _ROW, -1)[:count].T, np.float32)


def polygon_distance(points: NDArray[np.float64], x: Array, y: Array, *, open_at_axis: bool = False) -> Array:
    """The signed distance (negative inside) from each place of a grid to a closed polygon of shape (m, 2).

    With `open_at_axis`, edges that lie on x = 0 are no boundary: the polygon is half of a section through a lathe work.
    """
    nearest = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        across = (y0 <= y) != (y1 <= y)
        if y1 != y0:
            inside ^= across & (x < (y - y0) * ((x1 - x0) / (y1 - y0)) + x0)
        if not (open_at_axis and abs(x0) < 1e-6 and abs(x1) < 1e-6):
            np.minimum(nearest, segment_distance(x, y, x0, y0, x1, y1)[0], out=nearest)
    distance = np.sqrt(nearest)
    return np.where(inside, -distance, distance).astype(np.float32)


def segment_distance(x: Array, y: Array, x0: float, y0: float, x1: float, y1: float) -> tuple[Array, Array]:
    """The squared distance to a segment, and how far along it (0 to 1) the nearest point lies."""
    dx, dy = x1 - x0, y1 - y0
    length = max(dx * dx + dy * dy, 1e-12)
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / length, 0, 1)
    return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2, along
