"""What the model itself makes for a shot: at its own rate and size, before it is brought to what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from reelmill.content import Shot
from wan_engine.wan.legality import own_frames, own_size
from wan_engine.wan.profiles import Profile


@dataclass(frozen=True, slots=True)
class Take:
    """The picture and the length of what comes out of the model."""

    width: int  #: pixels
    height: int  #: pixels
    frames: int
    fps: int
    pictured: bool  #: it begins with a reference image

    @classmethod
    def of(cls, profile: Profile, shot: Shot) -> Self:
        """For a shot that was checked."""
        width, height = own_size(profile, shot.width, shot.height)
        frames = own_frames(profile, shot.frames, shot.fps)
        return cls(width, height, frames, profile.fps, shot.image is not None)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}, {self.frames} frames{' from an image' if self.pictured else ''}"
