"""A few key frames of a master, from all over its length, however long it is."""

from __future__ import annotations

from pathlib import Path

from reelmill.ffmpeg import SAFE_INPUT

#: Seconds from one key frame of our clips and masters to the next.
APART = 2.0


def are_apart(seconds: float, most: int) -> bool:
    """Whether a master has more key frames than are looked at. Then each is sought; else one pass is half the work."""
    return seconds > most * APART


def inputs(master: Path, seconds: float, most: int) -> list[str | Path]:
    """What ffmpeg is told to open, of which it decodes key frames alone: the last one before each moment, or all."""
    read: list[str | Path] = ["-skip_frame", "nokey", *SAFE_INPUT, "-i", master.resolve()]
    if not are_apart(seconds, most):
        return read
    return [part for moment in _moments(seconds, most)
            for part in ("-noaccurate_seek", "-ss", f"{moment:.3f}", "-threads", "1", *read)]  # fmt: skip


def filters(seconds: float, most: int, target: str) -> str:
    """The piece of a filter graph that makes one stream of them, in which each stands at its moment."""
    if not are_apart(seconds, most):  # a foreign clip may have a key frame at every turn
        return f"[0:v:0]select='isnan(prev_selected_t)+gte(t-prev_selected_t,{seconds / most:.3f})'[{target}]"
    firsts = "".join(f"[{place}:v:0]trim=end_frame=1,setpts=0[glimpse{place}];" for place in range(most))
    joined = "".join(f"[glimpse{place}]" for place in range(most))
    first, *_ = _moments(seconds, most)
    return f"{firsts}{joined}concat=n={most}:v=1:a=0,setpts=({first:.3f}+N*{seconds / most:.3f})/TB[{target}]"


def _moments(seconds: float, most: int) -> list[float]:
    """In the middle of as many parts of one length."""
    return [seconds * (part + 0.5) / most for part in range(most)]
