"""Emoji: pictures among the letters. Each is one character here, whatever it is made of.

What a person writes as several code points (a flag, a heart with a selector, a cook of a person, a joiner and a pan)
becomes one: flags, keys and signs get a code point of their own in the private plane 15, a combination becomes its
first part, and a tone of skin is left out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from tasks.finishing.fonts.face import FOLDER

if TYPE_CHECKING:
    from PIL import Image, ImageFont

FONT = FOLDER / "NotoColorEmoji.ttf"
#: The only size at which the font has pictures, in pixels of the em square.
NATIVE = 109

#: A flag is here, by the two letters of its country; then a key of a telephone, by its sign; then every sign of the
#: basic plane that is meant as a picture.
FLAGS, KEYS, SIGNS = 0xF0000, 0xF0400, 0xF1000
_REGION, _KEY = 0x1F1E6, "\u20e3"

#: How wide an emoji is and how far below the baseline it reaches, in parts of the size of the letters beside it.
WIDTH, BELOW = 1.12, 0.14

_PART = r"[\u2190-\u32ff\U0001f000-\U0001faff]"
_EXTRA = r"[\ufe0f\U0001f3fb-\U0001f3ff]"
_CLUSTER = re.compile(
    rf"(?P<flag>[\U0001f1e6-\U0001f1ff]{{2}})"
    rf"|(?P<key>[0-9#*])\ufe0f?{_KEY}"
    rf"|(?P<first>{_PART})(?P<more>{_EXTRA}*(?:\u200d{_PART}{_EXTRA}*)*)"
)


@cache
def _known() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(FONT, lazy=True) as font:
        return frozenset(font.getBestCmap())


def fold(text: str) -> str:
    """The same text, in which each emoji is one character. What is none is left alone."""
    return _CLUSTER.sub(_folded, text)


def _folded(found: re.Match[str]) -> str:
    if flag := found["flag"]:
        country = [ord(sign) - _REGION for sign in flag]
        return chr(FLAGS + 26 * country[0] + country[1])
    if key := found["key"]:
        return chr(KEYS + ord(key))
    first, more, whole = str(found["first"]), str(found["more"]), str(found[0])
    code = ord(first)
    if code > 0xFFFF:
        return first if code in _known() else whole
    # ❤ is a letter's neighbour unless a selector says picture; ✨ is a picture by itself, which Unicode calls wide.
    wanted = "\ufe0f" in more or (unicodedata.east_asian_width(first) == "W" and unicodedata.category(first) == "So")
    return chr(SIGNS + code) if wanted and code in _known() else whole


def is_sign(character: str) -> bool:
    """Whether a character of the basic plane can be drawn as a picture."""
    return ord(character) <= 0xFFFF and ord(character) in _known()


def sign(character: str) -> str:
    """A sign of the basic plane, as a picture."""
    return chr(SIGNS + ord(character))


def is_emoji(character: str) -> bool:
    """Whether a character of a folded text is drawn as a picture."""
    code = ord(character)
    if FLAGS <= code < SIGNS + 0x10000:
        return True
    return 0x1F000 <= code <= 0x1FAFF and code in _known()


def has(character: str) -> bool:
    """Whether there is a picture for an emoji."""
    code = ord(character)
    if FLAGS <= code < KEYS:
        return code < FLAGS + 676
    return (code - SIGNS if code >= SIGNS else code - KEYS if code >= KEYS else code) in _known()


def plain(character: str) -> str:
    """An emoji as other programs know it."""
    code = ord(character)
    if FLAGS <= code < KEYS:
        first, second = divmod(code - FLAGS, 26)
        return chr(_REGION + first) + chr(_REGION + second)
    if KEYS <= code < SIGNS:
        return chr(code - KEYS) + _KEY
    return chr(code - SIGNS) if code >= SIGNS else character


@cache
def _font() -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(FONT), NATIVE, layout_engine=ImageFont.Layout.RAQM)


@cache
def _picture(character: str) -> Image.Image:
    from PIL import Image, ImageDraw

    text = plain(character)
    left, top, right, bottom = (round(side) for side in _font().getbbox(text))
    picture = Image.new("RGBA", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(picture).text((-left, -top), text, font=_font(), embedded_color=True)
    return picture


def draw(character: str, size: float) -> Image.Image:
    """An emoji in RGBA beside letters of a size: as tall as a Chinese character."""
    from PIL import Image

    picture = _picture(character)
    height = max(1, round(size))
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
