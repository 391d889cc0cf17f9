"""Fireworks: a spark climbs, bursts into a sphere of lights, and they fall and go out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Numbers
from wan_engine.storyboard.picture.colour import code, colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import splat
from wan_engine.storyboard.stage import Stage

#: What they burn in.
TONES = ("#ffcf6b", "#ff6a5a", "#7fd0ff", "#c99bff", "#9dffb0")
#: Seconds from the burst until the last light is out, and of the climb before it.
BURNS, CLIMBS = 1.9, 0.55
LIGHTS, TAIL = 84, 5
#: How much brighter than its colour a light burns, luma.
GLARE = 70


@dataclass(frozen=True, slots=True)
class Rocket:
    """One rocket."""

    x: float  #: where it bursts, pixels
    y: float
    start: float  #: when it bursts, phase
    reach: float  #: radius of the burst, pixels
    tone: tuple[float, float, float]  #: code values
    ways: Numbers  #: (lights, 2): where each light flies, 1 at the rim
    spread: float  #: size of a light, pixels


@dataclass(frozen=True, slots=True)
class Fireworks:
    """Several rockets, one after the other; the last one is out when the first one climbs again."""

    rockets: tuple[Rocket, ...]
    seconds: float
    fall: float  #: pixels that lights sink while they burn
    depth: float = 0.1

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        for rocket in self.rockets:
            age = ((phase - rocket.start) % 1.0) * self.seconds
            climb = age - self.seconds + CLIMBS
            if age < BURNS:
                self._burst(frame, rocket, age / BURNS)
            elif climb > 0:
                share = climb / CLIMBS
                y = np.array([rocket.y + (1 - share) ** 2 * 3.2 * rocket.reach])
                x = np.array([rocket.x])
                spread, shine = np.array([rocket.spread * 0.8]), np.array([0.8 * share])
                splat(frame, x, y, spread, shine, round(rocket.tone[0]))

    def _burst(self, frame: Frame, rocket: Rocket, share: float) -> None:
        """The lights and a short tail behind each."""
        for step in range(TAIL):
            past = max(0.0, share - 0.022 * step)
            out = (1 - (1 - past) ** 3) * rocket.reach
            x = rocket.x + rocket.ways[:, 0] * out
            y = rocket.y + rocket.ways[:, 1] * out + self.fall * past**2
            flicker = 0.75 + 0.25 * np.sin(40 * share + np.arange(LIGHTS) * 2.4)
            shine = np.clip(1.15 * (1 - share) ** 1.3, 0, 1) * flicker * (1 - step / TAIL)
            spread = np.full(LIGHTS, rocket.spread * (1 - 0.14 * step))
            luma, blue, red = (round(value) for value in rocket.tone)
            splat(frame, x, y, spread, shine, min(luma + GLARE, 235), tint=(blue, red))


def fireworks(stage: Stage) -> Fireworks:
    """Rockets over the middle of the sky, about one a second."""
    rng = stage.random("fireworks")
    count = max(2, round(stage.seconds * 0.8))
    rockets = []
    for index in range(count):
        turn, height = rng.uniform(0, 2 * np.pi, LIGHTS), rng.uniform(-1, 1, LIGHTS)
        ring = np.sqrt(1 - height**2) * rng.uniform(0.86, 1.0, LIGHTS)
        rockets.append(
            Rocket(
                x=stage.width * rng.uniform(0.22, 0.78),
                y=stage.height * rng.uniform(0.16, 0.36),
                start=(index + rng.uniform(0.1, 0.6)) / count,
                reach=stage.unit * rng.uniform(0.15, 0.25),
                tone=code(colour(TONES[int(rng.integers(len(TONES)))])),
                ways=np.stack([ring * np.cos(turn), height], axis=1),
                spread=stage.unit * 0.0036,
            )
        )
    return Fireworks(tuple(rockets), stage.seconds, 0.10 * stage.unit)
