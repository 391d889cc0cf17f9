"""Whether the fast way gives about the same clip as the exact one: seen once for a kind of shot, and kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from reelmill.content import Shot, fingerprint
from reelmill.files import write_whole
from reelmill.frames import read_frames
from wan_engine.wan.take import Take

#: Peak signal-to-noise ratio, in decibels, from which on two clips of a seed are about the same one: below, things are
#: elsewhere in the picture.
ENOUGH = 25.0


class Proofs:
    """What was seen so far on this machine.

    Parameters
    ----------
    folder:
        Where it is kept; None: in memory only.
    enough:
        Decibels from which on the two clips are about the same one.
    """

    def __init__(self, folder: Path | None = None, *, enough: float = ENOUGH) -> None:
        self._folder, self._enough = folder, enough
        self._seen: dict[str, float] = {}

    def of(self, shot: Shot, take: Take) -> bool | None:
        """Whether the fast way is good enough for shots like this one; None: nobody looked yet."""
        key = _kind(shot, take)
        if key not in self._seen and self._folder is not None:
            with suppress(OSError, ValueError, KeyError):  # not there, or half of it: it is seen again
                self._seen[key] = float(json.loads(self._file(key).read_text())["decibels"])
        return self._seen[key] >= self._enough if key in self._seen else None

    def keep(self, shot: Shot, take: Take, seen: float) -> None:
        """Note how alike the two ways were, in decibels."""
        key = _kind(shot, take)
        self._seen[key] = seen
        if self._folder is not None:
            told: Mapping[str, object] = {"decibels": round(seen, 2), "model": shot.model, "take": str(take)}
            with suppress(OSError):  # a full disk costs another look, not the shot
                self._folder.mkdir(parents=True, exist_ok=True)
                write_whole(self._file(key), json.dumps(told) + "\n")

    def _file(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key[:32]}.json"


def decibels(first: Path, second: Path, width: int, height: int) -> float:
    """The peak signal-to-noise ratio of two clips, over all their frames."""
    errors = [
        float(np.square(one.astype(np.int16) - other.astype(np.int16), dtype=np.int32).mean())
        for one, other in zip(*(read_frames(path, width, height) for path in (first, second)), strict=True)
    ]
    error = sum(errors) / len(errors)
    return 10 * math.log10(255**2 / error) if error else math.inf


def _kind(shot: Shot, take: Take) -> str:
    return fingerprint([shot.model, str(take), shot.steps, shot.guidance])
