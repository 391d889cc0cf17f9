"""In which manner words come onto the picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from reelmill.content import Json

Animation = Literal["fade", "slide", "none"]
Subtitles = Literal["plain", "karaoke", "none"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How words are shown; what they are is another matter."""

    animation: Animation = "fade"  #: how title and lines come in
    subtitles: Subtitles = "plain"  #: what is spoken, while it is spoken

    def evidence(self) -> dict[str, Json]:
        """What differs from the usual, for a recipe."""
        usual = asdict(Manner())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}
