"""Any server that speaks as OpenAI's does: `POST /v1/audio/speech` (OpenAI API reference, create speech)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reelmill.content import Json
from reelmill.errors import FinishingError, Interrupted, TransientError
from tasks.finishing.sound.speech.base import Line, Stopped, Voice
from tasks.secret import Secret

if TYPE_CHECKING:
    import httpx

DEFAULT_VOICE = "alloy"
#: Seconds that one clause may take, and that a connection may be silent.
DEADLINE, SILENCE = 120.0, 30.0
#: Bytes of one clause: two minutes of two channels at 48 kHz and 16 bit.
LARGEST = 24_000_000
#: Characters of an error that are shown.
TOLD = 200


@dataclass(frozen=True, slots=True)
class OpenAiVoice(Voice):
    """One voice of a speech server."""

    engine = "openai"

    url: str  #: without `/v1/audio/speech`
    model: str
    voice: str = ""
    speed: float = 1.0
    token: Secret | None = None

    @property
    def identity(self) -> dict[str, Json]:
        return {
            "engine": self.engine,
            "url": self.url,
            "model": self.model,
            "voice": self.voice or DEFAULT_VOICE,
            "speed": self.speed,
        }

    def name(self, language: str) -> str:
        return self.voice or DEFAULT_VOICE

    def missing(self) -> str:
        # A block is not looked into: it is in Prefect's keeping, and a plan asks nobody.
        if self.token is None or self.token.block is not None or self.token.find() is not None:
            return ""
        return self.token.remedy

    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {self._secret(self.token)}"} if self.token is not None else {}
        # No proxy and no login of the environment: the address and the secret are those of the definition.
        with httpx.Client(headers=headers, timeout=SILENCE, trust_env=False) as client:
            for line in lines:
                try:
                    self._speak(client, line, language, stopped)
                except httpx.HTTPError as error:
                    raise TransientError(
                        f"the speech server at {self._host} does not answer: {type(error).__name__}",
                        "start it, or correct `sound.narration.server.url`",
                    ) from error

    @staticmethod
    def _secret(token: Secret) -> str:
        value = token.find()
        if value is None:
            raise FinishingError(f"the secret {token.name} is not set", token.remedy)
        if not (value.isascii() and value.isprintable()):
            raise FinishingError(f"the secret {token.name} has characters that no header can carry", "correct it")
        return value

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    def _speak(self, client: httpx.Client, line: Line, language: str, stopped: Stopped) -> None:
        order = {
            "model": self.model,
            "input": line.text,
            "voice": self.name(language),
            "response_format": "wav",
            "speed": self.speed,
        }
        until = time.monotonic() + DEADLINE
        half = line.path.with_suffix(".half")
        with client.stream("POST", f"{self.url.rstrip('/')}/v1/audio/speech", json=order) as answer:
            good = answer.status_code == 200
            content = bytearray()
            for block in answer.iter_bytes():
                content += block
                if stopped():
                    raise Interrupted("the speech was stopped")
                if len(content) > LARGEST:
                    raise FinishingError(f"the speech server at {self._host} sends too much", "look at the server")
                if time.monotonic() > until:
                    raise TransientError(f"the speech server at {self._host} takes too long", "look at its load")
        if not good:
            raise self._refusal(answer.status_code, answer.headers.get("retry-after", ""), bytes(content))
        half.write_bytes(content)
        half.replace(line.path)

    def _refusal(self, status: int, retry_after: str, body: bytes) -> FinishingError | TransientError:
        from reelmill.answers import TRANSIENT, seconds_to_wait

        what = f"the speech server at {self._host} answers {status}{_told(body)}"
        if status in TRANSIENT:
            return TransientError(what, "try again later", retry_after=seconds_to_wait(retry_after))
        if status in {401, 403}:
            return FinishingError(what, self.token.remedy if self.token else "give `sound.narration.server.token`")
        return FinishingError(what, "correct `sound.narration`: its server, model and voice")


def _told(body: bytes) -> str:
    """What the server says of it: `error.message`, as OpenAI has it."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        return ""
    plain = "".join(character for character in str(message) if character.isprintable())
    return f": {plain[:TOLD]}" if plain else ""
