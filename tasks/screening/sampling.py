"""Which frames of a long master are looked at. Of a short one it is all of them.

Looks that come at even times miss what is shown for less than the time between them; looks at cuts alone miss what
comes slowly. So both are taken, with the first frame, the last one and each key frame, and what then looks doubtful is
looked at again frame by frame.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.frames import Frame
from tasks.screening.decoding import Picture
from tasks.screening.policy import Sampling

#: A frame is compared with the one before it in so many fields each way: what appears in one corner is a cut there.
FIELDS = 8
#: Times that differ by less are the same, in seconds: ffmpeg prints six digits.
_ROUNDING = 1e-5


@dataclass(slots=True)
class Cuts:
    """Where the picture changes at once. Keeps no frame."""

    above: float  #: of 255
    _change: npt.NDArray[np.float32] | None = None

    def between(self, before: Frame, after: Frame) -> bool:
        """Whether some field changes by more than `above`, and by as much more or less than it did a frame ago.

        What moves all the time changes all the time, and is no cut: that is how ffmpeg's scene score counts it too
        (libavfilter/f_select.c), though for the picture as a whole.
        """
        change = cv2.resize(cv2.absdiff(before, after), (FIELDS, FIELDS), interpolation=cv2.INTER_AREA)
        change = change.mean(axis=2, dtype=np.float32)
        last = np.zeros_like(change) if self._change is None else self._change
        self._change = change
        return bool((np.minimum(change, np.abs(change - last)) > self.above).any())


def sampled(pictures: Iterable[Picture], sampling: Sampling) -> Iterator[Picture]:
    """The frames of a long master that are looked at first, in order, each once. Holds one frame back."""
    cuts = Cuts(sampling.cut_above)
    before: Picture | None = None
    taken = False
    due = 0.0  # seconds; the next even time
    for picture in pictures:
        cut = before is not None and cuts.between(before.frame, picture.frame)
        if before is not None and cut and not taken:
            yield before
        on_time = picture.seconds >= due - _ROUNDING
        if on_time:
            due = (int((picture.seconds + _ROUNDING) * sampling.per_second) + 1) / sampling.per_second
        taken = before is None or cut or picture.key or on_time
        if taken:
            yield picture
        before = picture
    if before is not None and not taken:
        yield before


@dataclass(slots=True)
class Doubts:
    """The moments at which something was doubtful, and the frames that are to be looked at because of that."""

    around: float  #: seconds on each side
    _moments: list[float] = field(default_factory=list)

    def add(self, seconds: float) -> None:
        """Take a moment. One that is as good as there already is left out, so the list stays short."""
        place = bisect_right(self._moments, seconds)
        if place == 0 or seconds - self._moments[place - 1] > _ROUNDING:
            insort(self._moments, seconds)

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def until(self) -> float:
        """The second after which no frame is near a doubt."""
        return self._moments[-1] + self.around if self._moments else -1.0

    def near(self, seconds: float) -> bool:
        """Whether something was doubtful near this moment."""
        place = bisect_right(self._moments, seconds)
        return any(
            abs(seconds - moment) <= self.around + _ROUNDING for moment in self._moments[max(0, place - 1) : place + 1]
        )
