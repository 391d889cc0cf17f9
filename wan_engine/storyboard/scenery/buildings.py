"""What people built: a pavilion, a pagoda, a village under dark roofs, an arched bridge."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import Points, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scenery.masonry import Tones, roof
from wan_engine.storyboard.scenery.village import village
from wan_engine.storyboard.stage import Stage


def building(stage: Stage, kind: str, *, x: float, foot: float, size: float, depth: float) -> Layer:
    """One building (`pavilion`, `pagoda`, `village`, `bridge`) that stands on row `foot`.

    Parameters
    ----------
    x, foot:
        Its middle and its ground in pixels of the frame.
    size:
        Its width in pixels.
    """
    sheet = Sketch(x - size * 0.75, foot - size * 1.9, x + size * 0.75, foot + size * 0.12)
    _BUILDERS[kind](stage, sheet, x, foot, size)
    picture = stage.style.thing(stage, sheet.picture(), depth, kind)
    return stage.layer(picture, depth, name=kind, top=sheet.top, left=sheet.left)


def _pavilion(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    tones = Tones(stage)
    half = size * 0.5
    eave = foot - size * 0.46
    base = np.array(
        [
            [x - half * 0.86, foot + size * 0.06],
            [x - half * 0.80, foot - size * 0.035],
            [x + half * 0.80, foot - size * 0.035],
            [x + half * 0.86, foot + size * 0.06],
        ]
    )
    sheet.polygon(base, tones.stone)
    sheet.stroke(
        np.array([[x - half * 0.80, foot - size * 0.03], [x + half * 0.80, foot - size * 0.03]]),
        max(1.2, size * 0.012),
        blend(tones.stone, stage.palette.light, 0.35),
    )
    if stage.palette.dark or stage.palette.brightness < 0.5:
        glow = np.array(
            [
                [x - half * 0.6, foot - size * 0.04],
                [x - half * 0.6, eave],
                [x + half * 0.6, eave],
                [x + half * 0.6, foot - size * 0.04],
            ]
        )
        sheet.polygon(glow, blend(tones.window, tones.inside, 0.45))
    for share in (-0.66, -0.24, 0.24, 0.66):
        sheet.stroke(
            np.array([[x + half * share, foot - size * 0.03], [x + half * share, eave]]),
            max(1.6, size * 0.034),
            tones.post,
        )
        sheet.stroke(
            np.array([[x + half * share - size * 0.008, foot - size * 0.03], [x + half * share - size * 0.008, eave]]),
            max(1.0, size * 0.008),
            blend(tones.post, stage.palette.light, 0.35),
        )
    for y in (foot - size * 0.12, eave + size * 0.045):
        sheet.stroke(
            np.array([[x - half * 0.66, y], [x + half * 0.66, y]]),
            max(1.0, size * 0.014),
            shifted(tones.post, lightness=0.85),
        )
    roof(sheet, tones, x, eave, half, size * 0.30, top_half=half * 0.16)
    spire = eave - size * 0.30
    sheet.stroke(np.array([[x, spire + 2], [x, spire - size * 0.08]]), max(1.4, size * 0.028), tones.roof)
    sheet.disc(x, spire - size * 0.05, max(1.5, size * 0.026), blend(tones.roof, colour("#b98a3c"), 0.5))


def _pagoda(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    tones = Tones(stage)
    storeys = 5
    y = foot
    for storey in range(storeys):
        scale = 1 - 0.13 * storey
        half, tall = size * 0.27 * scale, size * 0.25 * scale
        wall = np.array([[x - half, y], [x - half * 0.96, y - tall], [x + half * 0.96, y - tall], [x + half, y]])
        sheet.polygon(wall, blend(tones.wall, tones.post, 0.45))
        sheet.polygon(
            np.array([[x + half * 0.25, y], [x + half * 0.25, y - tall], [x + half * 0.96, y - tall], [x + half, y]]),
            blend(tones.wall, tones.post, 0.68),
        )
        door = half * 0.24
        sheet.polygon(
            np.array(
                [
                    [x - door, y - tall * 0.12],
                    [x - door, y - tall * 0.62],
                    [x, y - tall * 0.78],
                    [x + door, y - tall * 0.62],
                    [x + door, y - tall * 0.12],
                ]
            ),
            tones.window if storey % 2 == 0 or stage.palette.dark else tones.inside,
        )
        roof(sheet, tones, x, y - tall * 0.90, half * 1.62, tall * 0.46, top_half=half * 0.78)
        y -= tall * 1.22
    sheet.stroke(
        np.array([[x, y + size * 0.06], [x, y - size * 0.16]]), np.array([size * 0.035, size * 0.006]), tones.roof
    )


def _bridge(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    """A steep stone arch."""
    tones = Tones(stage)
    half = size * 0.62
    t = np.linspace(-1, 1, 40)
    deck = np.stack([x + t * half, foot - size * 0.30 * np.exp(-((t * 1.35) ** 2))], axis=1)
    angle = np.linspace(math.pi, 0, 30)
    arch: Points = np.stack(
        [x + np.cos(angle) * size * 0.235, foot + size * 0.03 - np.sin(angle) * size * 0.225], axis=1
    )
    lower = np.array([[x + half, foot + size * 0.04], [x + size * 0.235, foot + size * 0.04]])
    outline = np.concatenate(
        [deck, lower, arch[::-1], [[x - size * 0.235, foot + size * 0.04], [x - half, foot + size * 0.04]]]
    )
    sheet.polygon(outline, tones.stone)
    ring = np.concatenate([arch, (arch - (x, foot))[::-1] * 1.10 + (x, foot)])
    sheet.polygon(ring, blend(tones.stone, stage.palette.near, 0.35))
    sheet.stroke(deck - (0, size * 0.012), max(1.4, size * 0.016), blend(tones.stone, stage.palette.light, 0.42))
    rail = deck - (0, size * 0.055)
    sheet.stroke(rail[4:-4], max(1.2, size * 0.012), blend(tones.stone, stage.palette.light, 0.25))
    for point in rail[4:-4:4]:
        sheet.stroke(np.array([point, moved(point, 0, size * 0.055)]), max(1.2, size * 0.012), tones.stone)


_BUILDERS = {"pavilion": _pavilion, "pagoda": _pagoda, "village": village, "bridge": _bridge}
