"""What shines in the sky: the sun, the moon, stars, and the bloom that their light throws over the land."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.marks import splat
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep
from wan_engine.storyboard.scene import Part
from wan_engine.storyboard.scenery.glow import Glow, glow
from wan_engine.storyboard.stage import Stage

#: The disc's radius in units of the stage.
SUN, MOON = 0.070, 0.082
#: How far the halo reaches, in radii of the disc, and how strong it is in styles that do not paint light.
HALO = 4.6
_HALO_OF_STYLE = {"paper cut": 0.0, "ink wash": 0.35}


def disc(stage: Stage, kind: str) -> list[Part]:
    """The sun or the moon with its halo."""
    night = kind in {"moon", "crescent"}
    radius = stage.unit * (MOON if night else SUN)
    if stage.style.name == "ink wash" and not night:
        radius *= 0.85
    half = math.ceil(radius * 1.1 / 2 + 2) * 2
    axis = np.arange(-half, half, dtype=np.float32) + 0.5
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]) / radius, np.float32)
    edge = 1.2 / radius
    cover = smoothstep(1 + edge, 1 - edge, reach)
    rgb = (_moon if night else _sun)(stage, reach, radius)
    if kind == "crescent":
        bite = np.hypot(axis[None, :] - radius * 0.52, axis[:, None] + radius * 0.26) / radius
        cover = cover * smoothstep(0.92 - edge, 0.92 + edge, bite)
    x, y = stage.light[0] * stage.width, stage.light[1] * stage.height
    left, top = (round((place - half) / 2) * 2 for place in (x, y))
    body = stage.layer(Picture(rgb, cover), 0.0, name=kind, top=top, left=left)
    strength = _HALO_OF_STYLE.get(stage.style.name, 1.0) * (0.6 if kind == "crescent" else 1.0)
    if strength == 0:
        return [body]
    tone = blend(stage.palette.light, stage.palette.sky if night else stage.palette.horizon, 0.25)
    wide = glow(x, y, radius * HALO, tone, strength * (0.42 if night else 0.60), depth=0.0, core=0.24)
    return [wide, body]


def _sun(stage: Stage, reach: Field, radius: float) -> Field:
    palette, name = stage.palette, stage.style.name
    if name in {"ink wash", "paper cut"}:
        seal = colour("#c8402f") if name == "ink wash" else blend(palette.light, colour("#ffb347"), 0.55)
        wear = fractal(stage.random("sun"), reach.shape, radius * 0.5, octaves=4, gain=0.6)
        return mix(seal, blend(seal, palette.light, 0.25), smoothstep(-0.6, 1.2, wear))
    rim, heart = blend(palette.light, palette.horizon, 0.25), blend(palette.light, colour("#ffffff"), 0.6)
    return mix(rim, heart, smoothstep(1.1, 0.2, reach))


def _moon(stage: Stage, reach: Field, radius: float) -> Field:
    body = blend(stage.palette.light, colour("#ffffff"), 0.25)
    seas = smoothstep(-0.1, 0.9, fractal(stage.random("moon"), reach.shape, radius * 0.75, octaves=5, gain=0.55))
    flat = stage.style.name in {"paper cut", "anime", "clay"}
    limb = np.clip(reach, 0, 1) ** 3 * (0.05 if flat else 0.16)
    shade = 1 - seas * (0.06 if flat else 0.17) - limb
    return np.asarray(body * shade[..., None], np.float32)


def bloom(stage: Stage, strength: float = 0.34) -> Glow:
    """Light that spills over what stands before its source."""
    x, y = stage.light[0] * stage.width, stage.light[1] * stage.height
    return glow(x, y, 0.62 * stage.unit, stage.palette.light, strength, depth=0.05)


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
