"""35 mm film: a warm print with lifted blacks, halation around lights, grain, and a picture never quite still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import LUMA, blend, colour, shifted
from wan_engine.storyboard.picture.raster import Field, blur, smoothstep
from wan_engine.storyboard.styles.cinematic import Cinematic, vignette

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage

#: Where blacks and whites of a faded print lie.
FADED_BLACK = colour("#14131a")
WARM_WHITE = colour("#fff2dc")


class Film(Cinematic):
    """A print from a negative."""

    name = "35mm film"
    grain = 1.8
    weave = 0.45

    def regrade(self, palette: Palette) -> Palette:
        return palette.mapped(printed)

    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        bright = smoothstep(0.62, 1.0, rgb @ LUMA)
        halo = blur(bright, 0.045 * stage.unit)
        return np.asarray(rgb + halo[..., None] * np.array([0.16, 0.055, 0.015], np.float32), np.float32)

    def veil(self, stage: Stage) -> Field:
        return vignette(stage, 0.34)


def printed(value: Field) -> Field:
    """A colour as a warm print shows it: less saturated, teal in the shadows, cream in the lights."""
    base = shifted(value, saturation=0.95)
    tone = float(base @ LUMA)
    graded = blend(blend(base, colour("#2c4a50"), 0.16 * (1 - tone)), WARM_WHITE, 0.14 * tone)
    return np.asarray(FADED_BLACK + graded * (1 - FADED_BLACK) * np.array([1.02, 0.985, 0.93], np.float32), np.float32)
