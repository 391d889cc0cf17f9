"""Text inside the picture: read now and then, and shown to whoever knows what texts may say.

What reads is a `Reader`; `tasks.screening.ocr` has the one that ships. What a text means is not known here: a
`TextScreen` is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reelmill.content import Decision, Hit
from reelmill.ffmpeg import probe
from reelmill.frames import Frame
from tasks.screening.decoding import Picture, read_pictures

#: How often text is read, in frames a second: nobody reads what is shown for less than half a second.
PER_SECOND = 2.0
#: Lines that are read with less confidence are noise.
SURE = 0.5
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in one frame."""

    text: str
    confidence: float  #: 0 to 1
    box: tuple[int, int, int, int]  #: x, y, width, height in pixels of the frame it was read in


class Reader(Protocol):
    """Reads text in pictures. Loaded once, safe to call from several threads. It raises what it likes."""

    name: str

    @property
    def version(self) -> str:
        """The version of what reads."""

    @property
    def model_sha256(self) -> str:
        """One sha256 for all of its weights."""

    def read(self, frame: Frame) -> list[Line]:
        """The lines in a frame, (height, width, 3) uint8 in RGB order, from top to bottom."""


@dataclass(frozen=True, slots=True)
class TextFinding:
    """What a text screen has against a text."""

    category: str
    level: Decision  #: review or block; what passes is not told
    label: str  #: the term or rule, for people


class TextScreen(Protocol):
    """Says what is wrong with a text, or nothing. Safe to call from several threads."""

    def __call__(self, text: str) -> Sequence[TextFinding]:
        """Everything that is found in it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader, and whom it tells."""

    reader: Reader
    texts: TextScreen

    def look(self, picture: Picture) -> list[Hit]:
        """What is wrong with the text in a frame: line by line, and with the lines as one sentence.

        A hit's score is the confidence with which its line was read, and its box is in pixels of this frame.
        """
        lines = [line for line in self.reader.read(picture.frame) if line.confidence >= SURE]
        passages: list[tuple[str, float, tuple[int, int, int, int] | None]] = [
            (line.text, line.confidence, line.box) for line in lines
        ]
        if len(lines) > 1:
            passages.append((" ".join(line.text for line in lines), min(line.confidence for line in lines), None))
        hits: dict[tuple[str, str], Hit] = {}
        for text, confidence, box in passages:
            for found in self.texts(text):
                hit = Hit(
                    found.category, found.level, self.reader.name, found.label, confidence,
                    picture.number, picture.seconds, box,
                )  # fmt: skip
                hits.setdefault((found.category, found.label), hit)
        return list(hits.values())


class Moments:
    """When text is read: at even times, so that the first frame at or after each is."""

    def __init__(self) -> None:
        self._due = 0.0

    def due(self, seconds: float) -> bool:
        """Whether the frame that is shown at this second is read. Asked in order."""
        if seconds < self._due - _ROUNDING:
            return False
        self._due = (int((seconds + _ROUNDING) * PER_SECOND) + 1) / PER_SECOND
        return True


def read_lines(path: Path, reader: Reader, *, long_side: int = 640) -> Iterator[tuple[int, float, Line]]:
    """Every line of text in a video: the frame, its second, and the line with its box in pixels of the video.

    Raises
    ------
    MediaError
        If it does not decode to its end.
    """
    size = probe(path)
    scale = min(1.0, long_side / max(size.width, size.height))
    width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    moments = Moments()
    with closing(read_pictures(path, width, height, threads=1)) as pictures:
        for picture in pictures:
            if moments.due(picture.seconds):
                for line in reader.read(picture.frame):
                    x, y, wide, high = (round(side / scale) for side in line.box)
                    yield picture.number, picture.seconds, Line(line.text, line.confidence, (x, y, wide, high))
