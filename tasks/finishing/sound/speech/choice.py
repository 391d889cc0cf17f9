"""Which voice speaks: the one that is named, or the first that can."""

from __future__ import annotations

from pathlib import Path

from reelmill.errors import FinishingError
from tasks.finishing.sound.options import NarrationOptions
from tasks.finishing.sound.speech.base import Voice
from tasks.finishing.sound.speech.edge import EdgeVoice
from tasks.finishing.sound.speech.espeak import EspeakVoice
from tasks.finishing.sound.speech.openai import OpenAiVoice
from tasks.finishing.sound.speech.piper import PiperVoice


def voice_of(options: NarrationOptions, folder: Path, engine: str = "") -> Voice:
    """The voice of a narration, also if it cannot speak on this machine: see `Voice.missing`.

    Parameters
    ----------
    folder:
        Of the definition, where relative paths begin.
    engine:
        What `auto` was found to mean when the video was planned, so that it means the same on each machine.
    """
    wanted = engine or options.engine
    if wanted != "auto":
        return _voice(options, folder, wanted)
    # A server that is configured was meant, whether it can be used now or not.
    order = ["openai"] if options.server is not None else ["edge", "espeak"]
    voices = [_voice(options, folder, name) for name in order]
    return next((voice for voice in voices if not voice.missing()), voices[-1])


def ready(options: NarrationOptions, folder: Path) -> Voice:
    """The voice of a narration, which can speak on this machine.

    Raises
    ------
    FinishingError
        If it cannot, with what to install.
    """
    voice = voice_of(options, folder)
    if remedy := voice.missing():
        raise FinishingError(f"the voice {voice.engine} of `sound.narration` is not on this machine", remedy)
    return voice


def _voice(options: NarrationOptions, folder: Path, engine: str) -> Voice:
    match engine:
        case "openai":
            assert options.server is not None, "the options hold that"
            server = options.server
            return OpenAiVoice(server.url, server.model, options.voice, options.speed, server.token)
        case "piper":
            return PiperVoice(folder / options.voice, options.speed)
        case "edge":
            return EdgeVoice(options.voice, options.speed)
        case _:
            return EspeakVoice(options.voice, options.speed)
