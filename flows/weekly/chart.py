"""Charts as inline SVG: no script, no font, no colour of their own.

Colours are classes that the page gives a meaning to, in the light, in the dark and on paper. Every bar has a title,
which a browser shows under the pointer and a screen reader reads.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

#: The grid of a chart, in its own units. The page scales it.
WIDTH, HEIGHT = 960, 280
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 22, 42
#: Steps between grid lines that people can count with, times a power of ten.
ROUND_STEPS = (1, 2, 5, 10)
#: The most grid lines above zero, and the most labels below the bars.
LINES, LABELS = 4, 16
#: The widest bar, and its share of its place.
WIDEST, SHARE = 64.0, 0.68
#: Horizontal bars: height of a row and of its bar, width of the names and of the notes.
ROW, BAR, NAMES, NOTES = 34, 16, 180, 190
#: Half-widths of characters that fit into the names.
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stacked chart."""

    label: str  #: below it, in two lines if it has a line break
    title: str  #: what it is called in full
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar."""

    name: str
    value: float
    note: str  #: the value as people read it


def columns(data: Sequence[Column], series: Mapping[str, str], *, title: str) -> str:
    """Stacked columns.

    Parameters
    ----------
    series:
        The parts from the bottom up: key, which is the class of its colour too, and name.
    title:
        What the chart shows, for those who cannot see it.
    """
    totals = [sum(column.parts.get(key, 0) for key in series) for column in data]
    step = _step(max(totals, default=0))
    top = max(step, math.ceil(max(totals, default=0) / step) * step)
    inner = HEIGHT - TOP - BOTTOM
    drawn = [_grid(value, HEIGHT - BOTTOM - value / top * inner) for value in range(0, top + 1, step)]
    place = (WIDTH - LEFT - RIGHT) / max(len(data), 1)
    width = min(place * SHARE, WIDEST)
    every = math.ceil(len(data) / LABELS)
    for number, (column, total) in enumerate(zip(data, totals, strict=True)):
        middle = LEFT + place * (number + 0.5)
        y = float(HEIGHT - BOTTOM)
        for key, name in series.items():
            if not (count := column.parts.get(key, 0)):
                continue
            height = count / top * inner
            y -= height
            drawn.append(
                f'<rect class="{escape(key)}" x="{middle - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}"'
                f' height="{height:.1f}"><title>{escape(column.title)}: {count} {escape(name)}</title></rect>'
            )
        if total and every == 1:
            drawn.append(f'<text class="total" x="{middle:.1f}" y="{y - 6:.1f}" text-anchor="middle">{total}</text>')
        if number % every == 0:
            drawn += [
                f'<text class="label" x="{middle:.1f}" y="{HEIGHT - BOTTOM + 18 + 15 * line:.1f}"'
                f' text-anchor="middle">{escape(words)}</text>'
                for line, words in enumerate(column.label.split("\n"))
            ]
    return _svg(HEIGHT, title, drawn)


def bars(data: Sequence[Bar], *, title: str, colour: str = "bar") -> str:
    """Horizontal bars, one below the other, as long as their values are large."""
    longest = max((bar.value for bar in data), default=0.0) or 1.0
    room = WIDTH - NAMES - NOTES
    drawn = []
    for number, bar in enumerate(data):
        y = number * ROW + (ROW - BAR) / 2
        length = max(bar.value / longest * room, 1.0 if bar.value else 0.0)
        base = y + BAR / 2 + 5
        size = f'width="{length:.1f}" height="{BAR}"'
        words = f"<title>{escape(bar.name)}: {escape(bar.note)}</title>"
        drawn += [
            f'<text class="name" x="0" y="{base:.1f}">{escape(_short(bar.name))}</text>',
            f'<rect class="{escape(colour)}" x="{NAMES}" y="{y:.1f}" {size}>{words}</rect>',
            f'<text class="note" x="{NAMES + length + 10:.1f}" y="{base:.1f}">{escape(bar.note)}</text>',
        ]
    return _svg(max(len(data), 1) * ROW, title, drawn)


def _svg(height: float, title: str, drawn: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg">'
    return head + f"<title>{escape(title)}</title>" + "".join(drawn) + "</svg>"


def _grid(value: int, y: float) -> str:
    return (
        f'<line class="{"axis" if value == 0 else "grid"}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="label" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
    )


def _step(largest: int) -> int:
    """The distance of grid lines: a round number, at least 1, that gives at most `LINES` of them."""
    rough = max(largest, 1) / LINES
    power = 10 ** math.floor(math.log10(rough)) if rough > 1 else 1
    return next(step * power for step in ROUND_STEPS if step * power >= rough)


def _short(text: str) -> str:
    """A name that fits its place; a Chinese character is as wide as two others."""
    taken, width = "", 0
    for character in text:
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > LONGEST_NAME:
            return taken + "…"
        taken += character
    return taken
