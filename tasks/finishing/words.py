"""The words on the picture: what is drawn, after templates were rendered and before anything is measured."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from tasks.finishing import fonts
from tasks.finishing.fonts import Typeface, emoji

#: Characters that a title, a line and a credit may have; what is longer ends in an ellipsis.
TITLE_LIMIT = 80
LINE_LIMIT = 160
CREDIT_LIMIT = 60
#: Lines below the title.
LINES = 6

#: In the Chinese font these are as wide as a character. The shipped fonts have narrow ones in the private area.
NARROW: dict[str, str | int | None] = {"‘": "\ue018", "’": "\ue019", "“": "\ue01c", "”": "\ue01d", "…": "\ue026"}

_NARROWED = str.maketrans(NARROW)
_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-zÀ-ɏ])['’](?=[A-Za-zÀ-ɏ])")


@dataclass(frozen=True, slots=True)
class Words:
    """What is drawn on every rendition of one master."""

    title: str = ""
    lines: tuple[str, ...] = ()
    credit: str = ""  #: whose words the lines are
    typeface: Typeface = "serif"

    def cleaned(self) -> Self:
        """The same words, fit to be drawn: see `clean`. Empty lines are gone."""
        lines = [clean(line, LINE_LIMIT) for line in self.lines]
        return replace(
            self,
            title=clean(self.title, TITLE_LIMIT),
            lines=tuple(line for line in lines if line)[:LINES],
            credit=clean(self.credit, CREDIT_LIMIT),
        )

    def check(self) -> None:
        """Raise `FinishingError` that names every character that no shipped font has."""
        words = self.cleaned()
        fonts.check(words.title, *words.lines, words.credit)


def clean(text: str, most: int) -> str:
    """One line of plain text: composed, without control, bidi and zero-width characters, at most `most` characters.

    Line breaks and runs of space become one space, and each emoji one character. Quotation marks, apostrophes and
    ellipses of a text without Chinese, Japanese or Korean characters become narrow. Cleaning what is clean changes
    nothing.
    """
    text = fonts.fold(unicodedata.normalize("NFC", text))
    if not (text.isascii() and text.isprintable()):  # else there is nothing to drop, and looking takes far longer
        text = "".join(
            " " if character.isspace() or unicodedata.category(character) == "Cc" else character
            for character in text
            if not _is_unseen(character)
        )
    line = " ".join(text.split())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    if line.isascii() or not any(is_wide(character) for character in line):
        return _BETWEEN_LETTERS.sub("’", line).translate(_NARROWED)
    return _BETWEEN_LETTERS.sub("\ue019", line)


@lru_cache(maxsize=1 << 14)
def _is_unseen(character: str) -> bool:
    """Bidi overrides, joiners, surrogates, private and unassigned code points, and emoji variation selectors."""
    if character in NARROW.values() or emoji.is_emoji(character):
        return False
    return unicodedata.category(character) in {"Cf", "Cs", "Co", "Cn"} or "\ufe00" <= character <= "\ufe0f"


@lru_cache(maxsize=1 << 14)
def is_wide(character: str) -> bool:
    """Whether a character is Chinese, Japanese or Korean, or punctuation that is as wide as one."""
    return unicodedata.east_asian_width(character) in {"W", "F"} and not emoji.is_emoji(character)
