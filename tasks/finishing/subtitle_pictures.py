"""Draws what is spoken: one picture for each moment at which it changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tasks.finishing.color import Rgb
from tasks.finishing.fonts import line
from tasks.finishing.karaoke import moments
from tasks.finishing.labels.visible import PLATE
from tasks.finishing.subtitle_pages import LEADING, SPACING, Page, Subtitles
from tasks.finishing.tone import LIGHT_INK
from tasks.finishing.words import is_wide

#: Of the plate below the letters, of 255. Its colour is that of the AI label's; it is denser, so that what is still to
#: come can be read on white paper as well: 4.5 to 1.
OPACITY = 212
#: What is being said, and what is still to come.
SPOKEN, TO_COME = LIGHT_INK, (168, 172, 176)
#: Where a line's baseline is, and its corners' radius, in parts of the size.
BASELINE, ROUND = 0.86, 0.30


def pictures(shown: Subtitles, *, karaoke: bool) -> Iterator[tuple[float, Image.Image]]:
    """Everything that is shown, each picture with the second at which it begins."""
    blank = Image.new("RGBA", (shown.box.width, shown.box.height))
    for page in shown.pages:
        for start, spoken in _moments(page, karaoke=karaoke):
            yield start, draw(page, shown, spoken)
        yield page.end, blank


def _moments(page: Page, *, karaoke: bool) -> Iterator[tuple[float, int]]:
    """When the picture of a page changes, and how many characters are spoken by then."""
    if not karaoke:
        return iter([(page.start, sum(map(len, page.lines)))])
    return moments(page.lines, page.start, page.end)


def draw(page: Page, shown: Subtitles, spoken: int) -> Image.Image:
    """One picture: the first characters as they are spoken, the others as they are still to come."""
    picture = Image.new("RGBA", (shown.box.width, shown.box.height))
    across, down = shown.pad
    pen = _Pen(page.size, with_letters=shown.with_letters)
    widths = [pen.width(text) for text in page.lines]
    tall = (len(widths) + (len(widths) - 1) * LEADING) * page.size + 2 * down
    turned = line.runs_right_to_left(page.lines[0])
    wide = min(float(picture.width), max(widths) + 2 * across)
    left = picture.width - wide if turned else 0.0
    ImageDraw.Draw(picture).rounded_rectangle(
        (left, picture.height - tall, left + wide - 1, picture.height - 1),
        radius=ROUND * page.size,
        fill=(*PLATE, OPACITY),
    )
    y = picture.height - tall + down + BASELINE * page.size
    for text, width in zip(page.lines, widths, strict=True):
        x = picture.width - across - width if turned else across
        lit = max(0, min(len(text), spoken))
        spoken -= len(text)
        _line(picture, (x, y), text, pen, lit)
        y += (1 + LEADING) * page.size
    return picture


@dataclass(frozen=True, slots=True)
class _Pen:
    """How the lines of a page are set."""

    size: int  #: pixels of the em square
    with_letters: bool

    def width(self, text: str, whole: str = "") -> float:
        """Pixels of a line, or of the part of a `whole` one."""
        spacing = self._spacing(whole or text)
        return line.width(text, "sans", self.size, spacing, with_letters=self.with_letters)

    def draw(self, picture: Image.Image, place: tuple[float, float], text: str, ink: Rgb) -> None:
        spacing = self._spacing(text)
        line.draw(picture, place, text, "sans", self.size, ink, spacing=spacing, with_letters=self.with_letters)

    def _spacing(self, text: str) -> float:
        return SPACING * self.size if any(map(is_wide, text)) else 0.0


def _line(picture: Image.Image, place: tuple[float, float], text: str, pen: _Pen, lit: int) -> None:
    if lit < len(text):
        pen.draw(picture, place, text, TO_COME)
    if lit == len(text):
        pen.draw(picture, place, text, SPOKEN)
        return
    if not lit:
        return
    over = Image.new("RGBA", picture.size)
    pen.draw(over, place, text, SPOKEN)
    x, width = place[0], pen.width(text[:lit], text)
    if line.runs_right_to_left(text):
        box = (round(x + pen.width(text) - width), 0, picture.width, picture.height)
    else:
        box = (0, 0, round(x + width), picture.height)
    picture.alpha_composite(over.crop(box), box[:2])
