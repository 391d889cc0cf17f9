"""Breaking a text into lines: Chinese and Japanese between any two characters that rules allow, others at spaces.

The rules are those of `kinsoku`: no line begins with closing punctuation, none ends with an opening bracket. Of all
ways to fill a number of lines, the most even one is taken, and a break after punctuation is worth some unevenness.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from tasks.finishing.fonts import Typeface
from tasks.finishing.fonts.emoji import is_emoji
from tasks.finishing.fonts.line import width
from tasks.finishing.kinsoku import GUILLEMETS, NEVER_FIRST, NEVER_LAST
from tasks.finishing.words import is_wide

PAUSES = frozenset("，。！？：；、,.!?:;…—‥‼⁇⁈⁉｡､")
BREATHS = PAUSES | frozenset("）】》〉」』｣)")

#: How uneven a line may be, as a part of the width, for the sake of ending at a pause.
PAUSE_WORTH = 0.35
#: How much smaller letters may be, so that no line ends within a phrase.
PHRASE_WORTH = 0.75

#: What a line needs between itself and the one before, in parts of the size, by what stands on its small letters.
MARKED = (0.0, 0.0, 0.30, 0.40)
ABOVE_LETTER = 230  #: the class of marks that stand above (Unicode, canonical combining class)

#: How long clauses are that are taken for lines of verse, in characters: regulated verse has five or seven.
VERSE = (3, 8)


@dataclass(frozen=True, slots=True)
class Unit:
    """What no break may divide."""

    text: str
    spaced: bool  #: a space comes before it, unless it begins a line


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that was set."""

    size: float  #: pixels of the em square
    lines: tuple[str, ...]
    shortened: bool = False  #: words were left out


def is_solid(character: str) -> bool:
    """Whether lines break on both sides of a character. Hangul is wide, but breaks at spaces as Latin does.

    Half-width kana are narrow, and break as the others do.
    """
    kana = "\uff61" <= character <= "\uff9f"
    return (is_wide(character) and not "\uac00" <= character <= "\ud7a3") or kana or is_emoji(character)


def units(text: str) -> list[Unit]:
    """Divide a text at every place where a line may end."""
    found: list[Unit] = []
    spaced = False
    for place, character in enumerate(text):
        if character == " ":
            spaced = True
            continue
        last = found[-1].text[-1] if found else " "
        if spaced and (character in GUILLEMETS or last in GUILLEMETS):
            opened = last in NEVER_LAST and (last not in GUILLEMETS or found[-1].text[-2:-1] in {"", " "})
            bound = opened or (character in NEVER_FIRST and text[place + 1 : place + 2] in {"", " "})
        else:
            bound = character in NEVER_FIRST or last in NEVER_LAST
        joins = not spaced and not (is_solid(character) or is_solid(last))
        if found and (bound or joins):
            found[-1] = Unit(found[-1].text + " " * spaced + character, found[-1].spaced)
        else:
            found.append(Unit(character, spaced and bool(found)))
        spaced = False
    return found


def phrases(parts: list[Unit]) -> list[Unit]:
    """Join units into what one would say in one breath: up to punctuation, or to a space between Chinese characters."""
    groups: list[list[Unit]] = []
    for part in parts:
        last = groups[-1][-1].text[-1] if groups else ""
        if groups and not (last in BREATHS or (part.spaced and is_wide(last))):
            groups[-1].append(part)
        else:
            groups.append([part])
    return [Unit(joined(group), group[0].spaced) for group in groups]


@dataclass(frozen=True, slots=True)
class Measure:
    """How wide units are in one typeface."""

    typeface: Typeface
    spacing: float  #: after each character, as a part of the size
    with_letters: bool | None = None  #: see `fonts.line.pieces`

    def width(self, text: str, size: float) -> float:
        """Pixels from the first to the last character."""
        wide = width(text, self.typeface, size, self.spacing * size, with_letters=self.with_letters)
        return wide - (self.spacing * size if text else 0.0)


def joined(parts: list[Unit]) -> str:
    """The text of one line."""
    return "".join((" " if part.spaced and index else "") + part.text for index, part in enumerate(parts))


def leading(lines: tuple[str, ...], least: float) -> float:
    """Free space between lines, in parts of the size: `least`, or what the marks above capitals need (Ế, Ő)."""
    return max([least, *(MARKED[min(_storeys(sign), 3)] for line in lines[1:] for sign in line if sign > "~")])


def _storeys(character: str) -> int:
    """How many things stand on a small letter: marks, and one for a capital."""
    parts = unicodedata.normalize("NFD", character)
    above = sum(unicodedata.combining(mark) == ABOVE_LETTER for mark in parts)
    return above + parts[0].isupper() if above else 0


def lines_needed(parts: list[Unit], measure: Measure, size: float, width: float) -> int | None:
    """How many lines a text fills at a size, or None if one unit alone is wider than a line."""
    count, line = 1, ""
    for part in parts:
        longer = line + (" " if part.spaced and line else "") + part.text
        if measure.width(longer, size) <= width:
            line = longer
            continue
        if measure.width(part.text, size) > width:
            return None
        count, line = count + 1, part.text
    return count


