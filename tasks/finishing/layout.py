"""Where everything is drawn: one left axis inside the platform's safe zone, label at its top, words at its foot.

    ┌──────────────┐
    │ [AI label]   │  ← top of the safe zone
    │              │
    │   picture    │
    │              │
    │ (● brand)    │
    │ Title        │
    │ ──           │
    │ lines        │
    │ credit       │  ← bottom of the safe zone
    │ (platform)   │
    └──────────────┘

Sizes are given for a short side of 1080 pixels and scale with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from reelmill.errors import FinishingError
from tasks.finishing.fonts import Typeface, lettered
from tasks.finishing.fonts.line import Means, Piece, pieces, runs_right_to_left
from tasks.finishing.profile import Profile, even
from tasks.finishing.typesetting import Measure, Setting, fit, leading, refit, verse
from tasks.finishing.words import Words, is_wide

REFERENCE = 1080  #: the short side that the sizes below are meant for

PILL_HEIGHT, PILL_TEXT, PILL_INSET, PILL_LOGO = 68, 33, 26, 46
PILL_TO_TITLE = 30
BAR_WIDTH, BAR_HEIGHT = 84, 6
TITLE_TO_BAR, BAR_TO_LINES, LINES_TO_CREDIT = 42, 40, 36
CREDIT = 34
LABEL_CLEARANCE = 72  #: between the AI label and the words
SCRIM_RISE = 210  #: how far above the words the picture begins to darken
WORDS_MOST = 0.46  #: of the canvas' height that the words may take

#: Where a line's box begins and ends around its baseline, in parts of its size: the em box of Chinese fonts.
ABOVE, BELOW = 0.86, 0.10

TITLE_LEADING, LINES_LEADING, PARAGRAPH_LEADING = 0.16, 0.42, 0.52  #: free space between lines, in parts of the size
#: Free space after each Chinese character, in parts of the size. Letters stand at their natural distance.
TITLE_SPACING: dict[Typeface, float] = {"serif": 0.06, "sans": 0.02}
LINES_SPACING: dict[Typeface, float] = {"serif": 0.05, "sans": 0.02}
#: (largest, comfortable, smallest)
TITLE_SIZES: dict[Typeface, tuple[int, int, int]] = {"serif": (168, 92, 56), "sans": (116, 84, 56)}
LINES_SIZES = (56, 46, 36)
#: Tried one after the other until the words are low enough: scale of the sizes, most lines of the title and of a line.
ATTEMPTS = ((1.0, 3, 3), (0.88, 3, 3), (0.78, 3, 3), (0.68, 3, 2), (0.68, 2, 1))
#: The lines stay so much smaller than the title that one sees which is which.
LINES_TO_TITLE = 0.72
#: A Chinese opening bracket is blank on its left: so far it is moved out, in parts of the size, to stand on the axis.
HANGING = 0.45
HANGS = frozenset("（【《〈「『〔［｛〖“‘")


Role = Literal["title", "line", "credit"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the canvas."""

    x: int
    y: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of one line of text, at its place: what one font sets, or emoji."""

    text: str
    x: int
    baseline: int
    size: float  #: pixels of the em square
    spacing: float  #: pixels after each character
    means: Means
    role: Role
    order: int  #: of its line, from the top

    @property
    def width(self) -> float:
        return Piece(self.text, self.means).width(self.size, self.spacing)


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that is drawn besides the AI label."""

    width: int
    height: int
    scrim_top: int  #: from here down the picture darkens; equal to the height if there are no words
    words_top: int
    words_bottom: int
    words_right: int
    pill: Box | None
    bar: Box | None
    runs: tuple[Run, ...]
    shortened: bool = False  #: words were left out because they did not fit

    def above(self, profile: Profile, gap: float) -> int:
        """Where what stands above the words ends, `gap` pixels over them; without words, the foot of the safe zone."""
        foot = self.height - profile.safe_zone.bottom
        return foot if self.words_top == self.height else min(self.words_top, foot) - round(gap)


@dataclass(frozen=True, slots=True)
class _Stack:
    """The words before they have a place: settings and the height that they need, in pixels."""

    title: Setting | None
    lines: tuple[Setting, ...]
    height: int


