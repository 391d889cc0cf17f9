"""Whether a master shows anything at all: what a failed generation leaves is black, or a picture that stands still."""

from __future__ import annotations

import cv2
import numpy as np

from reelmill.frames import Frame
from tasks.screening.policy import Policy


class Blankness:
    """Counts black frames and frames that equal the one before. Keeps one frame."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._previous: Frame | None = None
        self._frames = 0
        self._black = 0
        self._still = 0

    def add(self, frame: Frame) -> None:
        """Take the next frame, (height, width, 3) uint8."""
        self._frames += 1
        if np.mean(cv2.mean(frame)[:3]) < self._policy.black.level_below:
            self._black += 1
        if self._previous is not None:
            change = cv2.norm(frame, self._previous, cv2.NORM_L1) / frame.size
            self._still += change < self._policy.frozen.change_below
        self._previous = frame

    def reasons(self) -> list[str]:
        """Why a person should look, or nothing."""
        reasons = []
        if self._frames and self._black / self._frames > self._policy.black.share_above:
            reasons.append(f"mostly black: {self._black} of {self._frames} frames")
        steps = self._frames - 1
        if steps == 0:
            reasons.append("a single frame: nothing moves")
        elif steps > 0 and self._still / steps > self._policy.frozen.share_above:
            reasons.append(f"mostly frozen: {self._still} of {steps} frames equal the one before")
        return reasons
