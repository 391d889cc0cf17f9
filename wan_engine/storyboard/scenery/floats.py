"""What floats: a boat with its boatman, ducks. Each rocks a little over its own mirror image."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Motion, Picture, Sway
from wan_engine.storyboard.picture.raster import blur, curve, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.masonry import tone_of_wood
from wan_engine.storyboard.stage import Stage


def afloat(stage: Stage, kind: str, *, x: float, line: float, size: float, depth: float) -> list[Layer]:
    """A `boat` or a family of ducks on the water, their water line on row `line`."""
    sheet = Sketch(x - size * 0.8, line - size * 0.95, x + size * 0.8, line + size * 0.02)
    way = 1.0 if stage.light[0] > 0.5 else -1.0
    if kind == "boat":
        _boat(stage, sheet, x, line, size, way)
    else:
        for index, (offset, scale) in enumerate(((0.0, 1.0), (-0.42, 0.62), (-0.66, 0.55))):
            _duck(
                stage,
                sheet,
                x + way * offset * size,
                line - 0.01 * size * index,
                size * 0.42 * scale,
                way,
                young=index > 0,
            )
    picture = stage.style.thing(stage, sheet.picture(), depth * 0.5 + 0.5, kind)
    assert picture.alpha is not None
    rng = stage.random(kind)
    start = rng.uniform(0, 1)
    travel = 0.045 * stage.unit * min(stage.seconds, 8) * way

    def ride(phase: float) -> Motion:
        return Motion(
            x=travel * (phase - 0.5),
            y=0.004 * size * math.sin(2 * math.pi * (2 * phase + start)),
            turn=0.010 * math.sin(2 * math.pi * (phase + start)),
        )

    def mirrored(phase: float) -> Motion:
        motion = ride(phase)
        return Motion(
            x=motion.x, y=-motion.y, turn=-motion.turn, shear=0.02 * math.sin(2 * math.pi * (3 * phase + start))
        )

    rows = picture.alpha.shape[0]
    below = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    flipped = mix(blur(picture.rgb[::-1], 1.0, 3.0), stage.palette.water, 0.35)
    fade = blur(np.ascontiguousarray(picture.alpha[::-1]), 1.0, 3.5) * smoothstep(1.0, 0.0, below) * 0.62
    pivot = (x, line)

    def hung(part: Picture, name: str, top: int, sway: Sway) -> Layer:
        return stage.layer(part, depth, name=name, top=top, left=sheet.left, sway=sway, pivot=pivot)

    image = hung(Picture(flipped, fade), f"{kind} image", sheet.top + rows - 2, mirrored)
    return [image, hung(picture, kind, sheet.top, ride)]


def _boat(stage: Stage, sheet: Sketch, x: float, line: float, size: float, way: float) -> None:
    """A sampan with a woven cover and a boatman in a straw hat."""
    wood = tone_of_wood(stage)
    half = size * 0.5
    cloth = blend(colour("#3c4a55"), stage.palette.near, 0.5 if stage.palette.dark else 0.2)
    straw = blend(colour("#d8bc85"), stage.palette.near, 0.45 if stage.palette.dark else 0.08)

    def at(points: list[list[float]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array(points) * (half * way, half) + (x, line)

    hull = np.concatenate(
        [
            curve(at([[-1.0, -0.17], [-0.6, 0.0], [0.0, 0.04], [0.62, -0.01], [1.08, -0.24]]), 30),
            curve(at([[1.08, -0.24], [0.6, -0.13], [0, -0.09], [-0.6, -0.11], [-1.0, -0.17]]), 30),
        ]
    )
    sheet.polygon(hull, wood)
    sheet.stroke(
        curve(at([[1.08, -0.24], [0.6, -0.13], [0, -0.09], [-0.6, -0.11], [-1.0, -0.17]]), 30),
        max(1.5, 0.018 * size),
        blend(wood, stage.palette.light, 0.4),
    )
    cover = curve(at([[-0.52, -0.10], [-0.46, -0.36], [-0.18, -0.46], [0.12, -0.36], [0.20, -0.10]]), 30)
    sheet.polygon(cover, shifted(straw, lightness=0.62))
    for share in np.linspace(-0.42, 0.08, 6):
        rib = curve(at([[share, -0.10], [share + 0.02, -0.30], [share + 0.06, -0.40]]), 10)
        sheet.stroke(rib, 1.5, shifted(straw, lightness=0.85))
    sheet.polygon(at([[0.46, -0.10], [0.50, -0.52], [0.60, -0.60], [0.70, -0.52], [0.74, -0.10]]), cloth)
    sheet.polygon(
        at([[0.50, -0.50], [0.66, -0.34], [0.86, -0.40], [0.84, -0.46], [0.68, -0.44], [0.60, -0.56]]),
        shifted(cloth, lightness=1.2),
    )
    sheet.disc(
        float(x + 0.60 * half * way),
        float(line - 0.64 * half),
        0.065 * half,
        blend(colour("#c99b78"), stage.palette.near, 0.3),
    )
    sheet.polygon(at([[0.40, -0.66], [0.60, -0.83], [0.80, -0.66]]), straw)
    sheet.polygon(at([[0.40, -0.66], [0.60, -0.83], [0.58, -0.66]]), shifted(straw, lightness=1.12))
    sheet.stroke(at([[0.92, 0.10], [0.80, -0.90]]), max(1.2, 0.010 * size), blend(wood, stage.palette.light, 0.15))


def _duck(stage: Stage, sheet: Sketch, x: float, line: float, size: float, way: float, *, young: bool) -> None:
    dim = 0.5 if stage.palette.dark else 0.05
    body = blend(colour("#f2cf57" if young else "#f3efe6"), stage.palette.near, dim)
    wing = blend(colour("#dcae3c" if young else "#cfc7b8"), stage.palette.near, dim)
    beak = blend(colour("#e58a2b"), stage.palette.near, dim)

    def at(points: list[list[float]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array(points) * (size * way, size) + (x, line)

    sheet.polygon(
        curve(
            at(
                [[-0.62, -0.26], [-0.45, 0.02], [0.05, 0.06], [0.40, 0.0], [0.46, -0.20], [0.15, -0.28], [-0.25, -0.24]]
            ),
            50,
            closed=True,
        ),
        body,
    )
    sheet.polygon(
        curve(
            at(
                [
                    [0.22, -0.14],
                    [0.20, -0.40],
                    [0.24, -0.62],
                    [0.38, -0.70],
                    [0.50, -0.62],
                    [0.50, -0.48],
                    [0.42, -0.34],
                    [0.48, -0.12],
                ]
            ),
            50,
            closed=True,
        ),
        body,
    )
    sheet.polygon(
        curve(at([[-0.44, -0.22], [-0.20, -0.04], [0.14, -0.06], [0.18, -0.18], [-0.10, -0.25]]), 30, closed=True), wing
    )
    sheet.polygon(at([[0.49, -0.60], [0.66, -0.53], [0.50, -0.49]]), beak)
    sheet.disc(x + 0.41 * size * way, line - 0.59 * size, max(1.0, 0.032 * size), colour("#1c1512"))
