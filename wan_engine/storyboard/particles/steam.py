"""Steam that rises from something hot and curls away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import smoothstep
from wan_engine.storyboard.picture.sketch import Sprite, coded
from wan_engine.storyboard.stage import Stage

SIZE = 96


@dataclass(frozen=True, slots=True)
class Steam:
    """Puffs that grow and thin as they rise."""

    sprites: tuple[Sprite, ...]
    x: float
    y: float
    spread: Numbers  #: where each leaves the surface, pixels from x
    rise: float  #: pixels in a life
    size: float  #: pixels at the end of a life
    curl: Numbers
    lives: Cycle
    strength: float
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        age = self.lives.age(phase)
        centre_x, centre_y = frame.width / 2, frame.height / 2
        bend = np.sin(2 * np.pi * (0.9 * age + 0.25 * np.sin(2 * np.pi * phase)) + 1.0)
        x = self.x + self.spread * (1 - 0.35 * age) + (0.16 * bend * age + 0.10 * self.curl * age) * self.rise
        y = self.y - self.rise * age**0.9
        x = centre_x + (x - centre_x) * view.zoom + view.shift_x
        y = centre_y + (y - centre_y) * view.zoom + view.shift_y
        shine = self.strength * np.sin(np.pi * np.clip(age, 0, 1)) ** 1.2 * (1 - 0.5 * age)
        for index in np.argsort(age):
            frame.stamp(
                self.sprites[index % len(self.sprites)],
                float(x[index]),
                float(y[index]),
                float(self.size * (0.24 + 0.76 * age[index] ** 0.8)),
                turn=float(self.curl[index] * 2.2 * age[index] + 6.28 * self.lives.start[index]),
                opacity=float(shine[index]),
            )


def steam(stage: Stage, x: float, y: float, *, width: float, depth: float) -> Steam:
    """Steam over a surface of `width` pixels around x, y."""
    rng = stage.random(f"steam {x:.0f}")
    count = 26
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]), np.float32)
    tone = blend(stage.palette.light, colour("#ffffff"), 0.4)
    sprites = []
    for _ in range(4):
        wisps = fractal(rng, (SIZE, SIZE), 44, octaves=2, gain=0.45)
        alpha = np.asarray(smoothstep(1.0, 0.0, reach) ** 1.5 * smoothstep(-1.3, 1.0, wisps), np.float32)
        rgb = np.broadcast_to(tone, (SIZE, SIZE, 3))
        sprites.append(coded(Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32))))
    return Steam(
        sprites=tuple(sprites),
        x=x,
        y=y,
        spread=rng.uniform(-0.30, 0.30, count) * width,
        rise=0.46 * stage.unit,
        size=0.34 * stage.unit,
        curl=rng.uniform(-1, 1, count),
        lives=cycle(rng, count, seconds=stage.seconds, life=3.4),
        strength=0.13 if stage.palette.brightness < 0.6 else 0.17,
        depth=depth,
    )
