"""What clips cost before they are made: seconds of GPU and money, by what this engine took before, or as computed."""

from __future__ import annotations

from collections.abc import Sequence

from flows.chunking import forecast
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from reelmill.amount import Amount
from reelmill.settings import Settings
from wan_engine.base import Engine

HOUR = 3600.0


class Costs:
    """Reckons what videos cost.

    Parameters
    ----------
    engine:
        Who draws. A preview takes no GPU.
    """

    def __init__(self, ledger: Ledger, engine: Engine, settings: Settings) -> None:
        self._ledger, self._engine, self._price = ledger, engine, settings.gpu_price
        recorded = ledger.chunks.pace(engine.name)
        self._pace = recorded if recorded is not None else _computed(engine)
        self.source = (
            "a preview takes no GPU" if engine.preview
            else "by the clips that it made before" if recorded is not None
            else "computed, since it has made no clip here"
        )  # fmt: skip

    def of(self, plans: Sequence[VideoPlan]) -> list[Amount]:
        """What each video costs. A clip that is there, or that a video before it has, is not paid for again."""
        shots = [plan.requests(self._engine.model) for plan in plans]
        paid = self._ledger.media.there({shot.id for requests in shots for shot in requests})
        amounts: list[Amount] = []
        for requests in shots:
            new = [] if self._engine.preview else [shot for shot in requests if shot.id not in paid]
            seconds = sum(forecast(shot, self._pace) for shot in new)
            paid |= {shot.id for shot in requests}
            amounts.append(Amount(1, seconds, money(seconds, self._price)))
        return amounts


def money(gpu_seconds: float, price: float) -> float:
    """What seconds of GPU cost at a price for an hour."""
    return gpu_seconds / HOUR * price


def _computed(engine: Engine) -> float | None:
    """Seconds for a million pixels that the model's architecture says, on the slowest GPU that is known."""
    from wan_engine.wan.pace import GPUS, seconds
    from wan_engine.wan.profiles import PROFILES

    profile = PROFILES.get(engine.model.partition("@")[0])
    if profile is None:
        return None
    (width, height), frames = profile.sizes[0], profile.frames
    slowest = min(GPUS, key=lambda gpu: gpu.teraflops)
    return seconds(profile, slowest) / (width * height * frames / 1e6)
