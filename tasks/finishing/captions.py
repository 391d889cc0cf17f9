"""The words as an ASS document: each line at its place, with a soft shadow, coming in gently one after the other.

Words never become commands: what ASS would read as one is replaced by its full-width likeness.
"""

from __future__ import annotations

from tasks.finishing.color import Rgb
from tasks.finishing.layout import Layout, Run
from tasks.finishing.tone import Tone

FADE = 0.35  #: seconds that a line takes to appear
STAGGER = 0.12  #: seconds between two lines

#: ASS reads these as override blocks and escapes.
LIKENESS = str.maketrans({"{": "｛", "}": "｝", "\\": "＼", "\n": " ", "\r": " "})

HEADER = """\
[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 2
ScaledBorderAndShadow: yes
YCbCr Matrix: None

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: words,sans,40,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

#: Alpha of the ink by role, ASS counting from opaque (00) to invisible (FF).
INK = {"title": "00", "line": "08", "credit": "2C"}


def document(layout: Layout, top: int, tone: Tone) -> str:
    """The ASS document for a canvas that begins at `top` of the picture and ends at its foot."""
    events: list[str] = []
    for order, run in enumerate(layout.runs):
        start = STAGGER * order
        events.append(_event(0, start, _shadow(run, top, tone)))
        events.append(_event(1, start, _ink(run, top, tone)))
    return HEADER.format(width=layout.width, height=layout.height - top) + "".join(events)


def settled(layout: Layout) -> float:
    """Seconds after which nothing of the words changes any more."""
    return STAGGER * max(0, len(layout.runs) - 1) + FADE


def _event(layer: int, start: float, text: str) -> str:
    return f"Dialogue: {layer},{_clock(start)},9:00:00.00,words,,0,0,0,,{text}\n"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"0:{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _place(run: Run, top: int, lower: float = 0.0) -> str:
    metrics = run.face.metrics
    # libass means the height of the line box by "font size", and `\an7` puts the top of that box at the position.
    height = run.size * (metrics.ascent + metrics.descent)
    y = run.baseline - top - run.size * metrics.ascent + lower
    return (
        f"\\pos({run.x},{y:.2f})\\fn{run.face.family}\\fs{height:.3f}\\fsp{run.spacing:.3f}\\fad({FADE * 1000:.0f},0)"
    )


def _ink(run: Run, top: int, tone: Tone) -> str:
    return f"{{{_place(run, top)}\\1c{_color(tone.ink)}\\1a&H{INK[run.role]}&}}{run.text.translate(LIKENESS)}"


def _shadow(run: Run, top: int, tone: Tone) -> str:
    soft = max(2.0, run.size * 0.08)
    color = _color(tone.ground)
    return (
        f"{{{_place(run, top, run.size * 0.03)}\\1c{color}\\3c{color}\\1a&H90&\\3a&H78&"
        f"\\bord{max(1.5, run.size * 0.03):.2f}\\blur{soft:.2f}}}{run.text.translate(LIKENESS)}"
    )


def _color(color: Rgb) -> str:
    red, green, blue = color
    return f"&H{blue:02X}{green:02X}{red:02X}&"
