"""A sample of the cells of a matrix: the same one each time, and nearly the same one after a value was added.

Every cell gets a number from a hash of the seed, of what the sample is drawn for, and of its own id; those with the
lowest numbers are drawn. Nothing else decides, so a value that is added to a list takes the place of no more cells
than those of its own that are drawn.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from reelmill.content import Json, Variant
from tasks.options import Options

#: Cells that a sample has at most: as many as a whole matrix.
MOST_DRAWN = 256
#: Bytes of the hash that become a number.
_BYTES = 8
_RANGE = 256.0**_BYTES

Weight = Annotated[float, Field(gt=0, le=1e6, strict=False)]
Weights = dict[str, Annotated[dict[str, Weight], Field(min_length=1)]]


class SampleOptions(Options):
    """A part of the cells instead of all of them."""

    count: Annotated[int, Field(ge=1, le=MOST_DRAWN)]
    """How many cells are drawn. A matrix that has fewer gives all of them."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Another seed draws another sample."""

    per: Literal["brief", "run"] = "brief"
    """`brief`: each brief has a sample of its own, the same on every day. `run`: all briefs of a run have the same
    one, and the next run has another."""


def draw(cells: Sequence[Variant], count: int, seed: int, of: str, weight: Callable[[Variant], float]) -> list[Variant]:
    """So many of the cells, in their own order.

    Parameters
    ----------
    of:
        What the sample is drawn for: the key of a brief, or the occasion of a run.
    weight:
        How often a cell is drawn against others. The numbers are the exponential form of Efraimidis' and Spirakis'
        keys ("Weighted random sampling with a reservoir", 2006): -ln(u) / weight, of which the lowest are taken.
    """

    def rank(place: int) -> float:
        return -math.log(_share(seed, cells[place].id, of)) / weight(cells[place])

    return [cells[place] for place in sorted(heapq.nsmallest(count, range(len(cells)), key=rank))]


def weigh(cell: Variant, weights: Weights) -> float:
    """The weight of a cell: the product of those of its values. A value that is not named weighs 1."""
    product = 1.0
    for key, named in weights.items():
        spelled = value_name(cell.values.get(key)).casefold()
        product *= next((weight for name, weight in named.items() if name.casefold() == spelled), 1.0)
    return product


def value_name(value: Json) -> str:
    """A value of a list as people call it: a text itself, a mapping by its `id`."""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return str(value)


def _share(seed: int, cell_id: str, of: str) -> float:
    """A number between 0 and 1, neither of them. An id has no bar in it, so no two questions are the same text."""
    digest = hashlib.sha256(f"{seed}|{cell_id}|{of}".encode()).digest()
    return (int.from_bytes(digest[:_BYTES], "big") + 0.5) / _RANGE
