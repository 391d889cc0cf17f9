"""Lives that begin and end anywhere in a clip, so that the last frame leads into the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.noise import Random

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cycle:
    """When each of many particles lives."""

    start: Numbers  #: phase of birth, turns
    lives: int  #: lives in one clip

    def age(self, phase: float) -> Numbers:
        """How much of its life each has lived, 0 to 1."""
        return (phase * self.lives + self.start) % 1.0

    def presence(self, phase: float, *, fade: float = 0.12) -> Numbers:
        """1, but 0 at birth and at death, changing softly over `fade` of a life."""
        age = self.age(phase)
        edge = np.clip(np.minimum(age, 1 - age) / fade, 0, 1)
        return np.asarray(edge * edge * (3 - 2 * edge), np.float64)


def cycle(rng: Random, count: int, *, seconds: float, life: float) -> Cycle:
    """Lives of about `life` seconds in a clip of `seconds`."""
    return Cycle(rng.random(count), max(1, round(seconds / life)))
