"""Arithmetic on fields (float32, height × width) and the few OpenCV calls that the engine needs, with types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]  #: (height, width), or (height, width, 3) for RGB; 0 to 1 unless said otherwise
Floats = npt.NDArray[np.floating[Any]]  #: what the functions here take: they make it so
Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]  #: (n, 2) of x, y in pixels

#: Fractional bits that OpenCV's drawing functions take, so that outlines sit between pixels.
SUBPIXEL_BITS = 4
#: A blur wider than this (pixels) is done on a smaller copy: nobody can see the difference.
WIDE_BLUR = 6.0


def blur(field: Floats, sigma: float, sigma_y: float | None = None) -> Field:
    """A Gaussian blur; `sigma` in pixels, `sigma_y` where the vertical one differs."""
    sharp = np.asarray(field, np.float32)
    vertical = sigma if sigma_y is None else sigma_y
    if max(sigma, vertical) < 0.3:
        return sharp
    step_x, step_y = (max(1, int(value / WIDE_BLUR * 2)) for value in (sigma, vertical))
    height, width = sharp.shape[:2]
    if step_x == step_y == 1:
        return np.asarray(cv2.GaussianBlur(sharp, (0, 0), max(sigma, 0.1), sigmaY=max(vertical, 0.1)), np.float32)
    size = (max(4, width // step_x), max(4, height // step_y))
    small = cv2.resize(sharp, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma / step_x, 0.1), sigmaY=max(vertical / step_y, 0.1))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def resized(field: Floats, width: int, height: int, *, smooth: bool = True) -> Field:
    """The field at another size: averaged when it shrinks, cubic (or linear) when it grows."""
    source = np.asarray(field, np.float32)
    grows = width > source.shape[1] or height > source.shape[0]
    method = (cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR) if grows else cv2.INTER_AREA
    return np.asarray(cv2.resize(source, (width, height), interpolation=method), np.float32)


def sampled(field: Floats, x: Floats, y: Floats) -> Field:
    """The field's values at fractional positions; beyond its edge the edge is repeated."""
    source, column, row = (np.asarray(value, np.float32) for value in (field, x, y))
    return np.asarray(cv2.remap(source, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def smoothstep(low: float, high: float, value: Floats) -> Field:
    """0 below `low`, 1 above `high`, and a soft S between; `low` may be above `high`."""
    t = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(first: Floats, second: Floats, share: Floats | float) -> Field:
    """`first` where `share` is 0, `second` where it is 1. Colours broadcast over fields, one share over channels."""
    begin, end = np.asarray(first, np.float32), np.asarray(second, np.float32)
    part = np.asarray(share, np.float32)
    if part.ndim == 2 and max(begin.ndim, end.ndim) != 2:
        part = part[..., None]
    return np.asarray(begin + (end - begin) * part, np.float32)


def spread(tone: Floats, over: Floats | tuple[int, ...]) -> Field:
    """A colour over the whole of a field, or of a shape: (height, width, 3)."""
    height, width = (over if isinstance(over, tuple) else over.shape)[:2]
    return np.broadcast_to(np.asarray(tone, np.float32), (height, width, 3))


def brightest(rgb: Field) -> Field:
    """The strongest of the three channels, per pixel."""
    return np.asarray(np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]), np.float32)


def darkest(rgb: Field) -> Field:
    """The weakest of the three channels, per pixel."""
    return np.asarray(np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]), np.float32)


def outline(mask: Bytes, polygons: Sequence[Points], value: int = 255) -> None:
    """Fill polygons into a mask with soft edges; overlapping parts of one call are filled too."""
    for points in polygons:
        fixed = np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], (value,), cv2.LINE_AA, SUBPIXEL_BITS)


def strokes(mask: Bytes, lines: Sequence[Points], width: int, value: int = 255) -> None:
    """Draw open polylines into a mask with soft edges; `width` in pixels."""
    fixed = [np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32) for points in lines]
    cv2.polylines(mask, fixed, False, (value,), width, cv2.LINE_AA, SUBPIXEL_BITS)


def unit(mask: Bytes) -> Field:
    """A mask of bytes as a field from 0 to 1."""
    return np.asarray(mask, np.float32) * (1 / 255)


def ribbon(path: Points, widths: npt.NDArray[np.float64]) -> Points:
    """The outline of a stroke whose width changes along its path: a branch, a blade, a stem.

    `path` is (n, 2), `widths` the full width at each of its points, both in pixels.
    """
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * (widths / 2)[:, None]
    return np.concatenate([path + across, (path - across)[::-1]])


def moved(points: npt.ArrayLike, x: float, y: float) -> Points:
    """One point or many, shifted."""
    return np.asarray(np.asarray(points, np.float64) + np.array([x, y]), np.float64)


def curve(points: npt.ArrayLike, samples: int = 40, *, closed: bool = False) -> Points:
    """A smooth Catmull-Rom curve through some points, as (samples, 2)."""
    knots = np.asarray(points, np.float64)
    if closed:
        knots = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    spans = len(knots) - 3
    position = np.linspace(0, spans, samples, endpoint=not closed)
    index = np.minimum(position.astype(int), spans - 1)
    t = (position - index)[:, None]
    a, b, c, d = (knots[index + shift] for shift in range(4))
    return np.asarray(
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3), np.float64
    )
