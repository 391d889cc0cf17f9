"""The fonts that ship: which characters they have, how wide each is, and what they are called.

Nothing is ever set in a font of the machine: the same words look the same everywhere, and a character that no shipped
font has is an error before anything is rendered, never a box in the picture.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reelmill.errors import FinishingError

if TYPE_CHECKING:
    from PIL import ImageFont

FOLDER = Path(__file__).parent

Typeface = Literal["serif", "sans"]

#: How many missing characters an error names.
NAMED = 8


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a font file says of itself. Everything is a part of the size of the em square."""

    ascent: float  #: from the baseline to the top of the line box, as libass reckons it (OS/2 usWinAscent)
    descent: float  #: from the baseline to the bottom of the line box, as libass reckons it (OS/2 usWinDescent)
    cap_height: float
    advances: Mapping[int, float]  #: by code point


@cache
def _metrics(path: Path) -> Metrics:
    from fontTools.ttLib import TTFont  # words are planned without it

    with TTFont(path, lazy=True) as font:
        # Glyphs are numbered rather than named: reading all their names takes longer than everything else here.
        font.setGlyphOrder([str(number) for number in range(font["maxp"].numGlyphs)])
        unit, line, widths = font["head"].unitsPerEm, font["OS/2"], font["hmtx"].metrics
        return Metrics(
            ascent=line.usWinAscent / unit,
            descent=line.usWinDescent / unit,
            cap_height=line.sCapHeight / unit,
            advances={code: widths[glyph][0] / unit for code, glyph in font.getBestCmap().items()},
        )


@cache
def _drawing(path: Path, size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # words are planned without it

    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Face:
    """One shipped font."""

    file: str
    family: str  #: the name by which libass finds it

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def metrics(self) -> Metrics:
        return _metrics(self.path)

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font for drawing with Pillow, at so many pixels of the em square."""
        return _drawing(self.path, size)

    def has(self, character: str) -> bool:
        return ord(character) in self.metrics.advances

    def width(self, text: str, size: float, spacing: float = 0.0) -> float:
        """How wide a line is, in pixels.

        Parameters
        ----------
        text:
            One line; every character is in the font.
        size:
            Pixels of the em square.
        spacing:
            Pixels after each character.
        """
        advances = self.metrics.advances
        return sum(advances[ord(character)] for character in text) * size + spacing * len(text)


FACES: dict[Typeface, Face] = {
    "sans": Face("NotoSansCJKsc-Bold.otf", "Noto Sans CJK SC Reelmill"),
    "serif": Face("NotoSerifCJKsc-SemiBold.otf", "Noto Serif CJK SC SemiBold Reelmill"),
}


def missing(text: str) -> tuple[str, ...]:
    """The characters of a text that not every shipped font has, each once, in order. Spaces never count."""
    return tuple(
        dict.fromkeys(
            character
            for character in text
            if not character.isspace() and not all(face.has(character) for face in FACES.values())
        )
    )


def check(*texts: str) -> None:
    """Raise `FinishingError` that names each character that cannot be set, before anything is rendered."""
    gone = missing("".join(texts))
    if gone:
        named = ", ".join(
            f"{character} (U+{ord(character):04X} {unicodedata.name(character, 'without a name').lower()})"
            for character in gone[:NAMED]
        )
        more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
        raise FinishingError(
            f"the shipped fonts cannot set {named}{more}",
            "change or remove these characters in the source or in `caption`; emoji are not drawn on the picture",
        )


@cache
def fingerprint() -> str:
    """The sha256 of all shipped fonts together: part of every recipe."""
    digest = hashlib.sha256()
    for face in FACES.values():
        digest.update(face.path.read_bytes())
    return digest.hexdigest()
