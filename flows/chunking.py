"""How shots are divided among the processes of the GPU pool: as many as one renders in a while, so none is late."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from reelmill.content import Shot


def divide(
    shots: Sequence[Shot], *, cost: Callable[[Shot], float], seconds: float, workers: int
) -> list[tuple[list[str], float]]:
    """Chunks of shots, in their order: each about `seconds` of work, and no fewer chunks than there are workers.

    Parameters
    ----------
    cost:
        Gives the seconds that a shot is expected to take.

    Returns
    -------
    list[tuple[list[str], float]]
        Per chunk the ids of its shots, and the seconds that it is expected to take.
    """
    costs = [cost(shot) for shot in shots]
    share = min(seconds, max(sum(costs) / max(workers, 1), max(costs, default=0)))
    most = math.ceil(len(shots) / max(workers, 1))
    chunks: list[tuple[list[str], float]] = []
    for shot, taken in zip(shots, costs, strict=True):
        ids, spent = chunks[-1] if chunks else ([], math.inf)
        if spent + taken > share * 1.001 or len(ids) >= most:
            chunks.append(([shot.id], taken))
        else:
            chunks[-1] = ([*ids, shot.id], spent + taken)
    return chunks
