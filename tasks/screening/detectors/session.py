"""How detectors run their ONNX models: on the CPU, with no more threads than they were given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession, SessionOptions

Tensor = npt.NDArray[np.float32]


class Session:
    """One loaded model. Safe to run from several threads at once: nothing in it changes after loading.

    Parameters
    ----------
    model:
        The bytes of an ONNX file with one input.
    threads:
        Cores that one `run` may use. With 1 it uses its caller's thread and starts none.
    """

    def __init__(self, model: bytes, threads: int) -> None:
        options = SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait would take the cores away from the decoder and from other masters.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input: str = self._session.get_inputs()[0].name

    def run(self, batch: Tensor, *outputs: str) -> list[Tensor]:
        """The named outputs, or all of them, for a batch."""
        found: list[Tensor] = self._session.run(list(outputs) or None, {self._input: batch})
        return found
