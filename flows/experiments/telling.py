"""What is said of an experiment, in the same words in a terminal and on its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.counting import counted
from flows.experiments.options import ExperimentOptions

if TYPE_CHECKING:
    from flows.experiments.comparing import Comparison, Rate
    from flows.experiments.results import Result

#: What a hit is, of those who saw a post.
MEASURES = {"likes": "likes of a view", "watched": "how much of the video is watched"}
#: Odds above are not counted.
_PLENTY = 1e6


def percent(part: float) -> str:
    """A part of one with two digits that say something: `5.2 %`."""
    digits = 0 if part >= 0.0995 else 1 if part >= 0.00995 else 2
    return f"{part * 100:.{digits}f} %"


def chance(part: float) -> str:
    """How sure something is, never quite."""
    return "over 99 %" if part > 0.99 else "under 1 %" if part < 0.01 else f"{part * 100:.0f} %"


def span(rate: Rate) -> str:
    """The interval of a rate: `4.1–6.4 %`."""
    low, high = percent(rate.low), percent(rate.high)
    return f"{low.removesuffix(' %')}–{high}"


def measured(options: ExperimentOptions, found: list[Result]) -> str:
    """What was compared, and what could not be."""
    tallied = sum(len(result.tallies) for result in found)
    told = f"{MEASURES[options.measure]}, {options.after} after each post went live; {counted(tallied, 'post')}"
    left = sum(result.posts for result in found) - tallied
    return told + (f", and {left} that {'is' if left == 1 else 'are'} younger or not told of" if left else "")


def verdict(compared: Comparison | None) -> list[str]:
    """Who has won, or why nobody has: a line, and one that explains it."""
    if compared is None:
        return ["nothing can be compared yet: two values need posts of this age with numbers"]
    first = compared.rates[0]
    odds = f"the odds that it differs from {compared.rival} are {_odds(compared.odds)}"
    if compared.winner is not None:
        return [
            f"winner: {compared.winner}, the best with a chance of {chance(first.best)}; {odds}",
            f"A winner needs {_odds(compared.needed)}, so that looking every day is wrong once in twenty at most.",
        ]
    return [
        f"no winner yet: {first.value} is ahead, the best with a chance of {chance(first.best)}; {odds}",
        f"A winner needs {_odds(compared.needed)}, 95 % and three posts of each value; look as often as you like.",
    ]


def _odds(odds: float) -> str:
    if odds > _PLENTY:
        return "over a million to 1"
    return f"{odds:,.0f} to 1" if odds >= 10 else f"{odds:.1f} to 1" if odds >= 1 else f"1 to {1 / odds:,.1f}"
