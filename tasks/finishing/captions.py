"""The words as an ASS document: each line at its place, with a soft shadow, coming in gently one after the other."""

from __future__ import annotations

from tasks.finishing.ass_document import color, dialogue, head, literal
from tasks.finishing.fonts import Face
from tasks.finishing.layout import Layout, Run
from tasks.finishing.manner import Animation
from tasks.finishing.tone import Tone

FADE = 0.35  #: seconds that a line takes to appear
STAGGER = 0.12  #: seconds between two lines
SLIDE = 0.5  #: how far a line that slides comes from, in parts of its size

#: The style of every line; each says its own face, size and place.
STYLE = "words,sans,40,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,-1"
#: Longer than any video. Seconds.
ALWAYS = 9 * 3600.0

#: Alpha of the ink by role, ASS counting from opaque (00) to invisible (FF).
INK = {"title": "00", "line": "08", "credit": "2C"}


def document(layout: Layout, top: int, tone: Tone, animation: Animation = "fade") -> str:
    """The ASS document for a canvas that begins at `top` of the picture and ends at its foot."""
    events: list[str] = []
    for run in layout.runs:
        if run.means == "emoji":
            continue  # the backdrop has them: libass draws no pictures
        start = 0.0 if animation == "none" else STAGGER * run.order
        events.append(dialogue(start, ALWAYS, "words", _shadow(run, top, tone, animation)))
        events.append(dialogue(start, ALWAYS, "words", _ink(run, top, tone, animation), layer=1))
    return head(layout.width, layout.height - top, STYLE, wrap=2) + "".join(events)


def settled(layout: Layout, animation: Animation = "fade") -> float:
    """Seconds after which nothing of the words changes any more."""
    if animation == "none":
        return 0.0
    return STAGGER * max((run.order for run in layout.runs), default=0) + FADE


def _place(run: Run, top: int, animation: Animation, lower: float = 0.0) -> str:
    face = run.means
    assert isinstance(face, Face)
    metrics = face.metrics
    # libass means the height of the line box by "font size", and `\an7` puts the top of that box at the position.
    height = run.size * (metrics.ascent + metrics.descent)
    y = run.baseline - top - run.size * metrics.ascent + lower
    at = f"\\pos({run.x},{y:.2f})"
    if animation == "slide":
        way = SLIDE * run.size * (1 if face.shaped else -1)  # from where the line begins
        at = f"\\move({run.x + way:.2f},{y:.2f},{run.x},{y:.2f},0,{FADE * 1000:.0f})"
    comes = "" if animation == "none" else f"\\fad({FADE * 1000:.0f},0)"
    return f"{at}\\fn{face.family}\\fs{height:.3f}\\fsp{0.0 if face.shaped else run.spacing:.3f}{comes}"


def _ink(run: Run, top: int, tone: Tone, animation: Animation) -> str:
    return f"{{{_place(run, top, animation)}\\1c{color(tone.ink)}\\1a&H{INK[run.role]}&}}{literal(run.text)}"


def _shadow(run: Run, top: int, tone: Tone, animation: Animation) -> str:
    soft = max(2.0, run.size * 0.08)
    ground = color(tone.ground)
    return (
        f"{{{_place(run, top, animation, run.size * 0.03)}\\1c{ground}\\3c{ground}\\1a&H90&\\3a&H78&"
        f"\\bord{max(1.5, run.size * 0.03):.2f}\\blur{soft:.2f}}}{literal(run.text)}"
    )
