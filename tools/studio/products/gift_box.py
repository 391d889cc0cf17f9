"""A gift box of kraft board with a green satin ribbon."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.camera import Camera
from studio.emblem import mark
from studio.light import Light, Softbox
from studio.outline import Points, curve
from studio.scene import Scene
from studio.shapes import Blend, Box, Strip
from studio.surface import Surface, linear
from studio.table import look_up
from studio.textures import from_three_sides, noise, relief, slopes, tiled, tilted
from studio.vectors import Array, mixed, smoothstep

_WIDTH, _DEPTH, _HEIGHT, _LID = 1.36, 1.06, 0.46, 0.20
_RIBBON = 0.062  # half its width
_CROSSING = (-0.32, -0.20)  # where on the lid the ribbons meet, along x and z

_KRAFT, _FIBRE, _FLECK = linear(196, 156, 112), linear(222, 188, 146), linear(128, 92, 60)
_SATIN, _INK = linear(30, 92, 66), linear(36, 66, 50)


@cache
def _emblem() -> Array:
    return mark(420)


def _kraft(place: Array, normal: Array) -> Surface:
    """Board with long fibres and dark flecks."""
    along = from_three_sides(noise(41, 16, 0.55, 5.0), place, normal, 1.1)
    crossing = from_three_sides(noise(42, 16, 0.55, 0.2), place, normal, 1.1)
    fleck = from_three_sides(noise(43, 46, 0.4, 3.0), place, normal, 1.0)
    colour = mixed(_KRAFT, _FIBRE, np.clip((along + crossing) * np.float32(0.12) + np.float32(0.15), 0, 1))
    colour = mixed(colour, _FLECK, smoothstep(2.5, 3.6, fleck) * np.float32(0.5))
    return Surface.plain(relief(slopes(44, 30, 0.6), place, normal, 0.9, 0.018), colour, 0.02, 0.6)


def _lid(place: Array, normal: Array) -> Surface:
    surface = _kraft(place, normal)
    art = _emblem()
    size = np.float32(0.40)
    u, v = (
        (place[0] - np.float32(0.23)) / size + np.float32(0.5),
        (place[2] - np.float32(0.20)) / size + np.float32(0.5),
    )
    inside = (normal[1] > 0.9) & (u > 0) & (u < 1) & (v > 0) & (v < 1)
    ink = look_up(art, u * art.shape[1], v * art.shape[0]) * inside
    uneven = np.float32(0.86) + from_three_sides(noise(45, 30, 0.5), place, normal, 1.4) * np.float32(0.05)
    surface.colour = mixed(surface.colour, _INK, ink * np.clip(uneven, 0, 1))
    return surface


def _satin(place: Array, normal: Array) -> Surface:
    """Woven threads across the band: gloss that is drawn out along it."""
    thread = tiled(noise(46, 30, 0.3, 30.0), place[2] * np.float32(2.2), place[0] * np.float32(2) + place[1])
    slope = np.zeros_like(place)
    slope[2] = thread * np.float32(0.10)
    surface = Surface.plain(tilted(normal, slope), _SATIN, 0.07, 0.28)
    surface.colour = surface.colour * (1 + thread * np.float32(0.06))
    return surface


def _loop(side: float) -> Points:
    """One loop of the bow, from the knot and back; points (x, y, half width)."""
    path = [
        (0.03, 0.030, 0.030),
        (0.14, 0.125, 0.060),
        (0.30, 0.215, 0.075),
        (0.42, 0.205, 0.078),
        (0.455, 0.130, 0.078),
        (0.39, 0.058, 0.075),
        (0.24, 0.030, 0.062),
        (0.10, 0.022, 0.045),
        (0.02, 0.022, 0.030),
    ]
    return curve([(side * x, y, width) for x, y, width in path])


def _tail(side: float) -> Points:
    path = [(0.02, 0.022, 0.030), (0.12, 0.020, 0.05), (0.24, 0.034, 0.058), (0.36, 0.016, 0.060), (0.47, 0.022, 0.060)]
    return curve([(side * x, y, width) for x, y, width in path])


def scene() -> Scene:
    """The box from a corner, its bow towards the light."""
    yaw, top = 24.0, _HEIGHT + 0.004
    turn = np.radians(yaw)

    def at(x: float, z: float) -> dict[str, float]:
        return {"x": float(x * np.cos(turn) + z * np.sin(turn)), "z": float(-x * np.sin(turn) + z * np.cos(turn))}

    base = Box(_WIDTH - 0.02, _HEIGHT - 0.02, _DEPTH - 0.02, 0.008, _kraft).placed(y=(_HEIGHT - 0.02) / 2, yaw=yaw)
    lid = Box(_WIDTH, _LID, _DEPTH, 0.008, _lid).placed(y=_HEIGHT - _LID / 2, yaw=yaw)
    thin = 0.010
    across = Box(_WIDTH + thin, _HEIGHT + thin, 2 * _RIBBON, 0.004, _satin).placed(
        **at(0, _CROSSING[1]), y=(_HEIGHT + thin) / 2 - 0.001, yaw=yaw
    )
    along = Box(_DEPTH + thin, _HEIGHT + thin + 0.004, 2 * _RIBBON, 0.004, _satin).placed(
        **at(_CROSSING[0], 0), y=(_HEIGHT + thin + 0.004) / 2 - 0.001, yaw=yaw + 90
    )
    knot_at = at(*_CROSSING)
    knot = Blend(
        [
            Box(0.135, 0.078, 0.115, 0.034, _satin),
        ],
        _satin,
    ).placed(**knot_at, y=top + 0.052, yaw=yaw + 10, roll=4)
    bow = [
        Strip(_loop(1), 0.007, _satin).placed(**knot_at, y=top + 0.012, yaw=yaw + 26),
        Strip(_loop(-1), 0.007, _satin).placed(**knot_at, y=top + 0.012, yaw=yaw + 14),
        Strip(_tail(1), 0.007, _satin).placed(**knot_at, y=top + 0.004, yaw=yaw - 38),
        Strip(_tail(-1), 0.007, _satin).placed(**knot_at, y=top + 0.004, yaw=yaw + 62),
    ]
    return Scene(
        (base, lid, across, along, knot, *bow),
        Camera((0.0, 0.27, 0.04), 2.16, pitch=33, distance=9.5, aperture=0.03, focus=0.2),
        Light(
            [
                Softbox(-58, 38, 0.42, 0.6, 8.0, (1.0, 0.985, 0.96)),
                Softbox(80, 30, 0.25, 0.7, 2.6, (0.97, 0.99, 1.0)),
                Softbox(180, 58, 0.7, 0.35, 3.0),
            ]
        ),
        exposure=1.0,
    )
