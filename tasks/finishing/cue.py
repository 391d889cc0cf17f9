"""A piece of what is spoken, and when: what subtitles are timed by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

#: Longest text of one cue that is shown, in characters.
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Cue:
    """One sentence or clause. Seconds from the beginning of the video."""

    start: float
    end: float
    text: str  #: one line of plain text

    def moved(self, by: float) -> Self:
        """The same, so many seconds later."""
        return replace(self, start=self.start + by, end=self.end + by)

    def faster(self, factor: float) -> Self:
        """The same of speech that is spoken so many times as fast."""
        return replace(self, start=self.start / factor, end=self.end / factor)
