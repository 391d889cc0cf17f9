"""JSON: a list of items, or an object that holds one as `products`, `items` or `data`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row, where

#: JSON is read whole, so it may be no larger than this, in bytes.
MAX_JSON_BYTES = 64 * 1024 * 1024

#: Where the list of items may stand.
LISTS = ("products", "items", "data")

#: Where the text of an object stands that is given where a text is expected: an image, a price.
_TEXTS = ("src", "url", "link", "value", "amount")


def rows(feed: Feed, encoding: str | None = None) -> Iterator[Row | Skipped]:
    """A stream of the items, each with its texts by column name.

    Raises
    ------
    SourceError
        If it is not JSON, too large, or holds no list of items.
    """
    for number, item in enumerate(items(feed, encoding), start=1):
        if isinstance(item, dict):
            yield Row(where(number), {name: texts for name, found in item.items() if (texts := _texts(found))})
        else:
            yield Skipped(where(number), f"it is {_kind(item)}, not an object")


def items(feed: Feed, encoding: str | None = None) -> list[Any]:
    """The list of items as it stands. Numbers come as texts, so that a price keeps its zeros."""
    data = feed.body.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise SourceError(
            f"{feed.name} is larger than {MAX_JSON_BYTES:,} bytes of JSON", "use XML or CSV, which are read in pieces"
        )
    named = encodings.marked(data) or encoding or "utf-8"
    try:
        document = json.loads(data.decode(named), parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeError as error:
        raise encodings.undecodable(feed.name, error, named) from error
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{feed.name}, line {error.lineno}: not JSON: {error.msg}", "check the feed with a JSON validator"
        ) from error
    except RecursionError as error:
        raise SourceError(f"{feed.name} is nested too deeply", "use a plain list of items") from error
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        for name in LISTS:
            if isinstance(found := document.get(name), list):
                return found
    raise SourceError(
        f"{feed.name} is {_kind(document)} without a list of items",
        f"use a list, or an object with {' or '.join(f'`{name}`' for name in LISTS)}",
    )


def _texts(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found.strip()] if found.strip() else []
    if isinstance(found, bool) or found is None:
        return []
    if isinstance(found, list):
        return [text for inner in found if not isinstance(inner, list) for text in _texts(inner)]
    if isinstance(found, dict):
        text = next((found[name] for name in _TEXTS if isinstance(found.get(name), str)), "")
        currency = found.get("currency")
        return [f"{text} {currency}" if isinstance(currency, str) else text] if text else []
    return []


def _kind(found: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text or number", bool: "a truth value", type(None): "null"}
    return names.get(type(found), "something else")
