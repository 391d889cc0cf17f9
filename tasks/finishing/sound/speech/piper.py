"""Piper: neural voices on this machine's processor, each a model file (`.onnx`, with its `.onnx.json` beside it).

The program `piper`, or the wheel `piper-tts`, which is GPL-3.0-or-later. Models have licences of their own.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.finishing.sound.speech import program
from tasks.finishing.sound.speech.base import Line, Stopped, Voice

#: Seconds that one clause may take: the model is loaded for each.
TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class PiperVoice(Voice):
    """One model."""

    engine = "piper"

    model: Path
    speed: float = 1.0

    @property
    def identity(self) -> dict[str, Json]:
        return {"engine": self.engine, "voice": self.model.name, "speed": self.speed}

    def name(self, language: str) -> str:
        return self.model.name

    def missing(self) -> str:
        if not self._program():
            return "pip install piper-tts, or install the program piper"
        for path in (self.model, Path(f"{self.model}.json")):
            if not path.is_file():
                return f"put a model of Piper at {path}"
        return ""

    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        if missing := self.missing():
            raise FinishingError("Piper cannot speak here", missing)
        pace = f"{1 / self.speed:.3f}"
        for line in lines:
            half = line.path.with_suffix(".half")
            arguments = [*self._program(), "--model", str(self.model), "--output_file", str(half)]
            arguments += ["--length_scale", pace]
            code, said = program.run(
                arguments, line.text, name="Piper", timeout=TIMEOUT, stopped=stopped, cwd=line.path.parent
            )
            if code or not half.exists():
                raise FinishingError(f"Piper failed: {said or f'exit code {code}'}", "see that the model is whole")
            half.replace(line.path)

    @staticmethod
    def _program() -> list[str]:
        found = shutil.which("piper")
        if found:
            return [found]
        return [sys.executable, "-m", "piper"] if find_spec("piper") else []
