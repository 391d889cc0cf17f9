"""Snow: fine flakes far away, soft large ones close to the lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import splat
from wan_engine.storyboard.stage import Stage

#: Luma of a flake: white that is a little in shade.
WHITE = 232
#: Flakes that are nearer than this depth are grey themselves; finer ones show the colour of what lies behind.
GREY_FROM, GREY = 0.5, (128, 128)


@dataclass(frozen=True, slots=True)
class Snow:
    """Flakes of one distance."""

    x: Numbers  #: in the middle of each life, pixels
    y: Numbers
    spread: Numbers  #: softness, pixels
    strength: Numbers  #: 0 to 1
    fall: Numbers  #: pixels in a life
    wind: Numbers  #: pixels in a life
    swing: Numbers  #: pixels to each side
    turns: Numbers  #: swings in a life
    lives: Cycle
    depth: float
    value: int = WHITE

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        age = self.lives.age(phase)
        x = self.x + self.wind * (age - 0.5) + self.swing * np.sin(2 * np.pi * (self.turns * age + self.lives.start))
        y = self.y + self.fall * (age - 0.5)
        x = (x + view.shift_x) % (frame.width + 40) - 20
        y = (y + view.shift_y) % (frame.height + 40) - 20
        shine = self.strength * self.lives.presence(phase)
        splat(frame, x, y, self.spread, shine, self.value, tint=GREY if self.depth > GREY_FROM else None)


def snow(stage: Stage, *, heavy: bool = False) -> tuple[Snow, Snow, Snow]:
    """Far, middle and near flakes."""
    scale = stage.unit / 704
    area = stage.width * stage.height / (704 * 1280)
    factor = (1.8 if heavy else 1.0) * area
    ink = 0.82 if stage.style.name in {"ink wash", "watercolor"} else 1.0
    groups = []
    for name, depth, count, low, high, power, fall in (
        ("far", 0.30, 230, 0.55, 0.95, 0.62, 0.20),
        ("middle", 0.65, 80, 1.0, 1.7, 0.80, 0.34),
        ("near", 1.0, 15, 2.4, 3.9, 0.50, 0.62),
    ):
        rng = stage.random(f"snow {name}")
        number = max(6, round(count * factor))
        groups.append(
            Snow(
                x=rng.uniform(0, stage.width, number),
                y=rng.uniform(0, stage.height, number),
                spread=rng.uniform(low, high, number) * scale,
                strength=rng.uniform(0.45, 1.0, number) * power * ink,
                fall=stage.unit
                * fall
                * rng.uniform(0.75, 1.25, number)
                * min(stage.seconds, 5)
                / 5
                * (1.5 if heavy else 1.0),
                wind=stage.unit * fall * rng.normal(0.22, 0.12, number) * (2.2 if heavy else 1.0),
                swing=stage.unit * 0.012 * rng.uniform(0.3, 1.0, number) * (0.5 + depth),
                turns=rng.integers(1, 4, number).astype(np.float64),
                lives=cycle(rng, number, seconds=stage.seconds, life=5.0),
                depth=depth,
            )
        )
    return groups[0], groups[1], groups[2]


def far(stage: Stage) -> Snow:
    """Only the finest flakes: snow that falls behind something."""
    return snow(stage)[0]
