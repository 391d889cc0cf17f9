"""The contract of a detector: frames in, scored findings out.

Every detector passes `tests/contract/test_detectors.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from reelmill.frames import Frame


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a detector saw in one frame. What it means is the policy's business."""

    label: str  #: the detector's own word
    score: float  #: 0 to 1
    box: tuple[int, int, int, int] | None = None  #: x, y, width, height in pixels of the frame it was given


class Detector(ABC):
    """Looks at frames. Loaded once, used for many masters, safe to call from several threads.

    Parameters
    ----------
    threads:
        How many cores one call of `detect` may use. Screening gives 1 and calls from several threads.

    Raises
    ------
    Exception
        Of any kind, if the weights cannot be loaded. Screening blocks then.
    """

    name: ClassVar[str]

    def __init__(self, *, threads: int = 1) -> None:
        self.threads = threads

    @property
    @abstractmethod
    def version(self) -> str:
        """The version of the package that it comes from."""

    @property
    @abstractmethod
    def model_sha256(self) -> str:
        """The sha256 of the weights, so that a verdict says what exactly looked."""

    @property
    def identity(self) -> str:
        """What exactly looks, in one text: a verdict is bound to it."""
        return f"{self.name} {self.version} {self.model_sha256}"

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """The command that installs it if it is not installed, or None. Loads nothing."""

    @abstractmethod
    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        """For each frame, (height, width, 3) uint8 in RGB order, what was found in it.

        A frame's findings do not depend on the frames beside it. The frames are read only, and may differ in size.

        Raises
        ------
        Exception
            Of any kind, if it cannot look. Screening blocks then.
        """

    def close(self) -> None:
        """Give back what it holds open, if it does."""
        return
