"""The fonts that ship, and which of them sets which character.

Nothing is ever set in a font of the machine: the same words look the same everywhere, and a character that no shipped
font has is an error before anything is rendered, never a box in the picture.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache, lru_cache
from typing import Literal

from reelmill.errors import FinishingError
from tasks.finishing.fonts import emoji
from tasks.finishing.fonts.face import FOLDER, Face, Metrics

__all__ = [
    "FACES",
    "FOLDER",
    "LETTERS",
    "RIGHT_TO_LEFT",
    "SHIPPED",
    "Face",
    "Metrics",
    "Typeface",
    "check",
    "face_of",
    "lettered",
    "missing",
]

Typeface = Literal["serif", "sans"]

#: How many missing characters an error names.
NAMED = 8

FACES: dict[Typeface, Face] = {
    "sans": Face("NotoSansCJKsc-Bold.otf", "Noto Sans CJK SC Reelmill"),
    "serif": Face("NotoSerifCJKsc-SemiBold.otf", "Noto Serif CJK SC SemiBold Reelmill"),
}
#: Latin, Greek and Cyrillic with all their letters, of which the Chinese fonts have the commonest. Capitals are as high
#: as those of the Chinese font at the same size.
LETTERS: dict[Typeface, Face] = {
    "sans": Face("NotoSans-Bold.ttf", "Noto Sans Reelmill"),
    "serif": Face("NotoSerif-SemiBold.ttf", "Noto Serif SemiBold Reelmill"),
}
#: For what none of these has; each for both typefaces.
RIGHT_TO_LEFT = (
    Face("NotoSansArabic-Bold.ttf", "Noto Sans Arabic Reelmill", shaped=True),
    Face("NotoSansHebrew-Bold.ttf", "Noto Sans Hebrew Reelmill", shaped=True),
)
SHIPPED = (*FACES.values(), *LETTERS.values(), *RIGHT_TO_LEFT)


@lru_cache(maxsize=1 << 16)
def face_of(character: str, typeface: Typeface) -> Face | None:
    """The font that sets a character: its typeface, or the one of its script. None: no font has it."""
    faces = (FACES[typeface], LETTERS[typeface], *RIGHT_TO_LEFT)
    return next((face for face in faces if face.has(character)), None)


def lettered(typeface: Typeface, *texts: str) -> bool:
    """Whether texts that are seen together need the font of all letters: then all their letters are set in it.

    Two fonts in one word, or in two words of one language, would show.
    """
    first, letters = FACES[typeface], LETTERS[typeface]
    return any(not first.has(character) and letters.has(character) for text in texts for character in text)


def fold(text: str) -> str:
    """The same text, in which each emoji is one character, and so is each sign that there is as a picture alone."""
    if text.isascii():
        return text
    return "".join(
        emoji.sign(character)
        if not character.isspace() and face_of(character, "sans") is None and emoji.is_sign(character)
        else character
        for character in emoji.fold(text)
    )


def missing(text: str) -> tuple[str, ...]:
    """The characters of a text that cannot be drawn, each once, in order. Spaces never count."""
    return tuple(character for character in dict.fromkeys(text) if not character.isspace() and not _drawn(character))


@lru_cache(maxsize=1 << 16)
def _drawn(character: str) -> bool:
    if emoji.is_emoji(character):
        return emoji.has(character)
    return all(face_of(character, typeface) is not None for typeface in FACES)


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
            "change or remove these characters in the source or in `caption`",
        )


@cache
def fingerprint() -> str:
    """The sha256 of all shipped fonts together: part of every recipe."""
    digest = hashlib.sha256()
    for path in (*(face.path for face in SHIPPED), emoji.FONT):
        digest.update(path.read_bytes())
    return digest.hexdigest()
