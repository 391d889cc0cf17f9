"""What is spoken, as pages of at most two lines: how much is shown at a time, from when to when, and where.

│  picture         │
│ [what is spoken] │  ← subtitles, just above the words
│ (● brand)        │
│ Title            │
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.finishing.cue import LONGEST, Cue
from tasks.finishing.fonts import lettered
from tasks.finishing.layout import REFERENCE, Box, Layout
from tasks.finishing.profile import Profile, even
from tasks.finishing.typesetting import PAUSES, Measure, Unit, balanced, fit, joined, lines_needed, phrases, units
from tasks.finishing.words import clean, is_wide

#: Sizes for a short side of 1080 pixels.
SIZE, SMALLEST = 50, 34
PAD_ACROSS, PAD_DOWN = 26, 16
ABOVE_WORDS = 44
#: Free space between two lines, and after each Chinese character, in parts of the size.
LEADING, SPACING = 0.26, 0.02
LINES = 2
#: A page that is narrower than this, in parts of a line, is an orphan: a word or two that flash by after the rest.
ORPHAN = 0.3
#: How uneven two pages may be, as a part of both, for the sake of a pause between them.
PAUSE_WORTH = 0.6


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown at a time. Seconds from the beginning of the video."""

    start: float
    end: float
    lines: tuple[str, ...]
    size: int  #: pixels of the em square


@dataclass(frozen=True, slots=True)
class Subtitles:
    """All pages of one rendition, and the box that each is drawn in, its last line at the foot of it."""

    box: Box
    pages: tuple[Page, ...]
    pad: tuple[int, int]  #: pixels between the text and the edges of its plate, across and down
    with_letters: bool = False  #: see `fonts.line.pieces`: of all pages, or the face would change in the middle


def subtitles(cues: Sequence[Cue], layout: Layout, profile: Profile, *, below: Box | None = None) -> Subtitles | None:
    """Lay out what is spoken; None if nothing is. `below`: what they stand above, if not the words."""
    unit = profile.short_side / REFERENCE
    size, across, down = (round(side * unit) for side in (SIZE, PAD_ACROSS, PAD_DOWN))
    room = profile.room - 2 * across
    texts = [clean(cue.text, LONGEST) for cue in cues]
    with_letters = lettered("sans", *texts)
    pages = tuple(
        page
        for cue, text in zip(cues, texts, strict=True)
        for page in _pages(cue, text, room, (size, round(SMALLEST * unit)), with_letters=with_letters)
    )
    if not pages:
        return None
    height = even((LINES + (LINES - 1) * LEADING) * size + 2 * down)
    gap = ABOVE_WORDS * unit
    bottom = layout.above(profile, gap) if below is None else below.y - round(gap)
    top = (bottom - height) // 2 * 2  # an even place keeps the colours where they belong
    return Subtitles(
        Box(even(profile.safe_zone.left), top, profile.room // 2 * 2, height), pages, (across, down), with_letters
    )


def _pages(cue: Cue, text: str, room: int, sizes: tuple[int, int], *, with_letters: bool) -> list[Page]:
    size, smallest = sizes
    measure = Measure("sans", SPACING if any(map(is_wide, text)) else 0.0, with_letters)
    groups = _groups(text, measure, room, size)
    letters = sum(len(joined(group)) for group in groups)
    pages: list[Page] = []
    start = cue.start
    for group in groups:
        end = start + (cue.end - cue.start) * len(joined(group)) / letters
        needed = lines_needed(group, measure, size, room)
        lines = balanced(group, needed, measure, size, room) if needed is not None else None
        if lines is not None:
            pages.append(Page(start, end, lines, size))
        else:  # a word that is wider than a line
            setting = fit(joined(group), measure, width=room, largest=size, smallest=smallest, comfortable=size,
                          most_lines=LINES)  # fmt: skip
            pages.append(Page(start, end, setting.lines, int(setting.size)))
        start = end
    return pages


def _groups(text: str, measure: Measure, room: int, size: int) -> list[list[Unit]]:
    """Divide a text so that each part fills at most two lines: between phrases where it can be, else between words."""

    def fits(parts: list[Unit]) -> bool:
        needed = lines_needed(parts, measure, size, room)
        return needed is not None and needed <= LINES

    groups: list[list[Unit]] = []
    for phrase in phrases(units(text)):
        parts = units(phrase.text)
        parts[0] = Unit(parts[0].text, phrase.spaced)
        if groups and fits(groups[-1] + parts):
            groups[-1] += parts
            continue
        groups.append([])
        for part in parts:
            if groups[-1] and not fits([*groups[-1], part]):
                groups.append([])
            groups[-1].append(part)
    return _adopted([group for group in groups if group], fits, measure, room, size)


def _adopted(
    groups: list[list[Unit]], fits: Callable[[list[Unit]], bool], measure: Measure, room: int, size: int
) -> list[list[Unit]]:
    """The same number of pages, of which the last is no orphan: it takes words from the one before, if that helps."""

    def wide(parts: list[Unit]) -> float:
        return measure.width(joined(parts), size)

    def uneven(end: int) -> float:
        before, after = wide(parts[:end]), wide(parts[end:])
        pause = parts[end - 1].text[-1] in PAUSES
        return abs(before - after) / (before + after) - PAUSE_WORTH * pause

    if len(groups) < 2 or wide(groups[-1]) >= ORPHAN * room:
        return groups
    parts = groups[-2] + groups[-1]
    ends = [
        end
        for end in range(1, len(parts))
        if min(wide(parts[:end]), wide(parts[end:])) >= ORPHAN * room and fits(parts[:end]) and fits(parts[end:])
    ]
    if not ends:
        return groups
    best = min(ends, key=uneven)
    return [*groups[:-2], parts[:best], parts[best:]]
