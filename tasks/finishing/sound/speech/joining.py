"""Clauses, each spoken on its own, become one track: silence at their ends is cut, pauses of ours are put between."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import SAFE_INPUT, run

RATE = 48_000  #: samples per second
#: What is below this part of full scale (-54 dBFS) at the ends of a clause is silence.
QUIET = 66
#: Seconds that are kept beside what is heard: consonants begin and end softly.
MARGIN = 0.03
#: The longest that one clause may take, in seconds: beyond that a voice has gone wrong.
LONGEST = 120.0
#: Seconds that ffmpeg may take for one clause.
TIMEOUT = 60.0

Samples = NDArray[np.int16]


def join(
    paths: Sequence[Path], pauses: Sequence[float], target: Path, demuxer: str, stopped: Callable[[], bool]
) -> tuple[float, list[tuple[float, float] | None]]:
    """Write the track. Returns its length and the span of each clause, or None of one that cannot be heard. Seconds."""
    spans: list[tuple[float, float] | None] = []
    length = 0
    silence = 0  # samples that are due before the next clause
    with _opened(target, RATE) as file:
        for path, pause in zip(paths, pauses, strict=True):
            heard = _trimmed(_samples(path, demuxer, stopped))
            if not heard.size:
                spans.append(None)
                continue
            length += silence
            spans.append((length / RATE, (length + heard.size) / RATE))
            length += heard.size
            for piece in (np.zeros(silence, np.int16), heard):
                file.writeframes(piece.astype("<i2").tobytes())
            silence = round(pause * RATE)
    return length / RATE, spans


def write(path: Path, samples: Samples, rate: int = RATE) -> None:
    """A WAV file of one channel."""
    with _opened(path, rate) as file:
        file.writeframes(samples.astype("<i2").tobytes())


def _opened(path: Path, rate: int) -> wave.Wave_write:
    file = wave.open(str(path), "wb")  # noqa: SIM115 (whoever asked for it closes it)
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(rate)
    return file


def _samples(path: Path, demuxer: str, stopped: Callable[[], bool]) -> Samples:
    raw = path.with_suffix(".pcm")
    try:
        run(
            [
                "-y", *SAFE_INPUT, "-f", demuxer, "-t", str(LONGEST), "-i", path,
                "-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", raw,
            ],
            timeout=TIMEOUT,
            stopped=stopped,
        )  # fmt: skip
    except TerminalError as error:
        raise FinishingError(f"what was spoken is no {demuxer} file: {error.reason}", "name another engine") from error
    return np.frombuffer(raw.read_bytes(), "<i2").astype(np.int16)


def _trimmed(samples: Samples) -> Samples:
    heard = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    if not heard.size:
        return samples[:0]
    margin = round(MARGIN * RATE)
    return samples[max(0, int(heard[0]) - margin) : int(heard[-1]) + 1 + margin]
