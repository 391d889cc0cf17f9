"""JSON: a list of items, or an object that holds one, or an object a line. Read in pieces, an item at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.json_text import JsonText
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row, where

#: Where the list of items may stand.
LISTS = ("products", "items", "data", "results", "entries")

#: The longest line of JSONL, in bytes.
MAX_LINE_BYTES = 4 * 1024 * 1024

#: Where the text of an object stands that is given where a text is expected: an image, a price.
_TEXTS = ("src", "url", "link", "value", "amount", "name")

#: Many levels of lists and objects are no product.
_MAX_DEPTH = 8

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def rows(items: Iterator[tuple[str, object]], fields: Mapping[str, str] | None = None) -> Iterator[Row | Skipped]:
    """The texts of each item by column name.

    Parameters
    ----------
    fields:
        An attribute, and the path of what it is in an item, such as `variants.0.price`.
    """
    paths = {name: path.split(".") for name, path in (fields or {}).items()}
    for place, item in items:
        if isinstance(item, Skipped):
            yield item
        elif isinstance(item, dict):
            values = {name: texts for name, found in item.items() if (texts := _texts(found))}
            # A path is the user's own word, so it wins over a column of that name, also where it leads to nothing.
            yield Row(place, {**values, **{name: _texts(_at(item, path)) for name, path in paths.items()}})
        else:
            yield Skipped(place, f"it is {_kind(item)}, not an object")


def items(feed: Feed, encoding: str | None = None, place: str | None = None) -> Iterator[tuple[str, object]]:
    """Each item with its place. Numbers come as texts, so that a price keeps its zeros.

    Parameters
    ----------
    place:
        The path of the list, such as `data.products`. None: the document itself, or the first list of `LISTS`.

    Raises
    ------
    SourceError
        If it is not JSON, or holds no list of items. While streaming too.
    """
    text = JsonText(feed, encoding)
    number = clean = 0
    for item in text.items(place.split(".") if place else None, LISTS):
        number += 1
        if text.is_marked and encodings.UNDECODABLE in json.dumps(item, ensure_ascii=False):
            yield where(number), Skipped(where(number), encodings.reason(text.characters.encoding))
        else:
            clean += 1
            yield where(number), item
    if number and not clean:
        raise encodings.undecodable(feed.name, text.characters.encoding)


def lines(feed: Feed, encoding: str | None = None) -> Iterator[tuple[str, object]]:
    """Each line's item with its place; a `Skipped` for a line that is no JSON.

    Raises
    ------
    SourceError
        If a line is endless.
    """
    characters = Characters(feed, encodings.marked(feed.body.peek(4)) or encoding or "utf-8")
    number = count = 0
    while line := characters.body.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise SourceError(
                f"{feed.name}, line {number}: longer than {MAX_LINE_BYTES:,} bytes", "is it really JSONL?"
            )
        if content := line.strip():
            count += 1
            place = where(count, number)
            yield place, _line(place, content, characters)


def _line(place: str, content: bytes, characters: Characters) -> object:
    text = content.decode("utf-8", encodings.MARK)
    if encodings.UNDECODABLE in text:
        return Skipped(place, encodings.reason(characters.encoding))
    try:
        return _DECODER.decode(text)
    except RecursionError:
        return Skipped(place, "it is nested too deeply")
    except ValueError as error:
        return Skipped(place, f"it is not JSON: {error}")


def _at(found: Any, path: list[str]) -> Any:
    for name in path:
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and re.fullmatch(r"[0-9]{1,4}", name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _texts(found: Any, depth: int = _MAX_DEPTH) -> list[str]:
    if isinstance(found, str):
        return [found.strip()] if found.strip() else []
    if isinstance(found, bool) or found is None or not depth:
        return []
    if isinstance(found, list):
        return [text for inner in found if not isinstance(inner, list) for text in _texts(inner, depth - 1)]
    if isinstance(found, dict):
        text = next((found[name] for name in _TEXTS if isinstance(found.get(name), str)), "").strip()
        currency = found.get("currency")
        return [f"{text} {currency}" if isinstance(currency, str) else text] if text else []
    return []


def _kind(found: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text or number", bool: "a truth value", type(None): "null"}
    return names.get(type(found), "something else")
