"""What buildings are made of: the tones of walls and tiles in this light, and hipped roofs with upturned corners."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.raster import Field, curve, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage


class Tones:
    """The colours that walls, roofs and windows have in this light."""

    def __init__(self, stage: Stage) -> None:
        palette = stage.palette
        shade = 0.55 if palette.dark else 0.28
        self.roof = blend(blend(colour("#39434a"), palette.near, 0.35), palette.far, 0.12)
        self.roof_lit = blend(self.roof, palette.light, 0.30)
        self.post = blend(colour("#7d2f26"), palette.near, shade)
        self.wall = blend(colour("#e9e4d8"), palette.zenith, 0.62 if palette.dark else 0.10)
        self.inside = blend(palette.near, colour("#20150f"), 0.4)
        self.window = (
            colour("#ffc873") if palette.dark or palette.brightness < 0.55 else blend(self.inside, self.wall, 0.15)
        )
        self.stone = blend(blend(colour("#9a958a"), palette.far, 0.3), palette.near, shade)
        self.snow = blend(palette.ground, colour("#ffffff"), 0.4) if "snow" in stage.words else None


def roof(sheet: Sketch, tones: Tones, x: float, eave: float, half: float, rise: float, *, top_half: float) -> None:
    """A hipped roof with upturned corners, its eave on row `eave`."""
    lift = rise * 0.34
    left = curve(
        [
            [x - half, eave - lift],
            [x - half * 0.82, eave - lift * 0.12],
            [x - half * 0.55, eave],
            [x, eave + lift * 0.06],
        ],
        20,
    )
    right = left[::-1] * (-1, 1) + (2 * x, 0)
    slope_right = curve(
        [[x + half, eave - lift], [x + half * 0.62, eave - rise * 0.42], [x + top_half, eave - rise]], 16
    )
    slope_left = slope_right[::-1] * (-1, 1) + (2 * x, 0)
    outline = np.concatenate([left, right, slope_right, slope_left])
    sheet.polygon(outline, tones.roof)
    # Rows of tiles, and the lit side.
    for share in np.linspace(-0.9, 0.9, 13):
        top = np.array([x + top_half * share, eave - rise * 0.99])
        low = np.array([x + half * share * 0.97, eave - lift * abs(share) ** 3])
        middle = (top + low) / 2 + (half * share * -0.06, rise * 0.13)
        sheet.stroke(
            curve([top, middle, low], 10),
            max(1.0, half * 0.012),
            tones.roof_lit if share < 0.3 else shifted(tones.roof, lightness=1.25),
        )
    ridge = np.array(
        [[x - top_half * 1.12, eave - rise * 1.03], [x, eave - rise * 0.995], [x + top_half * 1.12, eave - rise * 1.03]]
    )
    sheet.stroke(curve(ridge, 10), max(1.4, half * 0.05), shifted(tones.roof, lightness=0.75))
    if tones.snow is not None:
        cap = np.concatenate([slope_left * (1, 1), moved(slope_right[::-1], 0, rise * 0.18)])
        upper = np.concatenate([slope_left[4:], slope_right[:12][::-1] * (1, 1)])
        sheet.polygon(
            np.concatenate(
                [
                    slope_right[3:],
                    slope_left[:13],
                    np.array(
                        [
                            [x - half * 0.45, eave - rise * 0.36],
                            [x, eave - rise * 0.42],
                            [x + half * 0.45, eave - rise * 0.36],
                        ]
                    ),
                ]
            ),
            tones.snow,
        )
        del cap, upper


def tone_of_wood(stage: Stage) -> Field:
    """What boats and tables are made of in this light."""
    return blend(colour("#6b4a32"), stage.palette.near, 0.45 if stage.palette.dark else 0.15)
