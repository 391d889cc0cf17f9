"""eSpeak NG: speaks more than a hundred languages without a network, a model or a GPU, and sounds like a machine.

The program `espeak-ng` where there is one, else the library in the wheel `espeakng-loader`. Both are GPL-3.0-or-later;
either runs in a process of its own.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.finishing.sound.speech import espeak_child, program
from tasks.finishing.sound.speech.base import Line, Stopped, Voice, never

#: Words per minute at speed 1, its own default.
WORDS_PER_MINUTE = 175
#: Its names of languages where they are not the usual ones.
VOICES = {"zh": "cmn", "zh-CN": "cmn", "zh-TW": "cmn", "zh-HK": "yue"}
#: Seconds that all clauses of a narration may take.
TIMEOUT = 120.0
NAME = "eSpeak NG"
#: The child's exit code for a voice that it does not have.
NO_VOICE = 2


@dataclass(frozen=True, slots=True)
class EspeakVoice(Voice):
    """A voice of eSpeak NG."""

    engine = "espeak"

    voice: str = ""  #: as `espeak-ng --voices` lists them; "": the one of the language
    speed: float = 1.0

    @property
    def identity(self) -> dict[str, Json]:
        return {"engine": self.engine, "voice": self.voice, "speed": self.speed}

    def name(self, language: str) -> str:
        return self.voice or VOICES.get(language, language)

    def missing(self) -> str:
        if shutil.which("espeak-ng") or _library():
            return ""
        return "pip install 'reelmill[speech]', or install the program espeak-ng"

    def check(self, language: str) -> None:
        _check(self.name(language))

    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        speak(self.name(language), round(WORDS_PER_MINUTE * self.speed), lines, stopped)


def speak(voice: str, words_per_minute: int, lines: Sequence[Line], stopped: Stopped = never) -> None:
    """Speak each line into its WAV file, by the program or by the library.

    Raises
    ------
    FinishingError
        If there is no such voice, or neither is there.
    """
    if found := shutil.which("espeak-ng"):
        for line in lines:
            half = line.path.with_suffix(".half")
            arguments = [found, "-v", voice, "-s", str(words_per_minute), "-b", "1", "-w", str(half), "--stdin"]
            _judge(voice, *_run(arguments, line.text, stopped, line.path.parent))
            half.replace(line.path)
    elif library := _library():
        order = {
            "voice": voice,
            "words_per_minute": words_per_minute,
            "clauses": [{"text": line.text, "path": str(line.path)} for line in lines],
        }
        # By its path and isolated: the child needs the standard library alone, and starts in 30 ms.
        arguments = [sys.executable, "-I", str(Path(espeak_child.__file__)), *library]
        _judge(voice, *_run(arguments, json.dumps(order), stopped, Path(tempfile.gettempdir())))
    else:
        raise FinishingError(f"{NAME} is not installed", EspeakVoice().missing())


def _run(arguments: Sequence[str], text: str, stopped: Stopped, cwd: Path) -> tuple[int, str]:
    return program.run(arguments, text, name=NAME, timeout=TIMEOUT, stopped=stopped, cwd=cwd)


def _judge(voice: str, code: int, said: str) -> None:
    if code == NO_VOICE or (code and "voice" in said.lower()):
        raise FinishingError(
            f"{NAME} has no voice {voice!r}", "correct `sound.narration.voice` or `language`: en, zh, de, fr …"
        )
    if code:
        raise FinishingError(f"{NAME} failed: {said or f'exit code {code}'}", "install it again, or try another engine")


@lru_cache(maxsize=64)
def _check(voice: str) -> None:
    with tempfile.TemporaryDirectory(prefix="voice-") as folder:
        speak(voice, WORDS_PER_MINUTE, [Line("a", Path(folder) / "a.wav")])


def _library() -> tuple[str, str] | None:
    """The library of the wheel and its data folder, without importing the package."""
    package = find_spec("espeakng_loader")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    names = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}
    library, data = folder / names.get(sys.platform, "libespeak-ng.so"), folder / "espeak-ng-data"
    return (str(library), str(data)) if library.exists() and data.is_dir() else None
