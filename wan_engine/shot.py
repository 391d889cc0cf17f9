"""Which shots are legal, and the nearest legal one for those that are not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reelmill.errors import EngineError

#: Temporal compression of the video VAE: frames come as 4k+1 (Wan2.2 README, "High-Definition Hybrid TI2V").
TEMPORAL_STRIDE = 4
#: Spatial compression of the VAE (16) times the patch (2): sides are multiples of 32.
SPATIAL_STRIDE = 32
#: What the storyboard and every Wan2.2-TI2V-5B shot is made at (wan_ti2v_5B.py).
NATIVE_FPS = 24

#: Sizes by name: what the models were trained at (`SUPPORTED_SIZES` of `wan/configs/__init__.py`), squares of about as
#: many pixels, and what is enlarged from 720p.
NAMED_SIZES: Mapping[str, str] = MappingProxyType(
    {
        "720p-portrait": "704x1280",
        "720p-landscape": "1280x704",
        "720p-square": "928x928",
        "1080p-portrait": "1088x1920",
        "1080p-landscape": "1920x1088",
        "480p-portrait": "480x832",
        "480p-landscape": "832x480",
        "480p-square": "608x608",
    }
)


def legal_frames(seconds: float, fps: int = NATIVE_FPS) -> int:
    """The nearest 4k+1 count of frames, at least 5: 5 s at 24 fps are 121 frames."""
    return max(1, round((seconds * fps - 1) / TEMPORAL_STRIDE)) * TEMPORAL_STRIDE + 1


def check_frames(frames: int) -> None:
    """Raise `EngineError` with the nearest legal counts unless `frames` is 4k+1 and at least 5."""
    if frames < TEMPORAL_STRIDE + 1 or frames % TEMPORAL_STRIDE != 1:
        below = max(TEMPORAL_STRIDE + 1, (frames - 1) // TEMPORAL_STRIDE * TEMPORAL_STRIDE + 1)
        raise EngineError(
            f"{frames} frames cannot be made: the count must be 4k+1",
            f"ask for {below} or {below + TEMPORAL_STRIDE} frames",
        )


def check_size(width: int, height: int, *, smallest: int = 256, largest: int = 1920) -> None:
    """Raise `EngineError` with the nearest legal size unless both sides are multiples of 32 within the limits."""

    def nearest(side: int) -> int:
        stepped = round(side / SPATIAL_STRIDE) * SPATIAL_STRIDE
        return min(max(stepped, smallest), largest // SPATIAL_STRIDE * SPATIAL_STRIDE)

    wanted = (nearest(width), nearest(height))
    if wanted != (width, height):
        raise EngineError(
            f"{width}x{height} cannot be made: sides are multiples of {SPATIAL_STRIDE} from {smallest} to {largest}",
            f"the nearest size is {wanted[0]}x{wanted[1]}",
        )