def lay_out(words: Words, brand_name: str, profile: Profile, label: Box, pill_width: int) -> Layout:
    """Place words and brand.

    Parameters
    ----------
    words:
        Cleaned words.
    label:
        Where the AI label is; the words stay below it.
    pill_width:
        How wide the brand's sign is; see `backdrop.pill_width`.

    Raises
    ------
    FinishingError
        If even shortened words do not fit between the label and the bottom of the safe zone.
    """
    width, height = profile.size
    unit = profile.short_side / REFERENCE
    zone, left = profile.safe_zone, even(profile.safe_zone.left)
    bottom, room = height - zone.bottom, profile.room
    allowed = min(bottom - label.bottom - LABEL_CLEARANCE * unit, WORDS_MOST * height)
    if not (words.title or words.lines or words.credit or brand_name):
        return Layout(width, height, height, height, height, width, pill=None, bar=None, runs=())
    for scale, title_lines, line_lines in ATTEMPTS:
        stack = _stack(words, unit, scale, room, title_lines, line_lines, pill=bool(brand_name))
        if stack.height <= allowed:
            break
    else:
        raise FinishingError(
            f"the words do not fit into the safe zone of {profile.title}: they need {stack.height} px and have "
            f"{allowed:.0f}",
            "shorten `caption.title` or give fewer `caption.lines`",
        )
    top = y = bottom - stack.height
    pill = bar = None
    turned = runs_right_to_left(words.title or " ".join(words.lines))  # everything then stands on the right
    runs: list[Run] = []
    if brand_name:
        pill = Box(left + room - pill_width if turned else left, y, pill_width, round(PILL_HEIGHT * unit))
        y = pill.bottom + (round(PILL_TO_TITLE * unit) if stack.height > pill.height else 0)
    if stack.title:
        y = _place(runs, stack.title, _measure(words.title, words, TITLE_SPACING), (left, y), room, "title")
        if stack.lines or words.credit:
            across = round(BAR_WIDTH * unit)
            x = left + room - across if turned else left
            bar = Box(x, y + round(TITLE_TO_BAR * unit), across, max(2, round(BAR_HEIGHT * unit)))
            y = bar.bottom + round(BAR_TO_LINES * unit)
    for index, setting in enumerate(stack.lines):
        y += round(PARAGRAPH_LEADING * setting.size) if index else 0
        y = _place(runs, setting, _measure(setting.lines[0], words, LINES_SPACING), (left, y), room, "line")
    if words.credit:
        y += round(LINES_TO_CREDIT * unit) if stack.lines else 0
        setting = _credit(words, unit, room)
        _place(runs, setting, _measure(words.credit, words, LINES_SPACING), (left, y), room, "credit")
    settings = [*stack.lines, *([stack.title] if stack.title else [])]
    return Layout(
        width=width,
        height=height,
        scrim_top=even(max(label.bottom, top - SCRIM_RISE * unit)),
        words_top=top,
        words_bottom=bottom,
        words_right=round(max([left + pill_width, *(run.x + run.width for run in runs)])),
        pill=pill,
        bar=bar,
        runs=tuple(runs),
        shortened=any(setting.shortened for setting in settings),
    )


def _stack(
    words: Words, unit: float, scale: float, room: int, title_lines: int, line_lines: int, *, pill: bool
) -> _Stack:
    height = 0.0
    title: Setting | None = None
    if words.title:
        largest, comfortable, smallest = (size * unit * scale for size in TITLE_SIZES[words.typeface])
        title = fit(
            words.title,
            _measure(words.title, words, TITLE_SPACING),
            width=room,
            largest=largest,
            smallest=smallest,
            comfortable=comfortable,
            most_lines=title_lines,
        )
        height += _height(title, leading(title.lines, TITLE_LEADING))
    lines = _lines(words, unit * scale, room, line_lines, title.size * LINES_TO_TITLE if title else math.inf)
    if title and (lines or words.credit):
        height += (TITLE_TO_BAR + BAR_HEIGHT + BAR_TO_LINES) * unit
    if lines:
        height += sum(_height(setting, leading(setting.lines, LINES_LEADING)) for setting in lines)
        height += (len(lines) - 1) * PARAGRAPH_LEADING * lines[0].size
    if words.credit:
        height += _height(_credit(words, unit, room), 0.0) + (LINES_TO_CREDIT * unit if lines else 0)
    if pill:
        height += (PILL_HEIGHT + (PILL_TO_TITLE if height else 0)) * unit
    return _Stack(title, lines, round(height))


def _lines(words: Words, unit: float, room: int, most_lines: int, limit: float) -> tuple[Setting, ...]:
    """Set every line, then all of them in the size of the smallest: one voice, one size."""
    largest, comfortable, smallest = (min(limit, size * unit) for size in LINES_SIZES)
    settings = [
        fit(
            line,
            _measure(line, words, LINES_SPACING),
            width=room,
            largest=largest,
            smallest=smallest,
            comfortable=comfortable,
            most_lines=max(most_lines, 2) if verse(line) else most_lines,
        )
        for line in words.lines
    ]
    size = min((setting.size for setting in settings), default=0.0)
    return tuple(
        refit(line, setting, _measure(line, words, LINES_SPACING), width=room, size=size)
        for line, setting in zip(words.lines, settings, strict=True)
        if setting.lines
    )


def _credit(words: Words, unit: float, room: int) -> Setting:
    size = CREDIT * unit
    measure = _measure(words.credit, words, LINES_SPACING)
    return fit(words.credit, measure, width=room, largest=size, smallest=size * 0.8, comfortable=size, most_lines=1)


def _height(setting: Setting, free: float) -> float:
    count = len(setting.lines)
    return (count * (ABOVE + BELOW) + (count - 1) * free) * setting.size if count else 0.0


def _measure(text: str, words: Words, spacing: dict[Typeface, float]) -> Measure:
    with_letters = lettered(words.typeface, words.title, *words.lines, words.credit)
    return Measure(words.typeface, spacing[words.typeface] if any(map(is_wide, text)) else 0.0, with_letters)


def _place(
    runs: list[Run],
    setting: Setting,
    measure: Measure,
    place: tuple[int, int],
    room: int,
    role: Role,
) -> int:
    """Add the lines of a setting from a place down; return where it ends. `room`: how wide they may be."""
    free = leading(setting.lines, TITLE_LEADING if role == "title" else LINES_LEADING)
    left, top = float(place[0]), float(place[1])
    spacing = measure.spacing * setting.size
    for line in setting.lines:
        order = runs[-1].order + 1 if runs else 0
        baseline = round(top + ABOVE * setting.size)
        x = left - (HANGING * setting.size if line[0] in HANGS else 0)
        if runs_right_to_left(line):
            x = left + room - measure.width(line, setting.size) - spacing
        for piece in pieces(line, measure.typeface, with_letters=measure.with_letters):
            if not piece.text.isspace():
                runs.append(Run(piece.text, round(x), baseline, setting.size, spacing, piece.means, role, order))
            x += piece.width(setting.size, spacing)
        top += (ABOVE + BELOW + free) * setting.size
    return round(top - free * setting.size)
