"""What videos use up, and the most that they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

#: What sums of forecasts may differ by.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Amount:
    """What is used up."""

    videos: int = 0
    gpu_seconds: float = 0.0
    spend: float = 0.0  #: in the currency of the settings

    def __add__(self, other: Self) -> Amount:
        return Amount(self.videos + other.videos, self.gpu_seconds + other.gpu_seconds, self.spend + other.spend)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of each; None: any amount."""

    videos: int | None = None
    gpu_seconds: float | None = None
    spend: float | None = None

    def exceeded(self, amount: Amount) -> str | None:
        """The name of what there is too much of."""
        for name in ("videos", "gpu_seconds", "spend"):
            most = getattr(self, name)
            if most is not None and getattr(amount, name) > most + _ROUNDING:
                return name
        return None
