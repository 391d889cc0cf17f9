"""A city's skyline, its windows lit when the sky is dark."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.raster import mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage


def city(stage: Stage, foot: float) -> list[Layer]:
    """Three rows of towers in depth that stand around row `foot`."""
    layers = []
    for name, depth, tall, wide, drop in (
        ("far", 0.12, 0.62, 0.075, 0.0),
        ("middle", 0.32, 0.50, 0.115, 0.03),
        ("near", 0.58, 0.30, 0.19, 0.09),
    ):
        rng = stage.random(f"city {name}")
        palette, unit = stage.palette, stage.unit
        base = foot + drop * stage.height
        sheet = Sketch(
            -stage.margin, base - tall * unit * 1.35, stage.width + stage.margin, stage.height + stage.margin
        )
        body = palette.land(0.18 + 0.75 * depth)
        lamp = colour("#ffcf87")
        lit_share = 0.42 if palette.dark else (0.22 if palette.brightness < 0.5 else 0.0)
        x = -stage.margin - 0.1 * unit
        while x < stage.width + stage.margin:
            width = wide * unit * rng.uniform(0.65, 1.35)
            centre = 1 - 0.45 * abs(2 * x / stage.width - 1)
            height = tall * unit * rng.uniform(0.35, 1.0) * centre
            top = base - height
            tone = blend(body, palette.horizon, float(rng.uniform(0.0, 0.10)))
            outline = [
                [x, stage.height + stage.margin],
                [x, top],
                [x + width, top],
                [x + width, stage.height + stage.margin],
            ]
            if rng.random() < 0.35:
                inset = width * rng.uniform(0.18, 0.32)
                outline[1:3] = [
                    [x, top],
                    [x + inset, top],
                    [x + inset, top - width * 0.35],
                    [x + width - inset, top - width * 0.35],
                    [x + width - inset, top],
                    [x + width, top],
                ]
            sheet.polygon(np.array(outline), tone)
            sheet.polygon(
                np.array(
                    [
                        [x + width * 0.72, stage.height],
                        [x + width * 0.72, top],
                        [x + width, top],
                        [x + width, stage.height],
                    ]
                ),
                blend(tone, palette.near, 0.30),
            )
            if rng.random() < 0.3:
                sheet.stroke(
                    np.array([[x + width / 2, top], [x + width / 2, top - width * rng.uniform(0.5, 1.1)]]), 1.4, tone
                )
            cell = max(3.0, unit * (0.010 + 0.008 * depth))
            for row in range(int(height / (cell * 1.7))):
                for column in range(int(width / (cell * 1.5)) - 1):
                    left, up = x + cell * (0.9 + 1.5 * column), top + cell * (1.2 + 1.7 * row)
                    if rng.random() < lit_share:
                        glow = blend(
                            tone, blend(lamp, colour("#fff2d8"), float(rng.random())), float(rng.uniform(0.45, 1.0))
                        )
                    elif rng.random() < 0.5:
                        glow = blend(tone, palette.sky, 0.14)
                    else:
                        continue
                    sheet.polygon(
                        np.array(
                            [
                                [left, up],
                                [left + cell * 0.8, up],
                                [left + cell * 0.8, up + cell * 0.95],
                                [left, up + cell * 0.95],
                            ]
                        ),
                        glow,
                    )
            x += width * rng.uniform(0.92, 1.15)
        drawn = sheet.picture()
        rows = np.arange(sheet.top, sheet.top + drawn.rgb.shape[0], dtype=np.float32)[:, None]
        fog = smoothstep(base - 0.30 * unit, base + 0.20 * unit, rows) * (0.85 * (1 - 0.6 * depth))
        veiled = Picture(
            mix(drawn.rgb, palette.haze, np.broadcast_to(fog, drawn.rgb.shape[:2]).astype(np.float32)), drawn.alpha
        )
        picture = stage.style.thing(stage, veiled, 0.5 + 0.5 * depth, f"city {name}")
        layers.append(stage.layer(picture, depth, name=f"city {name}", top=sheet.top, left=sheet.left))
    return layers
