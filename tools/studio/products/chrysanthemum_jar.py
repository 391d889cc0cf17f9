"""A glass jar of dried chrysanthemum flowers under a lid of ash wood."""

from __future__ import annotations

import numpy as np

from studio.bars import Bars
from studio.camera import Camera
from studio.cluster import Cluster
from studio.light import Light, Softbox
from studio.outline import curve, rounded
from studio.scene import Scene
from studio.shapes import Lathe
from studio.surface import Surface, linear, plain
from studio.textures import noise, tiled
from studio.vectors import Array, mixed

_RADIUS, _WALL, _HEIGHT = 0.46, 0.022, 1.02
_FILLED = 0.84  # how high the flowers stand
_THIN = 1.22  # petals are so thin that light comes through as well
_PALE, _BUTTER, _HEART, _OCHRE = (
    linear(252, 242, 206),
    linear(246, 220, 140),
    linear(214, 150, 40),
    linear(176, 116, 30),
)


def _wood(place: Array, normal: Array) -> Surface:
    """Ash: pale, with long darker grain."""
    wave = tiled(noise(71, 2, 1.6), place[0] * np.float32(0.5), place[2] * np.float32(0.5)) * np.float32(0.05)
    rings = np.sin((place[2] + place[1] * np.float32(0.35) + wave) * np.float32(46))
    fine = tiled(noise(72, 30, 0.5, 24.0), place[0] * np.float32(0.8), place[2] * np.float32(1.6) + place[1])
    colour = mixed(
        linear(214, 178, 132), linear(186, 144, 98), np.clip(rings * np.float32(0.35) + np.float32(0.4), 0, 1)
    )
    return Surface.plain(normal, colour * (1 + fine * np.float32(0.05)), 0.03, 0.42)


def _flower(random: np.random.Generator) -> Bars:
    """One dried head, about 0.13 wide, looking along y: a golden heart and two rows of petals, shrunk and curled."""
    parts = []
    for row, (count, lift, reach) in enumerate(((15, 0.15, 0.073), (12, 0.60, 0.060), (8, 1.0, 0.045))):
        for petal in range(count):
            turn = 2 * np.pi * (petal + random.uniform(-0.3, 0.3)) / count + row
            long, rise = reach * random.uniform(0.75, 1.1), lift + random.normal(0, 0.18)
            out, up = np.array([np.cos(turn), 0, np.sin(turn)]), np.array([0.0, 1.0, 0.0])
            bend = rise + random.uniform(-0.2, 0.9)
            first = out * 0.018
            second = first + (out * np.cos(rise) + up * np.sin(rise)) * long * 0.55
            third = second + (out * np.cos(bend) + up * np.sin(bend)) * long * 0.45
            path, side = np.stack([first, second, third]), np.cross(out, up)
            facing = np.cross(np.diff(path, axis=0), side)
            facing = facing / np.linalg.norm(facing, axis=1, keepdims=True) + random.normal(0, 0.15, (2, 3))
            tint = (_BUTTER + (_PALE - _BUTTER) * random.uniform(0.1, 1))[:, 0] * _THIN * random.uniform(0.9, 1.05)
            parts.append(Bars.along(path, np.array([0.006, 0.0105, 0.006]), across=facing, flat=2.4, colour=tint))
    for _ in range(16):
        path = random.normal(0, 0.011, 3) + np.array([[0, 0.012, 0], [0, 0.024, 0]])
        tint = (_OCHRE + (_HEART - _OCHRE) * random.random())[:, 0]
        parts.append(Bars.along(path, np.full(2, 0.0075), across=np.array([[1.0, 0, 0]]), flat=1.0, colour=tint))
    return Bars.joined(parts)


