"""Whether a rendition is within what a platform takes, before a byte of it is sent."""

from __future__ import annotations

import math

from reelmill.content import Rendition
from tasks.publishing.outcome import Refused


def require_fit(
    rendition: Rendition,
    platform: str,
    *,
    least_bytes: int = 1,
    most_bytes: int | None = None,
    least_seconds: float = 0.0,
    most_seconds: float | None = None,
    fps: tuple[float, float] = (0.0, math.inf),
) -> None:
    """Compare the file's size, length and rate with a platform's limits.

    Raises
    ------
    Refused
        If it is outside, with both numbers.
    """
    size, seconds = rendition.size_bytes, rendition.frames / rendition.fps
    if size < least_bytes:
        raise Refused(
            f"the video has {size} bytes, and {platform} takes {least_bytes} at least", "deliver another profile"
        )
    if most_bytes is not None and size > most_bytes:
        raise Refused(
            f"the video has {size} bytes, and {platform} takes {most_bytes} at most",
            "deliver a profile with a smaller file",
        )
    if seconds < least_seconds:
        raise Refused(
            f"the video lasts {seconds:.1f} s, and {platform} takes {least_seconds:g} s at least", "make it longer"
        )
    if most_seconds is not None and seconds > most_seconds:
        raise Refused(
            f"the video lasts {seconds:.1f} s, and {platform} takes {most_seconds:g} s at most", "make it shorter"
        )
    if not fps[0] <= rendition.fps <= fps[1]:
        raise Refused(
            f"the video has {rendition.fps} frames a second, and {platform} takes {fps[0]:g} to {fps[1]:g}",
            "deliver another profile",
        )
