"""Plays a finished file to its end, once, for all that is proven from its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reelmill.frames import Frame, read_frames
from tasks.finishing.labels import mark
from tasks.finishing.labels.mark import Mark, Reading
from tasks.finishing.labels.visible import VisibleLabel, correlate

#: Pictures whose labels are measured at a time.
BATCH = 32


@dataclass(frozen=True, slots=True)
class Playback:
    """What was seen."""

    correlations: tuple[float, ...]  #: of the visible label, one a frame
    reading: Reading  #: of the invisible mark

    @property
    def frames(self) -> int:
        return len(self.correlations)


def play(path: Path, label: VisibleLabel, promised: Mark) -> Playback:
    """Decode a file to its end and look at the visible label in every frame and at the mark in every third.

    Raises
    ------
    MediaError
        If the file does not decode to its end.
    """
    width, height = promised.sight
    wide = max(width, label.width)
    # One picture holds both: the label's box as it is, and below it the whole, made small.
    filters = (
        f"format=yuv420p,extractplanes=y,split=2[a][b];[a]crop={label.width}:{label.height}:{label.x}:{label.y},pad={wide}:ih[label];"
        f"[b]scale={width}:{height}:flags=area,pad={wide}:ih[whole];[label][whole]vstack"
    )
    frames = read_frames(path, wide, label.height + height, pixels="gray", filters=filters)
    correlations: list[float] = []
    waiting: list[Frame] = []

    def measure() -> None:
        if waiting:
            correlations.extend(correlate(label, np.stack(waiting)).tolist())
            waiting.clear()

    def wholes() -> Iterator[Frame]:
        for number, frame in enumerate(frames):
            waiting.append(frame[: label.height, : label.width])
            if len(waiting) == BATCH:
                measure()
            if number % mark.STEP == 0:
                yield frame[label.height :, :width]
        measure()

    reading = mark.detect(wholes())
    return Playback(tuple(correlations), reading)
