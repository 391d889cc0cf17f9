"""Short stable names for the cells of a matrix: from their values alone, never from their place in a list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reelmill.content import Json, fingerprint

#: Length of an id: what identifiers may have anywhere in Reelmill.
LONGEST_ID = 64
#: Length of one value's part of it.
LONGEST_PART = 24
#: Hexadecimal digits that tell apart what a slug cannot. 256 cells collide once in 130,000 matrices.
DIGITS = 8

_PLAIN = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")
_WORD_LIKE_SCALAR = re.compile(r"[0-9]+|true|false|null")


def cell_id(values: Mapping[str, Json], *, whole: bool) -> str:
    """The id of a cell: its values' slugs, joined by `_`.

    Parameters
    ----------
    whole:
        The cell has exactly the matrix's own keys, so its values alone tell it apart. Any other cell (made by
        `include`) carries a hash of everything in it.
    """
    text = "_".join(value_slug(key, value) for key, value in values.items())
    mark = fingerprint(dict(values))[:DIGITS]
    if whole and len(text) <= LONGEST_ID:
        return text
    return f"{text[: LONGEST_ID - DIGITS - 1].rstrip('-_')}-{mark}"


def value_slug(key: str, value: Json) -> str:
    """A slug that no other value has.

    A plain text (`ink wash`) becomes its words, `ink-wash`. A value that loses something on the way (capitals, marks,
    Chinese, a mapping) carries a short hash of itself, so that a value that is added later renames nobody.
    """
    if isinstance(value, str) and len(value) <= LONGEST_PART and _PLAIN.fullmatch(value):
        if not _WORD_LIKE_SCALAR.fullmatch(value):
            return value.replace(" ", "-")
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    words = value.get("id", "") if isinstance(value, Mapping) else "" if isinstance(value, list) else value
    slug = re.sub(r"[^a-z0-9]+", "-", str(words).lower()).strip("-")[:LONGEST_PART].rstrip("-")
    return f"{slug or key.replace('_', '-').strip('-')}-{fingerprint(value)[:DIGITS]}"
