"""Two cakes of pressed pu'er: one in its paper, standing, and one without, before it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from studio.camera import Camera
from studio.cluster import Cluster
from studio.emblem import mark
from studio.heap import pressed
from studio.light import Light, Softbox
from studio.outline import curve
from studio.scene import Scene
from studio.shapes import Lathe
from studio.surface import Surface, linear, plain
from studio.table import look_up
from studio.textures import from_three_sides, noise, slopes, tiled, tilted
from studio.vectors import Array, mixed, smoothstep

_WRAPPED, _BARE = 0.80, 0.62  # radii
_FINE = 640  # pixels of the print per decimetre
_LEAVES = 3400  #: pressed into the bare cake's surface
_PAPER, _GREEN, _RED = linear(240, 231, 212), linear(38, 88, 64), linear(166, 50, 36)


@cache
def _print() -> Array:
    """Ink on the face, (size, size, 2): how much green and how much red."""
    size = round(2 * _WRAPPED * _FINE)
    ink = np.zeros((size, size, 2), np.float32)
    middle = size // 2
    leaf = mark(round(0.50 * _FINE))
    start = middle - leaf.shape[0] // 2
    ink[start : start + leaf.shape[0], start : start + leaf.shape[0], 0] = leaf
    ring = np.zeros((size, size), np.uint8)
    for radius, width in ((0.355, 2), (0.37, 5), (0.60, 5), (0.615, 2)):
        cv2.circle(ring, (middle, middle), round(radius * _FINE), 255, width, cv2.LINE_AA)
    small = mark(round(0.155 * _FINE))
    half = small.shape[0] / 2
    for turn in range(8):  # where an old wrapper has its eight characters
        angle = 45.0 * turn
        move = cv2.getRotationMatrix2D((half, half), -angle, 1.0)
        move[:, 2] += middle - half + 0.487 * _FINE * np.array([np.sin(np.radians(angle)), -np.cos(np.radians(angle))])
        ring = np.maximum(ring, cv2.warpAffine((small * 255).astype(np.uint8), move, (size, size)))
    ink[..., 1] = ring.astype(np.float32) / 255
    return ink


def _wrapped(place: Array, normal: Array) -> Surface:
    """Cotton paper: wrinkled towards the rim, where it is folded round."""
    radius, angle = np.hypot(place[0], place[2]), np.arctan2(place[0], place[2])
    turn = angle / np.float32(2 * np.pi)
    rim = smoothstep(0.42, 0.80, radius)
    crease = tiled(noise(51, 4, 1.4, 0.2), turn + radius * np.float32(0.05), radius * np.float32(0.16))
    ahead = tiled(
        noise(51, 4, 1.4, 0.2), turn + radius * np.float32(0.05) + np.float32(0.004), radius * np.float32(0.16)
    )
    fold = np.tanh((ahead - crease) * np.float32(3.5)) * rim
    around = np.stack([place[2], np.zeros_like(radius), -place[0]]) / np.maximum(radius, 1e-3)
    wide = (
        tiled(slopes(52, 3, 1.5), place[0] * np.float32(0.42), place[2] * np.float32(0.42))
        * np.float32(0.06)
        * (1 + rim)
    )
    slope = around * fold * np.float32(0.22)
    slope[0] += wide[0]
    slope[2] += wide[1]
    art = _print()
    green, red = look_up(art, (place[0] + _WRAPPED) * np.float32(_FINE), (place[2] + _WRAPPED) * np.float32(_FINE))
    face = (normal[1] > 0.35).astype(np.float32)
    fibres = 1 + from_three_sides(noise(53, 24, 0.6, 4.0), place, normal, 1.0) * np.float32(0.018)
    colour = _PAPER * fibres
    patchy = np.clip(
        np.float32(0.9) + from_three_sides(noise(54, 40, 0.5), place, normal, 1.2) * np.float32(0.05), 0, 1
    )
    colour = mixed(mixed(colour, _GREEN, green * face * patchy), _RED, red * face * patchy)
    return Surface.plain(tilted(normal, slope), colour, 0.015, 0.6)


def _section(radius: float, thick: float) -> np.ndarray:
    """Flatter below, domed above, as a stone press leaves it."""
    return np.concatenate(
        [
            [[0.0, 0.012]],
            curve(
                [
                    (0.35 * radius, 0.0),
                    (0.80 * radius, 0.01),
                    (0.96 * radius, 0.25 * thick),
                    (radius, 0.45 * thick),
                    (0.965 * radius, 0.68 * thick),
                    (0.86 * radius, 0.84 * thick),
                    (0.55 * radius, 0.97 * thick),
                    (0.0, thick),
                ]
            ),
        ]
    )


def _bare(core: Lathe) -> Cluster:
    random = np.random.default_rng(61)
    section = _section(_BARE, 0.24)[1:]
    way = np.diff(section, axis=0)
    share = np.hypot(way[:, 0], way[:, 1]) * (section[:-1, 0] + 0.02) * (section[:-1, 1] > 0.015)
    piece, along = random.choice(len(way), _LEAVES, p=share / share.sum()), random.random(_LEAVES)
    radius = np.sqrt(section[piece, 0] ** 2 * (1 - along) + section[piece + 1, 0] ** 2 * along)
    angle = random.uniform(0, 2 * np.pi, _LEAVES)
    places = np.stack(
        [radius * np.cos(angle), section[piece, 1] + way[piece, 1] * along, radius * np.sin(angle)], axis=1
    )
    browns = [
        linear(74, 54, 36),
        linear(58, 42, 30),
        linear(92, 70, 46),
        linear(46, 36, 28),
        linear(84, 72, 48),
        linear(150, 116, 70),
    ]
    leaves = pressed(core, places, seed=62, length=(0.07, 0.17), thick=0.0145, colours=np.concatenate(browns, axis=1).T)
    return Cluster(leaves, cell=0.008, gloss=0.035, roughness=0.42)


def scene() -> Scene:
    """The wrapped one leans on a stand that is out of sight."""
    tilt = 68.0
    back = Lathe(_section(_WRAPPED, 0.27), _wrapped, cell=0.004)
    lift = _WRAPPED * np.sin(np.radians(tilt)) + 0.01
    core = Lathe(_section(_BARE, 0.24), plain(linear(40, 30, 22), 0.02, 0.6))
    front = {"x": 0.50, "z": 0.62}
    return Scene(
        (
            back.placed(-0.16, float(lift), -0.30, yaw=10, pitch=tilt, roll=0),
            _bare(core).placed(front["x"], 0.012, front["z"]),
            core.placed(front["x"], 0.004, front["z"]),
        ),
        Camera((0.12, 0.60, 0), 2.35, pitch=21, distance=9.5, aperture=0.03, focus=0.3),
        Light(
            [
                Softbox(-60, 36, 0.40, 0.6, 9.0, (1.0, 0.985, 0.96)),
                Softbox(72, 26, 0.25, 0.7, 3.0, (0.97, 0.99, 1.0)),
                Softbox(180, 58, 0.7, 0.35, 3.0),
            ]
        ),
        exposure=1.0,
        samples=24,
    )
