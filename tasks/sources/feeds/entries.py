"""The entries of a list file, each with its place: rows of a table, JSON values, or items of a YAML list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent, SequenceStartEvent

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import delimited
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed, Format

Entry = tuple[str, object] | Skipped

#: JSON and YAML are read whole, so they may be no larger than this, in bytes. 1 MB of YAML takes seconds.
MAX_BYTES = {"json": 64 * 1024 * 1024, "yaml": 2 * 1024 * 1024}
#: The longest line of JSONL, in bytes.
MAX_LINE_BYTES = 1024 * 1024
#: How deep YAML may be nested.
MAX_DEPTH = 16


def entries(feed: Feed, kind: Format) -> Iterator[Entry]:
    """A stream of places ("line 12") and what stands there; a `Skipped` for a place that cannot be read.

    Raises
    ------
    SourceError
        If the file as a whole cannot be read.
    """
    if kind in ("csv", "tsv"):
        return _table(feed, kind)
    if kind == "jsonl":
        return _lines(feed)
    if kind == "json":
        return _json(feed)
    if kind == "yaml":
        return _yaml(feed)
    raise SourceError(f"{feed.name} is {kind.upper()}, not a list", "use CSV, TSV, JSON, JSONL or YAML")


def _table(feed: Feed, kind: Format) -> Iterator[Entry]:
    _, rows = delimited.columns_and_rows(feed, "tsv" if kind == "tsv" else "csv")
    for row in rows:
        if isinstance(row, Skipped):
            yield row
        else:
            yield row.where, {name: cells[0] for name, cells in row.values.items()}


def _lines(feed: Feed) -> Iterator[Entry]:
    characters = Characters(feed, encodings.marked(feed.body.peek(4)) or "utf-8")
    number = 0
    while line := characters.body.readline(MAX_LINE_BYTES + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MAX_LINE_BYTES:
            raise SourceError(f"{feed.name}, {place}: longer than {MAX_LINE_BYTES:,} bytes", "is it really JSONL?")
        text = line.decode("utf-8", encodings.MARK).strip()
        if not text:
            continue
        if encodings.UNDECODABLE in text:
            yield Skipped(place, f"it is not {encodings.shown(characters.encoding)}")
            continue
        try:
            yield place, json.loads(text, parse_constant=_refuse_constant)
        except RecursionError:
            yield Skipped(place, "it is nested too deeply")
        except ValueError as error:
            yield Skipped(place, f"it is not JSON: {error}")


def _json(feed: Feed) -> Iterator[Entry]:
    try:
        document = json.loads(_whole(feed, "json"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise SourceError(f"{feed.name} is nested too deeply", "use a plain list of items") from error
    except ValueError as error:
        raise SourceError(f"{feed.name} is not JSON: {error}", "check it with a JSON validator") from error
    for number, item in enumerate(_list(feed, document), start=1):
        yield f"item {number}", item


def _yaml(feed: Feed) -> Iterator[Entry]:
    text = _whole(feed, "yaml")
    try:
        places = list(_yaml_lines(feed, text))
        document = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{feed.name}{line}: {error.problem or error.context}", "correct the YAML") from error
    except (YAMLError, ValueError, RecursionError, TypeError) as error:
        raise SourceError(f"{feed.name} is not YAML: {str(error).splitlines()[0]}", "correct the YAML") from error
    for place, item in zip(places, _list(feed, document), strict=True):
        yield f"line {place}", item


def _yaml_lines(feed: Feed, text: str) -> Iterator[int]:
    """The line of each item of the outermost list. Refuses what a list of items never needs."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, NodeEvent):
            line = event.start_mark.line + 1
            if event.anchor is not None:
                raise SourceError(f"{feed.name}, line {line}: anchors and aliases are refused", "write it out")
            if depth == 1:
                yield line
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth == 1 and not isinstance(event, SequenceStartEvent):
                raise SourceError(f"{feed.name} is not a list", "begin each item with `- `")
            if depth > MAX_DEPTH:
                raise SourceError(
                    f"{feed.name}, line {line}: nested deeper than {MAX_DEPTH} levels", "use a plain list"
                )
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def _whole(feed: Feed, kind: str) -> str:
    limit = MAX_BYTES[kind]
    data = feed.body.read(limit + 1)
    if len(data) > limit:
        raise SourceError(f"{feed.name} is larger than {limit:,} bytes", "use CSV or JSONL, which are read in pieces")
    named = encodings.marked(data) or "utf-8"
    try:
        return data.decode(named)
    except UnicodeError as error:
        raise SourceError(f"{feed.name} is not {named}", "save it as UTF-8") from error


def _list(feed: Feed, document: Any) -> list[Any]:
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        document = document["items"]
    if not isinstance(document, list):
        raise SourceError(f"{feed.name} is not a list", "use a list of texts or of mappings")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
