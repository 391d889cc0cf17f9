"""Whether the tiles show that a clip was decoded in: a step in brightness along their borders."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low

import numpy as np
import numpy.typing as npt

from wan_engine.motion import Luma

#: Steps between pixels that are looked at on either side of a border. Nearer ones would be part of a soft seam, those
#: farther away may show something else.
BESIDE = 4
#: Pixels along a border that one step is the mean of. Grain evens out over them, a tile's own brightness does not.
STRETCH = 32
#: Added to the steps on and beside a border, in levels of luma: nobody sees less, and a clear sky has none.
UNSEEN = 0.5


@dataclass(frozen=True, slots=True)
class Borders:
    """Where tiles meet, in pixels of the clip: the first column and the first row of each tile but the first."""

    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()

    @classmethod
    def every(cls, stride: int, width: int, height: int) -> Borders:
        """Of tiles that lie so far from each other.

        >>> Borders.every(288, 704, 1280)
        Borders(columns=(288, 576), rows=(288, 576, 864, 1152))
        """
        return cls(tuple(range(stride, width, stride)), tuple(range(stride, height, stride)))


#: Of a clip that was decoded in one piece.
NO_BORDERS = Borders()


class SeamGauge:
    """Compares the steps across borders with those beside them, over all frames that it is shown."""

    def __init__(self, borders: Borders) -> None:
        self._borders = borders
        self._steps: dict[tuple[bool, int], npt.NDArray[np.float64]] = {}  #: on and beside each border, summed
        self._frames = 0

    def see(self, luma: Luma) -> None:
        """Take the next frame."""
        self._frames += 1
        for across, borders, picture in ((False, self._borders.columns, luma), (True, self._borders.rows, luma.T)):
            for border in borders:
                if BESIDE < border < picture.shape[1] - BESIDE:
                    known = self._steps.setdefault((across, border), np.zeros(2))
                    known += _steps(picture[:, border - BESIDE - 1 : border + BESIDE + 1])

    @property
    def score(self) -> float | None:
        """How many times larger a step across a border is than one beside it. None without borders.

        The border in the middle of them all counts: an edge of what is shown, a horizon, may lie on one of them, hardly
        on most.
        """
        ratios = [
            (on / self._frames + UNSEEN) / (beside / self._frames + UNSEEN) for on, beside in self._steps.values()
        ]
        return float(median_low(ratios)) if ratios else None


def _steps(strip: Luma) -> npt.NDArray[np.float64]:
    """The mean step in the middle of a strip, and beside it."""
    steps = np.diff(strip.astype(np.float32), axis=1)
    length = len(steps) // STRETCH * STRETCH or len(steps)
    stretches = np.abs(steps[:length].reshape(-1, min(STRETCH, length), steps.shape[1]).mean(axis=1)).mean(axis=0)
    beside = np.delete(stretches, BESIDE)
    return np.array([stretches[BESIDE], beside.mean()])
