"""An RSS 2.0, RSS 1.0 or Atom document as entries. No DTD, no entities of its own, nothing from elsewhere.

Formats: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287,
https://www.rssboard.org/media-rss. Two sins that feeds commit daily are forgiven: names of HTML's characters
(`&nbsp;`), which XML knows only from a DTD, and control characters.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.opening import Feed
from tasks.sources.location import other_characters

#: The largest document, in bytes. A news feed has a few hundred kilobytes.
MAX_BYTES = 32 * 1024 * 1024
#: The most entries, the most elements of one, how deep they may be nested, and characters of one text; more is cut.
MAX_ENTRIES, MAX_ELEMENTS, MAX_DEPTH, MAX_TEXT = 10_000, 2000, 64, 100_000

ROOTS = frozenset({"rss", "feed", "rdf"})
ITEMS = frozenset({"item", "entry"})

_ATOM = "{http://www.w3.org/2005/Atom"

#: What elements of other vocabularies are called here. Those of RSS and Atom themselves have no prefix.
PREFIXES = {
    "": "",
    "http://www.w3.org/2005/Atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dc:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://search.yahoo.com/mrss": "media:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
}

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
#: What XML 1.0 (section 2.2) has no place for.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_STEP = 64 * 1024  #: characters that the parser gets at once


@dataclass(slots=True)
class Part:
    """One element of an entry."""

    name: str  #: with its prefix, below the entry: `title`, `author/name`, `media:group/media:content`
    attributes: Mapping[str, str]
    text: str = ""


@dataclass(slots=True)
class Entry:
    """One entry of a feed, before anybody judged it."""

    where: str  #: for people: "item 7 (line 120)"
    identity: str = ""  #: RSS 1.0 names an item by an attribute
    parts: list[Part] = field(default_factory=list)

    def every(self, *names: str) -> list[Part]:
        """The elements of these names, those of the first name first."""
        return [part for name in names for part in self.parts if part.name == name]

    def first(self, *names: str) -> str:
        """The first text that is not empty among the elements of these names, or ""."""
        return next((part.text for part in self.every(*names) if part.text), "")


@dataclass(frozen=True, slots=True)
class Document:
    """A whole feed."""

    title: str  #: of the feed: the site's name
    entries: tuple[Entry, ...]


def read(feed: Feed, encoding: str | None = None) -> Document:
    """The entries of a feed, in its order.

    Raises
    ------
    SourceError
        If it is not XML, no RSS or Atom, too large, or does what a feed never needs.
    """
    text = _characters(feed, encoding)
    collector = _Collector(feed.name)
    try:
        parser: Any = DefusedXMLParser(target=collector, forbid_dtd=True)
        collector.line = lambda: int(parser.parser.CurrentLineNumber)
        for at in range(0, len(text), _STEP):
            parser.feed(text[at : at + _STEP])
        parser.close()
    except ParseError as error:
        raise SourceError(f"{feed.name} is not well-formed XML: {error}", "check the feed with a validator") from error
    except DefusedXmlException as error:
        raise SourceError(
            f"{feed.name} is refused: it holds a DTD or entities ({type(error).__name__})", "publish it without them"
        ) from error
    except (ValueError, LookupError) as error:
        raise SourceError(f"{feed.name} is not readable XML: {error}", "save it as UTF-8") from error
    return Document(collector.title.strip(), tuple(collector.entries))


def _characters(feed: Feed, encoding: str | None) -> str:
    data = feed.body.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SourceError(f"{feed.name} is larger than {MAX_BYTES:,} bytes", "use the feed of fewer stories")
    declared = _DECLARED.match(data)
    try:
        named = encodings.marked(data) or encoding or encodings.known(declared[1].decode() if declared else "utf-8")
    except ValueError as error:
        raise SourceError(f"{feed.name}: {error}", "save it as UTF-8") from error
    if not encodings.marked(data) and encodings.is_utf8(data, named):
        named = "utf-8"
    try:
        text = data.decode(named)
    except UnicodeError as error:
        raise other_characters(feed.name, named) from error
    return _FORBIDDEN.sub("", _NAMED.sub(_character, text))


def _character(match: re.Match[str]) -> str:
    if match[1] in _OF_XML:
        return match[0]
    found = html.unescape(match[0])
    return match[0] if found == match[0] or found in "<>&\"'" else found


class _Collector:
    """The parser's target: gathers what stands in entries, and the title above them."""

    def __init__(self, name: str) -> None:
        self.entries: list[Entry] = []
        self.title = ""
        self.line: Any = lambda: 0
        self._name = name
        self._path: list[str] = []
        self._entry: Entry | None = None
        self._entry_depth = 0
        self._open: list[Part] = []  #: the elements of the entry that are open, outermost first

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        namespace, _, name = tag.rpartition("}")
        prefix = PREFIXES.get(namespace.removeprefix("{"), "other:")
        local = name.lower()
        self._path.append(f"{prefix}{local}")
        depth = len(self._path)
        if depth > MAX_DEPTH:
            raise self._refused(f"is nested deeper than {MAX_DEPTH} levels")
        if depth == 1 and local not in ROOTS:
            page = "an HTML page" if local == "html" else f"XML of the kind <{name[:40]}>"
            raise SourceError(f"{self._name} is {page}, not RSS or Atom", "use the address of the feed itself")
        if self._entry is not None:
            # RFC 4287, 3.1.1: without a type it is text, and in RSS it is HTML.
            plain = namespace == _ATOM and "type" not in attributes and local in ("title", "summary", "content")
            self._begin(f"{prefix}{local}", {**attributes, "type": "text"} if plain else attributes)
        elif local in ITEMS and not prefix and depth > 1:
            if len(self.entries) >= MAX_ENTRIES:
                raise self._refused(f"has more than {MAX_ENTRIES:,} entries")
            about = next((value for key, value in attributes.items() if key.endswith("}about")), "")
            self._entry = Entry(f"item {len(self.entries) + 1} (line {self.line()})", about)
            self._entry_depth = depth

    def data(self, text: str) -> None:
        if self._entry is None:
            if self._path[1:] in (["title"], ["channel", "title"]) and len(self.title) < MAX_TEXT:
                self.title += text
            return
        # The words of XHTML inside an element are the element's, and a name inside an author is both.
        for part in self._open[:2]:
            if len(part.text) < MAX_TEXT:
                part.text += text[: MAX_TEXT - len(part.text)]

    def end(self, tag: str) -> None:
        if self._entry is not None:
            if len(self._path) == self._entry_depth:
                self.entries.append(self._entry)
                self._entry = None
            else:
                closed = self._open.pop()
                closed.text = closed.text.strip() if len(self._open) < 2 else closed.text
                self._space()
        self._path.pop()

    def close(self) -> None:
        """What was gathered is taken from the attributes."""

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        assert self._entry is not None
        if len(self._entry.parts) >= MAX_ELEMENTS:
            raise self._refused(f"has more than {MAX_ELEMENTS} elements in {self._entry.where}")
        self._space()
        above = f"{self._open[-1].name}/" if self._open else ""
        part = Part(f"{above}{name}"[:200], attributes)
        self._open.append(part)
        self._entry.parts.append(part)

    def _space(self) -> None:
        """Words on both sides of a tag are two words."""
        for part in self._open[:2]:
            part.text += " " if part.text else ""

    def _refused(self, what: str) -> SourceError:
        return SourceError(f"{self._name} {what}", "use a plain RSS or Atom feed")
