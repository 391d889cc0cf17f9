"""Speaks with the library of eSpeak NG, in a process of its own, so that a crash of the library costs nothing.

Run by its path, with the library, its data folder and the order as JSON on the standard input. Needs Python alone. The
library's interface is that of `speak_lib.h` of eSpeak NG 1.52.
"""

from __future__ import annotations

import ctypes
import json
import sys
import wave
from pathlib import Path

SYNCHRONOUS = 2  #: AUDIO_OUTPUT_SYNCHRONOUS: samples go to a function of ours
DO_NOT_EXIT = 0x8000  #: espeakINITIALIZE_DONT_EXIT
RATE = 1  #: espeakRATE, in words per minute
BY_CHARACTER = 1  #: POS_CHARACTER
UTF8 = 1  #: espeakCHARS_UTF8; neither espeakSSML nor espeakPHONEMES is set, so markup is read as text

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main(library: str, data: str) -> int:
    """Speak each clause of the order into its WAV file."""
    order = json.load(sys.stdin)
    espeak = ctypes.CDLL(library)
    hertz = espeak.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DO_NOT_EXIT)
    if hertz <= 0:
        sys.stderr.write(f"eSpeak NG finds no data in {data}\n")
        return 1
    if espeak.espeak_SetVoiceByName(order["voice"].encode()) != 0:
        sys.stderr.write(f"eSpeak NG has no voice {order['voice']!r}\n")
        return 2
    espeak.espeak_SetParameter(RATE, order["words_per_minute"], 0)
    heard = bytearray()

    def hear(samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            heard.extend(ctypes.string_at(samples, 2 * count))  # type: ignore[arg-type]
        return 0

    callback = Callback(hear)
    espeak.espeak_SetSynthCallback(callback)
    for clause in order["clauses"]:
        heard.clear()
        text = clause["text"].encode() + b"\0"
        if espeak.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, BY_CHARACTER, 0, UTF8, None, None) != 0:
            sys.stderr.write("eSpeak NG did not take the text\n")
            return 1
        espeak.espeak_Synchronize()
        half = clause["path"] + ".half"
        with wave.open(half, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(hertz)
            file.writeframes(heard)
        Path(half).replace(clause["path"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
