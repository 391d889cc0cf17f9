"""One font that ships: which characters it has, how wide each is, and what it is called."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

FOLDER = Path(__file__).parent
#: Pixels at which shaped text is measured: far larger than it is drawn, so that rounding does not show.
MEASURED_AT = 512


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a font file says of itself. Everything is a part of the size of the em square."""

    ascent: float  #: from the baseline to the top of the line box, as libass reckons it (OS/2 usWinAscent)
    descent: float  #: from the baseline to the bottom of the line box, as libass reckons it (OS/2 usWinDescent)
    cap_height: float
    advances: Mapping[int, float]  #: by code point


@cache
def _metrics(file: str) -> Metrics:
    from fontTools.ttLib import TTFont  # words are planned without it

    with TTFont(FOLDER / file, lazy=True) as font:
        # Glyphs are numbered rather than named: reading all their names takes longer than everything else here.
        font.setGlyphOrder([str(number) for number in range(font["maxp"].numGlyphs)])
        unit, line, widths = font["head"].unitsPerEm, font["OS/2"], font["hmtx"].metrics
        return Metrics(
            ascent=line.usWinAscent / unit,
            descent=line.usWinDescent / unit,
            cap_height=getattr(line, "sCapHeight", 0) / unit,
            advances={code: widths[glyph][0] / unit for code, glyph in font.getBestCmap().items()},
        )


@cache
def _drawing(path: Path, size: int, *, shaped: bool) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # words are planned without it

    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), size, layout_engine=engine)


@lru_cache(maxsize=4096)
def _shaped_width(path: Path, text: str) -> float:
    return _drawing(path, MEASURED_AT, shaped=True).getlength(text) / MEASURED_AT


@dataclass(frozen=True, slots=True)
class Face:
    """One shipped font."""

    file: str
    family: str  #: the name by which libass finds it
    shaped: bool = False  #: its letters change with their neighbours, and run from right to left

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def metrics(self) -> Metrics:
        return _metrics(self.file)

    def at(self, size: int, text: str = "") -> ImageFont.FreeTypeFont:
        """The font for drawing a text with Pillow, at so many pixels of the em square.

        Marks that combine with the letter before them have their place by the font's own rules.
        """
        return _drawing(self.path, size, shaped=self.shaped or any(map(unicodedata.combining, text)))

    def has(self, character: str) -> bool:
        return ord(character) in self.metrics.advances

    def width(self, text: str, size: float, spacing: float = 0.0) -> float:
        """How wide a piece of text is, in pixels.

        Parameters
        ----------
        text:
            A part of a line; every character is in the font.
        size:
            Pixels of the em square.
        spacing:
            Pixels after each character. Letters that hang together get none.
        """
        if self.shaped:
            return _shaped_width(self.path, text) * size
        advances = self.metrics.advances
        return sum(advances[ord(character)] for character in text) * size + spacing * len(text)
