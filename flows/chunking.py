"""How shots are divided among the processes of the GPU pool: as many as one renders in a while, so none is late."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reelmill.content import Shot

#: Seconds for a million pixels of an engine that has not drawn yet: a 5 s clip of 704x1280 in about 4 minutes, which
#: is what Wan2.2-TI2V-5B takes on a consumer GPU. A guess too high makes the first chunks small, which costs little.
UNKNOWN_PACE = 2.2


def forecast(shot: Shot, pace: float | None) -> float:
    """Seconds that a shot is expected to take.

    Parameters
    ----------
    pace:
        Seconds for a million pixels, as the ledger knows them.
    """
    return shot.width * shot.height * shot.frames / 1e6 * (UNKNOWN_PACE if pace is None else pace)


def divide(shots: Sequence[Shot], *, pace: float | None, seconds: float, workers: int) -> list[tuple[list[str], float]]:
    """Chunks of shots, in their order: each about `seconds` of work, and no fewer chunks than there are workers.

    Returns
    -------
    list[tuple[list[str], float]]
        Per chunk the ids of its shots, and the seconds that it is expected to take.
    """
    costs = [forecast(shot, pace) for shot in shots]
    share = min(seconds, max(sum(costs) / max(workers, 1), max(costs, default=0)))
    most = math.ceil(len(shots) / max(workers, 1))
    chunks: list[tuple[list[str], float]] = []
    for shot, cost in zip(shots, costs, strict=True):
        ids, spent = chunks[-1] if chunks else ([], math.inf)
        if spent + cost > share * 1.001 or len(ids) >= most:
            chunks.append(([shot.id], cost))
        else:
            chunks[-1] = ([*ids, shot.id], spent + cost)
    return chunks
