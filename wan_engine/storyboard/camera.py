"""The camera: a slow move that is felt more the nearer a layer is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Move = Literal["push", "pull", "left", "right", "rise", "sink", "orbit", "still"]

#: How far the nearest layer travels in a second, in short sides of the frame.
TRAVEL = 0.014
#: How much the nearest layer grows in a second.
PUSH = 0.020
#: Clips longer than this (seconds) move more slowly instead of further, so that layers need no wider margins.
LONGEST_MOVE = 6.0
#: How much of the nearest layer's motion the sky still has.
SKY_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class View:
    """Where a layer is seen at one moment: `frame = centre + (layer - centre) * zoom + shift`, in pixels."""

    zoom: float
    shift_x: float
    shift_y: float


@dataclass(frozen=True, slots=True)
class Camera:
    """A move over a whole clip."""

    move: Move
    width: int  #: of the frame, pixels
    height: int
    seconds: float
    strength: float = 1.0

    @property
    def reach(self) -> float:
        """How far the nearest layer is shifted at most, in pixels."""
        return self.strength * TRAVEL * min(self.seconds, LONGEST_MOVE) * min(self.width, self.height) / 2

    @property
    def growth(self) -> float:
        """How much the nearest layer grows at most."""
        return self.strength * PUSH * min(self.seconds, LONGEST_MOVE)

    def share(self, depth: float) -> float:
        """How much of the camera's motion a layer at this depth shows."""
        return SKY_SHARE + (1 - SKY_SHARE) * math.pow(max(0.0, depth), 1.25)

    def view(self, depth: float, phase: float) -> View:
        """Where a layer is seen at `phase` (0 at the first frame, 1 just after the last)."""
        share = self.share(depth)
        along = 2 * phase - 1  # -1 → 1 at a steady speed: a move that is cut is not felt as starting or ending
        x = y = 0.0
        zoom = 1.0
        match self.move:
            case "push":
                zoom = 1 + self.growth * share * phase
                y = 0.25 * self.reach * share * along
            case "pull":
                zoom = 1 + self.growth * share * (1 - phase)
            case "left" | "right":
                x = self.reach * share * along * (1 if self.move == "left" else -1)
                zoom = 1 + 0.3 * self.growth * share * phase
            case "rise" | "sink":
                y = self.reach * share * along * (1 if self.move == "rise" else -1)
                zoom = 1 + 0.3 * self.growth * share * phase
            case "orbit":
                angle = 2 * math.pi * phase
                x, y = 0.8 * self.reach * share * math.sin(angle), 0.35 * self.reach * share * math.cos(angle)
                zoom = 1 + 0.25 * self.growth * share * (1 - math.cos(angle)) / 2
            case "still":
                zoom = 1 + 0.15 * self.growth * share * phase
        return View(zoom, x, y)
