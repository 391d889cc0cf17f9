"""How long shots take: by clips like them that were made before, else as the model's architecture says.

The surest that can be said is said, and which of these it is:

    seen      by clips of the same model, size, length and steps, made by the same kind of GPU
    scaled    by other clips of the model, or by those of another GPU, in proportion to the work in them
    computed  by what the architecture says of the work, and by the pace that others saw on a GPU
    guessed   nobody knows the model, and it has made nothing here
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median, quantiles
from typing import TYPE_CHECKING

from flows.counting import counted
from records.clip_times import ClipTime
from records.ledger import Ledger
from reelmill.content import Shot

if TYPE_CHECKING:
    from wan_engine.wan.pace import Gpu

#: Seconds for a million pixels of an engine of which nothing is known: a 5 s clip of 704x1280 in about 4 minutes. A
#: guess too high makes the first chunks of a pool small, which costs little.
UNKNOWN_PACE = 2.2
#: So many clips say how far they are apart.
ENOUGH = 5


class Certainty(StrEnum):
    """How sure it is how long a shot takes, the surest first."""

    SEEN = "seen"
    SCALED = "scaled"
    COMPUTED = "computed"
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a forecast is reckoned by."""

    certainty: Certainty | None  #: None: there is nothing to reckon
    words: str  #: for people


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of shots of one kind."""

    seconds: float
    basis: Basis


class Pace:
    """Foretells how long shots take. What it has once looked up it remembers: it is for one plan.

    Parameters
    ----------
    device:
        What draws, as its driver calls it. "": one of several machines, or nobody knows.
    """

    def __init__(self, ledger: Ledger, device: str = "") -> None:
        self._ledger, self._device = ledger, device
        self._known: dict[tuple[object, ...], _Known] = {}

    def seconds(self, shot: Shot) -> float:
        """Seconds that a shot is expected to take."""
        return self._look(shot).seconds

    def basis(self, shots: Iterable[Shot]) -> Basis:
        """What the forecast of these shots is reckoned by: of several, what is least sure."""
        found = {basis.certainty: basis for basis in (self._look(shot).basis for shot in shots)}
        least = next((one for one in reversed(Certainty) if one in found), None)
        return found[least] if least is not None else Basis(None, "no clip is to be made")

    def _look(self, shot: Shot) -> _Known:
        kind = (
            shot.engine, shot.model, shot.width, shot.height, shot.frames, shot.fps, shot.steps, shot.guidance > 1,
            shot.image is not None,
        )  # fmt: skip
        if kind not in self._known:
            self._known[kind] = self._by_clips(shot) or _computed(shot, self._device) or _guessed(shot)
        return self._known[kind]

    def _by_clips(self, shot: Shot) -> _Known | None:
        """The surest that clips say of a shot; None if what is computed is as sure, or if there are none."""
        alike = [one for one in self._here(self._ledger.clip_times.like(shot)) if _guided(one.shot) == _guided(shot)]
        if alike:
            taken = [one.seconds for one in alike]
            made = f"by {counted(len(alike), 'clip')} like these that {'was' if len(alike) == 1 else 'were'} made here"
            return _Known(median(taken), Basis(Certainty.SEEN, f"{made}{_on(alike)}, {_apart(taken)}"))
        others = self._ledger.clip_times.of_model(shot)
        here, gpu = self._here(others), _gpu(self._device)
        if not here and (gpu is not None or not others):
            return None
        which = f"of other sizes, lengths or steps{_on(here)}" if here else f"of another machine{_on(others)}"
        paces = [one.seconds / _work(one.shot) for one in here or others]
        words = f"by {counted(len(paces), 'clip')} {which}, in proportion: a rough figure"
        return _Known(median(paces) * _work(shot), Basis(Certainty.SCALED, words))

    def _here(self, found: Sequence[ClipTime]) -> list[ClipTime]:
        """Those that what draws here has made, as far as anybody knows."""
        return [one for one in found if not self._device or not one.device or one.device == self._device]


def _guided(shot: Shot) -> bool:
    return shot.guidance > 1


def _on(found: Sequence[ClipTime]) -> str:
    devices = sorted({one.device for one in found if one.device})
    return f" on {', '.join(devices)}" if devices else ""


def _apart(taken: Sequence[float]) -> str:
    """How sure seconds are that were seen."""
    if len(taken) < ENOUGH:
        return "which are few"
    ends = quantiles(taken, n=10)
    return f"give or take {(ends[-1] - ends[0]) / 2 / median(taken):.0%}"


def _work(shot: Shot) -> float:
    """How much there is to do for a shot, in a unit of its model's own."""
    from wan_engine.video_api.protocol import name_of
    from wan_engine.wan.pace import work_of
    from wan_engine.wan.profiles import PROFILES

    profile = PROFILES.get(name_of(shot.model))
    if profile is not None:
        return work_of(profile, shot)
    return shot.width * shot.height * shot.frames * shot.steps * (2 if _guided(shot) else 1)


def _computed(shot: Shot, device: str) -> _Known | None:
    """What the architecture says, on this GPU if its pace is known, else on the slowest of those that are."""
    from wan_engine.video_api.protocol import name_of
    from wan_engine.wan.pace import GPUS
    from wan_engine.wan.profiles import PROFILES

    if name_of(shot.model) not in PROFILES:
        return None
    gpu = _gpu(device) or min(GPUS, key=lambda one: one.teraflops)
    words = f"computed for an {gpu.name}, since this model has made no clip on one here: a rough figure"
    return _Known(_work(shot) / (gpu.teraflops * 1e12), Basis(Certainty.COMPUTED, words))


def _gpu(device: str) -> Gpu | None:
    from wan_engine.wan.pace import GPUS

    return next((gpu for gpu in GPUS if gpu.is_called(device)), None)


def _guessed(shot: Shot) -> _Known:
    words = f"a guess, since nothing is known of {shot.model or shot.engine} and it has made no clip here"
    seconds = shot.width * shot.height * shot.frames / 1e6 * UNKNOWN_PACE
    return _Known(seconds, Basis(Certainty.GUESSED, words))
