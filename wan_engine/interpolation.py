"""A clip at another frame rate: frames between frames, drawn along the way that the picture moves.

Blending two frames shows everything twice. Here both are moved first, each by its share of the way, so that they agree
before they are blended; what only one of them shows is taken from that one. A cut is not crossed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import cv2
import numpy as np

from reelmill.errors import MediaError
from reelmill.frames import Frame
from wan_engine.motion import FINE, Field, Flow, Mask, Motion, MotionEstimator, luma_of, moved

#: Long side of the copy that motion is found on, in pixels: half a clip's. That of a full frame takes seven times as
#: long to find, and gains 0.1 to 1 dB.
COPY = 640
#: Sides of windows, in pixels of the copy. Two motions are compared over the first. Flow leaks over the edges of what
#: moves, so it is not trusted where the second touches pixels that do not find back. What only one frame sees fades
#: over the third. Chosen on discs before moving grounds, on which they gain 2 to 3 dB together.
COMPARED, DISTRUSTED, FADED = 3, 5, 7
#: What the side that does not see a pixel still counts for, so that two blind sides share it.
BLIND = 0.01


def resampled(frames: Iterable[Frame], fps_from: int, fps_to: int, count: int) -> Iterator[Frame]:
    """Frames of one rate as frames of another; at most three are in hand.

    Frame `i` of the result shows the instant `i / fps_to`. Where a source frame is of that instant, it is handed on
    as it is. Instants after the last source frame show the last one.

    Parameters
    ----------
    frames:
        (height, width, 3) uint8 in RGB, all of one size, at least one. Their memory is not used for anything else while
        this goes on. One more is taken than is needed, if there is one.
    fps_from, fps_to:
        Frames per second.
    count:
        How many frames come out.

    Raises
    ------
    MediaError
        If there is no frame.
    """
    source = iter(frames)
    shown, coming = next(source, None), next(source, None)
    if shown is None:
        raise MediaError("a clip without frames cannot be resampled", "")
    estimator = MotionEstimator(COPY, FINE)
    number, between = 0, None
    for instant in range(count):
        wanted, rest = divmod(instant * fps_from, fps_to)
        while number < wanted and coming is not None:
            shown, coming, number, between = coming, next(source, None), number + 1, None
        if rest == 0 or coming is None:
            yield shown
            continue
        between = between or Between(shown, coming, estimator)
        yield between.at(rest / fps_to)


class Between:
    """What lies between two neighbouring frames. Their motion is found once, when it is first asked for."""

    def __init__(self, first: Frame, second: Frame, estimator: MotionEstimator) -> None:
        self._first, self._second = first, second
        self._estimator = estimator

    def at(self, share: float) -> Frame:
        """The frame at a share of the time between them: above 0, below 1."""
        motion = self._motion
        if motion.cut:
            return self._first if share < 0.5 else self._second
        flow = self._flow(share)
        weight = _weight(motion, flow, share)
        height, width = self._first.shape[:2]
        scale = np.array([width / weight.shape[1], height / weight.shape[0]], np.float32)
        flow = np.asarray(cv2.resize(flow, (width, height)), np.float32) * scale
        weight = np.asarray(cv2.resize(weight, (width, height)), np.float32)
        # Cubic: a linear one blurs, and the clip would pulse between frames that are drawn and frames that are not.
        first = moved(self._first, -share * flow, cv2.INTER_CUBIC)
        second = moved(self._second, (1 - share) * flow, cv2.INTER_CUBIC)
        return np.asarray(cv2.blendLinear(first, second, 1 - weight, weight), np.uint8)

    @cached_property
    def _motion(self) -> Motion:
        first, second = (self._estimator.reduced(luma_of(frame)) for frame in (self._first, self._second))
        return self._estimator.between(first, second)

    @cached_property
    def _flows(self) -> tuple[Flow, Flow]:
        """From the first to the second, as each of them tells it."""
        motion = self._motion
        return _filled(motion.forward, motion.lasting), _filled(-motion.backward, motion.known)

    def _flow(self, share: float) -> Flow:
        """The motion from the first frame to the second of each pixel at an instant between them.

        Each frame tells one, for its own pixels; it is followed to where they are at that instant. Of the two, that one
        holds whose ends look more alike.
        """
        motion = self._motion
        told = []
        for flow, way in zip(self._flows, (-share, 1 - share), strict=True):
            here = moved(flow, way * flow)  # going on from there gains nothing, and swings at the edges of what moves
            ends = moved(motion.first, -share * here), moved(motion.second, (1 - share) * here)
            difference = cv2.absdiff(*ends).astype(np.float32)
            told.append((here, cv2.blur(difference, (COMPARED, COMPARED))))
        (first, unlike_first), (second, unlike_second) = told
        return np.where((unlike_first <= unlike_second)[..., None], first, second)


def _weight(motion: Motion, flow: Flow, share: float) -> Field:
    """How much the second frame counts for each pixel at an instant, 0 to 1."""
    first = (1 - share) * (_seen(motion.known, (1 - share) * flow) + BLIND)
    second = share * (_seen(motion.lasting, -share * flow) + BLIND)
    return np.asarray(second / (first + second), np.float32)


def _seen(mask: Mask, offsets: Flow) -> Field:
    seen = moved(mask.astype(np.float32), offsets)
    return np.asarray(cv2.blur(seen, (FADED, FADED)), np.float32)


def _filled(flow: Flow, good: Mask) -> Flow:
    """The flow, and where it cannot be trusted that of the nearest place where it can."""
    trusted = cv2.erode(good.astype(np.uint8), np.ones((DISTRUSTED, DISTRUSTED), np.uint8))
    if trusted.all() or not trusted.any():
        return flow
    _, nearest = cv2.distanceTransformWithLabels(1 - trusted, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    known = np.zeros((int(nearest.max()) + 1, 2), np.float32)
    sure = trusted.astype(np.bool_)
    known[nearest[sure]] = flow[sure]
    return np.asarray(known[nearest], np.float32)
