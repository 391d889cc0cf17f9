"""What is asked of a node with `fields=` and of an edge with `metric=`, and how it is told.

Sources: Graph API, "Field Expansion"; Instagram Platform, "Media Insights".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sandbox.graph.errors import refusal

_FIELD = re.compile(r"(\w+)((?:\.\w+\([^)]*\)|\{[^}]*\}|\([^)]*\))*)(?:,|$)")


def new_id() -> str:
    """Seventeen digits, which is more than a JavaScript number holds."""
    return str(10**16 + uuid4().int % (9 * 10**16))


def graph_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def is_true(text: str) -> bool:
    return text.lower() in {"true", "1"}


def requested(fields: str) -> dict[str, str]:
    """What `fields=` asks for: names, with what stands behind them, as in `likes.summary(true)`."""
    names = fields.replace(" ", "")
    found = {one[1]: one[2] for one in _FIELD.finditer(names)}
    if names and ",".join(name + more for name, more in found.items()) != names.rstrip(","):
        raise refusal(2500, f"Syntax error: unexpected {fields!r}")
    return found


def selected(node: str, fields: str, known: Mapping[str, Callable[[str], Any]], default: Sequence[str]) -> Any:
    """A node with the fields that were asked for, or the default ones, and always its id."""
    asked = requested(fields) or dict.fromkeys(default, "")
    for name in asked:
        if name not in known:
            raise refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")
    told = {name: known[name](more) for name, more in {**asked, "id": ""}.items()}
    return {name: value for name, value in told.items() if value is not None}


def metrics(fields: Mapping[str, str], known: Mapping[str, Any], node: str) -> Any:
    """The `insights` edge: the metrics that were asked for, each with its one value."""
    asked = [name for name in fields.get("metric", ",".join(known)).replace(" ", "").split(",") if name]
    if wrong := [name for name in asked if name not in known]:
        allowed = ", ".join(known)
        raise refusal(100, f"(#100) metric[{asked.index(wrong[0])}] must be one of the following values: {allowed}")
    return {
        "data": [
            {"name": name, "period": "lifetime", "values": [{"value": known[name]}], "id": f"{node}/{name}/lifetime"}
            for name in asked
        ]
    }


def unix_time(text: str) -> float:
    """A time as a parameter says it: seconds since 1970, or ISO 8601, in UTC if it names no zone."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusal(100, f"(#100) {text!r} is no time") from error
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
