"""What people built: a pavilion, a pagoda, a village under dark roofs, an arched bridge."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import Field, Points, curve
from wan_engine.storyboard.picture.sketch import Sketch
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


class _Tones:
    """The colours that walls, roofs and windows have in this light."""

    def __init__(self, stage: Stage) -> None:
        palette = stage.palette
        shade = 0.55 if palette.dark else 0.28
        self.roof = blend(blend(colour("#39434a"), palette.near, 0.35), palette.far, 0.12)
        self.roof_lit = blend(self.roof, palette.light, 0.30)
        self.post = blend(colour("#7d2f26"), palette.near, shade)
        self.wall = blend(colour("#e9e4d8"), palette.zenith, 0.62 if palette.dark else 0.10)
        self.inside = blend(palette.near, colour("#20150f"), 0.4)
        self.window = colour("#ffc873") if palette.dark or palette.brightness < 0.55 else blend(self.inside, self.wall, 0.15)
        self.stone = blend(blend(colour("#9a958a"), palette.far, 0.3), palette.near, shade)
        self.snow = blend(palette.ground, colour("#ffffff"), 0.4) if "snow" in stage.words else None


def _roof(sheet: Sketch, tones: _Tones, x: float, eave: float, half: float, rise: float, *, top_half: float) -> None:
    """A hipped roof with upturned corners, its eave on row `eave`."""
    lift = rise * 0.34
    left = curve([[x - half, eave - lift], [x - half * 0.82, eave - lift * 0.12], [x - half * 0.55, eave], [x, eave + lift * 0.06]], 20)
    right = left[::-1] * (-1, 1) + (2 * x, 0)
    slope_right = curve([[x + half, eave - lift], [x + half * 0.62, eave - rise * 0.42], [x + top_half, eave - rise]], 16)
    slope_left = slope_right[::-1] * (-1, 1) + (2 * x, 0)
    outline = np.concatenate([left, right, slope_right, slope_left])
    sheet.polygon(outline, tones.roof)
    # Rows of tiles, and the lit side.
    for share in np.linspace(-0.9, 0.9, 13):
        top = np.array([x + top_half * share, eave - rise * 0.99])
        low = np.array([x + half * share * 0.97, eave - lift * abs(share) ** 3])
        middle = (top + low) / 2 + (half * share * -0.06, rise * 0.13)
        sheet.stroke(curve([top, middle, low], 10), max(1.0, half * 0.012), tones.roof_lit if share < 0.3 else shifted(tones.roof, lightness=1.25))
    ridge = np.array([[x - top_half * 1.12, eave - rise * 1.03], [x, eave - rise * 0.995], [x + top_half * 1.12, eave - rise * 1.03]])
    sheet.stroke(curve(ridge, 10), max(1.4, half * 0.05), shifted(tones.roof, lightness=0.75))
    if tones.snow is not None:
        cap = np.concatenate([slope_left * (1, 1), slope_right[::-1] + (0, rise * 0.18)])
        upper = np.concatenate([slope_left[4:], slope_right[:12][::-1] * (1, 1)])
        sheet.polygon(np.concatenate([slope_right[3:], slope_left[:13], np.array([[x - half * 0.45, eave - rise * 0.36], [x, eave - rise * 0.42], [x + half * 0.45, eave - rise * 0.36]])]), tones.snow)
        del cap, upper


def _pavilion(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    tones = _Tones(stage)
    half = size * 0.5
    eave = foot - size * 0.46
    base = np.array([[x - half * 0.86, foot + size * 0.06], [x - half * 0.80, foot - size * 0.035], [x + half * 0.80, foot - size * 0.035], [x + half * 0.86, foot + size * 0.06]])
    sheet.polygon(base, tones.stone)
    sheet.stroke(np.array([[x - half * 0.80, foot - size * 0.03], [x + half * 0.80, foot - size * 0.03]]), max(1.2, size * 0.012), blend(tones.stone, stage.palette.light, 0.35))
    if stage.palette.dark or stage.palette.brightness < 0.5:
        glow = np.array([[x - half * 0.6, foot - size * 0.04], [x - half * 0.6, eave], [x + half * 0.6, eave], [x + half * 0.6, foot - size * 0.04]])
        sheet.polygon(glow, blend(tones.window, tones.inside, 0.45))
    for share in (-0.66, -0.24, 0.24, 0.66):
        sheet.stroke(np.array([[x + half * share, foot - size * 0.03], [x + half * share, eave]]), max(1.6, size * 0.034), tones.post)
        sheet.stroke(np.array([[x + half * share - size * 0.008, foot - size * 0.03], [x + half * share - size * 0.008, eave]]), max(1.0, size * 0.008), blend(tones.post, stage.palette.light, 0.35))
    for y in (foot - size * 0.12, eave + size * 0.045):
        sheet.stroke(np.array([[x - half * 0.66, y], [x + half * 0.66, y]]), max(1.0, size * 0.014), shifted(tones.post, lightness=0.85))
    _roof(sheet, tones, x, eave, half, size * 0.30, top_half=half * 0.16)
    spire = eave - size * 0.30
    sheet.stroke(np.array([[x, spire + 2], [x, spire - size * 0.08]]), max(1.4, size * 0.028), tones.roof)
    sheet.disc(x, spire - size * 0.05, max(1.5, size * 0.026), blend(tones.roof, colour("#b98a3c"), 0.5))


def _pagoda(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    tones = _Tones(stage)
    storeys = 5
    y = foot
    for storey in range(storeys):
        scale = 1 - 0.13 * storey
        half, tall = size * 0.27 * scale, size * 0.25 * scale
        wall = np.array([[x - half, y], [x - half * 0.96, y - tall], [x + half * 0.96, y - tall], [x + half, y]])
        sheet.polygon(wall, blend(tones.wall, tones.post, 0.45))
        sheet.polygon(np.array([[x + half * 0.25, y], [x + half * 0.25, y - tall], [x + half * 0.96, y - tall], [x + half, y]]), blend(tones.wall, tones.post, 0.68))
        door = half * 0.24
        sheet.polygon(np.array([[x - door, y - tall * 0.12], [x - door, y - tall * 0.62], [x, y - tall * 0.78], [x + door, y - tall * 0.62], [x + door, y - tall * 0.12]]), tones.window if storey % 2 == 0 or stage.palette.dark else tones.inside)
        _roof(sheet, tones, x, y - tall * 0.90, half * 1.62, tall * 0.46, top_half=half * 0.78)
        y -= tall * 1.22
    sheet.stroke(np.array([[x, y + size * 0.06], [x, y - size * 0.16]]), np.array([size * 0.035, size * 0.006]), tones.roof)


def _village(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    """White walls with stepped gables and dark roofs."""
    tones = _Tones(stage)
    rng = stage.random("village")
    places = np.sort(rng.uniform(-0.62, 0.62, 7))
    order = rng.permutation(7)
    for rank, index in enumerate(order):
        wide = size * rng.uniform(0.17, 0.28)
        tall = wide * rng.uniform(0.62, 0.95)
        left = x + places[index] * size - wide / 2
        ground = foot - size * 0.10 * (1 - rank / 7)
        _house(stage, sheet, tones, left, ground, wide, tall, bool(rng.random() < 0.5))


def _house(stage: Stage, sheet: Sketch, tones: _Tones, left: float, ground: float, wide: float, tall: float, gable: bool) -> None:
    right, top = left + wide, ground - tall
    sheet.polygon(np.array([[left, ground + 3], [left, top], [right, top], [right, ground + 3]]), tones.wall)
    sheet.polygon(np.array([[left + wide * 0.72, ground + 3], [left + wide * 0.72, top], [right, top], [right, ground + 3]]), blend(tones.wall, stage.palette.zenith, 0.22))
    if gable:
        steps = [[left - wide * 0.03, top], [left - wide * 0.03, top - tall * 0.20], [left + wide * 0.2, top - tall * 0.20], [left + wide * 0.2, top - tall * 0.40],
                 [left + wide * 0.8, top - tall * 0.40], [left + wide * 0.8, top - tall * 0.20], [right + wide * 0.03, top - tall * 0.20], [right + wide * 0.03, top]]  # fmt: skip
        outline = np.array(steps)
        sheet.polygon(outline, tones.wall)
        for start in (1, 3, 5):
            sheet.stroke(np.array([outline[start] - (wide * 0.02, 0), outline[start + 1] + (wide * 0.02, 0)]), max(1.6, tall * 0.075), tones.roof)
    else:
        roof = np.array([[left - wide * 0.07, top + tall * 0.03], [left + wide * 0.12, top - tall * 0.34], [right - wide * 0.12, top - tall * 0.34], [right + wide * 0.07, top + tall * 0.03]])
        sheet.polygon(roof, tones.roof)
        sheet.stroke(np.array([roof[1] - (wide * 0.03, 0), roof[2] + (wide * 0.03, 0)]), max(1.4, tall * 0.05), shifted(tones.roof, lightness=0.8))
        for share in np.linspace(0.1, 0.9, 7):
            sheet.stroke(np.array([roof[0] + (roof[3] - roof[0]) * share, roof[1] + (roof[2] - roof[1]) * share]), 1.0, tones.roof_lit)
        if tones.snow is not None:
            sheet.polygon(np.array([roof[0] * 0.25 + roof[1] * 0.75, roof[1], roof[2], roof[3] * 0.25 + roof[2] * 0.75]), tones.snow)
    for column in (0.22, 0.56):
        side = wide * 0.13
        mid = left + wide * column
        sheet.polygon(np.array([[mid, top + tall * 0.28], [mid + side, top + tall * 0.28], [mid + side, top + tall * 0.50], [mid, top + tall * 0.50]]), tones.window)


def _bridge(stage: Stage, sheet: Sketch, x: float, foot: float, size: float) -> None:
    """A steep stone arch."""
    tones = _Tones(stage)
    half = size * 0.62
    t = np.linspace(-1, 1, 40)
    deck = np.stack([x + t * half, foot - size * 0.30 * np.exp(-((t * 1.35) ** 2))], axis=1)
    angle = np.linspace(math.pi, 0, 30)
    arch: Points = np.stack([x + np.cos(angle) * size * 0.235, foot + size * 0.03 - np.sin(angle) * size * 0.225], axis=1)
    lower = np.array([[x + half, foot + size * 0.04], [x + size * 0.235, foot + size * 0.04]])
    outline = np.concatenate([deck, lower, arch[::-1], [[x - size * 0.235, foot + size * 0.04], [x - half, foot + size * 0.04]]])
    sheet.polygon(outline, tones.stone)
    ring = np.concatenate([arch, (arch - (x, foot)) [::-1] * 1.10 + (x, foot)])
    sheet.polygon(ring, blend(tones.stone, stage.palette.near, 0.35))
    sheet.stroke(deck - (0, size * 0.012), max(1.4, size * 0.016), blend(tones.stone, stage.palette.light, 0.42))
    rail = deck - (0, size * 0.055)
    sheet.stroke(rail[4:-4], max(1.2, size * 0.012), blend(tones.stone, stage.palette.light, 0.25))
    for point in rail[4:-4:4]:
        sheet.stroke(np.array([point, point + (0, size * 0.055)]), max(1.2, size * 0.012), tones.stone)


def islet(stage: Stage, x: float, foot: float, size: float, depth: float) -> Layer:
    """A low piece of land in the water with bushes, for a building to stand on."""
    rng = stage.random("islet")
    half = size * 0.95
    sheet = Sketch(x - half * 1.1, foot - size * 0.5, x + half * 1.1, foot + size * 0.10)
    earth = blend(stage.palette.land(0.30 + 0.5 * depth), stage.palette.near, 0.25)
    t = np.linspace(-1, 1, 50)
    bumps = 0.10 * np.cos(t * np.pi / 2) ** 0.6 * size + rng.normal(0, 0.006, 50) * size
    sheet.polygon(np.concatenate([np.stack([x + t * half, foot + 0.035 * size - bumps], axis=1), [[x + half, foot + 0.05 * size], [x - half, foot + 0.05 * size]]]), earth)
    green = blend(blend(stage.palette.foliage, stage.palette.near, 0.45), stage.palette.haze, 0.30 * (1 - depth))
    for _ in range(64):
        place = rng.uniform(-0.92, 0.92)
        if abs(place) < 0.40 and rng.random() < 0.8:
            continue
        tall = size * rng.uniform(0.04, 0.13) * (1.15 - abs(place) * 0.6)
        centre = (x + place * half, foot + 0.02 * size - 0.06 * size * math.cos(place * math.pi / 2) - tall * 0.3)
        shade = shifted(green, lightness=float(rng.uniform(0.72, 1.15)))
        for _ in range(5):
            sheet.disc(centre[0] + rng.normal(0, tall * 0.4), centre[1] + rng.normal(0, tall * 0.30), tall * rng.uniform(0.25, 0.5), shade)
    picture = stage.style.thing(stage, sheet.picture(), depth, "islet")
    return stage.layer(picture, depth, name="islet", top=sheet.top, left=sheet.left)


_BUILDERS = {"pavilion": _pavilion, "pagoda": _pagoda, "village": _village, "bridge": _bridge}


def tone_of_wood(stage: Stage) -> Field:
    """What boats and tables are made of in this light."""
    return blend(colour("#6b4a32"), stage.palette.near, 0.45 if stage.palette.dark else 0.15)
