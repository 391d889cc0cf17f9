"""Small lights: fireflies, floating dust in the sun, soft discs of an unsharp background, sparks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.raster import Field, smoothstep
from wan_engine.storyboard.picture.sketch import Sprite, coded
from wan_engine.storyboard.stage import Stage

SIZE = 96


@dataclass(frozen=True, slots=True)
class Lights:
    """Lights that wander, come and go."""

    sprites: tuple[Sprite, ...]
    x: Numbers
    y: Numbers
    size: Numbers
    way_x: Numbers  #: pixels in a life
    way_y: Numbers
    swing: Numbers
    strength: Numbers
    blinks: Numbers  #: whole blinks in a life, 0 for a steady light
    lives: Cycle
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        age, presence = self.lives.age(phase), self.lives.presence(phase, fade=0.25)
        start = self.lives.start
        x = self.x + self.way_x * (age - 0.5) + self.swing * np.sin(2 * np.pi * (age + start)) + view.shift_x
        y = self.y + self.way_y * (age - 0.5) + self.swing * np.sin(4 * np.pi * (age + 1.7 * start)) * 0.6 + view.shift_y
        shine = 0.5 - 0.5 * np.cos(2 * np.pi * (self.blinks * age + start))
        shine = np.where(self.blinks > 0, 0.12 + 0.88 * shine**1.5, 1.0) * presence * self.strength
        for index in range(len(x)):
            if shine[index] > 0.02:
                frame.stamp(
                    self.sprites[index % len(self.sprites)],
                    float(x[index]),
                    float(y[index]),
                    float(self.size[index]),
                    opacity=float(shine[index]),
                )


def _glow(tone: Field, core: float) -> Sprite:
    """A point with a halo."""
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    reach = np.hypot(axis[None, :], axis[:, None])
    halo = np.exp(-((reach / 0.38) ** 2)) * 0.42 * smoothstep(1.0, 0.6, np.asarray(reach, np.float32))
    heart = np.exp(-((reach / core) ** 2))
    alpha = np.asarray(np.clip(halo + heart, 0, 1), np.float32)
    white = blend(tone, colour("#ffffff"), 0.75)
    rgb = tone + (white - tone) * heart[..., None]
    return coded(Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32)))


def _bokeh(tone: Field) -> Sprite:
    """A disc of an unsharp light: even, with a slightly brighter rim."""
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]), np.float32)
    alpha = smoothstep(0.98, 0.66, reach) * (0.80 + 0.20 * smoothstep(0.40, 0.80, reach))
    rgb = np.broadcast_to(tone, (SIZE, SIZE, 3))
    return coded(Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32)))


def lights(stage: Stage, kind: str, *, depth: float = 0.9) -> Lights:
    """`fireflies`, `dust`, `bokeh` or `sparks`."""
    rng = stage.random(kind)
    unit, area = stage.unit, stage.width * stage.height / (704 * 1280)
    tone = stage.palette.light
    count = {"fireflies": 26, "dust": 26, "bokeh": 13, "sparks": 28}[kind]
    count = max(5, round(count * area))
    steady = np.zeros(count)
    x, y = rng.uniform(0, stage.width, count), rng.uniform(0.05, 0.95, count) * stage.height
    match kind:
        case "fireflies":
            sprites = (_glow(colour("#d8f26a"), 0.09), _glow(colour("#ffe27a"), 0.09))
            size, strength = unit * rng.uniform(0.045, 0.085, count), rng.uniform(0.6, 1.0, count)
            y = stage.height * rng.uniform(0.46, 0.86, count)
            way_x, way_y, swing, blinks = rng.normal(0, 0.06, count), rng.normal(-0.03, 0.04, count), 0.03, rng.integers(1, 4, count)
        case "sparks":
            sprites = (_glow(colour("#ff9d45"), 0.12), _glow(colour("#ffc870"), 0.12))
            size, strength = unit * rng.uniform(0.018, 0.04, count), rng.uniform(0.5, 1.0, count)
            way_x, way_y, swing, blinks = rng.normal(0.05, 0.10, count), rng.uniform(-0.9, -0.4, count), 0.02, rng.integers(1, 3, count)
        case "bokeh":
            sprites = (_bokeh(tone), _bokeh(blend(tone, stage.palette.accent, 0.4)))
            size, strength = unit * rng.uniform(0.06, 0.19, count), rng.uniform(0.04, 0.13, count)
            way_x, way_y, swing, blinks = rng.normal(0, 0.05, count), rng.normal(-0.05, 0.03, count), 0.012, steady
        case _:
            sprites = (_glow(tone, 0.22),)
            size, strength = unit * rng.uniform(0.010, 0.026, count), rng.uniform(0.15, 0.55, count)
            way_x, way_y, swing, blinks = rng.normal(0.04, 0.05, count), rng.normal(-0.04, 0.05, count), 0.015, rng.integers(0, 2, count)
    return Lights(
        sprites=sprites,
        x=x,
        y=y,
        size=size,
        way_x=np.asarray(way_x * unit),
        way_y=np.asarray(way_y * unit),
        swing=unit * swing * rng.uniform(0.4, 1.0, count),
        strength=strength,
        blinks=np.asarray(blinks, np.float64),
        lives=cycle(rng, count, seconds=stage.seconds, life=5.0),
        depth=depth,
    )
