"""One line of text as it is set: pieces of one font each, in the order in which they are seen from left to right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from tasks.finishing.color import Rgb
from tasks.finishing.fonts import FACES, LETTERS, Face, Typeface, emoji, face_of, lettered

if TYPE_CHECKING:
    from PIL import Image

#: What a character is drawn with: a font, or as a picture.
Means = Face | Literal["emoji"]

#: A number keeps its signs.
_TOKEN = re.compile(r"\s+|[+-]?\d(?:[\d.,:/]*\d)?%?|.")
#: A letter keeps the marks that combine with it.
_WITH_MARKS = re.compile(r".[\u0300-\u036f]*")
_STRONG = {"L": "left", "R": "right", "AL": "right"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line."""

    text: str
    means: Means

    def width(self, size: float, spacing: float) -> float:
        """Pixels, at so many pixels of the em square and after each character."""
        if self.means == "emoji":
            return (emoji.WIDTH * size + spacing) * len(self.text)
        assert isinstance(self.means, Face)
        return self.means.width(self.text, size, spacing)


def runs_right_to_left(text: str) -> bool:
    """Whether a line begins at the right: its first letter says so (Unicode Bidirectional Algorithm, P2 and P3)."""
    for character in text:
        if (side := _STRONG.get(unicodedata.bidirectional(character))) is not None:
            return side == "right"
    return False


def pieces(text: str, typeface: Typeface, *, with_letters: bool | None = None) -> list[Piece]:
    """Divide a cleaned line, each of whose characters can be drawn.

    A piece of Arabic or Hebrew is a whole: whoever draws it puts its letters and numbers in order.

    Parameters
    ----------
    with_letters:
        Whether Latin, Greek and Cyrillic are set in the font that has all their letters: `lettered` says so of all
        texts that are seen together. None: of this line alone.
    """
    if lettered(typeface, text) if with_letters is None else with_letters:
        means = _lettered(text, typeface)
    else:
        means = [_means(character, typeface) for character in text]
    _join(text, means)
    found: list[Piece] = []
    place = 0
    for (one, _), same in groupby(zip(means, _apart(text, means), strict=True)):
        count = len(list(same))
        found.append(Piece(text[place : place + count], one))
        place += count
    if not runs_right_to_left(text):
        return found
    return [token for piece in reversed(found) for token in reversed(_tokens(piece))]


def _tokens(piece: Piece) -> list[Piece]:
    """Numbers and marks, of which each has a place of its own in a line that runs from right to left."""
    if piece.means == "emoji" or any(map(str.isalpha, piece.text)):
        return [piece]
    return [Piece(token, piece.means) for token in _TOKEN.findall(piece.text)]


def _means(character: str, typeface: Typeface) -> Means:
    if emoji.is_emoji(character):
        return "emoji"
    face = face_of(character, typeface)
    return FACES[typeface] if face is None else face


def _lettered(text: str, typeface: Typeface) -> list[Means]:
    """The same with the font of all letters first; what is as wide as Chinese beside Chinese stays with it."""
    letters, found = LETTERS[typeface], list[Means]()
    is_wide = any(unicodedata.east_asian_width(character) in {"W", "F"} for character in text)
    for character in text:
        if character.isspace() and found and found[-1] != "emoji":
            found.append(found[-1])
        elif letters.has(character) and not (is_wide and _is_ambiguous(character)):
            found.append(letters)
        else:
            found.append(_means(character, typeface))
    return found


def _is_ambiguous(character: str) -> bool:
    """Whether a mark is as wide as a Chinese character beside one, and narrow elsewhere: a dash, a quotation mark."""
    if character.isalpha() or unicodedata.category(character) in {"Co", "Mn"}:
        return False
    return unicodedata.east_asian_width(character) == "A"


def _join(text: str, means: list[Means]) -> None:
    """Spaces, marks and numbers between words of a script that runs from right to left belong to them."""
    turned = runs_right_to_left(text)
    for start, end in _stretches(text, _says_nothing):
        before = means[start - 1] if start else None
        after = means[end] if end < len(means) else None
        if isinstance(before, Face) and before.shaped and (after == before or (after is None and turned)):
            taken = before
        elif before is None and isinstance(after, Face) and after.shaped and turned:
            taken = after
        else:
            continue
        if all(taken.has(character) for character in text[start:end]):
            means[start:end] = [taken] * (end - start)


def _apart(text: str, means: list[Means]) -> list[bool]:
    """Which characters are spaces between two pieces: at its edges, whoever draws a piece drops them."""
    apart = [False] * len(text)
    for start, end in _stretches(text, str.isspace):
        before = means[start - 1] if start else None
        after = means[end] if end < len(text) else None
        apart[start:end] = [before != after] * (end - start)
    return apart


def _says_nothing(character: str) -> bool:
    """Whether a character has no direction of its own: a space, a mark, a number."""
    return not character.isalpha() and not emoji.is_emoji(character)


def _stretches(text: str, wanted: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Where neighbouring characters are all of a kind: from and to."""
    place = 0
    for is_one, same in groupby(text, key=wanted):
        count = len(list(same))
        if is_one:
            yield place, place + count
        place += count


def width(
    text: str, typeface: Typeface, size: float, spacing: float = 0.0, *, with_letters: bool | None = None
) -> float:
    """How wide a line is, in pixels: `size` of the em square, and `spacing` after each character."""
    face = LETTERS[typeface] if with_letters else FACES[typeface]
    advances = face.metrics.advances
    if all(ord(character) in advances for character in text):
        return face.width(text, size, spacing)
    return sum(piece.width(size, spacing) for piece in pieces(text, typeface, with_letters=with_letters))


def draw(
    picture: Image.Image,
    place: tuple[float, float],
    text: str,
    typeface: Typeface,
    size: int,
    ink: Rgb,
    *,
    spacing: float = 0.0,
    with_letters: bool | None = None,
) -> None:
    """Draw a line on a picture in RGBA, from a place on its baseline on; `spacing` in pixels after each character."""
    from PIL import ImageDraw

    x, baseline = place
    for piece in pieces(text, typeface, with_letters=with_letters):
        if isinstance(piece.means, Face):
            font, drawing = piece.means.at(size, piece.text), ImageDraw.Draw(picture)
            apart = spacing and not piece.means.shaped
            for part in _WITH_MARKS.findall(piece.text) if apart else [piece.text]:
                drawing.text((x, baseline), part, font=font, fill=ink, anchor="ls")
                x += piece.means.width(part, size, spacing)
            continue
        for character in piece.text:
            picture.alpha_composite(emoji.draw(character, size), corner(x, baseline, size))
            x += emoji.WIDTH * size + spacing


def corner(x: float, baseline: float, size: float) -> tuple[int, int]:
    """Where the upper left corner of an emoji is."""
    return max(0, round(x + (emoji.WIDTH - 1) * size / 2)), max(0, round(baseline + emoji.BELOW * size - size))
