"""A tin of tea in deep green with a paper band, and a little of the tea before it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from studio.camera import Camera
from studio.cluster import Cluster
from studio.emblem import mark
from studio.heap import strewn
from studio.light import Light, Softbox
from studio.outline import rounded
from studio.scene import Scene
from studio.shapes import Lathe
from studio.surface import Surface, linear
from studio.table import look_up
from studio.textures import azimuth, noise, relief, slopes, tiled, tilted
from studio.vectors import Array, mixed, smoothstep

_RADIUS, _HEIGHT, _LID = 0.43, 1.36, 1.02
_BAND = (0.23, 0.83)  # heights between which the paper goes round
_FINE = 900  # pixels of the printed band per decimetre

_GREEN, _GOLD = linear(22, 66, 50), linear(226, 186, 116)
_PAPER, _INK, _SEAL = linear(243, 236, 220), linear(38, 84, 62), linear(178, 52, 38)


@cache
def _print() -> Array:
    """The printed band, linear light, its front in the middle."""
    height, width = round((_BAND[1] - _BAND[0]) * _FINE), round(2 * np.pi * _RADIUS * _FINE)
    paper = np.broadcast_to(_PAPER[:, 0], (height, width, 3)).copy()
    column = np.arange(width) / width
    random = np.random.default_rng(5)
    for layer in range(3):  # washes of hills along the foot, the far ones paler
        ridge = np.zeros(width)
        for wave in range(1, 14):
            ridge += (
                random.normal() * np.cos(2 * np.pi * ((wave + layer) * column + random.random())) / (wave + 1) ** 1.05
            )
        level = height * (0.70 + 0.085 * layer) - ridge * height * 0.055
        below = np.arange(height)[:, None] - level[None, :]
        wash = np.clip(below / 2 + 0.5, 0, 1) * np.exp(-np.maximum(below, 0) / (height * 0.16)) * (0.20 + 0.14 * layer)
        paper += (_INK[:, 0] - paper) * wash[..., None]
    size = round(0.36 * _FINE)
    _stamp(paper, mark(size), width // 2, round(height * 0.40), _INK[:, 0])
    seal = np.zeros((72, 72), np.float32)
    seal[2:-2, 2:-2] = 1
    for x, top in ((18, 26), (36, 14), (54, 26)):  # three strokes of a hill
        cv2.line(seal, (x, top), (x, 54), 0, 6, cv2.LINE_AA)
    cv2.line(seal, (16, 54), (56, 54), 0, 6, cv2.LINE_AA)
    _stamp(paper, seal * np.float32(0.92), width // 2 + 190, round(height * 0.60), _SEAL[:, 0])
    for edge in (0.035, 0.965):
        row = round(height * edge)
        paper[row - 2 : row + 3] = _GOLD[:, 0] * 0.75
    return np.ascontiguousarray(paper, np.float32)


def _stamp(paper: Array, shape: Array, x: int, y: int, ink: Array) -> None:
    height, width = shape.shape
    spot = paper[y - height // 2 : y - height // 2 + height, x - width // 2 : x - width // 2 + width]
    spot += (ink - spot) * shape[..., None]


def _tin(place: Array, normal: Array) -> Surface:
    height, radius = place[1], np.hypot(place[0], place[2])
    turn = azimuth(place)
    side = smoothstep(0.4, 0.8, np.hypot(normal[0], normal[2]))
    surface = Surface.plain(relief(slopes(21, 6, 1.4), place, normal, 0.5, 0.006), _GREEN, 0.045, 0.16)
    band = side * (height > _BAND[0]) * (height < _BAND[1])
    art = _print()
    printed = look_up(
        art, (turn + 0.5) * np.float32(art.shape[1]), (_BAND[1] - height) * np.float32(_FINE) - np.float32(0.5)
    )
    fibres = np.float32(1) + tiled(noise(8, 20, 0.6), turn * 5, height * 2) * np.float32(0.012)
    surface.colour = mixed(surface.colour, printed * fibres, band)
    surface.gloss = mixed(surface.gloss, 0.025, band)
    surface.roughness = mixed(surface.roughness, 0.55, band)
    gold = (np.abs(height - (_LID + 0.012)) < 0.013) * side + (np.abs(radius - 0.30) < 0.006) * (normal[1] > 0.9)
    gold = np.clip(gold, 0, 1).astype(np.float32)
    surface.metal = gold
    surface.colour = mixed(surface.colour, _GOLD, gold)
    surface.roughness = mixed(surface.roughness, 0.22, gold)
    edge = np.exp(-(((height - _BAND[0]) / 0.004) ** 2)) - np.exp(-(((height - _BAND[1]) / 0.004) ** 2))
    slope = np.zeros_like(place)
    slope[1] = edge * side * np.float32(0.35)
    surface.normal = tilted(surface.normal, slope)
    return surface


def scene() -> Scene:
    """Upright, a little from above."""
    top = _HEIGHT
    outline = rounded(
        [
            (0, 0, 0),
            (_RADIUS - 0.012, 0, 0.014),
            (_RADIUS, 0.02, 0.012),
            (_RADIUS, _LID - 0.006, 0.004),
            (_RADIUS - 0.006, _LID, 0),
            (_RADIUS + 0.006, _LID, 0.004),
            (_RADIUS + 0.006, top, 0.035),
            (_RADIUS - 0.07, top, 0.02),
            (_RADIUS - 0.075, top - 0.014, 0.02),
            (0, top - 0.014, 0),
        ]
    )
    random = np.random.default_rng(12)
    angle, far = random.uniform(0, 2 * np.pi, 120), np.abs(random.normal(0, 1, 120))
    heap = np.stack(
        [0.40 + 0.10 * far * np.cos(angle), 0.055 * np.exp(-far * 1.1), 0.60 + 0.075 * far * np.sin(angle)], axis=1
    )
    greens = np.concatenate([linear(52, 60, 34), linear(70, 74, 42), linear(38, 44, 28), linear(88, 84, 50)], axis=1).T
    leaves = strewn(heap, seed=4, length=(0.11, 0.19), thick=0.0085, colours=greens)
    return Scene(
        (
            Lathe(outline, _tin, cell=0.003),
            Cluster(leaves, cell=0.008, gloss=0.03, roughness=0.5),
        ),
        Camera((0.09, 0.64, 0), 2.0, pitch=13, distance=9, aperture=0.03, focus=0.4),
        Light(
            [
                Softbox(-62, 20, 0.36, 1.0, 7.0, (1.0, 0.99, 0.97)),
                Softbox(80, 16, 0.16, 1.0, 6.0, (0.98, 0.99, 1.0)),
                Softbox(180, 65, 0.8, 0.4, 3.0),
            ]
        ),
        width=900,
        height=1200,
    )
