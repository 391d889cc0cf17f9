"""From a YAML parser's events to plain data with positions, leaving out and telling what a definition must not use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from flows.syntax import Complaint, Place, ValuePath, quoted
from reelmill.content import Json

#: Levels of nesting. The deepest key that means anything is at level 8.
DEEPEST = 40
#: Characters of the file that a complaint repeats.
LONGEST_QUOTE = 200
#: The greatest whole number, in digits: everything that fits 64 bits.
LONGEST_NUMBER = 18

# The core schema of YAML 1.2 (yaml.org/spec/1.2.2, 10.3.2): `yes`, `on`, `12:30` and `2026-01-01` are texts.
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_SURROGATE = re.compile("[\ud800-\udfff]")


class TooDeepError(YAMLError):
    """Nested deeper than `DEEPEST`; everything that is to be said of it is in the complaints already."""


class _UnreadableError(ValueError):
    """A scalar that is no value; its arguments are the reason and what is allowed."""


@dataclass
class Composer:
    """Turns one document into plain data.

    Parameters
    ----------
    lines:
        The file as it was written, for what complaints repeat of it.
    repaired:
        Numbers of lines whose value was left out since the parser could not read it.
    """

    lines: list[str]
    repaired: frozenset[int]
    keys: dict[ValuePath, Place] = field(default_factory=dict)
    values: dict[ValuePath, Place] = field(default_factory=dict)
    broken: set[ValuePath] = field(default_factory=set)
    complaints: list[Complaint] = field(default_factory=list)
    _events: Iterator[Event] = field(default_factory=lambda: iter(()))

    def document(self, text: str) -> Json:
        """Read a text. Raises what the parser raises, and `TooDeepError`."""
        parser: Any = YAML(typ="safe", pure=True)
        self._events = iter(parser.parse(text))
        data: Json = None
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.tags or (event.version is not None and tuple(event.version) != (1, 2)):
                    self._complain(event, (), "a `%` directive is not read", allowed="YAML 1.2 without directives")
            elif isinstance(event, NodeEvent) and documents == 1:
                data = self._node(event, ())
            elif isinstance(event, NodeEvent):
                self._complain(event, (), "a second document begins above this line", allowed="one document in a file")
                break
        return data

    def _complain(self, event: Event, path: ValuePath, reason: str, *, allowed: str = "", suggestion: str = "") -> None:
        place = _place(event)
        if place.line not in self.repaired:
            self.complaints.append(Complaint(place, reason, allowed, suggestion, path))

    def _break(self, event: Event, path: ValuePath, reason: str, *, allowed: str = "", suggestion: str = "") -> None:
        """Complain of something whose value is then unknown."""
        self._complain(event, path, reason, allowed=allowed, suggestion=suggestion)
        self.broken.add(path)

    def _node(self, event: NodeEvent, path: ValuePath) -> Json:
        place = self.values[path] = _place(event)
        if len(path) > DEEPEST:
            self._break(event, path, "this is nested too deeply", allowed=f"at most {DEEPEST} levels")
            raise TooDeepError
        if isinstance(event, AliasEvent):
            allowed = f'the value itself, or a text in quotes: "*{event.anchor}"'
            self._break(event, path, f"the alias `*{event.anchor}` is not read", allowed=allowed)
            return None
        assert isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent)
        if event.anchor is not None:
            self._complain(event, path, f"the anchor `&{event.anchor}` is not read", allowed="the value alone")
        if event.tag is not None:
            self._break(event, path, f"the tag `{event.tag}` is not read", allowed="plain values without tags")
        if isinstance(event, ScalarEvent):
            if place.line in self.repaired:
                self.broken.add(path)
                return None
            return self._scalar(event, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        written = self.lines[place.line - 1][place.column - 1 :][:LONGEST_QUOTE]
        if event.flow_style and written.startswith("{{"):
            template = written[: written.find("}}") + 2] if "}}" in written else written
            self._break(event, path, "a template must stand in quotes", suggestion=quoted(template))
            self._skip()
            return None
        return self._mapping(path)

    def _sequence(self, path: ValuePath) -> list[Json]:
        items: list[Json] = []
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                break
            assert isinstance(event, NodeEvent)
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: ValuePath) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                break
            assert isinstance(event, NodeEvent)
            key = self._key(event, path)
            value = next(self._events)
            assert isinstance(value, NodeEvent)
            if key is None:
                self._forget(value, path)
            elif key in found:
                first = self.keys[*path, key]
                reason = f"the key `{key}` is written twice; the first one is in line {first.line}"
                self._complain(event, (*path, key), reason, allowed="each key once")
                self._forget(value, (*path, key))
            else:
                self.keys[*path, key] = _place(event)
                found[key] = self._node(value, (*path, key))
        return found

    def _key(self, event: NodeEvent, path: ValuePath) -> str | None:
        """The text of a key, or None after a complaint."""
        reason, allowed = "", "a plain text"
        if not isinstance(event, ScalarEvent):
            place = _place(event)
            if self.lines[place.line - 1][place.column - 1 :].startswith("{"):
                reason, allowed = "a template must stand in quotes", '"{{ … }}"'
            else:
                reason, allowed = "a key is a list, a mapping or an alias", "a plain text as a key"
            if not isinstance(event, AliasEvent):
                self._skip()
        elif event.value == "<<" and event.style is None:
            reason, allowed = "the merge key `<<` is not read", "the keys themselves"
        elif event.value == "":
            reason = "a key is missing before the colon"
        elif event.tag is not None or event.anchor is not None:
            reason = "a key has a tag or an anchor"
        elif _SURROGATE.search(event.value):
            reason = "a key holds half a character"
        if reason or not isinstance(event, ScalarEvent):
            self._break(event, path, reason, allowed=allowed)
            return None
        return str(event.value)

    def _scalar(self, event: ScalarEvent, path: ValuePath) -> Json:
        text = str(event.value)
        try:
            if _SURROGATE.search(text):
                raise _UnreadableError("the text holds half a character", "whole characters")
            return text if event.style is not None or event.tag is not None else _resolved(text)
        except _UnreadableError as error:
            reason, allowed = error.args
            self._break(event, path, reason, allowed=allowed)
            return None

    def _skip(self) -> None:
        """Pass over the rest of a collection that has just begun."""
        depth = 1
        while depth:
            event = next(self._events)
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                depth += 1
            elif isinstance(event, CollectionEndEvent):
                depth -= 1

    def _forget(self, event: NodeEvent, path: ValuePath) -> None:
        """Read a value for its problems only, and forget what it says."""
        kept = self.keys, self.values, self.broken
        self.keys, self.values, self.broken = {}, {}, set()
        self._node(event, path)
        self.keys, self.values, self.broken = kept


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _resolved(text: str) -> Json:
    """What a plain scalar means."""
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        if len(text) > LONGEST_NUMBER + 1:
            raise _UnreadableError("the number is too large", f"at most {LONGEST_NUMBER} digits")
        return int(text, 0) if _BASED.fullmatch(text) else int(text)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        number = float(text) if _FLOAT.fullmatch(text) else math.nan
        if not math.isfinite(number):
            raise _UnreadableError(f"`{text}` is not a finite number", "a finite number, or a text in quotes")
        return number
    return text
