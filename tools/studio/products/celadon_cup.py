"""A celadon cup on its saucer, with green tea in it."""

from __future__ import annotations

import numpy as np

from studio.camera import Camera
from studio.light import Light, Softbox
from studio.outline import Points, curve, rounded
from studio.scene import Scene
from studio.shapes import Lathe
from studio.surface import Surface, linear
from studio.textures import azimuth, from_three_sides, noise, relief, slopes, tilted
from studio.vectors import Array, mixed, smoothstep

_FOOT = 0.16  # height of the saucer's well, on which the cup stands
_RIM = 0.66  # height of the rim above the foot
_TEA = 0.55
_PETALS = 14

_OUTSIDE = [(0.235, 0.06), (0.34, 0.09), (0.48, 0.19), (0.565, 0.34), (0.578, 0.47), (0.545, 0.60), (0.518, _RIM)]
_INSIDE = [
    (0.488, _RIM),
    (0.513, 0.60),
    (0.543, 0.47),
    (0.53, 0.35),
    (0.45, 0.22),
    (0.30, 0.13),
    (0.12, 0.108),
    (0.0, 0.104),
]

_GLAZE, _POOL, _THIN = linear(178, 201, 181), linear(126, 163, 142), linear(224, 228, 209)
_CLAY = linear(150, 104, 78)


def _glazed(place: Array, normal: Array, depth: Array) -> Surface:
    """Celadon: paler where the glaze runs thin, deeper and bluer where it pools (`depth` from -1 to 1)."""
    cloud = from_three_sides(noise(3, 2, 1.7), place, normal, 0.7) * np.float32(0.10)
    depth = np.clip(depth + cloud, -1, 1)
    colour = np.where(depth < 0, mixed(_GLAZE, _THIN, -depth), mixed(_GLAZE, _POOL, depth))
    return Surface.plain(relief(slopes(11, 3, 1.8), place, normal, 0.6, 0.0022), colour, 0.045, 0.03)


def _cup(place: Array, normal: Array) -> Surface:
    radius, height = np.hypot(place[0], place[2]), place[1]
    outward = (normal[0] * place[0] + normal[2] * place[2]) / np.maximum(radius, 1e-4)
    outside = smoothstep(0.0, 0.2, outward - np.float32(0.5) * (normal[1] > 0.5))
    petal = azimuth(place) * _PETALS
    across = petal - np.round(petal)
    # carved lotus petals: pointed arches whose outlines are cut into the body
    arch = (height - 0.12) / 0.40 + 2.6 * np.abs(across) ** 1.6 * 0.9
    band = smoothstep(0.115, 0.16, height) * smoothstep(0.60, 0.5, height) * outside
    groove = np.exp(-(((arch - 1.0) / 0.035) ** 2)) + np.exp(-((np.abs(np.abs(across) - 0.5) / 0.022) ** 2)) * (
        arch < 1.02
    )
    groove = np.clip(groove, 0, 1) * band
    dome = (-2 * across * np.float32(0.9)) * (arch < 1.0) * band
    tangent = np.stack([place[2], np.zeros_like(height), -place[0]]) / np.maximum(radius, 1e-4)
    surface_normal = tilted(normal, -tangent * dome * np.float32(0.22))
    edge = smoothstep(0.035, 0.0, np.abs(height - _RIM)) * np.float32(0.9)
    foot = smoothstep(0.12, 0.05, height) * np.float32(0.5)
    surface = _glazed(place, surface_normal, foot + groove * np.float32(0.85) - edge + np.float32(0.25) * (1 - outside))
    ring = smoothstep(0.022, 0.012, height)
    surface.colour = mixed(surface.colour, _CLAY, ring)
    surface.gloss *= 1 - ring
    return surface


def _saucer(place: Array, normal: Array) -> Surface:
    radius = np.hypot(place[0], place[2])
    edge = smoothstep(0.035, 0.0, np.abs(radius - 0.853)) * np.float32(0.85)
    well = np.exp(-(((radius - 0.345) / 0.03) ** 2)) * np.float32(0.7)
    return _glazed(place, normal, well - edge + np.float32(0.1))


def _tea(place: Array, normal: Array) -> Surface:
    radius = np.hypot(place[0], place[2])
    inner = curve(_INSIDE)
    floor = np.interp(radius, inner[::-1, 0], inner[::-1, 1]).astype(np.float32)
    depth = np.maximum(_TEA - floor, 0)
    passed = np.exp(-np.array([[0.16], [0.30], [1.9]], np.float32) * depth * np.float32(2.4))
    leaf = linear(226, 214, 150)
    surface = Surface.plain(normal, mixed(_GLAZE, leaf, np.minimum(depth * 3, np.float32(0.6))) * passed, 0.02, 0.0)
    meniscus = smoothstep(0.50, 0.525, radius)
    surface.colour = mixed(surface.colour, _THIN, meniscus * np.float32(0.25))
    return surface


def scene() -> Scene:
    """The cup as it stands in the shop."""
    foot: list[tuple[float, float, float]] = [
        (0, 0.045, 0),
        (0.19, 0.045, 0.01),
        (0.2, 0.006, 0.006),
        (0.235, 0.006, 0.008),
    ]
    outside, inside = curve(_OUTSIDE), curve(_INSIDE)
    lip = _lip(outside[-1], inside[0])
    body = np.concatenate([rounded(foot)[:-1], outside, lip, inside])
    saucer = np.concatenate(
        [
            rounded([(0, 0.05, 0), (0.36, 0.05, 0.01), (0.375, 0.006, 0.006), (0.42, 0.006, 0.008)])[:-1],
            curve([(0.43, 0.03), (0.60, 0.062), (0.76, 0.125), (0.86, 0.19)]),
            _lip(np.array([0.86, 0.19]), np.array([0.842, 0.206])),
            curve([(0.842, 0.206), (0.74, 0.155), (0.60, 0.108), (0.42, 0.09)]),
            curve([(0.375, 0.105), (0.345, 0.108), (0.325, 0.094), (0.30, 0.09)]),
            [[0, 0.09]],
        ]
    )
    tea = rounded(
        [(0, _TEA - 0.03, 0), (0.542, _TEA - 0.03, 0), (0.542, _TEA + 0.004, 0.0), (0.515, _TEA, 0.02), (0, _TEA, 0)]
    )
    lift = 0.088
    return Scene(
        (
            Lathe(body, _cup, cell=0.003).placed(y=lift, yaw=8),
            Lathe(tea, _tea, cell=0.003).placed(y=lift),
            Lathe(saucer, _saucer, cell=0.003),
        ),
        Camera((0, 0.31, 0), 2.35, pitch=20, distance=9, aperture=0.035, focus=0.35),
        Light(
            [
                Softbox(-52, 34, 0.36, 0.60, 8.0, (1.0, 0.985, 0.96)),
                Softbox(72, 22, 0.20, 0.60, 3.6, (0.97, 0.99, 1.0)),
                Softbox(180, 62, 0.7, 0.35, 3.2),
            ]
        ),
        exposure=1.0,
    )


def _lip(first: Points, last: Points) -> Points:
    """A round edge from one point to another, bulging to the left of the way."""
    centre, arm = (first + last) / 2, (first - last) / 2
    other = np.array([-arm[1], arm[0]])
    angles = np.linspace(0, np.pi, 11)[1:-1]
    return np.array([centre + arm * np.cos(a) + other * np.sin(a) for a in angles])
