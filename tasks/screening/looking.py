"""One look: a few frames of a master, and what every detector and the reader of texts say of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reelmill.content import Hit
from reelmill.errors import ReelmillError, TerminalError
from reelmill.frames import Frame
from tasks.screening.decoding import Picture
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.reading import Reading

#: Frames that one thread looks at in one go. More is hardly faster and costs memory: about 12 MB a frame.
BATCH = 4
#: Frames that one look may stand for, if they are equal bit for bit. More would only delay what is told.
REPEATS = 64


@dataclass(slots=True)
class Batch:
    """Frames that are looked at together, and when each is shown: more than once, if it is repeated unchanged."""

    pictures: list[Picture] = field(default_factory=list)
    shown: list[list[tuple[int, float]]] = field(default_factory=list)  #: numbers and seconds of each
    read: list[Picture] = field(default_factory=list)  #: those whose text is read

    def add(self, picture: Picture, *, read: bool) -> None:
        """Take the next frame. One that equals the one before is found by comparison, and not looked at again."""
        if self.pictures and np.array_equal(self.pictures[-1].frame, picture.frame):
            self.shown[-1].append((picture.number, picture.seconds))
        else:
            self.pictures.append(picture)
            self.shown.append([(picture.number, picture.seconds)])
        if read:
            self.read.append(picture)

    @property
    def frames(self) -> list[Frame]:
        """What detectors get."""
        return [picture.frame for picture in self.pictures]

    @property
    def size(self) -> int:
        """How many frames of the master it stands for."""
        return sum(map(len, self.shown))


@dataclass(frozen=True, slots=True)
class Look:
    """What one batch gave."""

    found: Mapping[str, list[list[Finding]]]  #: detector → frame → findings
    silent: Mapping[str, str]  #: optional detectors that could not look, and why
    texts: Sequence[Hit]  #: with boxes in pixels of the frames


def batches(pictures: Iterable[Picture], read: Callable[[Picture], bool]) -> Iterator[Batch]:
    """Frames in groups; `read` says of each whether its text is read."""
    batch = Batch()
    for picture in pictures:
        batch.add(picture, read=read(picture))
        if len(batch.pictures) == BATCH or batch.size == REPEATS:
            yield batch
            batch = Batch()
    if batch.pictures:
        yield batch


def look(detectors: Sequence[Detector], optional: frozenset[str], reading: Reading | None, batch: Batch) -> Look:
    """Ask everybody, and believe only answers that can be believed.

    Raises
    ------
    ReelmillError
        If one fails that is not optional.
    """
    found: dict[str, list[list[Finding]]] = {}
    silent: dict[str, str] = {}
    for detector in detectors:
        try:
            found[detector.name] = _findings(detector, batch.frames)
        except ReelmillError as error:
            if detector.name not in optional:
                raise
            silent[detector.name] = str(error)
    return Look(found, silent, _texts(reading, batch.read) if reading is not None else ())


def _findings(detector: Detector, frames: Sequence[Frame]) -> list[list[Finding]]:
    try:
        of_frames = detector.detect(frames)
    except ReelmillError:
        raise
    except Exception as error:
        raise TerminalError(f"{detector.name} failed: {type(error).__name__}: {error}", "") from error
    if len(of_frames) != len(frames):
        raise TerminalError(f"{detector.name} answered for {len(of_frames)} of {len(frames)} frames", "")
    for finding in (finding for findings in of_frames for finding in findings):
        # Not a number is below every threshold, so it would pass.
        if not (math.isfinite(finding.score) and 0 <= finding.score <= 1):
            raise TerminalError(f"{detector.name} gave {finding.label} the score {finding.score}", "")
    return of_frames


def _texts(reading: Reading, pictures: Sequence[Picture]) -> list[Hit]:
    try:
        return [hit for picture in pictures for hit in reading.look(picture)]
    except ReelmillError:
        raise
    except Exception as error:
        raise TerminalError(f"{reading.reader.name} failed: {type(error).__name__}: {error}", "") from error
