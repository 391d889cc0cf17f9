"""Steam that rises from something hot and curls away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.colour import blend, code, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import wash
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, smoothstep
from wan_engine.storyboard.picture.sprite import gather
from wan_engine.storyboard.stage import Stage

#: Side of a puff's sprite, pixels, and how much smaller than the frame steam is composed: it has no detail.
SIZE, COARSE = 48, 4
PUFFS = 26


@dataclass(frozen=True, slots=True)
class Steam:
    """Puffs that grow and thin as they rise."""

    sprites: tuple[Field, ...]
    x: float
    y: float
    spread: Numbers  #: where each leaves the surface, pixels from x
    rise: float  #: pixels in a life
    size: float  #: pixels at the end of a life
    curl: Numbers
    lives: Cycle
    strength: float
    tone: tuple[float, float, float]
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
        reach = self.rise * 0.6 + self.size * 0.7
        left, top = (
            int(self.x - reach) // COARSE * COARSE & ~1,
            int(self.y - self.rise - self.size) // COARSE * COARSE & ~1,
        )
        cover = np.zeros((int(self.rise + self.size * 1.6) // COARSE, int(2 * reach) // COARSE), np.float32)
        shine = self.strength * np.sin(np.pi * age) ** 1.2 * (1 - 0.5 * age)
        size = self.size * (0.24 + 0.76 * age**0.8)
        for index in range(PUFFS):
            gather(
                cover,
                self.sprites[index % len(self.sprites)],
                float(x[index] - left) / COARSE,
                float(y[index] - top) / COARSE,
                float(size[index]) / COARSE,
                float(self.curl[index] * 2.2 * age[index] + 6.28 * self.lives.start[index]),
                float(shine[index]),
            )
        wash(frame, cover, left, top, COARSE, self.tone)


def steam(stage: Stage, x: float, y: float, *, width: float, depth: float) -> Steam:
    """Steam over a surface of `width` pixels around x, y."""
    rng = stage.random(f"steam {x:.0f}")
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    reach = np.asarray(np.hypot(axis[None, :], axis[:, None]), np.float32)
    sprites = []
    for _ in range(4):
        wisps = fractal(rng, (SIZE, SIZE), 20, octaves=2, gain=0.5)
        sprites.append(np.asarray(smoothstep(1.0, 0.0, reach) ** 1.5 * smoothstep(-1.3, 1.0, wisps), np.float32))
    return Steam(
        sprites=tuple(sprites),
        x=x,
        y=y,
        spread=rng.uniform(-0.30, 0.30, PUFFS) * width,
        rise=0.46 * stage.unit,
        size=0.34 * stage.unit,
        curl=rng.uniform(-1, 1, PUFFS),
        lives=cycle(rng, PUFFS, seconds=stage.seconds, life=3.4),
        strength=0.15 if stage.palette.brightness < 0.6 else 0.20,
        tone=code(blend(stage.palette.light, colour("#ffffff"), 0.4)),
        depth=depth,
    )
