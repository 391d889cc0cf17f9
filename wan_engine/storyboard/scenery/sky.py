"""The sky: a graded vault, the sun or the moon, clouds, and the bloom of the light over what stands before it."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, blur, mix, smoothstep
from wan_engine.storyboard.stage import Stage


def sky(stage: Stage) -> Layer:
    """The vault, with clouds and what shines in it."""
    top, rows = stage.rows(-stage.margin)
    rgb = vault(stage, top, rows)
    if stage.words & {"clouds", "sun", "dawn"} or not stage.words & {"clear sky", "stars"}:
        rgb = clouds(stage, rgb, top)
    rgb = stage.style.sky(stage, rgb, top)
    return stage.layer(Picture(rgb), 0.0, name="sky", top=top)


def vault(stage: Stage, top: int, rows: int) -> Field:
    """The gradient from the zenith to the horizon with the glow around the light."""
    x, y = stage.grid(top, rows)
    palette = stage.palette
    share = np.clip(y[:, 0] / (stage.height * stage.horizon), 0, 1.15)
    stops = np.array([0.0, 0.45, 0.97, 1.15])
    colours = np.stack([palette.zenith, palette.sky, palette.horizon, palette.haze])
    column = np.stack([np.interp(share, stops, colours[:, channel]) for channel in range(3)], axis=-1)
    column = blur(column[:, None, :].astype(np.float32), 0.01, 0.05 * stage.height)
    rgb = np.repeat(column, stage.canvas_width, axis=1)
    reach = distance(stage, x, y)
    night = palette.dark
    wide = np.exp(-(reach / (0.42 if night else 0.62))) * (0.30 if night else 0.42)
    return mix(rgb, palette.light, wide)


def distance(stage: Stage, x: Field, y: Field) -> Field:
    """Distance from the light, in units of the stage."""
    light_x, light_y = stage.light[0] * stage.width, stage.light[1] * stage.height
    return np.asarray(np.hypot(x - light_x, y - light_y) / stage.unit, np.float32)


def clouds(stage: Stage, rgb: Field, top: int) -> Field:
    """Streaks of cloud, lit from where the light stands."""
    height, width = rgb.shape[:2]
    rng = stage.random("clouds")
    unit = stage.unit
    x, y = stage.grid(top, height)
    half = (height // 2, width // 2)
    body = fractal(rng, half, 0.20 * unit, octaves=6, gain=0.52, stretch=2.6)
    body = np.asarray(body + 0.35 * fractal(rng, half, 0.5 * unit, octaves=2, stretch=2.0), np.float32)
    # The same clouds seen a little towards the light: where they are thinner, this side is lit.
    step = max(2, round(0.02 * unit))
    lit = np.clip(0.5 + 1.4 * (body - np.roll(body, (step, step if stage.light[0] < 0.5 else -step), (0, 1))), 0, 1)
    big = np.stack([body, np.asarray(lit, np.float32)], axis=-1)
    big = _doubled(big, width, height)
    share = y / (stage.height * stage.horizon)
    band = np.exp(-(((share - 0.62) / 0.30) ** 2)) * 0.9 + 0.25
    cover = smoothstep(0.05, 0.85, big[..., 0]) * band * (0.40 if stage.palette.dark else 0.62)
    palette = stage.palette
    near = np.exp(-distance(stage, x, y) / 0.5)
    shade = mix(mix(palette.sky, palette.haze, 0.55) * 0.93, palette.light, 0.0)
    bright = mix(palette.horizon, palette.light, 0.6)
    tint = mix(shade, bright, np.clip(big[..., 1] * 0.7 + near * 0.6, 0, 1))
    return mix(rgb, tint, cover)


def _doubled(field: Field, width: int, height: int) -> Field:
    from wan_engine.storyboard.picture.raster import resized

    return resized(field, width, height, smooth=False)
