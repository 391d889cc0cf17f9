"""Small lights: fireflies, floating dust in the sun, soft discs of an unsharp background, sparks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.effect import Effect
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.colour import blend, code, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import splat, stamp, wash
from wan_engine.storyboard.picture.raster import Field, smoothstep
from wan_engine.storyboard.picture.sprite import Sprite, coded, gather
from wan_engine.storyboard.stage import Stage

#: Side of a sprite, pixels, and how much smaller than the frame unsharp discs are composed.
SIZE, COARSE = 96, 4


@dataclass(frozen=True, slots=True)
class Wanderers:
    """Where many small lights are, and how bright."""

    x: Numbers
    y: Numbers
    way_x: Numbers  #: pixels in a life
    way_y: Numbers
    swing: Numbers
    strength: Numbers
    blinks: Numbers  #: whole blinks in a life, 0 for a steady light
    lives: Cycle

    def at(self, phase: float) -> tuple[Numbers, Numbers, Numbers]:
        """x, y and brightness (0 to 1) of each."""
        age, presence = self.lives.age(phase), self.lives.presence(phase, fade=0.25)
        start = self.lives.start
        x = self.x + self.way_x * (age - 0.5) + self.swing * np.sin(2 * np.pi * (age + start))
        y = self.y + self.way_y * (age - 0.5) + self.swing * np.sin(4 * np.pi * (age + 1.7 * start)) * 0.6
        blink = 0.5 - 0.5 * np.cos(2 * np.pi * (self.blinks * age + start))
        shine = np.where(self.blinks > 0, 0.12 + 0.88 * blink**1.5, 1.0) * presence * self.strength
        return x, y, np.asarray(shine, np.float64)


@dataclass(frozen=True, slots=True)
class Glows:
    """Points with a halo of their own colour: fireflies, sparks."""

    lights: Wanderers
    sprites: tuple[Sprite, ...]
    size: Numbers
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x, y, shine = self.lights.at(phase)
        for index in np.flatnonzero(shine > 0.02):
            sprite = self.sprites[index % len(self.sprites)]
            place = float(x[index]) + view.shift_x, float(y[index]) + view.shift_y
            stamp(frame, sprite, *place, float(self.size[index]), opacity=float(shine[index]))


@dataclass(frozen=True, slots=True)
class Dust:
    """Specks that catch the light."""

    lights: Wanderers
    spread: Numbers
    value: int  #: luma
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x, y, shine = self.lights.at(phase)
        splat(frame, x + view.shift_x, y + view.shift_y, self.spread, shine, self.value)


@dataclass(frozen=True, slots=True)
class Bokeh:
    """Lights far behind the plane of focus: even soft discs."""

    lights: Wanderers
    disc: Field
    size: Numbers
    tone: tuple[float, float, float]
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x, y, shine = self.lights.at(phase)
        cover = np.zeros((frame.height // COARSE, frame.width // COARSE), np.float32)
        for index in np.flatnonzero(shine > 0.005):
            place = (float(x[index]) + view.shift_x) / COARSE, (float(y[index]) + view.shift_y) / COARSE
            gather(cover, self.disc, *place, float(self.size[index]) / COARSE, 0.0, float(shine[index]))
        wash(frame, cover, 0, 0, COARSE, self.tone)


def _reach(size: int = SIZE) -> Field:
    axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) / (size / 2)
    return np.asarray(np.hypot(axis[None, :], axis[:, None]), np.float32)


def _glow(text: str, core: float) -> Sprite:
    """A point with a halo."""
    tone, reach = colour(text), _reach()
    heart = np.exp(-((reach / core) ** 2))
    halo = np.exp(-((reach / 0.38) ** 2)) * 0.42 * smoothstep(1.0, 0.6, reach)
    alpha = np.asarray(np.clip(halo + heart, 0, 1), np.float32)
    rgb = tone + (blend(tone, colour("#ffffff"), 0.75) - tone) * heart[..., None]
    return coded(Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32)))


def lights(stage: Stage, kind: str, *, depth: float = 0.9) -> Effect:
    """`fireflies`, `dust`, `bokeh` or `sparks`."""
    rng = stage.random(kind)
    unit, area = stage.unit, stage.width * stage.height / (704 * 1280)
    count = max(5, round({"fireflies": 30, "dust": 30, "bokeh": 13, "sparks": 28}[kind] * area))
    y = rng.uniform(0.05, 0.95, count) * stage.height
    blinks = np.zeros(count)
    match kind:
        case "fireflies":
            y = stage.height * rng.uniform(0.44, 0.86, count)
            strength, swing, blinks = rng.uniform(0.65, 1.0, count), 0.03, rng.integers(1, 4, count).astype(np.float64)
            way_x, way_y = rng.normal(0, 0.06, count), rng.normal(-0.03, 0.04, count)
        case "sparks":
            strength, swing, blinks = rng.uniform(0.5, 1.0, count), 0.02, rng.integers(1, 3, count).astype(np.float64)
            way_x, way_y = rng.normal(0.05, 0.10, count), rng.uniform(-0.9, -0.4, count)
        case "bokeh":
            strength, swing = rng.uniform(0.04, 0.12, count), 0.012
            way_x, way_y = rng.normal(0, 0.05, count), rng.normal(-0.05, 0.03, count)
        case _:
            strength, swing, blinks = (
                rng.uniform(0.12, 0.50, count),
                0.015,
                rng.integers(0, 2, count).astype(np.float64),
            )
            way_x, way_y = rng.normal(0.04, 0.05, count), rng.normal(-0.04, 0.05, count)
    wanderers = Wanderers(
        x=rng.uniform(0, stage.width, count),
        y=y,
        way_x=np.asarray(way_x * unit),
        way_y=np.asarray(way_y * unit),
        swing=unit * swing * rng.uniform(0.4, 1.0, count),
        strength=strength,
        blinks=blinks,
        lives=cycle(rng, count, seconds=stage.seconds, life=5.0),
    )
    if kind == "dust":
        bright = int(code(stage.palette.light)[0])
        return Dust(wanderers, unit / 704 * rng.uniform(0.8, 2.2, count), bright, depth)
    if kind == "bokeh":
        disc = np.asarray(
            smoothstep(0.98, 0.72, _reach(48)) * (0.82 + 0.18 * smoothstep(0.40, 0.80, _reach(48))), np.float32
        )
        return Bokeh(wanderers, disc, unit * rng.uniform(0.06, 0.19, count), code(stage.palette.light), depth)
    if kind == "sparks":
        return Glows(
            wanderers, (_glow("#ff9d45", 0.12), _glow("#ffc870", 0.12)), unit * rng.uniform(0.018, 0.04, count), depth
        )
    return Glows(
        wanderers, (_glow("#d8f26a", 0.09), _glow("#ffe27a", 0.09)), unit * rng.uniform(0.05, 0.10, count), depth
    )
