"""Google Merchant XML, RSS 2.0 and Atom: read in pieces, without DTD, entities or references to elsewhere."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from reelmill.errors import SourceError
from reelmill.streams import BLOCK_BYTES
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row, where

MERCHANT = "http://base.google.com/ns/1.0"

#: How deep elements may be nested. Real feeds have four levels, product types with children six.
MAX_DEPTH = 32
#: The longest text of one element, in characters; what follows is cut.
MAX_TEXT = 100_000
#: The most elements that one item may hold.
MAX_ELEMENTS = 2000

ROOTS = frozenset({"rss", "feed", "rdf", "channel", "products", "items", "catalog"})
ITEMS = frozenset({"item", "entry", "product"})

#: Encodings that the parser knows itself.
_NATIVE = frozenset({"utf-8", "utf-8-sig", "utf-16", "ascii", "iso8859-1"})
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")


def rows(feed: Feed, encoding: str | None = None) -> Iterator[Row]:
    """A stream of the items. Memory holds one of them, however long the feed is.

    Column names are the elements' own in lower case; Merchant's (`g:id`) win over RSS's and Atom's of the same name.

    Raises
    ------
    SourceError
        If it is not XML, no feed, or does what a feed never needs: a DTD, entities, deep nesting. While streaming too.
    """
    collector = _Collector(feed.name)
    try:
        parser: Any = DefusedXMLParser(target=collector, forbid_dtd=True)
        collector.line = lambda: int(parser.parser.CurrentLineNumber)
        for piece in _pieces(feed, encoding):
            parser.feed(piece)
            while collector.done:
                yield collector.done.popleft()
        parser.close()
    except ParseError as error:
        raise SourceError(f"{feed.name} is not well-formed XML: {error}", "check the feed with a validator") from error
    except DefusedXmlException as error:
        raise SourceError(
            f"{feed.name} is refused: it holds a DTD or entities ({type(error).__name__})", "export it without them"
        ) from error
    except (ValueError, LookupError) as error:
        raise SourceError(f"{feed.name} is not readable XML: {error}", "save it as UTF-8") from error


def _pieces(feed: Feed, encoding: str | None) -> Iterator[bytes | str]:
    head = feed.body.peek(256)
    declared = _DECLARED.match(head)
    try:
        named = encodings.marked(head) or encoding or encodings.known(declared[1].decode() if declared else "utf-8")
    except ValueError as error:
        raise SourceError(f"{feed.name}: {error}", "save it as UTF-8") from error
    if named in _NATIVE and encoding is None:
        while block := feed.body.read(BLOCK_BYTES):
            yield block
        return
    decoder = codecs.getincrementaldecoder(named)()
    try:
        while block := feed.body.read(BLOCK_BYTES):
            if text := decoder.decode(block):
                yield text
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise encodings.undecodable(feed.name, error, named) from error


class _Collector:
    """The parser's target: gathers one item's elements, and forgets everything else."""

    def __init__(self, name: str) -> None:
        self.done: deque[Row] = deque()
        self.line: Callable[[], int] = lambda: 0
        self._name = name
        self._path: list[str] = []
        self._number = 0
        self._item_depth = 0  #: how deep the open item stands; 0: none is open
        self._item_line = 0
        self._merchant: dict[str, list[str]] = {}
        self._plain: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._length = 0
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2].lower()
        self._path.append(name)
        depth = len(self._path)
        if depth > MAX_DEPTH:
            raise SourceError(f"{self._name} is nested deeper than {MAX_DEPTH} levels", "use a plain product feed")
        if depth == 1 and name not in ROOTS:
            page = "an HTML page" if name == "html" else f"XML of the kind <{name[:40]}>"
            raise SourceError(f"{self._name} is {page}, not a feed", "use RSS 2.0 or Atom, as Google Merchant takes it")
        if not self._item_depth and name in ITEMS and depth > 1:
            self._item_depth, self._item_line = depth, self.line()
            self._number += 1
            self._elements = 0
            self._merchant, self._plain = {}, {}
        elif self._item_depth:
            self._elements += 1
            if self._elements > MAX_ELEMENTS:
                raise SourceError(
                    f"{self._name}, line {self._item_line}: an item holds more than {MAX_ELEMENTS} elements",
                    "use a plain product feed",
                )
            if depth == self._item_depth + 1:
                self._text, self._length = [], 0
            if name == "link" and attributes.get("href") and attributes.get("rel", "alternate") == "alternate":
                self._plain.setdefault("link", []).append(attributes["href"].strip())

    def data(self, text: str) -> None:
        if self._item_depth and self._length < MAX_TEXT:
            self._text.append(text[: MAX_TEXT - self._length])
            self._length += len(text)

    def end(self, tag: str) -> None:
        depth = len(self._path)
        if depth == self._item_depth:
            merchant = {name: values for name, values in self._merchant.items() if values}
            self.done.append(Row(where(self._number, self._item_line), {**self._plain, **merchant}))
            self._item_depth = 0
        elif self._item_depth and depth == self._item_depth + 1 and (text := "".join(self._text).strip()):
            namespace, _, name = tag.rpartition("}")
            home = self._merchant if namespace == f"{{{MERCHANT}" else self._plain
            home.setdefault(name.lower(), []).append(text)
        self._path.pop()

    def close(self) -> None:
        """Nothing is kept, so there is nothing to hand out."""
