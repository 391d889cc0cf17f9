"""Pydantic's complaints in the words of somebody who edits a definition: what is wrong, and what would be right."""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from flows.misplaced import home_of
from flows.publish_options import NAME
from flows.syntax import ValuePath
from reelmill.content import Json
from tasks.finishing.options import COLOR
from tasks.registry import suggest
from tasks.sources.expand.options import FIELD_NAME

#: How alike two spellings are before the nearest key is told rather than the place where the key belongs.
ALIKE = 0.8

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "none_required": "nothing",
}
_BOUNDS = {
    "greater_than": ("it is too small", "more than {gt:g}"),
    "greater_than_equal": ("it is too small", "{ge:g} or more"),
    "less_than": ("it is too large", "less than {lt:g}"),
    "less_than_equal": ("it is too large", "{le:g} or less"),
    "too_short": ("there are too few entries", "at least {min_length}"),
    "too_long": ("there are too many entries", "at most {max_length}"),
    "string_too_short": ("the text is too short", "at least {min_length} characters"),
    "string_too_long": ("the text is too long", "at most {max_length} characters"),
}
_FORMS = {
    NAME: "a-z, 0-9, - and _, first a letter or digit, at most 64 characters",
    FIELD_NAME: "a-z, 0-9 and _, first a letter, at most 40 characters",
    COLOR: 'a colour in quotes, such as "#2f6f4f"',
}
_MEANT_TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_LOGIN = re.compile(r"://[^/?#@\s]*@")
_NEAR = re.compile(r";? ?did you mean '([^']+)'\??")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with something in the data; its place in the file is looked up later."""

    path: ValuePath
    reason: str
    allowed: str = ""
    suggestion: str = ""
    at_key: bool = False  #: it stands at the key and not at the value
    is_missing: bool = False  #: the suggestion is a key that should be there


def explain(errors: Sequence[Any], data: Json, model: type[BaseModel], prefix: ValuePath = ()) -> list[Finding]:
    """The findings of a pydantic `ValidationError.errors()`.

    Parameters
    ----------
    errors:
        The errors of validating what `data` has at `prefix`.
    data:
        The whole file.
    model:
        What it was validated against; knows which keys are allowed where.
    """
    found = [finding for error in errors for finding in _findings(error, data, model, prefix)]
    return _without_echoes(_merged(found))


def value_at(data: Json, path: ValuePath) -> Json:
    """What stands at a path, or None."""
    for part in path:
        data = _inner(data, part)
    return data


def _inner(data: Json, part: str | int) -> Json:
    if isinstance(part, int):
        return data[part] if isinstance(data, list) and part < len(data) else None
    return data.get(part) if isinstance(data, Mapping) else None


def _has(data: Json, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(data, list) and part < len(data)
    return isinstance(data, Mapping) and part in data


def shown(value: Json) -> str:
    """A value as it would be written in one line, shortened, and without the login of a URL."""
    if value is None:
        return ""
    text = " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _LOGIN.sub("://…@", text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _findings(error: Any, data: Json, model: type[BaseModel], prefix: ValuePath) -> Iterator[Finding]:
    kind, context = error["type"], error.get("ctx", {})
    path, at_key = _path(data, (*prefix, *error["loc"]))
    value = value_at(data, path)
    if kind == "several":
        for problem in context.get("problems", ()):
            yield Finding((*path, *problem["loc"]), problem["reason"], problem["allowed"], problem["suggestion"],
                          at_key=problem.get("key", False))  # fmt: skip
        if "errors" in context:
            yield from explain(context["errors"], data, context["model"], path)
    elif kind == "extra_forbidden":
        yield _unknown_key(path, model_at(model, path[len(prefix) : -1]))
    elif kind == "missing":
        key = str(error["loc"][-1])
        yield Finding(path, f"the key `{key}` is missing", suggestion=key, is_missing=True)
    elif kind in _EXPECTED:
        meant = _converted(kind, value, model_at(model, path[len(prefix) :]))
        yield Finding(path, f"{_EXPECTED[kind]} is expected", suggestion=meant)
    elif kind in _BOUNDS:
        reason, allowed = _BOUNDS[kind]
        yield Finding(path, reason, allowed.format(**context), at_key=at_key)
    elif kind in {"literal_error", "enum"}:
        known = re.findall(r"'([^']*)'", context["expected"])
        allowed = ", ".join(known) or context["expected"]
        near = suggest(str(value), known or [context["expected"]]) or ""
        yield Finding(path, "this value is not known", allowed, near)
    elif kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        text = str(path[-1]) if at_key else str(value)
        yield Finding(
            path, "it has the wrong form", _FORMS.get(pattern, pattern), _formed(pattern, text), at_key=at_key
        )
    else:
        yield _own_words(error, path, at_key=at_key)


def _own_words(error: Any, path: ValuePath, *, at_key: bool) -> Finding:
    """A validator's own message: ours bring `allowed` and `suggestion` along, others say it in their text."""
    context = error.get("ctx", {})
    message = str(context["error"]) if "error" in context else error["msg"]
    near = _NEAR.search(message)
    suggestion = context.get("suggestion") or (near[1] if near else "")
    reason = _NEAR.sub("", message) if near else message
    return Finding(path, reason[:1].lower() + reason[1:], context.get("allowed", ""), suggestion, at_key=at_key)


