"""How restless a master is: noise hides the invisible mark from its reader, and a stronger mark from people."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import run
from tasks.finishing import glimpses

FRAMES = 3  #: that are looked at, all over its length
#: What is larger than this is picture and no unrest, and over how much around a place it is measured. Pixels.
FINE, AROUND = 2.0, 33
#: The part of the picture that may be calmer than what is told: there a strong mark could be seen.
CALMER = 25  #: percent


def measure(master: Path, seconds: float, width: int, height: int, workplace: Path) -> float:
    """The unrest of a master in levels of brightness (of 255), by its calmest key frame.

    It is the standard deviation of what is finer than some pixels: 0 of a drawn ground, 0.6 of a photo, 2 to 6 of film
    grain, 15 and more of noise that hides everything. Leaves a small file in the workplace.

    Parameters
    ----------
    seconds, width, height:
        Of the master; the latter in pixels.

    Raises
    ------
    FinishingError
        If the master cannot be decoded.
    """
    seen = workplace / "unrest.raw"
    try:
        run(
            [
                "-y", *glimpses.inputs(master, seconds, FRAMES),
                "-filter_complex", f"{glimpses.filters(seconds, FRAMES, 'few')};[few]scale={width}:{height}[seen]",
                "-map", "[seen]", "-fps_mode", "passthrough", "-frames:v", str(FRAMES),
                "-f", "rawvideo", "-pix_fmt", "gray", seen,
            ],
            timeout=60,
        )  # fmt: skip
    except TerminalError as error:
        raise FinishingError(f"{master.name} could not be read: {error.reason}", error.instruction) from error
    frames = np.fromfile(seen, np.uint8).reshape(-1, height, width)
    seen.unlink()
    if not len(frames):
        raise FinishingError(f"{master.name} holds no picture", "generate it again")
    return min(_unrest(frame.astype(np.float32)) for frame in frames)


def _unrest(picture: npt.NDArray[np.float32]) -> float:
    fine = picture - cv2.GaussianBlur(picture, (0, 0), FINE)
    around = cv2.blur(fine * fine, (AROUND, AROUND))[:: AROUND // 2, :: AROUND // 2]
    return float(np.sqrt(np.percentile(around, CALMER)))
