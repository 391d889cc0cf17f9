"""Pictures that lie over a video one after the other, each for its time.

ffmpeg reads a list of them and when each begins: what stands still costs nothing, and a long video no more than a short
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from reelmill.ffmpeg import SAFE_INPUT
from tasks.finishing.layout import Box

#: The shortest time between two pictures, in seconds.
SHORTEST = 0.02
#: Steps in which a picture comes and goes.
STEPS = 6


@dataclass(frozen=True, slots=True)
class Slides:
    """Where and when there is anything to be seen of them."""

    file: str  #: the list that ffmpeg reads, below the folder that it runs in
    box: Box
    start: float  #: seconds
    end: float

    @property
    def arguments(self) -> list[str]:
        """How ffmpeg is told to read the list."""
        return ["-f", "concat", "-safe", "0", *SAFE_INPUT, "-i", self.file]

    @property
    def overlay(self) -> str:
        """The options of the filter that lays them over a picture, and costs nothing while there is nothing to see."""
        return f"{self.box.x}:{self.box.y}:enable='between(t,{self.start:.3f},{self.end:.3f})'"

    def write(self, pictures: Iterable[tuple[float, Image.Image]], folder: Path) -> None:
        """Write pictures, each with the second at which it begins, and the list of them. After the end is nothing."""
        stem = self.file.removesuffix(".ffconcat")
        blank = _save(Image.new("RGBA", (self.box.width, self.box.height)), folder, f"{stem}.png")
        entries = [(0.0, blank)]
        for number, (start, picture) in enumerate(pictures):
            if picture.getbbox() is None:
                entries.append((start, blank))
            else:
                entries.append((start, _save(picture, folder, f"{stem}-{number:04}.png")))
        entries.append((self.end, blank))
        (folder / self.file).write_text(_list(entries), encoding="ascii")


def faded(
    picture: Image.Image, start: float, end: float, seconds: float, *, out: bool
) -> list[tuple[float, Image.Image]]:
    """A picture that comes in softly at a second, and goes likewise if it is to."""
    comes = [(start + seconds * step / STEPS, _thinned(picture, (step + 1) / STEPS)) for step in range(STEPS)]
    if not out:
        return comes
    goes = [(end - seconds + seconds * step / STEPS, _thinned(picture, 1 - step / STEPS)) for step in range(1, STEPS)]
    return [*comes, *goes]


def _thinned(picture: Image.Image, share: float) -> Image.Image:
    thin = picture.copy()
    thin.putalpha(picture.getchannel("A").point(lambda alpha: round(alpha * share)))
    return thin


def _list(entries: list[tuple[float, str]]) -> str:
    """Pictures and how long each is shown. One that begins with the next one is left out."""
    kept = [
        entry
        for entry, after in zip(entries, [*entries[1:], None], strict=True)
        if after is None or after[0] - entry[0] >= SHORTEST
    ]
    lines = ["ffconcat version 1.0"]
    for (start, file), after in zip(kept, [*kept[1:], None], strict=True):
        lines.append(f"file {file}")
        if after is not None:
            lines.append(f"duration {after[0] - start:.3f}")
    return "\n".join([*lines, ""])


def _save(picture: Image.Image, folder: Path, name: str) -> str:
    picture.save(folder / name, compress_level=1)
    return name
