"""What differs between two states of a definition, in a person's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from reelmill.content import Json

#: Longest value that is told whole, in characters.
LONGEST = 60


def differences(before: Json, after: Json, path: str = "") -> Iterator[str]:
    """Each value that was added, removed or changed: `schedule.cron: "0 6 * * *" → "0 7 * * *"`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), inner)
    elif before != after:
        yield f"{path}: {_shown(before)} → {_shown(after)}"


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str) if value is not None else "–"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
