"""Loudness by EBU R 128: measured, brought to a platform's number, and measured again on what came out.

Two passes: `ebur128` measures as `loudnorm` does in its first pass, in a seventh of the time; then `loudnorm` in its
linear mode, one gain for the whole track, so that nothing pumps. Where peaks stand in the way of that gain, they are
limited before, at four times the rate, since true peaks lie between samples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reelmill.errors import MediaError, TerminalError
from reelmill.ffmpeg import SAFE_INPUT, run

#: What is quieter than this (LUFS) is silence, and stays so.
SILENCE = -60.0
#: The gate of EBU R 128: what `ebur128` says of a track of which it heard nothing.
GATE = -70.0
#: A file may be so far from its promise: LU, and dB of its true peak.
LOUDNESS_TOLERANCE, PEAK_TOLERANCE = 1.0, 0.5
#: dB that are left below the highest true peak, since AAC adds some of its own.
ROOM = 1.0
#: How often the limiter is tried with another gain, and how near (LU) is near enough.
ROUNDS, NEAR = 5, 0.15
#: `loudnorm` gives up its linear mode where the range of loudness is greater than this (its largest number, LU).
WIDEST_RANGE = 50
#: Seconds that ffmpeg may take for one pass, and more for each second of sound.
STARTUP, PER_SECOND = 60.0, 2.0

#: The summary of `ebur128`.
_SUMMARY = re.compile(
    r"I:\s+(?P<lufs>\S+) LUFS\s+Threshold:\s+(?P<threshold>\S+) LUFS\s+Loudness range:\s+LRA:\s+(?P<range>\S+) LU"
    r"[\s\S]*True peak:\s+Peak:\s+(?P<peak>\S+) dBFS"
)
_STEREO = "aformat=channel_layouts=stereo"

Stopped = Callable[[], bool]


def never() -> bool:
    """For a caller that cannot be stopped."""
    return False


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud a track is."""

    lufs: float  #: integrated; -inf for silence
    true_peak: float  #: dBTP; -inf for silence
    threshold: float  #: LUFS below which its parts were not counted
    range: float  #: LU

    @property
    def silent(self) -> bool:
        return not self.lufs > SILENCE

    def louder(self, by: float) -> float:
        """The true peak that it would have with so many dB more."""
        return self.true_peak + by


def measure(path: Path, *, seconds: float = 600.0, stopped: Stopped = never) -> Loudness:
    """The loudness of the one sound track of a file, heard in stereo.

    Raises
    ------
    MediaError
        If there is none that can be decoded whole.
    """
    try:
        told = run(
            [
                "-loglevel", "info", "-nostats", "-xerror", *SAFE_INPUT, "-i", path,
                "-map", "0:a:0", "-af", f"{_STEREO},ebur128=peak=true:framelog=quiet", "-f", "null", "-",
            ],
            timeout=STARTUP + PER_SECOND * seconds,
            stopped=stopped,
        )  # fmt: skip
    except TerminalError as error:
        raise MediaError(f"the sound of {path.name} cannot be decoded: {error.reason}", "") from error
    found = _SUMMARY.search(told)
    if found is None:
        raise MediaError(f"{path.name} has no sound that can be measured", "")
    lufs = float(found["lufs"])
    heard = lufs > GATE
    return Loudness(
        lufs if heard else -math.inf,
        float(found["peak"]) if heard else -math.inf,
        float(found["threshold"]),
        float(found["range"]),
    )


def normalise(
    source: Path,
    target: Path,
    lufs: float,
    true_peak: float,
    rate: int,
    *,
    seconds: float,
    stopped: Stopped = never,
) -> bool:
    """Write a track as loud as it is wanted, or as loud as its peaks let it be. False if it is silent: it stays so.

    Parameters
    ----------
    lufs, true_peak:
        What is wanted of the file that is encoded from it.
    rate:
        Samples per second.
    """
    timeout = STARTUP + PER_SECOND * seconds
    ceiling = true_peak - ROOM
    found = measure(source, seconds=seconds, stopped=stopped)
    if found.silent:
        _filter(source, target, f"aresample={rate}", timeout, stopped)
        return False
    limited = target.with_suffix(".limited.wav")
    gain = lufs - found.lufs
    for _ in range(ROUNDS):
        if found.louder(lufs - found.lufs) <= ceiling:
            break
        _filter(source, limited, _limiter(gain, ceiling - NEAR), timeout, stopped)
        found = measure(limited, seconds=seconds, stopped=stopped)
        gain += lufs - found.lufs
        if abs(lufs - found.lufs) <= NEAR:
            break
    rest = min(lufs - found.lufs, max(0.0, ceiling - found.true_peak) + NEAR)
    second = (
        # Its own limit would put it into the dynamic mode for a hair's breadth: the peaks were seen to above.
        f"loudnorm=I={found.lufs + rest:.2f}:TP={max(-9.0, min(0.0, found.louder(rest) + NEAR)):.2f}:LRA={WIDEST_RANGE}"
        f":linear=true:measured_I={found.lufs}:measured_TP={found.true_peak}:measured_LRA={found.range}"
        f":measured_thresh={found.threshold}"
    )
    _filter(limited if limited.exists() else source, target, f"{second},aresample={rate}", timeout, stopped)
    limited.unlink(missing_ok=True)
    return True


def _limiter(gain: float, ceiling: float) -> str:
    limit = max(0.0625, 10 ** (ceiling / 20))  # the least that the filter takes, -24 dB
    return (
        f"volume={gain:.3f}dB:precision=double,aresample=192000,"
        f"alimiter=limit={limit:.6f}:attack=5:release=60:level=false:latency=true,aresample=48000"
    )


def _filter(source: Path, target: Path, filters: str, timeout: float, stopped: Stopped) -> None:
    run(
        ["-y", *SAFE_INPUT, "-i", source, "-map", "0:a:0", "-af", f"{_STEREO},{filters}", "-c:a", "pcm_f32le", target],
        timeout=timeout,
        stopped=stopped,
    )
