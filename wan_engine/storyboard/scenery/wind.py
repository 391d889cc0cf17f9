"""How things move in a light wind: what stands leans, what hangs swings. Each motion ends as it began."""

from __future__ import annotations

import math

from wan_engine.storyboard.picture.layer import Motion, Sway


def leaning(start: float, strength: float) -> Sway:
    """What stands on its pivot and leans with the wind, by `strength` pixels per pixel of height.

    What hangs leans the other way: give it a negative strength.
    """

    def sway(phase: float) -> Motion:
        slow, quick = math.sin(2 * math.pi * (phase + start)), math.sin(4 * math.pi * (phase + 1.8 * start))
        return Motion(shear=strength * (slow + 0.4 * quick))

    return sway


def turning(start: float, strength: float) -> Sway:
    """What is held at its pivot and turns about it, by `strength` radians to each side."""

    def sway(phase: float) -> Motion:
        slow, quick = math.sin(2 * math.pi * (phase + start)), math.sin(4 * math.pi * (phase + 2 * start))
        return Motion(turn=strength * (slow + 0.4 * quick))

    return sway
