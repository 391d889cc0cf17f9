"""Lanterns that hang into the picture and glow."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import curve, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery.glow import glow
from wan_engine.storyboard.scenery.wind import turning
from wan_engine.storyboard.stage import Stage


def lanterns(stage: Stage, count: int = 3) -> list[Part]:
    """Lanterns on cords at the side where the light does not stand, each swinging on its own."""
    rng = stage.random("lanterns")
    from_left = stage.light[0] > 0.5
    layers: list[Part] = []
    for index in range(count):
        depth = (0.70, 0.80, 0.92)[index % 3]
        size = stage.unit * (0.10, 0.135, 0.175)[index % 3] * rng.uniform(0.92, 1.08)
        across = (0.44, 0.27, 0.11)[index % 3] + rng.uniform(-0.025, 0.025)
        x = stage.width * (across if from_left else 1 - across)
        y = stage.height * ((0.20, 0.30, 0.235)[index % 3] + rng.uniform(-0.02, 0.02))
        layers += _lantern(stage, f"lantern {index}", x, y, size, depth, rng.uniform(0, 1))
    return layers


def _lantern(stage: Stage, name: str, x: float, y: float, size: float, depth: float, start: float) -> list[Part]:
    red = colour("#cf2f24")
    warm = colour("#ffb35c")
    sheet = Sketch(x - size, -stage.margin, x + size, y + size * 2.0)
    cord = blend(stage.palette.wood, colour("#5a2018"), 0.5)
    sheet.stroke(np.array([[x, -stage.margin], [x, y - size * 0.5]]), 1.6, cord)
    gold = blend(colour("#d9a441"), stage.palette.near, 0.25)
    for side, low in ((-1, 0.0), (1, 1.0)):
        top = y + side * size * 0.44
        cap = np.array(
            [
                [x - size * 0.24, top],
                [x - size * 0.20, top + side * size * 0.09],
                [x + size * 0.20, top + side * size * 0.09],
                [x + size * 0.24, top],
            ]
        )
        sheet.polygon(cap, shifted(gold, lightness=1.0 - 0.25 * low))
    for strand in range(-3, 4):
        tail = curve(
            [
                [x + strand * size * 0.018, y + size * 0.53],
                [x + strand * size * 0.026, y + size * 0.80],
                [x + strand * size * 0.034, y + size * 1.12],
            ],
            8,
        )
        sheet.stroke(tail, 1.3, shifted(red, lightness=0.75 + 0.12 * (strand % 3)))
    base = sheet.picture()
    assert base.alpha is not None
    rows, columns = base.alpha.shape
    xx = (np.arange(columns, dtype=np.float32)[None, :] + sheet.left + 0.5 - x) / size
    yy = (np.arange(rows, dtype=np.float32)[:, None] + sheet.top + 0.5 - y) / size
    round_ = np.sqrt((xx / 0.58) ** 2 + (yy / 0.45) ** 2)
    cover = smoothstep(1 + 1.5 / size, 1 - 1.5 / size, round_)
    shell = np.clip(1 - round_**2, 0, 1)
    ribs = 0.90 + 0.10 * np.cos(
        np.arcsin(np.clip(xx / (0.58 * np.sqrt(np.clip(1 - (yy / 0.45) ** 2, 0.02, 1))), -1, 1)) * 14
    )
    heart = np.exp(-((xx / 0.30) ** 2 + ((yy + 0.02) / 0.26) ** 2))
    lit = 1.0 if stage.palette.dark or stage.palette.brightness < 0.6 else 0.55
    body = mix(shifted(red, lightness=0.62), red, shell**0.5)
    body = mix(body * ribs[..., None], warm, heart * 0.78 * lit)
    body = mix(body, colour("#fff0cc"), heart**3 * 0.5 * lit)
    rgb = mix(base.rgb, body, cover)
    alpha = np.maximum(base.alpha, cover)
    picture = stage.style.thing(stage, Picture(rgb, alpha), max(depth, 0.85), name)

    sway = turning(start, 0.018)
    hung = stage.layer(
        picture, depth, name=name, top=sheet.top, left=sheet.left, sway=sway, pivot=(x, -0.2 * stage.height)
    )
    return [glow(x, y, size * 1.5, warm, 0.34 * lit, depth=depth), hung]
