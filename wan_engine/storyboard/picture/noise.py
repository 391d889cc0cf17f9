"""Noise that looks grown: sums of smooth random fields at several sizes."""

from __future__ import annotations

import cv2
import numpy as np

from wan_engine.storyboard.picture.raster import Field

Random = np.random.Generator


def fractal(
    rng: Random, shape: tuple[int, int], cell: float, *, octaves: int = 5, gain: float = 0.5, stretch: float = 1.0
) -> Field:
    """Fractal noise around 0, mostly between -1 and 1.

    Parameters
    ----------
    shape:
        Height and width in pixels.
    cell:
        Size of the largest features in pixels.
    gain:
        How strong each finer octave is, compared with the one before.
    stretch:
        How much longer features are across than down.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    strength, weight = 1.0, 0.0
    for _ in range(octaves):
        rows, columns = height / cell + 4, width / (cell * stretch) + 4
        if cell < 1.5:
            break
        grid = rng.random((int(rows) + 1, int(columns) + 1), dtype=np.float32) * 2 - 1
        # Sampling with an affine keeps the cell size exact, whatever the shape.
        offset = rng.random(2)
        matrix = np.array([[1 / (cell * stretch), 0, 1 + offset[0]], [0, 1 / cell, 1 + offset[1]]])
        layer = _grown(grid, matrix, width, height)
        total += layer * strength
        weight += strength**2
        strength *= gain
        cell /= 2
    return total * np.float32(1.6 / max(weight, 1e-6) ** 0.5)


def _grown(grid: Field, matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]], width: int, height: int) -> Field:
    """The grid seen through an affine, smooth between its points."""
    # Cubic growth by a whole factor first, then linear: as smooth as cubic everywhere, at a third of the time.
    smooth = cv2.resize(grid, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    scaled = matrix * 4
    scaled[:, 2] += 1.5
    return np.asarray(
        cv2.warpAffine(
            smooth,
            scaled,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        ),
        np.float32,
    )


def ridged(rng: Random, shape: tuple[int, int], cell: float, *, octaves: int = 5, stretch: float = 1.0) -> Field:
    """Noise with sharp crests, 0 to 1."""
    value = 1 - np.abs(fractal(rng, shape, cell, octaves=octaves, stretch=stretch))
    return np.asarray(np.clip(value, 0, 1) ** 2, np.float32)


def line(rng: Random, length: int, cell: float, *, octaves: int = 6, gain: float = 0.5) -> Field:
    """Fractal noise along one line of `length` pixels, around 0."""
    total = np.zeros(length, np.float64)
    strength, weight = 1.0, 0.0
    x = np.arange(length, dtype=np.float64)
    for _ in range(octaves):
        if cell < 2:
            break
        values = rng.random(int(length / cell) + 6) * 2 - 1
        position = x / cell + rng.random() + 1
        index = position.astype(int)
        t = position - index
        a, b, c, d = (values[index + shift] for shift in (-1, 0, 1, 2))
        # Cubic B-spline: its second derivative is continuous, so slopes that are lit show no kinks.
        total += (
            strength
            * (a * (1 - t) ** 3 + b * (3 * t**3 - 6 * t**2 + 4) + c * (-3 * t**3 + 3 * t**2 + 3 * t + 1) + d * t**3)
            / 6
        )
        weight += strength**2
        strength *= gain
        cell /= 2
    return np.asarray(total * (2.2 / max(weight, 1e-6) ** 0.5), np.float32)


def white(rng: Random, shape: tuple[int, ...]) -> Field:
    """Independent values, evenly spread from 0 to 1."""
    return rng.random(shape, dtype=np.float32)


def fibres(rng: Random, shape: tuple[int, int]) -> Field:
    """The texture of handmade paper around 0: fine cloudiness and long curled fibres in all directions."""
    height, width = shape
    size = 512  # a sheet is made once and laid in mirrored tiles: nobody finds the seam of random fibres
    grain = rng.standard_normal((size, size), dtype=np.float32)
    cloud = _level(cv2.GaussianBlur(grain, (0, 0), 1.1)) * 0.55 + _level(cv2.GaussianBlur(grain, (0, 0), 4.0)) * 0.35
    threads = np.zeros((size, size), np.uint8)
    along = np.linspace(0, 1, 7)
    for _ in range(420):
        start, angle, bend = rng.uniform(0, size, 2), rng.uniform(0, 6.3), rng.normal(0, 1.6)
        heading = angle + bend * along
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * rng.uniform(2, 7)
        path = np.round((start + np.cumsum(steps, axis=0)) * 16).astype(np.int32)
        cv2.polylines(threads, [path], False, (int(rng.integers(60, 220)),), 1, cv2.LINE_AA, 4)
    sheet = cloud + 0.4 * _level(cv2.GaussianBlur(threads.astype(np.float32), (0, 0), 0.7))
    tiled = np.pad(sheet, ((0, max(0, height - size)), (0, max(0, width - size))), mode="symmetric")
    return np.asarray(tiled[:height, :width] * 0.75, np.float32)


def _level(field: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | cv2.typing.MatLike) -> Field:
    """The field with mean 0 and deviation 1."""
    centred = np.asarray(field, np.float32) - np.float32(field.mean())
    return np.asarray(centred / np.float32(centred.std() + 1e-6), np.float32)