def balanced(parts: list[Unit], count: int, measure: Measure, size: float, width: float) -> tuple[str, ...] | None:
    """Divide a text into exactly `count` lines as evenly as it goes, or None if it does not fit."""
    number = len(parts)
    ideal = measure.width(joined(parts), size) / count
    #: best[line][end]: the least cost of setting the units before `end` in `line` lines, and where the last one begins
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for line in range(1, count + 1):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in best[-1].items():
            for end in range(start + 1, number + 1):
                wide = measure.width(joined(parts[start:end]), size)
                if wide > width:
                    break
                uneven = ((wide - ideal) / width) ** 2
                pause = parts[end - 1].text[-1] in PAUSES
                total = cost + uneven + (0.0 if pause or line == count else PAUSE_WORTH**2)
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        best.append(reached)
    if number not in best[count]:
        return None
    ends = [number]
    for line in range(count, 0, -1):
        ends.append(best[line][ends[-1]][1])
    ends.reverse()
    return tuple(joined(parts[start:end]) for start, end in pairwise(ends))


def verse(text: str) -> tuple[str, ...] | None:
    """The lines of a couplet or quatrain: two to four clauses of the same few Chinese characters; else None."""
    clauses = [clause for clause in re.split(r"(?<=[，。！？；、])", text) if clause]
    lengths = {len(clause.rstrip("，。！？；、")) for clause in clauses}
    even = len(lengths) == 1 and VERSE[0] <= lengths.pop() <= VERSE[1]
    broken = any(clause[0] in NEVER_FIRST or clause[-1] in NEVER_LAST for clause in clauses)
    return tuple(clauses) if even and not broken and 2 <= len(clauses) <= 4 and all(map(is_solid, text)) else None


def fit(
    text: str, measure: Measure, *, width: float, largest: float, smallest: float, comfortable: float, most_lines: int
) -> Setting:
    """Set a text as large as it goes.

    Parameters
    ----------
    text:
        One paragraph, cleaned.
    width:
        Pixels of a line.
    largest, smallest:
        Bounds of the size, in pixels.
    comfortable:
        A size from which on fewer lines are better than larger letters.
    most_lines:
        What does not fit into so many lines at the smallest size is shortened, with an ellipsis.
    """
    clauses = verse(text)
    if clauses and len(clauses) <= most_lines + 1:
        widest = max(measure.width(clause, 1.0) for clause in clauses)
        if width / widest >= comfortable:
            return Setting(min(largest, width / widest), clauses)
    parts = units(text)
    bounds = _Bounds(width, largest, smallest, comfortable, most_lines)
    free, whole = _fitted(parts, measure, bounds), _fitted(phrases(parts), measure, bounds)
    if free is None:
        return _shortened(parts, measure, smallest, width, most_lines)
    if whole is not None and whole.size >= free.size * PHRASE_WORTH:
        return whole
    return free


def refit(text: str, setting: Setting, measure: Measure, *, width: float, size: float) -> Setting:
    """The same text at a smaller size than it was fitted to, in as few lines as that needs."""
    if size >= setting.size or setting.shortened or verse(text) == setting.lines:
        return Setting(min(size, setting.size), setting.lines, setting.shortened)
    parts = units(text)
    for count in range(1, len(setting.lines) + 1):
        lines = balanced(parts, count, measure, size, width)
        if lines is not None:
            return Setting(size, lines)
    return Setting(size, setting.lines)


@dataclass(frozen=True, slots=True)
class _Bounds:
    width: float
    largest: float
    smallest: float
    comfortable: float
    most_lines: int


def _fitted(parts: list[Unit], measure: Measure, bounds: _Bounds) -> Setting | None:
    chosen: tuple[float, int] | None = None
    for count in range(1, bounds.most_lines + 1):
        size = _largest(parts, count, measure, bounds.width, bounds.largest, bounds.smallest)
        if size is not None and (chosen is None or size > chosen[0]):
            chosen = (size, count)
            if size >= bounds.comfortable:
                break
    if chosen is None:
        return None
    size, count = chosen
    lines = balanced(parts, count, measure, size, bounds.width)
    # A text of a single unit cannot fill the lines that were allowed.
    return Setting(size, lines) if lines else None


def _largest(
    parts: list[Unit], count: int, measure: Measure, width: float, largest: float, smallest: float
) -> float | None:
    size = largest
    while size >= smallest:
        needed = lines_needed(parts, measure, size, width)
        if needed is not None and needed <= count:
            return size
        size -= 2.0
    return None


def _shortened(parts: list[Unit], measure: Measure, size: float, width: float, most_lines: int) -> Setting:
    ellipsis = "…" if any(is_wide(character) for part in parts for character in part.text) else "\ue026"
    #: A word that is wider than a line has to be cut somewhere.
    small = [
        Unit(character, part.spaced and not index)
        for part in parts
        for index, character in enumerate(part.text if measure.width(part.text, size) > width else [part.text])
    ]
    for kept in range(len(small), 0, -1):
        whole = kept == len(small)
        cut = [*small[: kept - 1], Unit(small[kept - 1].text + ("" if whole else ellipsis), small[kept - 1].spaced)]
        needed = lines_needed(cut, measure, size, width)
        if needed is not None and needed <= most_lines:
            lines = balanced(cut, needed, measure, size, width)
            if lines is not None:
                return Setting(size, lines, shortened=not whole)
    return Setting(size, (), shortened=True)
