"""What ASS documents are made of (Advanced SubStation Alpha, v4.00+): a head, and lines whose words are only words.

Words never become commands: what ASS would read as one is replaced by its full-width likeness, and what cannot be seen
is left out.
"""

from __future__ import annotations

import unicodedata

from tasks.finishing.color import Rgb

#: ASS reads these as override blocks and escapes, and a line break as the end of what is shown.
LIKENESS = str.maketrans({"{": "｛", "}": "｝", "\\": "＼", "\n": " ", "\r": " "})
#: They turn the order of what is around them (Unicode, UAX #9).
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Neither seen nor, some of them, to be written as UTF-8: controls, and halves of characters.
UNSEEN = frozenset({"Cc", "Cs"})

HEAD = """\
[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: {wrap}
ScaledBorderAndShadow: yes
YCbCr Matrix: None

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: {style}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def head(width: int, height: int, style: str, *, wrap: int) -> str:
    """Everything before the lines.

    Parameters
    ----------
    width, height:
        Pixels that sizes and places are meant for.
    style:
        The values of the one style, its name first.
    wrap:
        0: lines that are too long are broken evenly at spaces; 2: only where the text says so.
    """
    return HEAD.format(width=width, height=height, style=style, wrap=wrap)


def dialogue(start: float, end: float, style: str, text: str, *, layer: int = 0) -> str:
    """One line, which may hold commands of ours. Seconds from the beginning."""
    return f"Dialogue: {layer},{clock(hundredths(start))},{clock(hundredths(end))},{style},,0,0,0,,{text}\n"


def literal(text: str) -> str:
    """A text of somebody as one in which ASS reads no command."""
    plain = text.translate(LIKENESS)
    return "".join(one for one in plain if one not in BIDI and unicodedata.category(one) not in UNSEEN)


def hundredths(seconds: float) -> int:
    """What ASS counts time in."""
    return max(0, round(seconds * 100))


def clock(moment: int) -> str:
    """A moment in hundredths of a second, as ASS writes it."""
    return f"{moment // 360_000}:{moment // 6000 % 60:02}:{moment // 100 % 60:02}.{moment % 100:02}"


def color(ink: Rgb) -> str:
    """Blue first, as ASS has it."""
    red, green, blue = ink
    return f"&H{blue:02X}{green:02X}{red:02X}&"
