"""What stands on the table: each builder sets one subject at its place and says where steam would rise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wan_engine.storyboard.particles.steam import steam
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.raster import Field, curve, mix, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery import food, vessel
from wan_engine.storyboard.scenery.glow import glow
from wan_engine.storyboard.scenery.jar import jar
from wan_engine.storyboard.scenery.room import drawn, put, side_of_light
from wan_engine.storyboard.stage import Stage

#: What is put on the table: the stage, the middle and the row of its foot, and what lies in it.
Dish = Callable[[Stage, float, float, "food.Morsel | None"], list[Part]]


def _hot(stage: Stage) -> bool:
    return bool(stage.words & {"steam", "hot"})


def cup(stage: Stage, x: float, foot: float, _morsel: food.Morsel | None) -> list[Part]:
    """A celadon cup of tea."""
    ware, width = vessel.WARES["cup"], 0.41 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    parts: list[Part] = [*put(stage, picture, anchor, x=x, foot=foot, name="cup")]
    return [*parts, steam(stage, x, vessel.mouth_of(ware, width, foot), width=0.26 * stage.unit, depth=0.62)]


def bowl(stage: Stage, x: float, foot: float, morsel: food.Morsel | None) -> list[Part]:
    """A bowl with broth, and in it what the prompt names."""
    bright = morsel is not None and sum(float(colour(tone).mean()) for tone in morsel.tones) / len(morsel.tones) > 0.8
    ware, width = vessel.WARES["dark bowl" if bright or stage.palette.brightness > 0.72 else "bowl"], 0.56 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    parts: list[Part] = [*put(stage, picture, anchor, x=x, foot=foot, name="bowl")]
    mouth = vessel.mouth_of(ware, width, foot)
    if morsel is not None:
        sheet = Sketch(x - 0.3 * stage.unit, mouth - 0.20 * stage.unit, x + 0.3 * stage.unit, mouth + 0.16 * stage.unit)
        food.heap(
            stage,
            stage.random("bowl"),
            sheet,
            morsel,
            x=x,
            y=mouth + 0.020 * stage.unit,
            spread=0.168 * stage.unit,
            squash=0.26,
        )
        parts.append(drawn(stage, sheet, "in the bowl"))
    if morsel is None or morsel.dish == "bowl" or _hot(stage):
        parts.append(steam(stage, x, mouth, width=0.34 * stage.unit, depth=0.62))
    return parts


def plate(stage: Stage, x: float, foot: float, morsel: food.Morsel | None) -> list[Part]:
    """A plate with something heaped on it."""
    unit, palette = stage.unit, stage.palette
    wide = 0.68 * unit
    sheet = Sketch(x - wide * 0.62, foot - wide * 0.75, x + wide * 0.62, foot + wide * 0.30)
    turns = np.linspace(0, 2 * math.pi, 90)
    tone = "#ece7dc" if palette.brightness < 0.75 else "#5d7a80"
    glaze = blend(colour(tone), palette.zenith, 0.40 if palette.dark else 0.05)

    def ellipse(radius: float, drop: float, shade: Field) -> None:
        sheet.polygon(
            np.stack([x + np.cos(turns) * radius, foot + drop + np.sin(turns) * radius * 0.33], axis=1), shade
        )

    ellipse(wide * 0.50, 0.010 * unit, shifted(glaze, lightness=0.52))
    for step in range(10):
        share = step / 9
        shade = blend(blend(glaze, palette.light, 0.35), shifted(glaze, lightness=0.80), share)
        ellipse(wide * (0.50 - 0.09 * share), -0.014 * unit + 0.006 * unit * share, shade)
    ellipse(wide * 0.385, -0.004 * unit, shifted(glaze, lightness=0.90))
    served = morsel or food.MORSELS["cakes"]
    food.heap(stage, stage.random("plate"), sheet, served, x=x, y=foot - 0.035 * unit, spread=wide * 0.235)
    anchor = (x - sheet.left, foot - sheet.top + 0.165 * wide)
    parts: list[Part] = [
        *put(stage, sheet.picture(), anchor, x=x, foot=foot + 0.165 * wide, name="plate", wide=wide * 0.42)
    ]
    return (
        [*parts, steam(stage, x, foot - 0.09 * unit, width=0.30 * unit, depth=0.62)]
        if _hot(stage) or served.shape is food.dumpling
        else parts
    )


def basket(stage: Stage, x: float, foot: float, morsel: food.Morsel | None) -> list[Part]:
    """A flat woven basket, heaped."""
    ware, width = vessel.WARES["basket"], 0.58 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    parts: list[Part] = [*put(stage, picture, anchor, x=x, foot=foot, name="basket")]
    mouth = vessel.mouth_of(ware, width, foot)
    sheet = Sketch(x - 0.36 * stage.unit, mouth - 0.30 * stage.unit, x + 0.36 * stage.unit, mouth + 0.20 * stage.unit)
    served = morsel or food.MORSELS["persimmons"]
    food.heap(
        stage,
        stage.random("basket"),
        sheet,
        served,
        x=x,
        y=mouth + 0.02 * stage.unit,
        spread=width * 0.36,
        share=1.15,
        squash=0.27,
    )
    return [*parts, drawn(stage, sheet, "in the basket")]


def glass(stage: Stage, x: float, foot: float, morsel: food.Morsel | None) -> list[Part]:
    """A clear glass of tea in which leaves or blossoms unfold."""
    ware, width = vessel.WARES["glass"], 0.32 * stage.unit
    picture, anchor = vessel.vessel(stage, ware, width)
    shadow, body = put(stage, picture, anchor, x=x, foot=foot, name="glass")
    rng = stage.random("glass")
    kind = morsel or food.MORSELS["tea leaves"]
    sheet = Sketch(x - 0.2 * stage.unit, foot - 0.4 * stage.unit, x + 0.2 * stage.unit, foot + 0.05 * stage.unit)
    sprites = food.sprites_of(stage, rng, kind)
    size = min(kind.size, 0.092) * stage.unit
    for index in range(16):
        low = index < 9
        height = rng.uniform(0.02, 0.09) if low else rng.uniform(0.14, 0.26)
        place = x + rng.uniform(-0.095, 0.095) * stage.unit
        sheet.stamp(
            sprites[index % len(sprites)],
            place,
            foot - height * stage.unit,
            size * rng.uniform(0.7, 1.0),
            turn=rng.uniform(0, 6.28),
            squash=rng.uniform(0.5, 0.9),
        )
    return [
        shadow,
        drawn(stage, sheet, "in the glass"),
        body,
        steam(stage, x, foot - 0.33 * stage.unit, width=0.2 * stage.unit, depth=0.62),
    ]


def teapot(stage: Stage, x: float, foot: float, _morsel: food.Morsel | None) -> list[Part]:
    """A clay teapot with a small cup beside it; on a stove if the prompt has a fire."""
    unit = stage.unit
    if stage.words & {"sparks", "stove"}:
        width = 0.34 * unit
        stove, anchor = vessel.vessel(stage, vessel.WARES["stove"], width)
        top = foot - vessel.WARES["stove"].tall * width
        embers = Sketch(x - width * 0.3, foot - width * 0.45, x + width * 0.3, foot)
        door = curve([[-0.15, 0.0], [-0.15, -0.12], [0, -0.19], [0.15, -0.12], [0.15, 0.0]], 30) * width + (
            x,
            foot - 0.06 * width,
        )
        embers.polygon(door, colour("#5a1c0c"))
        embers.polygon((door - (x, foot - 0.1 * width)) * 0.82 + (x, foot - 0.095 * width), colour("#ff9a3c"))
        return [
            *put(stage, stove, anchor, x=x, foot=foot, name="stove"),
            drawn(stage, embers, "embers"),
            glow(x, foot - 0.1 * width, 0.40 * unit, colour("#ff9a4a"), 0.42, depth=0.62),
            *_pot(stage, x, top + 0.05 * width, 0.36 * unit),
            steam(stage, x - side_of_light(stage) * -0.27 * unit, top - 0.20 * unit, width=0.06 * unit, depth=0.62),
        ]
    side = side_of_light(stage)
    small, anchor = vessel.vessel(stage, vessel.WARES["cup"], 0.17 * unit)
    beside = x + 0.27 * unit * side
    return [
        *_pot(stage, x - 0.06 * unit * side, foot - 0.02 * unit, 0.40 * unit),
        *put(stage, small, anchor, x=beside, foot=foot + 0.045 * unit, name="small cup", depth=0.66),
        steam(stage, beside, foot - 0.06 * unit, width=0.12 * unit, depth=0.66),
    ]


def _pot(stage: Stage, x: float, foot: float, width: float) -> list[Layer]:
    """The pot itself: body, spout towards the light, handle away from it, lid with its knob."""
    body, anchor = vessel.vessel(stage, vessel.WARES["pot"], width)
    assert body.alpha is not None
    clay = blend(colour(vessel.WARES["pot"].glaze), stage.palette.zenith, 0.42 if stage.palette.dark else 0.06)
    lit, dark = blend(clay, stage.palette.light, 0.22), shifted(clay, lightness=0.55)
    side = side_of_light(stage)
    pad = int(width * 0.34) // 2 * 2
    rows, columns = body.alpha.shape
    behind, before = (Sketch(0, 0, columns + 2 * pad, rows + pad) for _ in range(2))
    centre, top = anchor[0] + pad, pad + width * 0.09
    belly = top + width * 0.30

    def at(points: list[tuple[float, float]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array([(centre + side * across * width, down) for across, down in points])

    spout = curve(at([(0.40, belly + 0.10 * width), (0.62, belly - 0.04 * width), (0.74, top + 0.05 * width)]), 20)
    widths = np.linspace(0.17, 0.065, 20) * width
    behind.stroke(spout, widths, shifted(clay, lightness=0.85))
    behind.stroke(spout - (0, 0.015 * width), widths * 0.45, lit)
    loop = [
        (-0.40, top + 0.12 * width),
        (-0.66, top + 0.08 * width),
        (-0.72, belly + 0.02 * width),
        (-0.60, belly + 0.17 * width),
        (-0.40, belly + 0.18 * width),
    ]
    handle = curve(at(loop), 36)
    behind.stroke(handle, 0.062 * width, dark)
    behind.stroke(moved(handle, side * 0.01 * width, -0.01 * width), 0.022 * width, shifted(clay, lightness=0.95))
    turns = np.linspace(0, 2 * math.pi, 60)
    for step in range(12):
        share = step / 11
        flat = 1 - share**2 * 0.55
        dome = np.stack(
            [
                centre + np.cos(turns) * width * 0.235 * flat,
                top + width * (0.075 - 0.085 * share) + np.sin(turns) * width * 0.072 * flat,
            ],
            axis=1,
        )
        before.polygon(dome, blend(shifted(clay, lightness=0.72), lit, share * 0.75))
    for step in range(7):
        share = step / 6
        shade = blend(shifted(clay, lightness=0.7), blend(clay, stage.palette.light, 0.5), share)
        before.disc(
            centre + side * 0.008 * width * share,
            top - width * (0.045 + 0.010 * share),
            width * 0.047 * (1 - 0.7 * share),
            shade,
        )
    drawn, lid = behind.picture(), before.picture()
    assert drawn.alpha is not None
    assert lid.alpha is not None
    rgb, alpha = drawn.rgb.copy(), drawn.alpha.copy()
    window = slice(pad, pad + rows), slice(pad, pad + columns)
    rgb[window] = mix(rgb[window], body.rgb, body.alpha)
    alpha[window] = np.maximum(alpha[window], body.alpha)
    whole = Picture(mix(rgb, lid.rgb, lid.alpha), np.maximum(alpha, lid.alpha))
    return put(stage, whole, (centre, pad + anchor[1]), x=x, foot=foot, name="teapot", wide=width * 0.30)


DISHES: dict[str, Dish] = {
    "cup": cup,
    "bowl": bowl,
    "plate": plate,
    "basket": basket,
    "glass": glass,
    "jar": jar,
    "teapot": teapot,
}
