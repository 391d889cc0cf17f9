"""Faces in a clip, so that a crop holds them: found by NudeNet, and believed where they stay for a while.

NudeNet is an extra: `pip install 'reelmill[nudenet]'`. No other network that finds faces comes with what a base install
brings: OpenCV 5 has no Haar cascades any more, and its `FaceDetectorYN` comes without a model. Where it is missing, a
crop goes by what stands out and what moves, as before. Screening reads the same weights for another purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from reelmill.frames import Frame

#: The rows of the network's output that tell of faces, after the four of the box: FACE_FEMALE and FACE_MALE
#: (github.com/notAI-tech/NudeNet, nudenet.py).
ROWS = (4 + 1, 4 + 12)
#: The long side of a picture as the network sees it, and what its sides are multiples of. Pixels.
SIDE, STRIDE = 320, 32
#: Scores: what is looked at, and what a face must reach once while it is there. In a clip of 1280x704 a face of a
#: fifteenth of the height has about 0.2, of an eighth 0.6, of a fifth 0.8.
SEEN, SURE = 0.25, 0.45
#: Of two boxes whose intersection is more than this share of their union, the better one stays.
OVERLAP = 0.45
#: In how many of the frames that are looked at a face must be, and how many in a row it may be missing in between: a
#: head turns and an eye closes, and a network sees a face in a bush for a moment.
LASTING, MISSING = 4, 2
#: How much larger or smaller a face may become from one frame to the next.
GROWTH = 1.8


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is, in parts of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float
    score: float = 1.0  #: 0 to 1

    @property
    def size(self) -> tuple[float, float]:
        return self.right - self.left, self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def like(self, other: Face) -> bool:
        """Whether this may be the same face a moment later: it has moved by less than its size, and is as large."""
        pairs = zip(self.size, other.size, self.centre, other.centre, strict=True)
        return all(
            abs(there - here) < max(mine, theirs) and max(mine, theirs) < GROWTH * min(mine, theirs)
            for mine, theirs, here, there in pairs
        )

    def between(self, other: Face, part: float) -> Face:
        """A face on the way to another one; at 0 it is this one."""
        ours, theirs = ((one.left, one.top, one.right, one.bottom) for one in (self, other))
        left, top, right, bottom = (here + (there - here) * part for here, there in zip(ours, theirs, strict=True))
        return Face(left, top, right, bottom)


@dataclass(slots=True)
class _Track:
    """One face through the frames in which it was found."""

    found: dict[int, Face] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return next(reversed(self.found))

    def takes(self, number: int, face: Face) -> bool:
        return 0 < number - self.last <= MISSING + 1 and self.found[self.last].like(face)

    @property
    def lasts(self) -> bool:
        return len(self.found) >= LASTING and max(face.score for face in self.found.values()) >= SURE


class Finder:
    """The network, loaded once for a clip."""

    def __init__(self, weights: Path) -> None:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the decoder works beside it
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = InferenceSession(weights.read_bytes(), options, providers=["CPUExecutionProvider"])
        self._input: str = self._session.get_inputs()[0].name

    @staticmethod
    def sight(width: int, height: int) -> tuple[int, int]:
        """Width and height, in pixels, of the picture that it looks at."""
        longest = max(width, height)
        return max(1, round(width * SIDE / longest)), max(1, round(height * SIDE / longest))

    def find(self, frame: Frame) -> list[Face]:
        """All that may be faces in a picture of that size, in RGB."""
        height, width = frame.shape[:2]
        padded = np.zeros((1, 3, -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE), np.float32)
        np.multiply(frame.transpose(2, 0, 1), np.float32(1 / 255), out=padded[0, :, :height, :width])
        (output,) = self._session.run(None, {self._input: padded})[0]
        scores = output[list(ROWS)].max(axis=0)
        likely = np.flatnonzero(scores >= SEEN)
        x, y, wide, high = output[:4, likely]
        boxes = np.stack([x - wide / 2, y - high / 2, wide, high], axis=1).tolist()
        kept = cv2.dnn.NMSBoxes(boxes, scores[likely].tolist(), 0.0, OVERLAP) if boxes else []
        return [
            Face(left / width, top / height, (left + across) / width, (top + down) / height, float(scores[likely[one]]))
            for one in np.asarray(kept, np.intp).ravel()
            for left, top, across, down in [boxes[one]]
        ]


def finder() -> Finder | None:
    """What finds faces here; None if nothing is installed that does."""
    weights = _weights()
    return None if weights is None else Finder(weights)


def identity() -> str | None:
    """What finds faces here, by name and version: it decides where a crop goes. Loads nothing."""
    return None if _weights() is None else f"nudenet {version('nudenet')}"


def lasting(frames: Sequence[Sequence[Face]]) -> list[list[Face]]:
    """The faces of each frame that are there for a while. Frames in which one was missed have it where it must be."""
    tracks: list[_Track] = []
    for number, faces in enumerate(frames):
        for face in sorted(faces, key=lambda one: -one.score):
            track = next((one for one in tracks if one.takes(number, face)), None)
            if track is None:
                tracks.append(track := _Track())
            track.found[number] = face
    believed: list[list[Face]] = [[] for _ in frames]
    for track in tracks:
        if track.lasts:
            numbers = sorted(track.found)
            for number in range(numbers[0], numbers[-1] + 1):
                before = max(one for one in numbers if one <= number)
                after = min(one for one in numbers if one >= number)
                part = (number - before) / max(1, after - before)
                believed[number].append(track.found[before].between(track.found[after], part))
    return believed


def _weights() -> Path | None:
    found = find_spec("nudenet")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("320n.onnx")
    return path if path.is_file() else None
