"""A row: what one item of a feed says, before anybody judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One item of a feed or a list."""

    where: str  #: for people: "item 7 (line 120)"
    values: Mapping[str, Sequence[str]]  #: column name → its values, each not empty

    def first(self, *names: str) -> str:
        """The first value under the first of these names that has one, or ""."""
        return next((self.values[name][0] for name in names if self.values.get(name)), "")

    def every(self, *names: str) -> list[str]:
        """All values under these names, in order."""
        return [value for name in names for value in self.values.get(name, ())]


def where(number: int, line: int | None = None) -> str:
    """The place of an item for people; `number` counts from 1."""
    return f"item {number} (line {line})" if line else f"item {number}"
