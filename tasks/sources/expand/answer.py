"""What a model's answer must be: a JSON schema for it to follow, and the check of what it made of that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reelmill.content import Json
from tasks.sources import plain

#: Where the list of what was written stands in an answer.
LIST = "briefs"

#: The longest schema of one field, in characters of JSON.
MAX_SCHEMA = 4000
#: What could lead a schema elsewhere.
_FORBIDDEN = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema", "$anchor", "$dynamicAnchor", "$defs"})


class Misfit(ValueError):
    """An answer that cannot be used. The reason is for people."""


def check(name: str, meaning: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless it is a JSON schema (2020-12) that leads nowhere else."""
    from jsonschema import Draft202012Validator, SchemaError

    if len(json.dumps(meaning, ensure_ascii=False)) > MAX_SCHEMA:
        raise ValueError(f"the schema of {name!r} is longer than {MAX_SCHEMA:,} characters")
    if found := _FORBIDDEN & set(_keys(meaning)):
        raise ValueError(f"the schema of {name!r} has {min(found)!r}; write it out instead")
    try:
        Draft202012Validator.check_schema(meaning)
    except SchemaError as error:
        raise ValueError(f"the schema of {name!r} is none: {error.message[:200]}") from None


def schema(fields: Mapping[str, str | Mapping[str, Any]], count: int) -> dict[str, Json]:
    """The JSON schema of an answer, as strict as OpenAI's servers want one: all required, nothing else.

    https://platform.openai.com/docs/guides/structured-outputs (supported schemas)
    """
    one = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": meaning} if isinstance(meaning, str) else dict(meaning)
            for name, meaning in fields.items()
        },
        "required": list(fields),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {LIST: {"type": "array", "items": one, "minItems": count, "maxItems": count}},
        "required": [LIST],
        "additionalProperties": False,
    }


def checked(answer: Json, wanted: Mapping[str, Json], texts: Sequence[str]) -> list[dict[str, Json]]:
    """The fields of each brief, cleaned as all foreign words are.

    Parameters
    ----------
    wanted:
        The schema that it must follow.
    texts:
        The fields that are plain texts: none may be empty, or longer than a text may be.

    Raises
    ------
    Misfit
        If it does not fit, or says the same twice.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    wrong = best_match(Draft202012Validator(wanted).iter_errors(answer))
    if wrong is not None:
        raise Misfit(f"the answer does not fit: at {wrong.json_path}: {wrong.message[:200]}")
    found: list[dict[str, Json]] = []
    for written in answer[LIST]:
        if too_long := next((name for name in texts if len(written[name]) > plain.MAX_TEXT), None):
            raise Misfit(f"the answer does not fit: its {too_long!r} is longer than {plain.MAX_TEXT:,} characters")
        try:
            clean = {name: plain.value(value) for name, value in written.items()}
        except ValueError as error:
            raise Misfit(f"the answer does not fit: {error}") from None
        if empty := next((name for name in texts if not clean[name]), None):
            raise Misfit(f"the answer does not fit: its {empty!r} is empty")
        if clean in found:
            raise Misfit("the answer says the same twice")
        found.append(clean)
    return found


def _keys(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [*value, *(key for inner in value.values() for key in _keys(inner))]
    return [key for inner in value for key in _keys(inner)] if isinstance(value, list | tuple) else []
