"""Texts by locale in a matrix: `line: {zh: 一盏青瓷。, en: A celadon cup.}` is the text of the cell's own `locale`.

A matrix with a list `locale` may write any other value as a mapping whose keys are values of that list (and `id`, by
which people call it). Templates see the text of their cell's locale. The mapping as a whole is what tells cells apart
and what `include` and `exclude` agree with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reelmill.content import Json, Variant

#: The list whose values are locales.
LOCALE = "locale"
#: Beside the locales, what a text by locale may be called.
_ID = "id"

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def localised(cell: Variant, locales: Sequence[Json]) -> Variant:
    """The cell with the texts of its own locale.

    Parameters
    ----------
    locales:
        The values of the list `locale`. (): there is none, and nothing changes.
    """
    own = cell.values.get(LOCALE)
    if not isinstance(own, str):
        return cell
    found = {key: value[own] for key, value in cell.values.items() if _is_by_locale(value, locales) and own in value}
    return replace(cell, values={**cell.values, **found}) if found else cell


def lacking(key: str, value: Json, locales: Sequence[Json], cells: Sequence[Variant]) -> list[str]:
    """The locales that cells with this value are in, and for which it has no text."""
    if not _is_by_locale(value, locales):
        return []
    asked = dict.fromkeys(str(cell.values.get(LOCALE)) for cell in cells if cell.values.get(key) == value)
    return [locale for locale in asked if locale not in value]


def language_of(cell: Variant) -> str | None:
    """The language that the cell's `locale` names, as BCP 47 writes it; None if it names none."""
    own = cell.values.get(LOCALE)
    return own if isinstance(own, str) and _LANGUAGE.fullmatch(own) else None


def _is_by_locale(value: Json, locales: Sequence[Json]) -> bool:
    keys = set(value) - {_ID} if isinstance(value, Mapping) else set()
    return bool(keys) and keys <= {locale for locale in locales if isinstance(locale, str)}
