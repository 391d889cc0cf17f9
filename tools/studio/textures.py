"""Textures: noise that tiles, read on a cylinder, on a plane, or from three sides at once."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.table import look_up
from studio.vectors import Array, dot

SIZE = 512  #: pixels along each side of a tile


@cache
def noise(seed: int, coarsest: float = 2.0, slope: float = 1.2, stretch: float = 1.0) -> Array:
    """A tile of noise (SIZE, SIZE), mean 0, deviation 1.

    Parameters
    ----------
    coarsest:
        Waves per tile of the largest features.
    slope:
        How fast finer features get weaker: 0 is grain, 2 is cloud.
    stretch:
        Above 1, features are that many times longer along the columns: fibres, brushing.
    """
    white = np.random.default_rng(seed).standard_normal((SIZE, SIZE))
    row, column = np.meshgrid(np.fft.fftfreq(SIZE) * SIZE, np.fft.fftfreq(SIZE) * SIZE, indexing="ij")
    waves = np.hypot(row / stretch, column) if stretch >= 1 else np.hypot(row, column * stretch)
    strength = np.where(waves < coarsest, 0, np.maximum(waves, 1e-6) ** -slope)
    made = np.fft.ifft2(np.fft.fft2(white) * strength).real
    return ((made - made.mean()) / made.std()).astype(np.float32)


@cache
def slopes(seed: int, coarsest: float = 2.0, slope: float = 1.2) -> Array:
    """The gradient of `noise` along columns and rows, (SIZE, SIZE, 2), deviation about 1."""
    height = noise(seed, coarsest, slope)
    along = np.stack(
        [np.roll(height, -1, 1) - np.roll(height, 1, 1), np.roll(height, -1, 0) - np.roll(height, 1, 0)], -1
    )
    return np.ascontiguousarray(along / along.std(), np.float32)


def tiled(texture: Array, u: Array, v: Array) -> Array:
    """Read a tile at (u, v), one tile per unit."""
    return look_up(texture, u * np.float32(SIZE), v * np.float32(SIZE), wrap=True)


def from_three_sides(texture: Array, place: Array, normal: Array, tiles: float) -> Array:
    """Read a texture on any shape, `tiles` per decimetre, mixed by where the surface looks."""
    weight = np.abs(normal) ** 4
    weight = weight / weight.sum(axis=0)
    x, y, z = place * np.float32(tiles)
    return tiled(texture, y, z) * weight[0] + tiled(texture, z, x) * weight[1] + tiled(texture, x, y) * weight[2]


def relief(texture: Array, place: Array, normal: Array, tiles: float, strength: float) -> Array:
    """A normal (3, n) roughened by the slopes of a texture, read from three sides."""
    weight = np.abs(normal) ** 4
    weight = weight / weight.sum(axis=0)
    x, y, z = place * np.float32(tiles)
    on_x, on_y, on_z = tiled(texture, y, z), tiled(texture, z, x), tiled(texture, x, y)
    slope = np.stack(
        [
            on_y[1] * weight[1] + on_z[0] * weight[2],
            on_x[0] * weight[0] + on_z[1] * weight[2],
            on_x[1] * weight[0] + on_y[0] * weight[1],
        ]
    )
    return tilted(normal, slope * np.float32(strength))


def tilted(normal: Array, slope: Array) -> Array:
    """Tilt normals against a gradient of height (3, n), its part along the normal removed."""
    turned = normal - (slope - normal * dot(slope, normal))
    return turned / np.sqrt(np.maximum(dot(turned, turned), np.float32(1e-12)))


def azimuth(place: Array) -> Array:
    """The angle about the y axis in turns, 0 at the front, from -0.5 to 0.5."""
    return np.arctan2(place[0], place[2]) / np.float32(2 * np.pi)
