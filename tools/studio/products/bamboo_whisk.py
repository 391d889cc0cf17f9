"""A bamboo whisk for powdered tea, standing on its handle."""

from __future__ import annotations

import numpy as np

from studio.bars import Bars
from studio.camera import Camera
from studio.cluster import Cluster
from studio.light import Light, Softbox
from studio.outline import curve
from studio.scene import Scene
from studio.shapes import Lathe
from studio.surface import Surface, linear
from studio.textures import azimuth, noise, slopes, tiled, tilted
from studio.vectors import Array, mixed, smoothstep

_OUTER, _INNER = 72, 60  #: tines
_SPLIT = 0.60  #: height at which the handle is split into tines
_NODE = 0.24  #: height of the bamboo's knot
_BAMBOO, _PALE, _AGED, _THREAD = linear(218, 188, 128), linear(238, 216, 168), linear(178, 138, 80), linear(34, 30, 34)


def _handle(place: Array, normal: Array) -> Surface:
    """Bamboo's skin: fine streaks upwards, a darker ring at the knot."""
    turn, height = azimuth(place), place[1]
    streak = tiled(noise(91, 10, 0.7, 0.05), turn * 2, height * np.float32(0.12))
    cloud = tiled(noise(92, 2, 1.6), turn, height * np.float32(0.4))
    colour = mixed(_BAMBOO, _PALE, np.clip(streak * np.float32(0.20) + np.float32(0.25), 0, 1))
    ring = np.exp(-(((height - _NODE) / 0.012) ** 2)) + np.float32(0.35) * smoothstep(_NODE, _NODE + 0.08, height) * (
        smoothstep(_NODE + 0.20, _NODE + 0.04, height)
    )
    colour = mixed(colour, _AGED, np.clip(ring * np.float32(0.6) + cloud * np.float32(0.10), 0, 1))
    fine = tiled(slopes(93, 30, 0.6), turn * 4, height * np.float32(0.1))[0]
    around = np.stack([place[2], np.zeros_like(height), -place[0]]) / np.maximum(np.hypot(place[0], place[2]), 1e-3)
    surface = Surface.plain(tilted(normal, around * fine * np.float32(0.03)), colour, 0.045, 0.26)
    cut = (normal[1] > 0.7).astype(np.float32)
    surface.colour = mixed(surface.colour, _PALE, cut)
    return surface


def _tines(random: np.random.Generator) -> Bars:
    """Outer tines that flare and curl in at their tips, inner ones that meet in a bundle."""
    parts = []
    for number in range(_OUTER + _INNER):
        outer = number < _OUTER
        turn = (
            2
            * np.pi
            * ((number if outer else number - _OUTER) + random.normal(0, 0.09))
            / (_OUTER if outer else _INNER)
        )
        wave = random.normal(0, 0.007)
        if outer:
            profile = [
                (0.238, _SPLIT - 0.03),
                (0.252, 0.70),
                (0.305 + wave, 0.84),
                (0.352 + wave, 0.97),
                (0.368 + wave, 1.075),
                (0.352 + wave, 1.135),
                (0.318 + wave, 1.158),
                (0.288 + wave, 1.146),
            ]
        else:
            profile = [
                (0.200, _SPLIT - 0.03),
                (0.190, 0.70),
                (0.140 + wave, 0.86),
                (0.092 + wave * 2, 1.0),
                (0.062 + wave * 2, 1.10 + random.normal(0, 0.006)),
            ]
        path = curve(profile, 5)
        twist = turn + (0.0 if outer else 0.5) * _smooth(path[:, 1], 0.75, 1.1) + random.normal(0, 0.012)
        points = np.stack([path[:, 0] * np.cos(twist), path[:, 1], path[:, 0] * np.sin(twist)], axis=1)
        along = np.linspace(0, 1, len(points))
        radius = (0.0088 if outer else 0.0075) * (1 - 0.55 * along)
        facing = np.stack([np.cos(twist), np.zeros_like(twist), np.sin(twist)], axis=1)[:-1]
        tint = _BAMBOO[:, 0] + (_PALE[:, 0] - _BAMBOO[:, 0]) * along[:-1, None] ** 0.7
        tint = tint * random.uniform(0.9, 1.06)
        parts.append(Bars.along(points, radius, across=facing, flat=1.5, colour=tint))
    return Bars.joined(parts)


def _thread() -> Bars:
    """Two turns of dark thread woven through the foot of the tines."""
    parts = []
    for row, height in enumerate((0.655, 0.672, 0.700)):
        turn = np.linspace(0, 2 * np.pi, 289)
        weave = np.cos(turn * _OUTER / 2 + row * np.pi) * 0.006
        far = 0.252 + (height - 0.655) * 0.22 + 0.004 + weave
        lift = height + 0.003 * np.sin(turn * _OUTER / 2)
        points = np.stack([far * np.cos(turn), lift, far * np.sin(turn)], axis=1)
        facing = np.tile([0.0, 1.0, 0.0], (len(points) - 1, 1))
        parts.append(Bars.along(points, np.full(len(points), 0.0068), across=facing, flat=1.0, colour=_THREAD[:, 0]))
    return Bars.joined(parts)


def _smooth(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """A soft step in double precision."""
    x = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def scene() -> Scene:
    """Seen a little from above."""
    section = np.concatenate(
        [
            [[0.0, 0.03], [0.19, 0.03]],
            curve(
                [
                    (0.20, 0.0),
                    (0.245, 0.004),
                    (0.258, 0.03),
                    (0.255, _NODE - 0.03),
                    (0.264, _NODE - 0.008),
                    (0.262, _NODE),
                    (0.267, _NODE + 0.012),
                    (0.256, _NODE + 0.035),
                    (0.252, 0.45),
                    (0.249, _SPLIT - 0.012),
                    (0.240, _SPLIT),
                ]
            ),
            [[0.19, _SPLIT + 0.005], [0.0, _SPLIT - 0.02]],
        ]
    )
    random = np.random.default_rng(95)
    return Scene(
        (
            Lathe(section, _handle, cell=0.003),
            Cluster(Bars.joined([_tines(random), _thread()]), cell=0.009, gloss=0.03, roughness=0.4),
        ),
        Camera((0.05, 0.56, 0), 1.75, pitch=16, distance=9, aperture=0.03, focus=0.25),
        Light(
            [
                Softbox(-60, 30, 0.40, 0.8, 8.0, (1.0, 0.985, 0.96)),
                Softbox(78, 22, 0.20, 0.8, 4.0, (0.97, 0.99, 1.0)),
                Softbox(180, 60, 0.8, 0.4, 3.0),
            ]
        ),
        exposure=1.04,
    )
