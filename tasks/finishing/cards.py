"""Cards: words on a plate of the brand's, for a while. A lower third says who or what is seen; an end card, what to do.

┌──────────────┐      ┌──────────────┐
│ [AI label]   │      │ [AI label]   │
│              │      │              │
│ (subtitles)  │      │    (logo)    │
│ ▌Lower third │      │     Name     │
│ ▌of two lines│      │  the words   │
│ Title        │      │              │
└──────────────┘      └──────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError, MediaError
from tasks.finishing import fonts
from tasks.finishing.brand import Brand
from tasks.finishing.color import Rgb, contrast, mixed
from tasks.finishing.fonts import line
from tasks.finishing.layout import REFERENCE, Box, Layout
from tasks.finishing.profile import Profile, even
from tasks.finishing.tone import LIGHT_INK, NIGHT, PAPER
from tasks.finishing.typesetting import Measure, Setting, fit
from tasks.finishing.words import clean

TITLE_LIMIT, TEXT_LIMIT, END_LIMIT = 60, 90, 120  #: characters
#: Sizes for a short side of 1080 pixels: of the lower third, then of the end card.
TITLE, TEXT, PAD, ACCENT, ABOVE_WORDS = 46, 34, 24, 8, 40
NAME, WORDS, LOGO, PHOTO, BETWEEN = 84, 50, 220, 640, 44
SMALLEST = 24  #: pixels of the em square, of words that do not fit otherwise
FADE = 0.3  #: seconds in which a card comes and goes
#: Contrast of white words with the brand's colour (WCAG AA); a lighter one is made darker.
WANTED = 4.5


@dataclass(frozen=True, slots=True)
class LowerThird:
    """Two lines above the words, for a while."""

    title: str
    text: str = ""
    start: float = 1.0  #: seconds
    seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class EndCard:
    """The last seconds of a video: the brand, and what it says."""

    text: str = ""
    seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Cards:
    """Those of one video."""

    lower_third: LowerThird | None = None
    end_card: EndCard | None = None

    def cleaned(self) -> Self:
        """The same, with words that are fit to be drawn. A lower third without words is none."""
        third, end = self.lower_third, self.end_card
        if third is not None:
            third = replace(third, title=clean(third.title, TITLE_LIMIT), text=clean(third.text, TEXT_LIMIT))
            third = third if third.title or third.text else None
        if end is not None:
            end = replace(end, text=clean(end.text, END_LIMIT))
        return replace(self, lower_third=third, end_card=end)

    def check(self) -> None:
        """Raise `FinishingError` that names every character that no shipped font has."""
        cards = self.cleaned()
        if cards.lower_third is not None:
            fonts.check(cards.lower_third.title, cards.lower_third.text)
        if cards.end_card is not None:
            fonts.check(cards.end_card.text)


def ground(brand: Brand) -> Rgb:
    """The brand's colour, as dark as white words on it need it."""
    color, share = brand.rgb, 0.0
    while contrast(LIGHT_INK, color) < WANTED and share < 1:
        share += 0.05
        color = mixed(brand.rgb, NIGHT, share)
    return color


