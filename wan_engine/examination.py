"""Looks at a clip's frames as they pass, and says what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from reelmill.errors import MediaError
from reelmill.frames import Frame
from wan_engine.motion import QUICK, Luma, Motion, MotionEstimator, luma_of
from wan_engine.quality import LIMITS, Limits, Quality
from wan_engine.seams import NO_BORDERS, Borders, SeamGauge

#: Long side of the copies that motion is measured on, in pixels.
COPY = 320
#: A frame is black below this mean of its luma, where nothing in it is bright: a moon in the night is a picture.
BLACK, BRIGHT = 16.0, 64.0
#: A frame shows something new from this mean difference in luma on. A still picture that was decoded differs by less.
NEW = 0.2
#: The highest part of measures between frames that is left out: cuts, lightning, a shutter. A clip flickers or is noisy
#: all along, or it is not broken.
EXCEPTIONAL = 0.1


class Examiner:
    """Is shown the frames of one clip, in turn, as the decoder gave them: before they are resampled or enlarged.

    Keeps the luma of one frame and of a small copy, and a few numbers of each.

    Parameters
    ----------
    borders:
        Where the tiles met that the clip was decoded in; none if it was decoded whole.
    limits:
        What the clip is judged by.
    """

    def __init__(self, borders: Borders = NO_BORDERS, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._estimator = MotionEstimator(COPY, QUICK)
        self._seams = SeamGauge(borders)
        self._last_new: Luma | None = None
        self._copy: Luma | None = None
        self._new = self._black = 0
        self._brightness: list[float] = []
        self._sharpness: list[float] = []
        self._warp_errors: list[float] = []
        self._motions: list[float] = []

    def see(self, frame: Frame) -> None:
        """Take the next frame, (height, width, 3) uint8 in RGB."""
        luma = luma_of(frame)
        before, self._copy = self._copy, self._estimator.reduced(luma)
        self._brightness.append(cv2.mean(luma)[0])
        self._black += bool(self._brightness[-1] < BLACK and self._copy.max() < BRIGHT)
        self._sharpness.append(_sharpness(luma))
        self._seams.see(luma)
        # Against the last one that was new, not the last one: what moves slowly is something new every few frames.
        if self._last_new is None or cv2.norm(luma, self._last_new, cv2.NORM_L1) >= NEW * luma.size:
            self._last_new = luma
            self._new += 1
        if before is not None:
            self._compare(self._estimator.between(before, self._copy))

    def quality(self) -> Quality:
        """What was seen, judged.

        Raises
        ------
        MediaError
            If there was no frame.
        """
        frames = len(self._brightness)
        if frames == 0:
            raise MediaError("a clip without frames cannot be examined", "")
        brightness = np.array(self._brightness)
        leaps = np.abs(brightness[1:-1] - (brightness[:-2] + brightness[2:]) / 2)  # a fade is none
        quality = Quality(
            frames=frames,
            black=self._black / frames,
            frozen=1 - (self._new - 1) / max(1, frames - 1),
            flicker=_usual(leaps.tolist()),
            warp_error=_usual(self._warp_errors),
            motion=_usual(self._motions),
            sharpness=float(np.median(self._sharpness)),
            seam=self._seams.score,
        )
        return replace(quality, faults=self._limits.faults(quality))

    def _compare(self, motion: Motion) -> None:
        """Take down what lies between two frames."""
        followed = motion.lasting if not motion.cut and motion.lasting.any() else np.ones_like(motion.lasting)
        self._warp_errors.append(float(motion.residual[followed].mean()))
        ways = np.hypot(motion.forward[..., 0], motion.forward[..., 1])
        self._motions.append(float(ways[followed].mean()) / ways.shape[1])


def _usual(values: Sequence[float]) -> float:
    """The mean without the highest part; 0 of nothing."""
    kept = sorted(values)[: len(values) - int(len(values) * EXCEPTIONAL)]
    return float(np.mean(kept)) if kept else 0.0


def _sharpness(luma: Luma) -> float:
    """The variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000)."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2
