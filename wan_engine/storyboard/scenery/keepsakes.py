"""Things to look at on a table: a vase with a branch, a book, a fan, a hanging scroll, a clay figure, a lamp."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Points, curve, moved, resized
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery import beasts, dresses, vessel
from wan_engine.storyboard.scenery.growth import Growth, grow
from wan_engine.storyboard.scenery.room import TABLE, put, side_of_light
from wan_engine.storyboard.scenery.wind import turning
from wan_engine.storyboard.stage import Stage


def vase(stage: Stage, x: float, foot: float, twig: str) -> list[Part]:
    """A vase with a branch, dressed as `twig` says."""
    ware, width = vessel.WARES["vase"], 0.27 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    rng = stage.random("vase")
    mouth = foot - ware.tall * width
    side = side_of_light(stage)
    sheet = Sketch(-stage.margin, -stage.margin, stage.width + stage.margin, mouth + 0.06 * stage.unit)
    growth = Growth()
    for lean, long in ((0.22, 0.44), (-0.30, 0.30)):
        grown = grow(
            rng,
            (x, mouth + 0.03 * stage.unit),
            -math.pi / 2 + side * lean * -1,
            long * stage.unit,
            0.016 * stage.unit,
            gnarl=0.16,
            lift=0.1,
            level=1,
        )
        growth.limbs += grown.limbs
        growth.nodes += grown.nodes
    dresses.bark(stage, sheet, growth, snow=False)
    dresses.DRESSES[twig](stage, rng, sheet, growth)
    drawn = stage.style.thing(stage, sheet.picture(), 0.96, "vase branch")
    sway = turning(rng.uniform(0, 1), 0.005)
    twigs = stage.layer(drawn, 0.62, name="vase branch", top=sheet.top, left=sheet.left, sway=sway, pivot=(x, mouth))
    shadow, body = put(stage, picture, anchor, x=x, foot=foot, name="vase")
    return [shadow, twigs, body]


def book(stage: Stage, x: float, foot: float) -> list[Part]:
    """An old thread-bound book that lies open."""
    unit = stage.unit
    paper = blend(colour("#f0e4c8"), stage.palette.zenith, 0.35 if stage.palette.dark else 0.03)
    cover = blend(colour("#2f4a5e"), stage.palette.near, 0.3)
    sheet = Sketch(x - 0.44 * unit, foot - 0.30 * unit, x + 0.44 * unit, foot + 0.10 * unit)

    def at(points: list[tuple[float, float]]) -> Points:
        return np.array(points) * unit + (x, foot)

    sheet.polygon(at([(-0.385, 0.035), (-0.29, -0.18), (0.29, -0.18), (0.385, 0.035)]), cover)
    for side in (-1, 1):
        for leaf in range(5):
            lift = 0.012 * leaf
            page = curve(at([(0.0, 0.012 - lift), (side * 0.12, -0.022 - lift), (side * 0.36, 0.018 - lift * 0.6)]), 20)
            far = curve(
                at([(side * 0.272, -0.185 - lift * 0.5), (side * 0.10, -0.215 - lift), (0.0, -0.188 - lift)]), 20
            )
            sheet.polygon(np.concatenate([page, far]), shifted(paper, lightness=0.80 + 0.05 * leaf))
        for column in range(7):
            inner = 0.035 + 0.042 * column
            top = at([(side * inner * 0.80, -0.235 + 0.035 * (inner / 0.3) ** 1.2)])[0]
            low = at([(side * inner, -0.045 + 0.022 * (inner / 0.3))])[0]
            ink = blend(colour("#3a3430"), paper, 0.35)
            for part in np.linspace(0.08, 0.92, 11):
                place = top + (low - top) * part
                sheet.stroke(
                    np.array([moved(place, -0.006 * unit, 0), moved(place, 0.006 * unit, 0.002 * unit)]),
                    max(1.0, 0.0055 * unit),
                    ink,
                )
    sheet.stroke(curve(at([(0.0, -0.05), (0.0, -0.20), (0.0, -0.24)]), 8), 2.0, shifted(paper, lightness=0.62))
    return [
        *put(
            stage,
            sheet.picture(),
            (x - sheet.left, foot - sheet.top + 0.03 * unit),
            x=x,
            foot=foot + 0.03 * unit,
            name="book",
            wide=0.34 * unit,
        )
    ]


def fan(stage: Stage, x: float, foot: float) -> list[Part]:
    """A round silk fan with a painted twig, leaning on the wall of the picture."""
    unit = stage.unit
    silk = blend(colour("#f4ead6"), stage.palette.zenith, 0.35 if stage.palette.dark else 0.03)
    frame = blend(colour("#6b4a30"), stage.palette.near, 0.2)
    radius = 0.21 * unit
    centre = np.array([x, foot - 0.36 * unit])
    sheet = Sketch(x - 0.3 * unit, foot - 0.62 * unit, x + 0.3 * unit, foot + 0.04 * unit)
    grip = [moved(centre, 0, radius), moved(centre, 0.01 * unit, radius * 1.4), np.array([x + 0.01 * unit, foot])]
    handle = curve(np.array(grip), 16)
    sheet.stroke(handle, 0.024 * unit, frame)
    sheet.disc(float(centre[0]), float(centre[1]), radius * 1.03, frame)
    for step in range(8):
        share = step / 7
        offset = -0.05 * radius * share * np.array([-side_of_light(stage), 1.0])
        place = centre + offset
        shade = blend(shifted(silk, lightness=0.88), silk, share)
        sheet.disc(float(place[0]), float(place[1]), radius * (0.985 - 0.5 * share), shade)
    sheet.stroke(np.array([moved(centre, 0, radius), moved(centre, 0, -radius * 0.25)]), 1.5, blend(frame, silk, 0.5))
    rng = stage.random("fan")
    growth = grow(
        rng,
        (float(centre[0] - radius * 0.75), float(centre[1] + radius * 0.45)),
        -0.55,
        radius * 1.25,
        0.010 * unit,
        gnarl=0.2,
        lift=0.1,
        level=1,
    )
    inside = [node for node in growth.nodes if math.hypot(node[0] - centre[0], node[1] - centre[1]) < radius * 0.86]
    dresses.bark(
        stage,
        sheet,
        Growth([limb for limb in growth.limbs if np.hypot(*(limb[0] - centre).T).max() < radius * 0.96], inside),
        snow=False,
    )
    dresses.DRESSES["fan twig"](stage, rng, sheet, Growth([], inside))
    tassel = blend(stage.palette.accent, colour("#b8332a"), 0.5)
    for strand in range(-2, 3):
        sheet.stroke(
            np.array(
                [[x + 0.01 * unit, foot - 0.01 * unit], [x + (0.02 + 0.008 * strand) * unit, foot + 0.035 * unit]]
            ),
            1.4,
            tassel,
        )
    return [
        *put(stage, sheet.picture(), (x - sheet.left, foot - sheet.top), x=x, foot=foot, name="fan", wide=0.030 * unit)
    ]


def scroll(stage: Stage, x: float) -> list[Part]:
    """A painting on a scroll that hangs on the wall."""
    unit = stage.unit
    wide, tall = 0.38 * unit, 0.58 * unit
    top = TABLE * stage.height - 0.06 * unit - tall
    dim = 0.30 if stage.palette.dark else 0.04
    silk, paper = (blend(colour(tone), stage.palette.zenith, dim) for tone in ("#b8a47e", "#f3ebda"))
    rod = blend(colour("#4a3226"), stage.palette.near, 0.2)
    left = x - wide / 2
    sheet = Sketch(left - 0.05 * unit, top - 0.10 * unit, left + wide + 0.05 * unit, top + tall + 0.06 * unit)
    sheet.stroke(np.array([[x - wide * 0.3, top], [x, top - 0.085 * unit], [x + wide * 0.3, top]]), 1.5, rod)
    sheet.polygon(_box(left, top, wide, tall), silk)
    sheet.polygon(_box(left + 0.035 * unit, top + 0.06 * unit, wide - 0.07 * unit, tall - 0.12 * unit), paper)
    for y in (top, top + tall):
        sheet.stroke(np.array([[left - 0.03 * unit, y], [left + wide + 0.03 * unit, y]]), 0.022 * unit, rod)
    rng = stage.random("scroll")
    soot = blend(colour("#2b2826"), paper, 0.08)
    growth = grow(
        rng, (left + 0.06 * unit, top + tall * 0.72), -0.85, 0.52 * unit, 0.014 * unit, gnarl=0.22, lift=0.05, level=1
    )
    inside = _box(left + 0.05 * unit, top + 0.08 * unit, wide - 0.10 * unit, tall - 0.16 * unit)
    low, high = inside.min(axis=0), inside.max(axis=0)
    for path, widths in growth.limbs:
        if (path > low).all() and (path < high).all():
            sheet.stroke(path, widths, soot)
    red = blend(colour("#c23a2c"), paper, 0.05)
    for place_x, place_y, _ in growth.nodes:
        if low[0] < place_x < high[0] and low[1] < place_y < high[1] and rng.random() < 0.5:
            for petal in range(5):
                turn = petal * 1.2566 + rng.uniform(-0.2, 0.2)
                sheet.disc(
                    place_x + 0.0065 * unit * math.cos(turn),
                    place_y + 0.0065 * unit * math.sin(turn),
                    0.0062 * unit,
                    red,
                )
    sheet.polygon(_box(left + wide - 0.085 * unit, top + tall - 0.125 * unit, 0.032 * unit, 0.036 * unit), red)
    picture = stage.style.thing(stage, sheet.picture(), 0.9, "scroll")
    return [stage.layer(picture, 0.14, name="scroll", top=sheet.top, left=sheet.left)]


def _box(left: float, top: float, wide: float, tall: float) -> Points:
    return np.array([[left, top], [left + wide, top], [left + wide, top + tall], [left, top + tall]])


def clay_figure(stage: Stage, kind: str, x: float, foot: float) -> list[Part]:
    """An animal of painted clay, with a red ribbon round its neck."""
    size = round(0.92 * stage.unit / 2) * 2
    rgba = resized(beasts.standing(stage, kind), size, size)
    if side_of_light(stage) < 0:
        rgba = np.ascontiguousarray(rgba[:, ::-1])
    cover = np.asarray(np.clip(rgba[..., 3], 0, 1), np.float32)
    rgb = np.asarray(np.clip(rgba[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1), np.float32)
    rows = np.flatnonzero(cover.max(axis=1) > 0.5)
    return [
        *put(stage, Picture(rgb, cover), (size / 2, float(rows[-1])), x=x, foot=foot, name=kind, wide=0.24 * stage.unit)
    ]
