"""Characters as people see them: look-alikes, digits that stand for letters, and what is put between letters to hide
a word.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import cache
from pathlib import Path

#: Letters that look like a Latin one, after case folding, by that one. The likeness is that of print, of the lower or
#: of the upper case: Latin with strokes and hooks, Greek, Cyrillic, Armenian, Coptic, Cherokee and Lisu, as far as the
#: Unicode Consortium (UTS 39) takes one letter for one Latin letter, and those that are drawn for fun: Я is an R.
LOOKALIKES: dict[str, str] = {
    "1": "ӏ∣",
    "3": "з",
    "a": "ɐɑɒᴀαадᎪꓮ",
    "b": "ƀƃƅɓʙꞵβбвьѣҍᏏᏴꓐ",
    "c": "ȼᴄсҫⲥᏟꓚ",
    "d": "ðđƌɖɗᴅԁᎠᏧꓒꓓ",
    "e": "ǝɇɛᴇꬲεϵеэёҽҿᎬꓰ",
    "f": "ƒᵮẝꜰꞙꬵϝքꓝ",
    "g": "ƍǥɠɡɢᶃԍցᏀᏳꓖ",
    "h": "ħɦʜⱨнћңһӈӊꚕհⲏᎻᏂᏲꓧ",
    "i": "ıɨɩɪᵻᵼιіїꙇᎥ",
    "j": "ɉʝᴊϳјᎫꓙ",
    "k": "ƙᴋⱪꝁκкқҟⲕᏦꓗ",
    "l": "łƚǀɫɭʟⲓⳑᏞꓡꓲℓ",
    "m": "ɯɱᴍᵯϻмӎⲙᎷꓟ",
    "n": "ƞɲɳɴᵰηπипոռⲛꓠ",
    "o": "øɔɵᴏᴑꝋꬽꬾθοσоѳөօⲟᎤᎾᏫꓳ",
    "p": "þƥᴘᵽρрⲣᏢꓑ",
    "q": "ǫʠԛգզ",
    "r": "ɍɼɽʀᵲꭇꭈᴦгяғⲅᎡᎱᏒꓣ",
    "s": "ƨƽʂᵴꜱѕտᏕᏚꓢ",
    "t": "ŧƭʈᴛᵵⱦτтҭⲧᎢꓔ",
    "u": "ʉʋᴜᵾꞟꭎꭒμυцսᏌꓴ",
    "v": "ʌᴠνѵᏙꓦ",
    "w": "ᴡꝡωшщѡѽԝաᎳᏔꓪ",
    "x": "ꭓχхҳⲭꓫ",
    "y": "ƴɏɣʏᶌỿꭚγуўүұⲩᎩᎽꓬ",
    "z": "ƶȥʐᴢᵶζᏃꓜ",
}

#: What a digit, a sign or another letter stands for inside a word.
LEET: dict[str, str] = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "€": "e", "¢": "c", "v": "u",
}  # fmt: skip

#: One letter for all that may be meant by the same sign: what the automaton reads. What it finds is compared again,
#: letter by letter, so that an l is never taken for an i.
SKELETON = str.maketrans(
    {
        **{sign: letters[0] for sign, letters in LEET.items()},
        "l": "i",
        "b": "g",  # 6 may be either
        "8": "g",
    }
)

#: Where a sentence ends, nothing goes on. They stay in the text that is searched; so do the signs in LEET and `%`.
ENDS = frozenset("。！？!?;；%")

#: Beyond this, letters and digits belong to no alphabet that separates its words by spaces: Chinese, kana, hangul …
IDEOGRAPHIC = "\u2e80"


class Gap(IntEnum):
    """What stands between two neighbouring letters, the strongest of it."""

    NONE = 0  #: nothing that can be seen
    HIDING = 1  #: what nobody puts into a word, or between two Chinese characters, for a good reason
    DASH = 2  #: what may belong into a word, or between two of them
    SPACE = 3
    MARK = 4  #: punctuation, brackets, new lines, pictures


_HIDING = frozenset("*_^.`\\")
_DASH = frozenset("-~+=&'’ʼ·•・‐‑‒–—―−∙⋅")


@cache
def gap(character: str) -> Gap:
    """What a character that is no letter, digit or sign of LEET does between two that are."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or character in _FILLERS:
        return Gap.NONE
    plain = unicodedata.normalize("NFKC", character)[:1]
    if plain in _HIDING:
        return Gap.HIDING
    if plain in _DASH:
        return Gap.DASH
    if plain in "\n\r\v\f\u2028\u2029":
        return Gap.MARK
    return Gap.SPACE if plain.isspace() or character == "\u2800" else Gap.MARK


#: Letters that are not seen.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def is_letter(character: str) -> bool:
    """Whether it is part of a word that ends where its letters end."""
    return "a" <= character <= "z" or (character > "\x7f" and character < IDEOGRAPHIC and character.isalpha())


def plain(character: str) -> str:
    """What a character is, however it is drawn: lower case, half width, simplified, without accents. "" if it is none.

    A letter or digit may become several (ﬁ, ㎏, Ⅷ).
    """
    if character in _FILLERS or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return ""
    if enclosed := _enclosed(character):
        return enclosed
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    return "".join(_one(one) for one in folded)


def _enclosed(character: str) -> str:
    """The letter of a squared, circled or regional one: Unicode gives those no decomposition."""
    for first in (0x1F150, 0x1F170, 0x1F1E6):
        if first <= ord(character) < first + 26:
            return chr(ord("a") + ord(character) - first)
    return ""


def _one(character: str) -> str:
    if "a" <= character <= "z" or character in ENDS or character in LEET:
        return character
    known = _latin()
    # A Korean or Japanese letter is whole: its parts are other letters, not accents.
    base = character if character >= IDEOGRAPHIC else unicodedata.normalize("NFD", character)[:1]
    found = known.get(character) or known.get(base) or _simplified().get(base, base)
    return str(unicodedata.digit(found, found)) if found.isalnum() else ""


@cache
def _latin() -> dict[str, str]:
    return {alike: latin for latin, alikes in LOOKALIKES.items() for alike in alikes}


@cache
def _simplified() -> dict[str, str]:
    """Simplified characters by the traditional and Japanese ones, from `traditional.txt`."""
    lines = Path(__file__).with_name("traditional.txt").read_text(encoding="utf-8").splitlines()
    pairs = (pair for line in lines if not line.startswith("#") for pair in line.split())
    return {other: pair[0] for pair in pairs for other in pair[1:]}
