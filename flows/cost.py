"""What clips cost before they are made: seconds of GPU and money. By what is told in `flows.pace`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from flows.pace import Basis, Pace
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from reelmill.amount import Amount
from reelmill.content import Shot
from reelmill.settings import Settings
from wan_engine.base import Engine

HOUR = 3600.0


class Costs:
    """Reckons what videos cost, by the shots of each that `to_draw` gives.

    Parameters
    ----------
    engine:
        Who draws. A preview takes no GPU.
    """

    def __init__(self, ledger: Ledger, engine: Engine, settings: Settings) -> None:
        self._free, self._price = engine.preview, settings.gpu_price
        self._pace = pace_of(ledger, engine, settings)

    def of(self, videos: Sequence[Sequence[Shot]]) -> list[Amount]:
        """What each video costs."""
        if self._free:
            return [Amount(1)] * len(videos)
        seconds = [sum(map(self._pace.seconds, shots)) for shots in videos]
        return [Amount(1, taken, money(taken, self._price)) for taken in seconds]

    def basis(self, videos: Sequence[Sequence[Shot]]) -> Basis:
        """What they are reckoned by."""
        if self._free:
            return Basis(None, "a preview takes no GPU")
        return self._pace.basis(chain.from_iterable(videos))


def pace_of(ledger: Ledger, engine: Engine, settings: Settings) -> Pace:
    """How long shots take an engine: on this machine, or on whichever of a pool takes them."""
    return Pace(ledger, engine.device if settings.generation != "pool" else "")


def to_draw(ledger: Ledger, engine: Engine, plans: Sequence[VideoPlan]) -> list[list[Shot]]:
    """The shots of each video that have no clip yet, and that no video before it has: a clip is paid for once."""
    named = [{shot.id: shot for shot in plan.requests(engine.model)} for plan in plans]  # an id is a hash: once each
    there = ledger.media.there({identity for shots in named for identity in shots})
    missing: list[list[Shot]] = []
    for shots in named:
        new = {identity: shot for identity, shot in shots.items() if identity not in there}
        there.update(new)  # `|=` with the keys of a dict makes a new set each time
        missing.append(list(new.values()))
    return missing


def money(gpu_seconds: float, price: float) -> float:
    """What seconds of GPU cost at a price for an hour."""
    return gpu_seconds / HOUR * price
