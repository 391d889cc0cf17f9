"""A speech server without a model: OpenAI's `/v1/audio/speech` on loopback, which hums and can misbehave on purpose.

It hums a tone as long as the text, 0.1 s for each character.
"""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.simulators.loopback import Handler, serving

RATE = 16_000
#: Seconds that one character takes.
PACE = 0.1


def hum(seconds: float, *, hertz: float = 440.0, rate: int = RATE) -> bytes:
    """A WAV file with a tone, and some silence at both ends, as voices leave it."""
    times = np.arange(round(seconds * rate)) / rate
    silence = np.zeros(round(0.2 * rate))
    samples = np.concatenate([silence, 0.5 * np.sin(2 * np.pi * hertz * times), silence])
    with io.BytesIO() as file:
        with wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            wav.writeframes((samples * 32767).astype("<i2").tobytes())
        return file.getvalue()


def hum_into(path: Path, text: str) -> None:
    path.write_bytes(hum(PACE * len(text)))


@dataclass
class SpeechServer:
    """What was asked of it, and how it answers."""

    url: str = ""
    token: str = ""  #: what a request must bear; "": nothing
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)

    status: int = 0  #: answered instead of speech
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  #: answered instead of speech, or with that status
    drop: bool = False  #: the connection is closed in the middle of the answer
    after: int = 0  #: requests that go well before the trouble begins


@contextmanager
def a_speech_server() -> Iterator[SpeechServer]:
    speech = SpeechServer()
    with serving(_Handler, speech=speech) as url:
        speech.url = url
        yield speech


class _Handler(Handler):
    def do_POST(self) -> None:  # noqa: N802 (the base class looks for it)
        speech: SpeechServer = self.server.speech  # type: ignore[attr-defined]
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/audio/speech":
            self.answer(404, b"{}")
            return
        if speech.token and self.headers.get("Authorization") != f"Bearer {speech.token}":
            self.answer(401, json.dumps({"error": {"message": "Incorrect API key provided"}}).encode())
            return
        speech.asked.append(order)
        trouble = len(speech.asked) > speech.after
        if trouble and speech.status:
            self.answer(speech.status, speech.body or b"", speech.headers)
            return
        content = hum(PACE * len(order["input"]) / order.get("speed", 1.0))
        if trouble and speech.body is not None:
            content = speech.body
        if trouble and speech.drop:
            self.break_off(content)
            return
        speech.spoken.append(order["input"])
        self.answer(200, content)
