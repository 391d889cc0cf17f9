"""An effect: something that is drawn anew in every frame, where a layer that only moves would not do."""

from __future__ import annotations

from typing import Protocol

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.frame import Frame


class Effect(Protocol):
    """Drawn by two threads on two frames at once: it keeps nothing of a frame."""

    @property
    def depth(self) -> float:
        """Where it stands between the layers: 0 at the horizon, 1 at the lens."""

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        """Draw it onto the frame at a moment of the clip, 0 to 1."""
