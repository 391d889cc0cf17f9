"""NudeNet: which parts of bodies are in a picture, and where. An extra, because its weights are AGPL-3.0.

`pip install 'reelmill[nudenet]'` brings them; Reelmill neither ships nor changes them. Whoever offers a service with
them should read that licence first.

The package is used for its weights alone. Its own `detect` takes red for blue when it is handed a picture as OpenCV
reads it, has no bound on threads, and spends 4 ms a frame in a Python loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.detectors.session import Session, Tensor

#: What the network finds, in the order of its output (github.com/notAI-tech/NudeNet, nudenet.py).
LABELS = (
    "FEMALE_GENITALIA_COVERED",
    "FACE_FEMALE",
    "BUTTOCKS_EXPOSED",
    "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED",
    "ANUS_EXPOSED",
    "FEET_EXPOSED",
    "BELLY_COVERED",
    "FEET_COVERED",
    "ARMPITS_COVERED",
    "ARMPITS_EXPOSED",
    "FACE_MALE",
    "BELLY_EXPOSED",
    "MALE_GENITALIA_EXPOSED",
    "ANUS_COVERED",
    "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)

#: The long side of a picture as the network sees it, in pixels.
SIDE = 320
#: The network halves the picture five times, so its sides are multiples of this.
STRIDE = 32
#: Scores below this are noise. The package stops at 0.25; policies ask for a review from 0.2 on, and half of that makes
#: them look closer.
FLOOR = 0.1
#: Of two boxes whose intersection is more than this share of their union, the better one stays.
OVERLAP = 0.45


class NudeNet(Detector):
    """Boxes with labels. A frame may have none."""

    name = "nudenet"

    def __init__(self, *, threads: int = 1) -> None:
        super().__init__(threads=threads)
        path = _weights()
        if path is None:
            raise TerminalError("nudenet is not installed", str(self.missing()))
        model = path.read_bytes()
        self._sha256 = sha256(model).hexdigest()
        self._session = Session(model, threads)

    @property
    def version(self) -> str:
        return version("nudenet")

    @property
    def model_sha256(self) -> str:
        return self._sha256

    @classmethod
    def missing(cls) -> str | None:
        return None if _weights() else "pip install 'reelmill[nudenet]'"

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        findings = []
        for _, alike in groupby(frames, key=lambda frame: frame.shape):
            group = list(alike)
            (outputs,) = self._session.run(np.stack([planes(frame) for frame in group]))
            findings += [_findings(frame, output) for frame, output in zip(group, outputs, strict=True)]
        return findings


def planes(frame: Frame) -> Tensor:
    """A frame as the network takes it: (3, height, width) float32 from 0 to 1, the red plane first.

    The long side becomes 320. The short side is padded with black to the next multiple of 32 only: the package pads
    to a square, which costs half as much again for a vertical frame and moves scores by less than 0.05.
    """
    height, width = (_scaled(side, max(frame.shape[:2])) for side in frame.shape[:2])
    small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    padded = np.zeros((3, _padded(height), _padded(width)), np.float32)
    np.multiply(small.transpose(2, 0, 1), np.float32(1 / 255), out=padded[:, :height, :width])
    return padded


def _weights() -> Path | None:
    found = find_spec("nudenet")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("320n.onnx")
    return path if path.is_file() else None


def _scaled(side: int, longest: int) -> int:
    return max(1, round(side * SIDE / longest))


def _padded(side: int) -> int:
    return -(-side // STRIDE) * STRIDE


def _findings(frame: Frame, output: Tensor) -> list[Finding]:
    """Boxes out of what the network says of one frame: (4 + labels, candidates), the centre and size of each first."""
    scores = output[4:].max(axis=0)
    if not np.isfinite(scores).all():
        raise TerminalError("nudenet gave a score that is no number", "")  # no comparison would ever find it
    candidates = np.flatnonzero(scores >= FLOOR)
    if not candidates.size:
        return []
    height, width = frame.shape[:2]
    scale_x, scale_y = (side / _scaled(side, max(width, height)) for side in (width, height))
    centre_x, centre_y, wide, high = output[:4, candidates] * np.array([[scale_x], [scale_y]] * 2, np.float32)
    left, top = np.clip(centre_x - wide / 2, 0, width), np.clip(centre_y - high / 2, 0, height)
    boxes = np.stack([left, top, np.minimum(wide, width - left), np.minimum(high, height - top)], axis=1)
    labels = output[4:, candidates].argmax(axis=0)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores[candidates].tolist(), 0.0, OVERLAP)
    return [
        Finding(LABELS[labels[index]], float(scores[candidates[index]]), _pixels(boxes[index].tolist()))
        for index in np.asarray(kept, np.intp).ravel()
    ]


def _pixels(box: Sequence[float]) -> tuple[int, int, int, int]:
    left, top, width, height = (int(side) for side in box)
    return left, top, width, height
