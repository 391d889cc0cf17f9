"""A rainbow: its colours in their order, faint, opposite the light."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import colour
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.raster import Field, smoothstep
from wan_engine.storyboard.stage import Stage

#: From the inner edge to the outer one.
BAND = np.stack(
    [colour(tone) for tone in ("#8c59d9", "#4d73f2", "#40ccbf", "#73e659", "#faeb59", "#ff9e40", "#fa5247")]
)
#: Radius of its middle and its width, in units of the stage, and how strongly it shows.
RADIUS, WIDTH, STRENGTH = 0.62, 0.11, 0.46


def rainbow(stage: Stage) -> Layer:
    """An arc that rises behind the land on the side where the light does not stand."""
    top, rows = stage.rows(0.12 * stage.height, (stage.horizon + 0.06) * stage.height)
    x, y = stage.grid(top, rows)
    centre = stage.width * (0.5 + (0.10 if stage.light[0] < 0.5 else -0.10))
    reach = np.hypot(x - centre, y - (stage.horizon + 0.03) * stage.height) / stage.unit
    across = np.clip((reach - RADIUS) / WIDTH + 0.5, 0, 1)
    stops = np.linspace(0, 1, len(BAND))
    rgb = np.stack([np.interp(across, stops, BAND[:, channel]) for channel in range(3)], axis=-1)
    soft = smoothstep(0.0, 0.28, across) * smoothstep(1.0, 0.72, across)
    inner = smoothstep(RADIUS, RADIUS * 0.4, reach) * 0.05  # it is brighter within the arc than without
    share: Field = smoothstep((stage.horizon + 0.05) * stage.height, 0.35 * stage.height, y)
    alpha = soft * STRENGTH * (0.45 + 0.55 * share) * (0.7 if stage.palette.dark else 1.0)
    glow = np.maximum(alpha, inner)
    light = np.where((alpha >= inner)[..., None], rgb, stage.palette.light)
    picture = Picture(np.asarray(light, np.float32), np.asarray(glow, np.float32))
    return stage.layer(picture, 0.03, name="rainbow", top=top)
