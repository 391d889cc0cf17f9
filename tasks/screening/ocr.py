"""RapidOCR: text in Latin and Chinese letters, read on the CPU. An extra; code and models are Apache-2.0.

`pip install 'reelmill[ocr]'` brings it. It is slow: half a second of one core a frame, so only two frames a second are
read.
"""

from __future__ import annotations

import threading
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.reading import Line

#: One thread, as every detector has. No turned letters: that model costs as much again and finds little in videos.
#: Nothing but errors is told, and models are those of the package.
SETTINGS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class RapidOcr:
    """Reads with the models that come with the package: it never asks a network.

    Raises
    ------
    TerminalError
        If it is not installed, or if its models are not in the package.
    """

    name = "ocr"

    def __init__(self) -> None:
        folder = _models()
        if folder is None:
            raise TerminalError("the reader ocr is not installed", str(self.missing()))
        self._models = folder
        from rapidocr import RapidOCR

        self._engine = RapidOCR(params=SETTINGS)
        self._alone = threading.Lock()  # its steps keep what they are doing in themselves

    @property
    def version(self) -> str:
        return version("rapidocr")

    @cached_property
    def model_sha256(self) -> str:
        digest = sha256()
        for model in sorted(self._models.glob("*.onnx")):
            digest.update(model.name.encode() + sha256(model.read_bytes()).digest())
        return digest.hexdigest()

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs it, or None if it is there."""
        return None if _models() else "pip install 'reelmill[ocr]'"

    def read(self, frame: Frame) -> list[Line]:
        with self._alone:
            found = self._engine(np.ascontiguousarray(frame[..., ::-1]))  # it takes BGR, as OpenCV reads it
        if found.txts is None:
            return []
        return [
            Line(text, float(score), _upright(box))
            for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        ]


def _models() -> Path | None:
    found = find_spec("rapidocr")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).with_name("models")
    return folder if any(folder.glob("*rec*.onnx")) else None


def _upright(corners: np.ndarray) -> tuple[int, int, int, int]:
    """The upright box around four corners."""
    points = np.maximum(np.asarray(corners, float).reshape(-1, 2), 0)
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return round(left), round(top), round(right - left), round(bottom - top)
