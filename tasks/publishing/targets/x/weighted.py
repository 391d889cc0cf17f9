"""How X counts a text: some characters weigh two, a link weighs what its short form does.

The ranges are those of the twitter-text configuration, version 3. An emoji of several code points counts as two there
and as more here: what is too long here may fit, and what fits here is never too long.
"""

from __future__ import annotations

import unicodedata

from tasks.publishing.recognition import LINK, NAME

#: What a link weighs, however long it is.
LINK_WEIGHT = 23
#: Code points that weigh one; all others weigh two.
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


def weighted(text: str) -> int:
    """The length of a text as X counts it, or a little more."""
    text = unicodedata.normalize("NFC", text)
    rest = LINK.sub("", text)
    short_names = sum(max(0, LINK_WEIGHT - _plain(name)) for name in NAME.findall(rest))
    return LINK_WEIGHT * len(LINK.findall(text)) + _plain(rest) + short_names


def _plain(text: str) -> int:
    return sum(1 if any(low <= ord(one) <= high for low, high in LIGHT) else 2 for one in text)
