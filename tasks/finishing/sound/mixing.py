"""Speech and music become one track of the video's length: fitted, faded, and the music steps back under the words.

    speech ─ tempo ─ delay ─ gain ───────────────┬─ mix ─ cut to the length
    music ─ loop ─ fades ─ gain ─ sidechain ─────┘
                                      ▲
                    key: loud while somebody speaks

The music is compressed by a key of ours and not by the speech itself: it steps back by just what was asked for, whether
the voice is loud or soft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reelmill.errors import FinishingError
from reelmill.ffmpeg import SAFE_INPUT, run
from reelmill.kept import Kept
from tasks.finishing.cue import Cue
from tasks.finishing.sound import loudness
from tasks.finishing.sound.heard import Narration, Sound
from tasks.finishing.sound.loudness import STARTUP, Stopped, never
from tasks.finishing.sound.music import RATE, Music
from tasks.finishing.sound.script import MOST_TEMPO
from tasks.finishing.sound.speech import joining

#: Seconds before the first word, where the video leaves them.
LEAD = 0.3
#: Loudness (LUFS) of the narration in the mix; what comes out is normalised afterwards, so only the balance matters.
REFERENCE = -20.0
#: Seconds by which the music steps back before a word, and between two words from which on it comes back.
AHEAD, GAP = 0.15, 0.8
#: Milliseconds in which it steps back and comes back.
ATTACK, RELEASE = 60, 400
#: Samples per second of the key: enough for its edges, and little for an hour.
KEY_RATE = 8000
#: The greatest ratio that the compressor has.
RATIO = 20
#: Seconds of work for each second of sound, at most.
PER_SECOND = 2.0

_STEREO = f"aresample={RATE},aformat=sample_fmts=fltp:channel_layouts=stereo"


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech that fits into its video."""

    path: Path
    start: float  #: seconds from the beginning of the video
    cues: tuple[Cue, ...]  #: from the beginning of the video


def speak(
    narration: Narration, seconds: float, folder: Path, *, kept: Kept | None = None, stopped: Stopped = never
) -> Speech:
    """Speak a narration, and a little faster where it would not fit.

    Parameters
    ----------
    seconds:
        How long the video is.

    Raises
    ------
    FinishingError
        If it does not fit even so, or cannot be spoken.
    TransientError, Interrupted
    """
    script = narration.script
    spoken = narration.voice.speak(script.text, script.language, folder, kept=kept, stopped=stopped)
    path, length, cues = spoken.path, spoken.seconds, spoken.cues
    if length > seconds:
        tempo = length / seconds
        if tempo > MOST_TEMPO:
            raise FinishingError(
                f"the narration takes {length:.1f} s, the video has {seconds:.1f} s: that is {tempo:.2f} times as "
                f"fast, and {MOST_TEMPO:g} is the most",
                "shorten `sound.narration`, raise its `speed`, or make the video longer",
            )
        path, length = folder / "faster.wav", seconds
        run(
            ["-y", *SAFE_INPUT, "-i", spoken.path, "-af", f"atempo={tempo:.6f}", "-c:a", "pcm_s16le", path],
            timeout=STARTUP + PER_SECOND * seconds,
            stopped=stopped,
        )
        cues = tuple(cue.faster(tempo) for cue in cues)
    start = min(LEAD, seconds - length)
    return Speech(path, start, tuple(cue.moved(start) for cue in cues))


def mix(sound: Sound, speech: Speech | None, seconds: float, target: Path, *, stopped: Stopped = never) -> None:
    """Write the track: stereo, as long as the video.

    Nothing in the graph ends before the last cut: where one input of a mix or of a compressor ends before another,
    ffmpeg now and then drops what it held of both, and the track would be a tenth of a second short.

    Raises
    ------
    FinishingError
        If the music cannot be read.
    """
    inputs: list[str | Path] = []
    chains: list[str] = []
    heard: list[str] = []
    if speech is not None:
        gain = _gain(REFERENCE, loudness.measure(speech.path, seconds=seconds, stopped=stopped).lufs)
        inputs += [*SAFE_INPUT, "-i", speech.path]
        chains.append(f"[0:a]{_STEREO},adelay={speech.start * 1000:.3f}:all=1,volume={gain:.3f}dB,apad[speech]")
        heard.append("[speech]")
    if sound.music is not None:
        music = target.with_name("music.wav")
        gain = _gain(REFERENCE + sound.music.volume, sound.music.decode(music, seconds, stopped).lufs)
        inputs += ["-stream_loop", "-1", *SAFE_INPUT, "-i", music]
        chains.append(f"[{len(heard)}:a]{_STEREO},{_played(sound.music, seconds)},volume={gain:.3f}dB[music]")
        heard.append("[music]")
        if speech is not None and sound.music.duck > 0:
            key = target.with_name("key.wav")
            joining.write(key, _key(speech.cues, seconds), KEY_RATE)
            inputs += [*SAFE_INPUT, "-i", key]
            chains += [
                f"[2:a]aresample={RATE},pan=stereo|c0=c0|c1=c0,apad[key]",
                f"[music][key]{_ducked(sound.music.duck)}[below]",
            ]
            heard[-1] = "[below]"
    chains.append(f"{''.join(heard)}amix=inputs={len(heard)}:normalize=0,atrim=0:{seconds:.6f}[out]")
    run(
        ["-y", *inputs, "-filter_complex", ";".join(chains), "-map", "[out]", "-c:a", "pcm_f32le", target],
        timeout=STARTUP + PER_SECOND * seconds,
        stopped=stopped,
    )


def _gain(wanted: float, found: float) -> float:
    """dB from one loudness to another; nothing is made of silence, or of what is too short to be measured."""
    return wanted - found if found > loudness.SILENCE else 0.0


def _played(music: Music, seconds: float) -> str:
    fade = min(music.fade, seconds / 2)
    if fade <= 0:
        return "anull"
    return f"afade=t=in:d={fade:.3f},afade=t=out:st={seconds - fade:.6f}:d={fade:.3f}"


def _ducked(decibels: float) -> str:
    """A compressor whose key is at full scale: it takes away `1 - 1 / ratio` of what that is above the threshold."""
    threshold = 10 ** (-decibels / (1 - 1 / RATIO) / 20)
    return (
        f"sidechaincompress=threshold={threshold:.6f}:ratio={RATIO}:attack={ATTACK}:release={RELEASE}"
        ":knee=1:detection=peak:link=maximum"
    )


def _key(cues: Sequence[Cue], seconds: float) -> joining.Samples:
    """Full scale while somebody speaks or is about to, nothing otherwise."""
    key = np.zeros(round(seconds * KEY_RATE), np.int16)
    end = -GAP
    for cue in cues:
        start = end if cue.start - end < GAP else max(0.0, cue.start - AHEAD)
        key[round(max(0.0, start) * KEY_RATE) : round(cue.end * KEY_RATE)] = np.iinfo(np.int16).max
        end = cue.end
    return key
