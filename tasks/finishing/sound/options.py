"""The YAML keys of `sound:` in a pipeline: what is spoken, and what is played below it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tasks.finishing.sound.speech.address import is_safe
from tasks.options import Options
from tasks.secret import Secret

#: Longest template of a narration, in characters.
LONGEST_TEMPLATE = 4000
#: A language as BCP 47 writes it: `zh`, `pt-BR`.
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
#: The least and the most of `speed`.
SLOWEST, FASTEST = 0.5, 2.0

Engine = Literal["auto", "espeak", "piper", "edge", "openai"]


def _safe_address(url: str) -> str:
    if not is_safe(url):
        reason = "texts and secrets go to https, or to this machine, and no login stands in the address"
        allowed = "https://…, or http://127.0.0.1:…"
        raise PydanticCustomError("address", "{reason}", {"reason": reason, "allowed": allowed})
    return url


class SpeechServer(Options):
    """A server that speaks as OpenAI's does."""

    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_safe_address)]
    """Its address, without `/v1/audio/speech`: `https://api.openai.com`, `http://127.0.0.1:8880`."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The model that is asked for: `gpt-4o-mini-tts`, `kokoro`."""

    token: Secret | None = None
    """What lets us in. Empty: it asks for nothing."""


class NarrationOptions(Options):
    """What is spoken, and by whom."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEMPLATE)]
    """The words, a template. At most 2,000 characters when it is filled in; a video without words has no speech."""

    engine: Engine = "auto"
    """Who speaks: `openai` (your `server`), `edge` (Microsoft's online service), `piper` (a model file), `espeak`.
    `auto` is the server if there is one, then edge where it is installed, then espeak."""

    voice: Annotated[str, StringConstraints(max_length=1000)] = ""
    """The voice, by the engine's own name for it; for `piper` the path of its model. Empty: one of the language."""

    language: Annotated[str, StringConstraints(pattern=LANGUAGE)] | None = None
    """The language of the words: `zh`, `en-GB`. Empty: `variant.locale` if the matrix has it, else by their script."""

    speed: float = Field(1.0, ge=SLOWEST, le=FASTEST, strict=False)
    """How fast is spoken; 1 is the voice's own pace."""

    server: SpeechServer | None = None
    """The speech server of the engine `openai`."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.engine == "openai" and self.server is None:
            raise _wrong("the engine `openai` needs a server", "`server: {url: …, model: …}`")
        if self.engine == "piper" and not self.voice:
            raise _wrong("the engine `piper` needs a model", "`voice:` with the path of an .onnx file")
        if self.engine == "auto" and self.voice and self.server is None:
            raise _wrong("each engine has voices of its own", "`engine:` beside `voice:`")
        return self


class MusicOptions(Options):
    """What is played below the narration, or alone."""

    folder: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """A folder of mp3, m4a, wav, ogg or flac files, relative to the definition. Each video gets one of them."""

    volume: float = Field(-16.0, ge=-60, le=0, strict=False)
    """How loud it is against the narration, in dB."""

    fade: float = Field(1.0, ge=0, le=10, strict=False)
    """Seconds in which it comes in and goes out."""

    duck: float = Field(10.0, ge=0, le=40, strict=False)
    """How far it steps back while somebody speaks, in dB."""


def _wrong(reason: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("narration", "{reason}", {"reason": reason, "allowed": allowed})


def _spoken(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class _OrText:
    """Has the schema say that a text alone will do."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEMPLATE}
        return {"anyOf": [text, handler(schema)]}


class SoundOptions(Options):
    """`sound:` – what is heard. Without it a video has a silent track, which platforms ask for."""

    narration: Annotated[NarrationOptions, BeforeValidator(_spoken), _OrText()] | None = None
    """What is spoken: a template, or its text with a voice."""

    music: MusicOptions | None = None
    """Music below it."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.narration is None and self.music is None:
            raise _wrong("nothing would be heard", "`narration:`, `music:` or both; or no `sound:` at all")
        return self
