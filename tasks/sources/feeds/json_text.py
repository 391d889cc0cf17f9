"""The text of a JSON document as a window that moves on: one item is in memory, however long the document is."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

from reelmill.errors import SourceError
from reelmill.streams import BLOCK_BYTES
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed

#: The longest item, and the longest value beside the items, in characters.
MAX_VALUE = 4 * 1024 * 1024

_SPACE = " \t\n\r"


class JsonText:
    """Reads values off a document. Numbers come as texts, so that a price keeps its zeros."""

    def __init__(self, feed: Feed, encoding: str | None) -> None:
        self.characters = Characters(feed, encodings.marked(feed.body.peek(4)) or encoding or "utf-8")
        self.is_marked = False  #: whether something was not in the encoding
        self._name = feed.name
        self._body = self.characters.body
        self._bytes = codecs.getincrementaldecoder("utf-8")(encodings.MARK)
        self._values = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
        self._text = ""
        self._at = 0
        self._lines = 0  #: line ends before the window
        self._ended = False

    def items(self, path: list[str] | None, lists: Collection[str]) -> Iterator[Any]:
        """The items of the list at a path, or of the document itself, or of the first of the lists in it.

        Raises
        ------
        SourceError
            If there is none, or the document is damaged.
        """
        kind = {"{": "an object", "[": "a list", "": "nothing"}.get(self._next(), "a value")
        for name in path or ():
            if not self._goes_to((name,), "[{"):
                raise self._without(kind, f"without a list at `{'.'.join(path or ())}`")
        if self._next() != "[" and (path or self._next() != "{" or not self._goes_to(lists, "[")):
            raise self._without(kind, "without a list of items")
        yield from self._elements()

    def _goes_to(self, names: Collection[str], kinds: str) -> bool:
        """Go to the value of the first of these names in the object that begins here, if it is of such a kind."""
        if self._next() != "{":
            return False
        self._at += 1
        while self._next() != "}":
            name = self._value()
            if not isinstance(name, str) or self._next() != ":":
                self._stop("a name and `:` are missing")
            self._at += 1
            if name in names and self._next() and self._next() in kinds:
                return True
            self._value()
            if self._next() == ",":
                self._at += 1
            elif self._next() != "}":
                self._stop("`,` or `}` is missing")
        return False

    def _elements(self) -> Iterator[Any]:
        self._at += 1
        if self._next() == "]":
            return
        while True:
            yield self._value()
            mark = self._next()
            self._at += 1
            if mark == "]":
                return
            if mark != ",":
                self._at -= 1
                self._stop("`,` or `]` is missing")

    def _next(self) -> str:
        """The next character that is no space, without taking it; "" at the end."""
        while True:
            while self._at < len(self._text):
                if (character := self._text[self._at]) not in _SPACE:
                    return character
                self._at += 1
            if not self._more(BLOCK_BYTES):
                return ""

    def _value(self) -> Any:
        size = BLOCK_BYTES
        self._next()
        while True:
            try:
                value, end = self._values.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise SourceError(f"{self._name} is nested too deeply", "use a plain list of items") from error
            except json.JSONDecodeError as error:
                # Damaged, or not read to its end: only more text tells.
                if len(self._text) - self._at > MAX_VALUE:
                    self._stop(f"{error.msg}, or a value of more than {MAX_VALUE:,} characters", error.pos)
                if not self._more(size):
                    self._stop(error.msg, error.pos)
                size *= 2
                continue
            if end == len(self._text) and self._more(BLOCK_BYTES):
                continue  # a number may go on
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        """Move the window on and widen it. False at the end of the document."""
        if self._ended:
            return False
        block = self._body.read(size)
        self._ended = not block
        added = self._bytes.decode(block, final=self._ended)
        self.is_marked = self.is_marked or encodings.UNDECODABLE in added
        self._lines += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :] + added
        self._at = 0
        return bool(added) or not self._ended

    def _stop(self, reason: str, at: int | None = None) -> NoReturn:
        line = self._lines + self._text.count("\n", 0, self._at if at is None else at) + 1
        raise SourceError(f"{self._name}, line {line}: not JSON: {reason}", "check the feed with a JSON validator")

    def _without(self, kind: str, reason: str) -> SourceError:
        return SourceError(
            f"{self._name} is {kind} {reason}",
            "use a list, or an object with `products` or `items`, or say where it is: `items_at: data.products`",
        )
