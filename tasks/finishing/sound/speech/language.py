"""The language of a text, by its script: enough to choose a voice, where nobody says `language:`."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

#: First and last code point of the blocks of each script (Unicode 16), and the language that it most often means.
#: Kana and hangul come before han: Japanese and Korean texts have all of them.
SCRIPTS: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("ja", ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))),
    ("ko", ((0xAC00, 0xD7AF), (0x1100, 0x11FF), (0x3130, 0x318F))),
    ("zh", ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))),
    ("ru", ((0x0400, 0x052F),)),
    ("ar", ((0x0600, 0x06FF), (0x0750, 0x077F))),
    ("he", ((0x0590, 0x05FF),)),
    ("hi", ((0x0900, 0x097F),)),
    ("th", ((0x0E00, 0x0E7F),)),
    ("el", ((0x0370, 0x03FF),)),
    ("en", ((0x0041, 0x024F),)),
)
#: A text with at least so large a part of its letters in kana or hangul is Japanese or Korean.
TELLING = 0.08


def language_of(text: str) -> str:
    """`zh`, `ja`, `ko`, `ru`, `ar`, `he`, `hi`, `th`, `el`, or `en` for all others."""
    if text.isascii():
        return "en"
    seen = Counter(found for character in text if (found := _script(ord(character))))
    # A Chinese sentence with an English name in it is Chinese, so letters of the Latin alphabet count last.
    foreign = {language: count for language, count in seen.items() if language != "en"}
    if not foreign or sum(foreign.values()) * 4 < seen["en"]:
        return "en"
    for language in ("ja", "ko"):
        if foreign.get(language, 0) >= TELLING * sum(foreign.values()):
            return language
    return max(foreign, key=lambda language: foreign[language])


@lru_cache(maxsize=1 << 14)
def _script(point: int) -> str:
    for language, blocks in SCRIPTS:
        if any(first <= point <= last for first, last in blocks):
            return language
    return ""
