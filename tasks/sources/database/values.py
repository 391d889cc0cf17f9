"""What a database's values are as JSON: decimals and identifiers become texts, moments become ISO texts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from reelmill.content import Json
from tasks.sources import plain

#: The longest cursor, in characters.
MAX_CURSOR = 500


def row(values: Mapping[str, object]) -> dict[str, Json]:
    """The values of a row by column.

    Raises
    ------
    ValueError
        If a column holds what JSON has no word for, such as bytes.
    """
    found: dict[str, Json] = {}
    for column, value in values.items():
        try:
            found[column] = plain.value(_known(value))
        except ValueError as error:
            raise ValueError(f"its column {column!r} cannot be used: {error}; leave it out of the query") from None
    return found


def cursor(value: object) -> Json:
    """A value of the cursor's column, such that the database understands it again.

    Raises
    ------
    ValueError
        If nothing can come after it: it is empty, no number, text or moment, or too long.
    """
    if value is None:
        raise ValueError("is empty")
    known = _known(value)
    if isinstance(known, dt.date | dt.time):
        return known.isoformat()
    if isinstance(known, str) and len(known) <= MAX_CURSOR and "\0" not in known:
        return known  # as it is: it is compared, and not shown
    if isinstance(known, int | float) and not isinstance(known, bool) and math.isfinite(known):
        return known
    raise ValueError(f"holds a value of the kind {type(value).__name__}, which has no order that can be kept")


def _known(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {name: _known(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_known(inner) for inner in value]
    return value
