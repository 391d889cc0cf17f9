"""Leaves as sprites: maple, ginkgo, ovate, lance."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import shifted
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field, Points, curve, mix
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite

SIZE = 128


def _finished(sheet: Sketch, tone: Field, *, lean: float = 0.22) -> Sprite:
    """The drawn leaf with a light that falls over it from above left."""
    rgba = sheet.premultiplied()
    axis = np.linspace(-1, 1, SIZE, dtype=np.float32)
    fall = 1 - lean * (axis[None, :] * 0.6 + axis[:, None] * 0.6)
    warm = mix(tone, np.array([1.0, 0.95, 0.7], np.float32), 0.35)
    glow = np.clip(-(axis[None, :] + axis[:, None]) * 0.22, 0, 0.3)[..., None]
    colours = rgba[..., :3] * fall[..., None] * (1 - glow) + warm * rgba[..., 3:] * glow
    return Sprite(np.concatenate([np.clip(colours, 0, 1), rgba[..., 3:]], axis=-1).astype(np.float32))


def maple(tone: Field) -> Sprite:
    """A leaf of five pointed lobes."""
    half = SIZE / 2
    outline: list[list[float]] = []
    lobes = [(-2.25, 0.62), (-1.12, 0.90), (0.0, 1.0), (1.12, 0.90), (2.25, 0.62)]
    for index, (turn, long) in enumerate(lobes):
        for offset, reach in (
            (-0.30, 0.46),
            (-0.17, 0.70),
            (-0.13, 0.66),
            (0.0, 1.0),
            (0.13, 0.66),
            (0.17, 0.70),
            (0.30, 0.46),
        ):
            angle = turn + offset - np.pi / 2
            outline.append([np.cos(angle) * long * reach, np.sin(angle) * long * reach])
        if index < len(lobes) - 1:
            between = (turn + lobes[index + 1][0]) / 2 - np.pi / 2
            outline.append([np.cos(between) * 0.27, np.sin(between) * 0.27])
    points: Points = np.array(outline) * half * 0.88 + half + (0, SIZE * 0.06)
    sheet = Sketch(0, 0, SIZE, SIZE)
    sheet.stroke(np.array([[half, half], [half + 3, SIZE * 0.97]]), 3.0, shifted(tone, lightness=0.6))
    sheet.polygon(points, tone)
    for turn, long in lobes:
        angle = turn - np.pi / 2
        tip = (half + np.cos(angle) * half * 0.78 * long, half * 1.12 + np.sin(angle) * half * 0.78 * long)
        sheet.stroke(np.array([[half, half * 1.18], tip]), 1.5, shifted(tone, lightness=0.78))
    return _finished(sheet, tone)


def ginkgo(tone: Field) -> Sprite:
    """A fan on a long stalk."""
    half = SIZE / 2
    turns = np.linspace(-1.18, 1.18, 41)
    reach = 0.78 + 0.03 * np.sin(turns * 23) - 0.20 * np.exp(-((turns / 0.06) ** 2))
    fan = np.stack([np.sin(turns) * reach, 0.42 - np.cos(turns) * reach], axis=1)
    points = np.concatenate([fan, [[0.06, 0.44], [-0.06, 0.44]]]) * half + half
    sheet = Sketch(0, 0, SIZE, SIZE)
    stalk = curve([[0, 0.40], [0.03, 0.70], [0.10, 0.96]], 12) * half + half
    sheet.stroke(stalk, 3.2, shifted(tone, lightness=0.75))
    sheet.polygon(points, tone)
    for turn in np.linspace(-1.05, 1.05, 15):
        tip = np.array([np.sin(turn) * 0.70, 0.42 - np.cos(turn) * 0.70]) * half + half
        sheet.stroke(np.array([[half, half * 1.40], tip]), 0.9, shifted(tone, lightness=0.86))
    return _finished(sheet, tone)


def ovate(tone: Field, *, slim: float = 0.42) -> Sprite:
    """A pointed oval leaf with its midrib; `slim` is its width as a share of its length."""
    half = SIZE / 2
    t = np.linspace(0, 1, 26)
    wide = slim * np.sin(np.pi * t**0.8) ** 0.9
    left = np.stack([-wide, 0.92 - 1.84 * t], axis=1)
    right = np.stack([wide, 0.92 - 1.84 * t], axis=1)[::-1]
    sheet = Sketch(0, 0, SIZE, SIZE)
    sheet.polygon(np.concatenate([left, right]) * half + half, tone)
    sheet.polygon(np.concatenate([right, [[0, 0.92], [0, -0.92]]]) * half + half, shifted(tone, lightness=0.84))
    sheet.stroke(np.array([[0, 0.94], [0, -0.85]]) * half + half, 1.6, shifted(tone, lightness=1.25))
    for step in np.linspace(-0.6, 0.6, 6):
        for side in (-1, 1):
            vein = np.array([[0, step + 0.12], [side * slim * 0.75, step - 0.10]]) * half + half
            sheet.stroke(vein, 0.8, shifted(tone, lightness=1.12))
    return _finished(sheet, tone)


def lance(tone: Field) -> Sprite:
    """A long slim leaf: bamboo, willow."""
    return ovate(tone, slim=0.13)


def petal(rng: Random, tone: Field) -> Sprite:
    """One fallen petal, slightly cupped."""
    half = SIZE / 2
    outline = curve(
        [
            [0, 0.75],
            [-0.42, 0.25],
            [-0.50, -0.28],
            [-0.16, -0.62],
            [0.0, -0.50],
            [0.18, -0.62],
            [0.50, -0.25],
            [0.40, 0.28],
        ],
        48,
        closed=True,
    )
    sheet = Sketch(0, 0, SIZE, SIZE)
    sheet.polygon(outline * half * 0.95 + half, tone)
    rgba = sheet.premultiplied()
    axis = np.linspace(-1, 1, SIZE, dtype=np.float32)
    deep = shifted(tone, saturation=1.3, lightness=0.82)
    share = np.clip(0.15 + 0.7 * axis[:, None] + 0.15 * axis[None, :] * rng.choice([-1, 1]), 0, 1)
    share = np.broadcast_to(share, (SIZE, SIZE)).astype(np.float32)
    colours = mix(rgba[..., :3], deep * rgba[..., 3:], share)
    return Sprite(np.concatenate([colours, rgba[..., 3:]], axis=-1).astype(np.float32))