def third_box(third: LowerThird, layout: Layout, profile: Profile) -> Box:
    """Where the lower third is: above the words, or at the foot of the safe zone."""
    unit = profile.short_side / REFERENCE
    lines = [TITLE] * bool(third.title) + [TEXT] * bool(third.text)
    height = even((sum(lines) * 1.2 + 2 * PAD) * unit)
    bottom = layout.above(profile, ABOVE_WORDS * unit)
    return Box(even(profile.safe_zone.left), (bottom - height) // 2 * 2, profile.room // 2 * 2, height)


def draw_third(third: LowerThird, box: Box, brand: Brand, unit: float) -> Image.Image:
    """The lower third in RGBA, as large as its box: a plate as wide as its words, its edge in the brand's colour."""
    picture = Image.new("RGBA", (box.width, box.height))
    pad, edge = round(PAD * unit), round(ACCENT * unit)
    room = box.width - 2 * pad - edge
    face = _Face(fonts.lettered("sans", third.title, third.text))
    settings = [
        face.fit(text, round(size * unit), room, 1) for text, size in ((third.title, TITLE), (third.text, TEXT)) if text
    ]
    wide = max(face.width(one.lines[0], int(one.size)) for one in settings)
    turned = line.runs_right_to_left(settings[0].lines[0])
    width = min(box.width, round(wide) + 2 * pad + edge)
    left = box.width - width if turned else 0
    drawing = ImageDraw.Draw(picture)
    drawing.rectangle((left, 0, left + width - 1, box.height - 1), fill=(*NIGHT, 205))
    x = left + width - edge if turned else left
    drawing.rectangle((x, 0, x + edge - 1, box.height - 1), fill=(*brand.rgb, 255))
    y = float(pad)
    for one in settings:
        size = int(one.size)
        at = box.width - edge - pad - face.width(one.lines[0], size) if turned else edge + pad
        face.draw(picture, (at, y + 0.95 * size), one.lines[0], size)
        y += 1.2 * size
    return picture


def draw_end(card: EndCard, brand: Brand, profile: Profile, *, photo: Path | None = None) -> Image.Image:
    """The end card in RGBA, as large as the picture: everything on the middle axis of the safe zone.

    Parameters
    ----------
    photo:
        Of the product; it takes the place of the logo.
    """
    width, height = profile.size
    unit, zone = profile.short_side / REFERENCE, profile.safe_zone
    picture = Image.new("RGBA", (width, height), (*ground(brand), 255))
    middle, logo = zone.left + (width - zone.left - zone.right) / 2, brand.picture()
    face = _Face(fonts.lettered("sans", brand.name, card.text))
    settings = [
        face.fit(text, round(size * unit), profile.room, lines)
        for text, size, lines in ((brand.name, NAME, 2), (card.text, WORDS, 4))
        if text
    ]
    between = BETWEEN * unit
    mark = None
    on_paper = True
    if photo is not None:
        logo, on_paper = product(photo)
    if logo is not None:
        factor = (LOGO if photo is None else PHOTO) * unit / max(logo.size)
        mark = logo.resize(
            (max(1, round(logo.width * factor)), max(1, round(logo.height * factor))), Image.Resampling.LANCZOS
        )
    heights = [float(mark.height)] if mark else []
    heights += [len(one.lines) * 1.25 * one.size for one in settings]
    y = zone.top + (height - zone.top - zone.bottom - sum(heights) - between * (len(heights) - 1)) / 2
    if mark:
        if on_paper:
            _on_paper(picture, mark, middle, y, unit)
        else:
            picture.alpha_composite(mark, (round(middle - mark.width / 2), round(y)))
        y += mark.height + between
    for one in settings:
        size = int(one.size)
        for text in one.lines:
            face.draw(picture, (middle - face.width(text, size) / 2, y + 0.95 * size), text, size)
            y += 1.25 * size
        y += between
    return picture


def product(path: Path) -> tuple[Image.Image, bool]:
    """A product's photo in RGBA, cut out if that is sure; and whether it still has its ground.

    Raises
    ------
    FinishingError
        If it cannot be read.
    """
    from wan_engine.storyboard.product.cutout import cut_out
    from wan_engine.storyboard.product.photo import read_photo

    try:
        photo = read_photo(path)
    except MediaError as error:
        raise FinishingError(f"the photo of the end card: {error.reason}", error.instruction) from error
    found = cut_out(photo)
    alpha = np.ones(photo.rgb.shape[:2], np.float32) if found is None else found.alpha
    pixels = np.dstack([photo.rgb if found is None else found.rgb, alpha])
    return Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8), "RGBA"), found is None


def _on_paper(picture: Image.Image, mark: Image.Image, middle: float, y: float, unit: float) -> None:
    """The logo on a light plate: it may be of any colour."""
    pad = round(22 * unit)
    x = round(middle - mark.width / 2)
    ImageDraw.Draw(picture).rounded_rectangle(
        (x - pad, round(y) - pad, x + mark.width + pad, round(y) + mark.height + pad),
        radius=pad,
        fill=(*PAPER, 255),
    )
    picture.alpha_composite(mark, (x, round(y)))


@dataclass(frozen=True, slots=True)
class _Face:
    """What all words of a card are set in."""

    with_letters: bool  #: see `fonts.line.pieces`

    def width(self, text: str, size: int) -> float:
        return line.width(text, "sans", size, with_letters=self.with_letters)

    def draw(self, picture: Image.Image, place: tuple[float, float], text: str, size: int) -> None:
        line.draw(picture, place, text, "sans", size, LIGHT_INK, with_letters=self.with_letters)

    def fit(self, text: str, size: int, room: float, lines: int) -> Setting:
        least, measure = min(size, SMALLEST), Measure("sans", 0.0, self.with_letters)
        return fit(text, measure, width=room, largest=size, smallest=least, comfortable=size, most_lines=lines)
