"""When each word of a cue is spoken. No voice tells it: a word takes its share of the cue, by its letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.finishing.typesetting import units


def moments(lines: Sequence[str], start: float, end: float) -> Iterator[tuple[float, int]]:
    """When the next word begins, and how many characters of all lines are spoken once it is. Seconds."""
    letters = sum(map(len, lines))
    spoken = 0
    for text in lines:
        place = 0
        for part in units(text):
            begins = start + (end - start) * spoken / letters
            longer = text.index(part.text, place) + len(part.text)
            spoken, place = spoken + longer - place, longer
            yield begins, spoken