def _flowers() -> Cluster:
    random = np.random.default_rng(77)
    room = _RADIUS - _WALL - 0.074
    spots: list[np.ndarray] = []
    for _ in range(30_000):  # dart throwing: no two hearts closer than a flower is thick
        angle, far = random.uniform(0, 2 * np.pi), room * random.uniform(0.0, 1) ** 0.4
        spot = np.array(
            [far * np.cos(angle), random.uniform(0.095, _FILLED - 0.05 * (far / room) ** 2), far * np.sin(angle)]
        )
        if all(((spot - other) ** 2).sum() > 0.082**2 for other in spots):
            spots.append(spot)
    heads = []
    for spot in spots:
        outward = np.array([spot[0], 0, spot[2]]) / max(np.hypot(spot[0], spot[2]), 1e-6)
        up = 1.3 if spot[1] > _FILLED - 0.12 else random.normal(0, 0.5)
        facing = outward + np.array([0, up, 0]) + random.normal(0, 0.45, 3)
        facing /= np.linalg.norm(facing)
        side = np.cross(facing, random.normal(0, 1, 3))
        side /= np.linalg.norm(side)
        turn = np.stack([side, facing, np.cross(side, facing)], axis=1).astype(np.float32)
        heads.append(_flower(random).moved(turn * np.float32(random.uniform(0.85, 1.1)), spot.astype(np.float32)))
    return Cluster(Bars.joined(heads), cell=0.007, gloss=0.02, roughness=0.6)


def scene() -> Scene:
    """The closed jar."""
    outer = curve([(_RADIUS - 0.035, 0.0), (_RADIUS - 0.006, 0.018), (_RADIUS, 0.06)], 6)
    shoulder = curve([(_RADIUS, 0.86), (_RADIUS - 0.012, 0.92), (_RADIUS - 0.06, 0.965), (_RADIUS - 0.075, _HEIGHT)], 8)
    inner = curve(
        [
            (_RADIUS - 0.075 - _WALL, _HEIGHT),
            (_RADIUS - 0.06 - _WALL, 0.955),
            (_RADIUS - 0.014 - _WALL, 0.908),
            (_RADIUS - _WALL, 0.85),
        ],
        8,
    )
    bottom = curve([(_RADIUS - _WALL, 0.10), (_RADIUS - _WALL - 0.012, 0.062), (_RADIUS - _WALL - 0.05, 0.048)], 6)
    glass = np.concatenate([[[0.0, 0.012], [0.30, 0.012], [0.36, 0.0]], outer, shoulder, inner, bottom, [[0.0, 0.048]]])
    neck = _RADIUS - 0.075
    lid = rounded(
        [
            (0, _HEIGHT + 0.004, 0),
            (neck + 0.045, _HEIGHT + 0.004, 0.014),
            (neck + 0.045, _HEIGHT + 0.15, 0.028),
            (0, _HEIGHT + 0.15, 0),
        ]
    )
    plug = rounded(
        [
            (0, _HEIGHT - 0.07, 0),
            (neck - _WALL - 0.012, _HEIGHT - 0.07, 0.01),
            (neck - _WALL - 0.012, _HEIGHT + 0.01, 0),
            (0, _HEIGHT + 0.01, 0),
        ]
    )
    seal = rounded(
        [
            (neck - _WALL - 0.013, _HEIGHT - 0.045, 0.005),
            (neck - _WALL - 0.003, _HEIGHT - 0.04, 0.005),
            (neck - _WALL - 0.003, _HEIGHT - 0.02, 0.005),
            (neck - _WALL - 0.013, _HEIGHT - 0.015, 0.005),
        ]
    )
    loose = [
        _flower(np.random.default_rng(80 + n)).moved(
            np.eye(3, dtype=np.float32) * np.float32(1.1), np.array(at, np.float32)
        )
        for n, at in enumerate(((0.52, 0.03, 0.42), (0.66, 0.03, 0.30), (0.40, 0.03, 0.62)))
    ]
    return Scene(
        (
            Lathe(glass, plain(linear(255, 255, 255)), cell=0.003, glass=True),
            _flowers(),
            Lathe(lid, _wood, cell=0.003).placed(yaw=20),
            Lathe(plug, _wood, cell=0.003),
            Lathe(seal, plain(linear(225, 225, 220), 0.03, 0.4), cell=0.002),
            Cluster(Bars.joined(loose), cell=0.007, gloss=0.02, roughness=0.6),
        ),
        Camera((0.07, 0.56, 0), 1.85, pitch=15, distance=9, aperture=0.03, focus=0.3),
        Light(
            [
                Softbox(-66, 20, 0.26, 1.0, 8.0, (1.0, 0.99, 0.97)),
                Softbox(80, 18, 0.14, 1.0, 6.0, (0.98, 0.99, 1.0)),
                Softbox(180, 62, 0.8, 0.4, 3.5),
            ]
        ),
        exposure=1.15,
        samples=20,
    )
