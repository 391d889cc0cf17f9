"""How platforms count a text: in characters, UTF-16 units, bytes, or with weights."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

Length = Callable[[str], int]
"""How long a text is."""

Unit = Literal["chars", "utf16", "bytes", "weighted", "items"]

#: A link, as far as it is ASCII: in a text without spaces between words, the next ones do not belong to it.
LINK = re.compile(r"https?://[!-~]+")
#: What platforms make a link of though it has no scheme: `shop.example/tea`.
NAME = re.compile(r"(?<![\w@])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/[!-~]*)?", re.IGNORECASE | re.ASCII)

#: What a link weighs, however long it is.
LINK_WEIGHT = 23
#: Code points that weigh one; all others weigh two.
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


def utf16(text: str) -> int:
    """The length in UTF-16 units, as JavaScript and Java count."""
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    """The length in bytes of UTF-8."""
    return len(text.encode())


def weighted(text: str) -> int:
    """The length of a text as X counts it, or a little more.

    Some characters weigh two, and a link weighs what its short form does: the ranges are those of the twitter-text
    configuration, version 3. An emoji of several code points counts as two there and as more here: what is too long
    here may fit, and what fits here is never too long.
    """
    text = unicodedata.normalize("NFC", text)
    rest = LINK.sub("", text)
    short_names = sum(max(0, LINK_WEIGHT - _plain(name)) for name in NAME.findall(rest))
    return LINK_WEIGHT * len(LINK.findall(text)) + _plain(rest) + short_names


def words(text: str) -> int:
    """The number of words, such as hashtags in a row."""
    return len(text.split())


def _plain(text: str) -> int:
    return sum(1 if any(low <= ord(one) <= high for low, high in LIGHT) else 2 for one in text)


LENGTHS: Mapping[Unit, Length] = {"chars": len, "utf16": utf16, "bytes": utf8, "weighted": weighted, "items": words}
"""How each unit counts."""