def _path(data: Json, loc: Iterable[str | int]) -> tuple[ValuePath, bool]:
    """The path in the data that a pydantic location means, without its marks for unions and keys."""
    path: list[str | int] = []
    for part in loc:
        if part == "[key]":
            return tuple(path), True
        if _has(data, part):
            data = _inner(data, part)
            path.append(part)
    return tuple(path), False


def _formed(pattern: str, text: str) -> str:
    """The same text in the form that is asked for, or nothing."""
    if pattern == NAME:
        return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:64]
    if pattern == COLOR and (digits := re.fullmatch(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text.strip())):
        six = digits[1] if len(digits[1]) == 6 else "".join(digit * 2 for digit in digits[1])
        return f'"#{six}"'
    return ""


def _unknown_key(path: ValuePath, model: type[BaseModel] | None) -> Finding:
    key = str(path[-1])
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    allowed = ", ".join(known)
    near = suggest(key, known) or ""
    if near and difflib.SequenceMatcher(None, key, near).ratio() >= ALIKE:
        return Finding(path, "this key is not known", allowed, near, at_key=True)
    home = home_of(key, path[:-1])
    if home:
        return Finding(path, f"this key is not known here: `{key}` belongs to {home}", at_key=True)
    return Finding(path, "this key is not known", allowed, near, at_key=True)


def _converted(kind: str, value: Json, model: type[BaseModel] | None) -> str:
    """What was probably meant by a single value of the wrong type."""
    if isinstance(value, Mapping | list) or value is None:
        return ""
    number = re.match(r"\s*([-+]?\d{1,12}(?:\.\d{1,12})?)", str(value))
    required = [name for name, field in model.model_fields.items() if field.is_required()] if model else []
    match _EXPECTED[kind]:
        case "a list":
            near = f"[{_written(value)}]"
        case "a number":
            near = number[1] if number else ""
        case "a whole number":
            near = str(round(float(number[1]))) if number else ""
        case "true or false":
            near = _MEANT_TRUTH.get(str(value).lower(), "")
        case "a text":
            near = f'"{shown(value)}"'
        case _:
            near = f"{{{required[0]}: {_written(value)}}}" if len(required) == 1 else ""
    return near


def _written(value: Json) -> str:
    """A single value as YAML: in quotes if it needs them."""
    text = shown(value)
    return text if re.fullmatch(r"\w[\w .+/-]*", text) else json.dumps(text, ensure_ascii=False)


def model_at(model: type[BaseModel], path: ValuePath) -> type[BaseModel] | None:
    """The options model that owns the keys at a path."""
    annotations: list[Any] = [model]
    for part in path:
        annotations = [inner for annotation in annotations for inner in _inside(annotation, part)]
    models = [plain for annotation in annotations for plain in _plain(annotation) if _is_model(plain)]
    return models[0] if models else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    for plain in _plain(annotation):
        if _is_model(plain) and part in plain.model_fields:
            yield plain.model_fields[part].annotation
        elif get_origin(plain) in {tuple, list, Sequence}:
            yield get_args(plain)[0]
        elif get_origin(plain) in {dict, Mapping}:
            yield get_args(plain)[1]


def _plain(annotation: Any) -> Iterator[Any]:
    """An annotation without `Annotated`, and each member of a union."""
    if get_origin(annotation) is Annotated:
        yield from _plain(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _plain(member)
    else:
        yield annotation


def _merged(findings: list[Finding]) -> list[Finding]:
    """One finding a place: a value that fits no member of a union is told once, with everything that would fit."""
    merged: dict[tuple[ValuePath, bool, bool, str], Finding] = {}
    for finding in findings:
        is_type = finding.reason.endswith(" is expected")
        mark = (finding.path, finding.at_key, is_type, "" if is_type else finding.reason)
        earlier = merged.get(mark)
        if earlier and is_type and finding.reason != earlier.reason:
            reason = f"{earlier.reason.removesuffix(' is expected')} or {finding.reason}"
            merged[mark] = replace(earlier, reason=reason, suggestion=earlier.suggestion or finding.suggestion)
        else:
            merged.setdefault(mark, finding)
    return list(merged.values())


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """A key that is missing because it is misspelled beside is told once."""
    spelled = {(finding.path[:-1], finding.suggestion) for finding in findings if finding.at_key}
    return [
        replace(finding, suggestion="") if finding.is_missing else finding
        for finding in findings
        if not finding.is_missing or (finding.path, finding.suggestion) not in spelled
    ]
