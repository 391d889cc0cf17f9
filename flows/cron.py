"""Cron expressions of five fields, checked without loading Prefect: what passes here, Prefect's croniter takes too."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What the short forms of some cron daemons stand for.
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
#: Days of each month in a leap year.
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)

_ITEM = re.compile(r"(?:(?P<all>\*)|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]{1,4}))?", re.ASCII)


def check_cron(expression: str) -> tuple[str, str] | None:
    """What is wrong with an expression and what would be right, or None."""
    if expression.strip().lower() in ALIASES:
        return "the short forms with `@` are not read", ALIASES[expression.strip().lower()]
    parts = expression.lower().split()
    if len(parts) == len(_FIELDS) + 1:
        return "it has six fields; seconds are not read", " ".join(expression.split()[1:])
    if len(parts) != len(_FIELDS):
        return f"it has {len(parts)} fields instead of five: minute, hour, day, month, day of the week", ""
    fields: list[set[int]] = []
    for part, field in zip(parts, _FIELDS, strict=True):
        values, reason = _read(part, field)
        if reason:
            return f"{reason} in the field {field.name}", ""
        fields.append(values)
    _, _, days, months, _ = fields
    if parts[4] == "*" and min(days) > max(_LONGEST[month - 1] for month in months):
        return f"day {min(days)} is in none of these months, so it never comes", ""
    return None


def _read(part: str, field: _Field) -> tuple[set[int], str]:
    """The values of one field, and what is wrong with it."""
    found: set[int] = set()
    for item in part.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            return found, f"{item!r} cannot be read"
        step = int(match["step"] or 1)
        first = field.least if match["all"] else _value(match["first"], field)
        last = field.most if match["all"] else _value(match["last"], field) if match["last"] else first
        if first is None or last is None:
            return found, f"{item!r} is not between {field.least} and {field.most}"
        if match["step"] and not match["all"] and not match["last"]:
            last = field.most
        if not 1 <= step <= field.most:
            return found, f"the step of {item!r} is not between 1 and {field.most}"
        if first > last:
            return found, f"{item!r} runs backwards; write {first}-{field.most},{field.least}-{last}"
        found.update(range(first, last + 1, step))
    return found, ""


def _value(text: str, field: _Field) -> int | None:
    if text in field.words:
        return field.words.index(text) + field.least
    return int(text) if text.isdecimal() and field.least <= int(text[:6]) <= field.most else None
