"""What hangs in the air: butterflies, dragonflies, kites, balloons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Numbers
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Layer, Motion
from wan_engine.storyboard.picture.marks import stamp
from wan_engine.storyboard.picture.raster import Field, Points, curve
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite, coded
from wan_engine.storyboard.stage import Stage

SIZE = 160


@dataclass(frozen=True, slots=True)
class Wings:
    """Insects on their ways: each pair of wings opens and closes about its body."""

    sprites: tuple[Sprite, ...]
    x: Numbers
    y: Numbers
    round: Numbers  #: how far each strays, pixels
    size: Numbers
    start: Numbers
    beats: float  #: in a clip
    least: float  #: how far the wings close, 0 to 1
    depth: float = 0.85

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        turn = 2 * math.pi * phase
        for index in range(len(self.x)):
            start = 2 * math.pi * self.start[index]
            x = (
                self.x[index]
                + self.round[index] * (math.sin(turn + start) + 0.35 * math.sin(3 * turn + 2 * start))
                + view.shift_x
            )
            y = (
                self.y[index]
                + self.round[index] * 0.6 * (math.sin(2 * turn + 1.7 * start) + 0.3 * math.cos(5 * turn + start))
                + view.shift_y
            )
            open_ = self.least + (1 - self.least) * abs(math.cos(math.pi * self.beats * phase + start))
            lean = 0.45 * math.sin(turn + start)
            stamp(
                frame,
                self.sprites[index % len(self.sprites)],
                float(x),
                float(y),
                float(self.size[index]),
                turn=lean,
                squash=open_,
                tilt=math.pi / 2 + lean,
            )


def insects(stage: Stage, kind: str) -> Wings:
    """A few `butterflies` or `dragonfly`s over the near ground."""
    rng = stage.random(kind)
    count = 4 if kind == "butterflies" else 3
    tones = ("#f0b43c", "#f3f0e6", "#7fa6d8", "#e98a9c") if kind == "butterflies" else ("#c8402f", "#3f7f9a", "#4f8a52")
    dim = 0.5 if stage.palette.dark else 0.0
    made = [
        _butterfly(blend(colour(tone), stage.palette.near, dim))
        if kind == "butterflies"
        else _dragonfly(blend(colour(tone), stage.palette.near, dim))
        for tone in tones
    ]
    return Wings(
        sprites=tuple(coded(sprite) for sprite in made),
        x=stage.width * (0.18 + 0.64 * (np.arange(count) + rng.random(count)) / count),
        y=stage.height * rng.uniform(0.48, 0.66, count),
        round=stage.unit * rng.uniform(0.04, 0.09, count),
        size=stage.unit * rng.uniform(0.075, 0.125, count),
        start=rng.random(count),
        beats=float(round((3.2 if kind == "butterflies" else 9) * stage.seconds)),
        least=0.12 if kind == "butterflies" else 0.8,
    )


def _butterfly(tone: Field) -> Sprite:
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    edge = shifted(tone, lightness=0.35)
    for side in (-1, 1):
        upper = curve(
            [[0.03, -0.10], [0.30, -0.62], [0.72, -0.76], [0.88, -0.52], [0.66, -0.12], [0.06, 0.04]], 50, closed=True
        )
        lower = curve([[0.04, 0.02], [0.48, 0.06], [0.62, 0.34], [0.40, 0.62], [0.16, 0.42]], 40, closed=True)
        for outline in (lower, upper):
            sheet.polygon(outline * (side, 1) * half + half, edge)
            inner = (outline - outline.mean(axis=0)) * 0.80 + outline.mean(axis=0) - (0.02, 0)
            sheet.polygon(inner * (side, 1) * half + half, tone)
        for x, y, radius in ((0.60, -0.46, 0.09), (0.38, 0.34, 0.07)):
            sheet.disc(half + side * x * half, half + y * half, radius * half, blend(tone, colour("#ffffff"), 0.55))
    sheet.stroke(
        curve([[0, -0.26], [0.005, 0.0], [0, 0.42]], 12) * half + half,
        np.array([4, 6, 8, 8, 8, 7, 7, 6, 5, 4, 3, 2.0]),
        colour("#2a211d"),
    )
    for side in (-1, 1):
        sheet.stroke(
            curve([[0, -0.26], [side * 0.08, -0.42], [side * 0.18, -0.52]], 10) * half + half, 1.4, colour("#2a211d")
        )
    return Sprite(sheet.premultiplied())


def _dragonfly(tone: Field) -> Sprite:
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    for side in (-1, 1):
        for lift, long in ((-0.18, 0.88), (0.10, 0.80)):
            wing = curve(
                [
                    [0.03, -0.12 + 0.10 * (lift > 0)],
                    [long * 0.6, lift - 0.10],
                    [long, lift - 0.02],
                    [long * 0.6, lift + 0.07],
                ],
                40,
                closed=True,
            )
            sheet.polygon(wing * (side, 1) * half + half, blend(tone, colour("#ffffff"), 0.80))
            sheet.stroke(
                np.array([[0.03, -0.10], [long * 0.95, lift - 0.02]]) * (side, 1) * half + half,
                1.2,
                shifted(tone, lightness=0.7),
            )
    rgba = sheet.premultiplied() * 0.62
    body = Sketch(0, 0, SIZE, SIZE)
    body.stroke(
        np.array([[0, -0.34], [0, -0.12], [0, 0.1], [0, 0.5], [0, 0.9]]) * half + half,
        np.array([8, 15, 9, 6, 5.0]),
        tone,
    )
    body.disc(half, half * 0.62, 8.5, shifted(tone, lightness=0.75))
    drawn = body.premultiplied()
    return Sprite(np.asarray(rgba * (1 - drawn[..., 3:]) + drawn, np.float32))


def aloft(stage: Stage, kind: str) -> list[Layer]:
    """A `kite` on its string, or three `balloon`s, in the upper middle of the frame."""
    rng = stage.random(kind)
    layers = []
    count = 1 if kind == "kite" else 3
    for index in range(count):
        depth = (0.42, 0.30, 0.20)[index]
        size = stage.unit * ((0.20,) if kind == "kite" else (0.25, 0.15, 0.095))[index]
        x = stage.width * ((0.56,) if kind == "kite" else (0.40, 0.68, 0.23))[index] + rng.normal(0, 0.02) * stage.width
        y = stage.height * ((0.30,) if kind == "kite" else (0.335, 0.27, 0.41))[index]
        sheet = Sketch(
            x - size * 0.9,
            y - size * 1.1,
            x + size * 0.9,
            min(stage.height, y + size * (2.6 if kind == "kite" else 1.5)),
        )
        (_kite if kind == "kite" else _balloon)(stage, sheet, x, y, size, index)
        picture = stage.style.thing(stage, sheet.picture(), 0.6 + 0.4 * depth, f"{kind} {index}")
        start = rng.random()
        rise = -0.015 * stage.unit * min(stage.seconds, 8) * (kind != "kite")

        def ride(phase: float, start: float = start, rise: float = rise, size: float = size) -> Motion:
            return Motion(
                x=0.05 * size * math.sin(2 * math.pi * (phase + start)),
                y=rise * (phase - 0.5) + 0.03 * size * math.sin(2 * math.pi * (2 * phase + start)),
                turn=(0.06 if rise == 0 else 0.012) * math.sin(2 * math.pi * (phase + start + 0.2)),
            )

        layers.append(
            stage.layer(picture, depth, name=f"{kind} {index}", top=sheet.top, left=sheet.left, sway=ride, pivot=(x, y))
        )
    return layers


def _kite(stage: Stage, sheet: Sketch, x: float, y: float, size: float, _index: int) -> None:
    """A swallow kite of silk, as flown in spring."""
    red, gold = colour("#cf3a2b"), colour("#f0b43c")

    def at(points: Points) -> Points:
        return points * size * 0.5 + (x, y)

    string = curve([[0.0, 0.3], [-0.15, 1.6], [-0.55, 3.2], [-1.2, 5.0]], 30)
    sheet.stroke(at(string), 1.0, blend(stage.palette.near, stage.palette.haze, 0.4))
    for side in (-1, 1):
        wing = curve([[0.0, -0.30], [0.45, -0.52], [1.15, -0.42], [0.90, -0.10], [0.35, 0.02], [0.0, 0.12]], 40) * (
            side,
            1,
        )
        sheet.polygon(at(wing), red if side < 0 else shifted(red, lightness=1.12))
        inner = curve([[0.20, -0.26], [0.60, -0.38], [0.95, -0.34], [0.70, -0.14], [0.30, -0.06]], 30, closed=True) * (
            side,
            1,
        )
        sheet.polygon(at(inner), gold)
        tail = np.array([[0.0, 0.0], [0.14, 0.05], [0.46, 0.98], [0.22, 0.88], [0.02, 0.40]]) * (side, 1)
        sheet.polygon(at(tail), shifted(red, lightness=0.86))
    sheet.polygon(
        at(curve([[0, -0.62], [0.16, -0.40], [0.14, 0.10], [0, 0.34], [-0.14, 0.10], [-0.16, -0.40]], 40, closed=True)),
        colour("#2d3440"),
    )
    for side in (-1, 1):
        sheet.disc(x + side * 0.035 * size, y - 0.21 * size, 0.022 * size, colour("#ffffff"))


def _balloon(stage: Stage, sheet: Sketch, x: float, y: float, size: float, index: int) -> None:
    """A hot-air balloon of bright gores."""
    tones = [("#d9503a", "#f4ead6"), ("#e7a63a", "#3f7f8a"), ("#5f7fb8", "#f2d9a0")][index % 3]
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    dim = 0.45 if stage.palette.dark else 0.0
    t = np.linspace(0, 1, 40)
    radius = np.interp(t, [0, 0.12, 0.36, 0.62, 0.85, 1.0], [0.02, 0.28, 0.47, 0.44, 0.24, 0.12])
    height = -0.52 + 1.06 * t
    for gore in range(10):
        for near in (0,):
            left, right = (math.sin(math.pi * (gore + step) / 10 - math.pi / 2) for step in (near, near + 1))
            strip = np.concatenate(
                [np.stack([radius * left, height], axis=1), np.stack([radius * right, height], axis=1)[::-1]]
            )
            middle = (left + right) / 2
            light = 0.74 + 0.34 * (0.5 + 0.5 * side * middle)
            tone = blend(colour(tones[gore % 2]), stage.palette.near, dim)
            sheet.polygon(strip * size + (x, y), shifted(tone, lightness=float(light)))
    basket = blend(colour("#7b5533"), stage.palette.near, dim)
    for share in (-0.09, 0.09):
        sheet.stroke(
            np.array([[x + share * 1.2 * size, y + 0.53 * size], [x + share * 0.8 * size, y + 0.72 * size]]),
            1.2,
            basket,
        )
    sheet.polygon(np.array([[-0.085, 0.70], [0.085, 0.70], [0.07, 0.83], [-0.07, 0.83]]) * size + (x, y), basket)
