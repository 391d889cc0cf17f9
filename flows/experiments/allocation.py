"""Which values the next batch has more of: each is drawn with the chance that it is the best (Thompson sampling).

Thompson, "On the likelihood that one unknown probability exceeds another" (1933). What is known is what was known when
the run was opened, so that a run that is planned again draws the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.experiments.options import ExperimentOptions
from flows.experiments.results import comparison, results
from flows.experiments.telling import percent
from tasks.prompts.matrix import MatrixOptions
from tasks.prompts.sampling import Weights, value_name

if TYPE_CHECKING:
    import datetime as dt

    from records.ledger import Ledger

#: The part of the draws that stays even, so that no value is given up for good.
EVEN = 0.1


@dataclass(frozen=True, slots=True)
class Allocation:
    """How often each value of a list is drawn."""

    of: str
    shares: Mapping[str, float]  #: parts of one, by value

    @property
    def weights(self) -> Weights:
        return {self.of: dict(self.shares)}

    def __str__(self) -> str:
        parts = sorted(self.shares.items(), key=lambda one: -one[1])
        told = ", ".join(f"{name} {percent(part)}" for name, part in parts)
        return f"{self.of} is drawn by what is best so far: {told}"


def allocate(
    ledger: Ledger,
    pipeline: str,
    options: ExperimentOptions | None,
    matrix: MatrixOptions | None,
    *,
    until: dt.datetime | None = None,
) -> Allocation | None:
    """How the next batch of a pipeline is drawn. None if all values are drawn alike.

    Parameters
    ----------
    until:
        What was known at this moment; None: now.
    """
    if options is None or matrix is None or options.allocate == "even":
        return None
    names = [value_name(value) for value in matrix.lists[options.of]]
    found = [one for one in results(ledger, pipeline, options, until=until) if one.value in names]
    compared = comparison(found)
    if compared is None:
        return None
    best = {rate.value: rate.best for rate in compared.rates}
    even, seen = 1 / len(names), len(best) / len(names)  # a value that nobody has seen yet has its even share
    guess = {name: best[name] * seen if name in best else even for name in names}
    return Allocation(options.of, {name: (1 - EVEN) * part + EVEN * even for name, part in guess.items()})
