"""How long X finds a text.

Source: X API, "Counting characters"; configuration v3 of twitter-text.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

#: Of a link, however long it is.
LINK = 23
#: What weighs 1; everything else weighs 2.
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_LINK = re.compile(r"https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]*[\w/=#&%~-]", re.ASCII)
_PICTOGRAM = "[\u203c-\u3299\U0001f000-\U0001faff]"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTOGRAM}[\ufe0f\U0001f3fb-\U0001f3ff]*"
    f"(?:\u200d{_PICTOGRAM}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


def links(text: str) -> list[str]:
    return _LINK.findall(text)


def weight(text: str) -> int:
    """A link is 23, an emoji 2 of however many code points, a Chinese, Japanese or Korean character 2, a letter 1."""
    found = links(text)
    rest = _EMOJI.sub("\u4e00", _LINK.sub("", unicodedata.normalize("NFC", text)))
    return LINK * len(found) + sum(1 if _light(ord(one)) else 2 for one in rest)


def _light(point: int) -> bool:
    return any(first <= point <= last for first, last in _LIGHT)


def shortened(text: str, media: str) -> str:
    """A text as X tells it: each link through t.co, and one more to the post's own media, if it has a key of some."""
    short = _LINK.sub(lambda found: f"https://t.co/{sha256(found[0].encode()).hexdigest()[:10]}", text)
    return f"{short} https://t.co/{sha256(media.encode()).hexdigest()[:10]}".lstrip() if media else short
