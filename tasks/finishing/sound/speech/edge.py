"""The voices of Microsoft Edge, by the wheel `edge-tts` (LGPL-3.0).

They are an online service: every text is sent to Microsoft, and there is no promise that the service stays.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from reelmill.content import Json
from reelmill.errors import FinishingError, TransientError
from tasks.finishing.sound.speech import program
from tasks.finishing.sound.speech.base import Line, Stopped, Voice

#: A voice for each language that we can see, as `edge-tts --list-voices` names them.
VOICES = {
    "zh": "zh-CN-XiaoxiaoNeural",
    "ja": "ja-JP-NanamiNeural",
    "ko": "ko-KR-SunHiNeural",
    "ru": "ru-RU-SvetlanaNeural",
    "ar": "ar-SA-ZariyahNeural",
    "he": "he-IL-HilaNeural",
    "hi": "hi-IN-SwaraNeural",
    "th": "th-TH-PremwadeeNeural",
    "el": "el-GR-AthinaNeural",
    "en": "en-US-AriaNeural",
}
#: Seconds that one clause may take.
TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class EdgeVoice(Voice):
    """One voice of the service."""

    engine = "edge"
    demuxer = "mp3"

    voice: str = ""  #: "": one of the language
    speed: float = 1.0

    @property
    def identity(self) -> dict[str, Json]:
        return {"engine": self.engine, "voice": self.voice, "speed": self.speed}

    def name(self, language: str) -> str:
        found = self.voice or VOICES.get(language) or VOICES.get(language.partition("-")[0])
        if not found:
            raise FinishingError(
                f"there is no voice for the language {language!r}", "name one in `sound.narration.voice`"
            )
        return found

    def missing(self) -> str:
        return "" if find_spec("edge_tts") else "pip install 'reelmill[edge]'; texts are then sent to Microsoft"

    def check(self, language: str) -> None:
        self.name(language)  # raises

    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        if missing := self.missing():
            raise FinishingError("edge-tts is not installed", missing)
        rate = f"--rate={round((self.speed - 1) * 100):+d}%"
        for line in lines:
            # From a file, so that no text is taken for an option.
            words = line.path.with_suffix(".txt")
            words.write_text(line.text, encoding="utf-8")
            half = line.path.with_suffix(".half")
            code, said = program.run(
                [sys.executable, "-m", "edge_tts", "--file", str(words), "--voice", self.name(language), rate,
                 "--write-media", str(half)],
                "", name="edge-tts", timeout=TIMEOUT, stopped=stopped, cwd=line.path.parent,
            )  # fmt: skip
            if code and "NoAudioReceived" in said:
                raise FinishingError(f"the voice {self.name(language)} says nothing", "name a voice of the language")
            if code or not half.exists() or not half.stat().st_size:
                raise TransientError(f"edge-tts failed: {said or f'exit code {code}'}", "see that the network is there")
            half.replace(line.path)
