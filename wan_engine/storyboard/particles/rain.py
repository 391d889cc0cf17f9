"""Rain: slanted threads of light, and rings where they meet water."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.raster import SUBPIXEL_BITS, Bytes
from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Rain:
    """Threads of one distance."""

    x: Numbers  #: at the end of each life, pixels
    y: Numbers
    long: Numbers  #: pixels
    slant: float  #: pixels across per pixel down
    strength: float  #: 0 to 1
    way: float  #: pixels that a thread falls in its life
    lives: Cycle
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        age = self.lives.age(phase)
        y = self.y + (age - 0.5) * self.way
        x = self.x + (age - 0.5) * self.way * self.slant
        mask: Bytes = np.zeros((frame.height, frame.width), np.uint8)
        ends = np.stack(
            [np.stack([x, y], axis=1), np.stack([x + self.long * self.slant, y + self.long], axis=1)], axis=1
        )
        fixed = np.round(ends * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.polylines(mask, list(fixed), False, (255,), 1, cv2.LINE_AA, SUBPIXEL_BITS)
        soft = cv2.blur(mask, (1, 5))
        # Threads take a little from a bright sky and give a little to dark land: towards a pale grey, never white.
        cv2.add(frame.luma, cv2.convertScaleAbs(soft, alpha=self.strength), dst=frame.luma)


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings that spread on water."""

    x: Numbers
    y: Numbers
    size: Numbers  #: final radius, pixels
    lives: Cycle
    depth: float = 0.6

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        age = self.lives.age(phase)
        mask: Bytes = np.zeros((frame.height, frame.width), np.uint8)
        scale = 1 << SUBPIXEL_BITS
        for x, y, size, share in zip(self.x, self.y, self.size, age, strict=True):
            fade = int(150 * (1 - share) ** 1.5 * min(1, share * 8))
            if fade > 4:
                radius = (round(size * share * scale), round(size * share * 0.26 * scale))
                cv2.ellipse(
                    mask,
                    (round(x * scale), round(y * scale)),
                    radius,
                    0,
                    0,
                    360,
                    (fade,),
                    1,
                    cv2.LINE_AA,
                    SUBPIXEL_BITS,
                )
        cv2.add(frame.luma, cv2.convertScaleAbs(mask, alpha=0.42), dst=frame.luma)


def rain(stage: Stage, *, heavy: bool = False) -> tuple[Rain, Rain]:
    """A far veil of threads and a few near ones."""
    groups = []
    area = stage.width * stage.height / (704 * 1280)
    slant = float(stage.random("rain").uniform(0.05, 0.16)) * (1 if stage.light[0] < 0.5 else -1)
    for name, depth, count, long, strength, life in (
        ("far", 0.4, 340, 0.040, 0.12, 0.80),
        ("near", 1.0, 60, 0.085, 0.17, 0.50),
    ):
        rng = stage.random(f"rain {name}")
        number = round(count * area * (1.7 if heavy else 1.0))
        way = stage.height * 1.25
        groups.append(
            Rain(
                x=rng.uniform(-0.1 * stage.width, 1.1 * stage.width, number),
                y=rng.uniform(-0.15, 0.15, number) * stage.height + stage.height * 0.5,
                long=stage.unit * long * rng.uniform(0.6, 1.3, number),
                slant=slant,
                strength=strength * (1.2 if heavy else 1.0) * (0.7 if stage.palette.brightness > 0.6 else 1.0),
                way=way,
                lives=cycle(rng, number, seconds=stage.seconds, life=life),
                depth=depth,
            )
        )
    return groups[0], groups[1]


def rings(stage: Stage, shore: float) -> Rings:
    """Rings on the water below row `shore`."""
    rng = stage.random("rings")
    count = 26
    down = rng.random(count) ** 0.8
    return Rings(
        x=rng.uniform(0, stage.width, count),
        y=shore + (0.04 + 0.96 * down) * (stage.height - shore),
        size=stage.unit * (0.012 + 0.075 * down),
        lives=cycle(rng, count, seconds=stage.seconds, life=1.25),
    )


def slant_of(rain_: Rain) -> float:
    """The angle of the threads from the vertical, radians."""
    return math.atan(rain_.slant)
