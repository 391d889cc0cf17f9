"""A Yixing teapot of brown clay with two small cups."""

from __future__ import annotations

import numpy as np

from studio.camera import Camera
from studio.light import Light, Softbox
from studio.outline import curve, rounded
from studio.scene import Scene
from studio.shapes import Blend, Lathe, Tube
from studio.surface import Surface, linear, plain
from studio.textures import from_three_sides, noise, relief, slopes
from studio.vectors import Array, mixed, smoothstep

_CLAY, _PALE, _DARK = linear(124, 66, 46), linear(172, 112, 78), linear(78, 40, 30)


def _zisha(place: Array, normal: Array) -> Surface:
    """Unglazed clay: a satin skin with fine grains of lighter and darker sand in it."""
    cloud = from_three_sides(noise(31, 2, 1.6), place, normal, 0.5)
    grain = from_three_sides(noise(32, 30, 1.6), place, normal, 1.25)
    colour = _CLAY * (1 + cloud * np.float32(0.07))
    colour = mixed(colour, _PALE, smoothstep(1.3, 2.6, grain) * np.float32(0.75))
    colour = mixed(colour, _DARK, smoothstep(-1.4, -2.8, grain) * np.float32(0.7))
    rough = relief(slopes(33, 26, 1.4), place, normal, 1.1, 0.045)
    return Surface.plain(rough, colour, 0.05, 0.36)


def _body() -> Blend:
    belly = curve(
        [
            (0.30, 0.02),
            (0.44, 0.08),
            (0.58, 0.22),
            (0.635, 0.40),
            (0.58, 0.57),
            (0.45, 0.685),
            (0.345, 0.715),
        ]
    )
    lid = curve(
        [
            (0.338, 0.752),
            (0.27, 0.795),
            (0.15, 0.83),
            (0.075, 0.845),
            (0.052, 0.865),
            (0.058, 0.892),
            (0.098, 0.925),
            (0.112, 0.965),
            (0.09, 1.005),
            (0.04, 1.022),
            (0.0, 1.025),
        ],
        10,
    )
    section = np.concatenate(
        [
            rounded([(0, 0.03, 0), (0.24, 0.03, 0.01), (0.25, 0.0, 0.008)])[:-1],
            [[0.255, 0.0]],
            belly,
            rounded(
                [
                    (0.345, 0.715, 0),
                    (0.352, 0.728, 0.006),
                    (0.340, 0.733, 0.002),
                    (0.325, 0.7335, 0),
                    (0.325, 0.738, 0),
                    (0.357, 0.7385, 0.003),
                    (0.357, 0.752, 0.006),
                ]
            ),
            lid,
        ]
    )
    spout = curve(
        [(0.46, 0.30, 0.175), (0.66, 0.36, 0.125), (0.80, 0.50, 0.088), (0.89, 0.645, 0.068), (0.965, 0.735, 0.060)]
    )
    bore = curve([(0.84, 0.58, 0.036), (0.90, 0.655, 0.038), (0.965, 0.735, 0.042), (1.06, 0.85, 0.06)])
    handle = curve(
        [
            (-0.42, 0.60, 0.075),
            (-0.60, 0.67, 0.060),
            (-0.80, 0.685, 0.053),
            (-0.945, 0.60, 0.050),
            (-0.955, 0.46, 0.048),
            (-0.86, 0.32, 0.046),
            (-0.72, 0.225, 0.05),
            (-0.52, 0.17, 0.07),
        ]
    )
    return Blend(
        [Lathe(section, _zisha, cell=0.003), Tube(spout, _zisha), Tube(handle, _zisha, flat=0.92)],
        _zisha,
        softness=0.075,
        carved=[Tube(bore, _zisha)],
    )


def _cup() -> Lathe:
    outside = curve([(0.12, 0.0), (0.17, 0.025), (0.215, 0.10), (0.228, 0.18), (0.236, 0.215)])
    inside = curve([(0.214, 0.217), (0.204, 0.17), (0.185, 0.09), (0.13, 0.045), (0.0, 0.035)])
    edge = curve([(0.236, 0.215), (0.232, 0.225), (0.222, 0.227), (0.214, 0.217)], 4)[1:-1]
    return Lathe(np.concatenate([[[0, 0.0]], outside, edge, inside]), _zisha, cell=0.0025)


def scene() -> Scene:
    """The pot three quarters on, its cups before it."""
    tea = rounded([(0, 0.14, 0), (0.206, 0.14, 0), (0.206, 0.172, 0), (0, 0.172, 0)])
    amber = plain(linear(150, 66, 18), 0.02, 0.0)
    return Scene(
        (
            _body().placed(y=0.0, yaw=-14),
            _cup().placed(0.66, 0, 0.72),
            Lathe(tea, amber, cell=0.003).placed(0.66, 0, 0.72),
            _cup().placed(0.20, 0, 0.92),
            Lathe(tea, amber, cell=0.003).placed(0.20, 0, 0.92),
        ),
        Camera((0.04, 0.42, 0.2), 2.5, pitch=19, distance=9.5, aperture=0.035, focus=0.35),
        Light(
            [
                Softbox(-50, 40, 0.45, 0.6, 8.0, (1.0, 0.985, 0.96)),
                Softbox(75, 24, 0.25, 0.8, 4.5, (0.97, 0.99, 1.0)),
                Softbox(180, 55, 0.8, 0.35, 4.0),
            ]
        ),
        exposure=1.12,
    )
