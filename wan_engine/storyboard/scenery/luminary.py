"""What shines in the sky: the sun, the moon, stars, and the bloom that their light throws over the land."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.marks import splat
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep, spread
from wan_engine.storyboard.stage import Stage

#: The disc's radius in units of the stage.
SUN, MOON = 0.070, 0.082
#: How far the halo's canvas reaches, in radii.
HALO = 5.0


def disc(stage: Stage, kind: str) -> Layer:
    """The sun or the moon with its halo, as a layer of the sky."""
    night = kind in {"moon", "crescent"}
    radius = stage.unit * (MOON if night else SUN)
    if stage.style.name == "ink wash" and not night:
        radius *= 0.85
    half = math.ceil(radius * HALO / 2) * 2
    axis = np.arange(-half, half, dtype=np.float32) + 0.5
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]) / radius, np.float32)
    edge = 1.2 / radius
    cover = smoothstep(1 + edge, 1 - edge, reach)
    rgb, halo = (_moon if night else _sun)(stage, reach, radius)
    if kind == "crescent":
        bite = np.asarray(np.hypot(axis[None, :] - radius * 0.52, axis[:, None] + radius * 0.26) / radius, np.float32)
        cover = cover * smoothstep(0.92 - edge, 0.92 + edge, bite)
        halo *= 0.6
    alpha = np.asarray(np.maximum(cover, halo * (1 - cover)), np.float32)
    left, top = (
        round((share * side - half) / 2) * 2
        for share, side in zip(stage.light, (stage.width, stage.height), strict=True)
    )
    return stage.layer(Picture(rgb, alpha), 0.0, name=kind, top=top, left=left)


def _sun(stage: Stage, reach: Field, radius: float) -> tuple[Field, Field]:
    palette, name = stage.palette, stage.style.name
    fall = np.asarray(np.exp(-np.clip(reach - 1, 0, None) / 0.9) * smoothstep(HALO, 1.5, reach), np.float32)
    if name in {"ink wash", "paper cut"}:
        seal = colour("#c8402f") if name == "ink wash" else blend(palette.light, colour("#ffb347"), 0.55)
        wear = fractal(stage.random("sun"), reach.shape, radius * 0.5, octaves=4, gain=0.6)
        tone = mix(seal, blend(seal, palette.light, 0.25), smoothstep(-0.6, 1.2, wear))
        return tone, fall * (0.10 if name == "ink wash" else 0.0)
    core = mix(
        blend(palette.light, palette.horizon, 0.25),
        blend(palette.light, colour("#ffffff"), 0.6),
        smoothstep(1.1, 0.2, reach),
    )
    return core, fall * 0.62


def _moon(stage: Stage, reach: Field, radius: float) -> tuple[Field, Field]:
    rng = stage.random("moon")
    body = blend(stage.palette.light, colour("#ffffff"), 0.25)
    seas = smoothstep(-0.1, 0.9, fractal(rng, reach.shape, radius * 0.75, octaves=5, gain=0.55))
    flat = stage.style.name in {"paper cut", "anime", "clay"}
    limb = np.clip(reach, 0, 1) ** 3 * (0.05 if flat else 0.16)
    shade = 1 - seas * (0.06 if flat else 0.17) - limb
    inside = np.asarray(body * shade[..., None], np.float32)
    glow = blend(stage.palette.light, stage.palette.sky, 0.25)
    rgb = mix(inside, glow, smoothstep(0.97, 1.06, reach))
    fall = np.exp(-np.clip(reach - 1, 0, None) / 0.75) * 0.42 + np.exp(-np.clip(reach - 1, 0, None) / 0.16) * 0.20
    return rgb, np.asarray(
        fall * smoothstep(HALO, 1.5, reach) * (0.0 if stage.style.name == "paper cut" else 1.0), np.float32
    )


def bloom(stage: Stage, strength: float = 0.34) -> Layer:
    """Light that spills over what stands before its source."""
    half = round(stage.unit * 0.62) // 2 * 2
    axis = np.arange(-half, half, dtype=np.float32) / half
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]), np.float32)
    alpha = np.asarray(np.exp(-((reach / 0.42) ** 2)) * smoothstep(1.0, 0.7, reach) * strength, np.float32)
    rgb = spread(stage.palette.light, reach)
    left, top = (
        round((share * side - half) / 2) * 2
        for share, side in zip(stage.light, (stage.width, stage.height), strict=True)
    )
    return stage.layer(Picture(rgb, alpha), 0.05, name="bloom", top=top, left=left)


@dataclass(frozen=True, slots=True)
class Stars:
    """Stars that twinkle gently."""

    x: npt.NDArray[np.float64]  #: pixels
    y: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]  #: radius, pixels
    strength: npt.NDArray[np.float64]  #: 0 to 1
    pace: npt.NDArray[np.float64]  #: whole twinkles in a clip
    start: npt.NDArray[np.float64]  #: phase, turns
    depth: float = 0.0

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        centre_x, centre_y = frame.width / 2, frame.height / 2
        x = centre_x + (self.x - centre_x) * view.zoom + view.shift_x
        y = centre_y + (self.y - centre_y) * view.zoom + view.shift_y
        shine = self.strength * (0.72 + 0.28 * np.sin(2 * np.pi * (self.pace * phase + self.start)))
        splat(frame, x, y, self.spread, shine, 235)


def stars(stage: Stage, count: int = 170) -> Stars:
    """A sky of stars, denser and brighter towards the zenith."""
    rng = stage.random("stars")
    scale = stage.unit / 704
    height = stage.height * stage.horizon
    y = height * rng.random(count) ** 1.5
    return Stars(
        x=rng.uniform(0, stage.width, count),
        y=y,
        spread=scale * rng.uniform(0.55, 1.0, count) + 0.25 * (rng.random(count) > 0.93) * scale,
        strength=np.clip(rng.gamma(1.6, 0.24, count), 0.08, 0.95) * (1 - 0.8 * (y / height) ** 2),
        pace=rng.integers(1, 4, count).astype(np.float64),
        start=rng.random(count),
    )
