"""The items of an XML feed, gathered from a parser's events: one at a time, bounded in every direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from reelmill.errors import SourceError
from tasks.sources.feeds.attributes import ALIASES, ATTRIBUTES, normalised
from tasks.sources.feeds.row import Row, where

MERCHANT = "http://base.google.com/ns/1.0"
_MERCHANT = (MERCHANT, "http://base.google.com/cns/1.0")

#: How deep elements may be nested. Real feeds have four levels, product types with children six.
MAX_DEPTH = 32
#: The longest text of one element, in characters and up to a piece of the feed; what follows is cut.
MAX_TEXT = 100_000
#: The most elements that one item may hold, without those within them, of which nothing is kept but text.
MAX_ELEMENTS = 2000

#: The most names of elements and attributes: a parser keeps each that it ever saw. Feeds have a hundred.
MAX_NAMES = 20_000

ROOTS = frozenset({"rss", "feed", "rdf", "channel", "products", "items", "catalog"})
ITEMS = frozenset({"item", "entry", "product"})


class TornError(Exception):
    """The open item does not end where it should: others stand within it. Its words say why."""


class Collector:
    """What a parser's handlers gather: one item's elements. Everything else is forgotten.

    An item has several elements and a feed has millions, so the handlers of what is inside an item are closures over
    local names, and text goes from the parser into a list without a function of ours.
    """

    def __init__(self, name: str) -> None:
        self.path: list[tuple[str, dict[str, str]]] = []  #: elements around items that are open, with their namespaces
        self.item = ""  #: what an item's element is called in this feed, once one was there
        self.good = 0  #: items that were complete
        self.began = 0  #: the place of the open item in what its parser got, in bytes
        self._name = name
        self._parser: Any = None
        self._lines = 0
        self._number = 0
        self._place = ""  #: of the open item; "" if none is
        self._done: list[Row] = []
        self._texts: list[str] = []
        self._known: dict[str, tuple[bool, str]] = {}  #: an element's name → is it Merchant's, and its local name

    def guard(self, parser: Any) -> None:
        """Have a parser refuse what a feed never needs."""

        def refuse(*_: object) -> NoReturn:
            raise SourceError(f"{self._name} is refused: it holds a DTD or entities", "export it without them")

        parser.StartDoctypeDeclHandler = refuse
        parser.EntityDeclHandler = refuse
        parser.UnparsedEntityDeclHandler = refuse
        parser.ExternalEntityRefHandler = refuse

    def attach(self, parser: Any, lines: int) -> None:
        """Gather from this parser, which begins after so many lines."""
        self.guard(parser)
        parser.buffer_text = True
        self._parser, self._lines = parser, lines
        self._listen_outside()

    def taken(self) -> Iterator[Row]:
        """The items that are complete, once each."""
        if len(self._parser.intern) > MAX_NAMES:
            raise SourceError(f"{self._name} has more than {MAX_NAMES:,} kinds of elements", "use a plain product feed")
        done, self._done = self._done, []
        texts = self._texts
        if not self._place:
            texts.clear()
        elif len(texts) > 1:  # bound what an endless element piles up
            texts[:] = ["".join(texts)[:MAX_TEXT]]
        return iter(done)

    @property
    def is_open(self) -> bool:
        """Whether an item has begun and not ended."""
        return bool(self._place)

    def given_up(self) -> str:
        """Forget the open item; its place, or "" if none was open."""
        place, self._place = self._place, ""
        self._texts.clear()
        return place

    def _listen_outside(self) -> None:
        parser = self._parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = None

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        depth = len(self.path) + 1
        if depth > MAX_DEPTH:
            raise self._too_deep()
        if depth == 1 and local not in ROOTS:
            page = "an HTML page" if local == "html" else f"XML of the kind <{local[:40]}>"
            raise SourceError(f"{self._name} is {page}, not a feed", "use RSS 2.0 or Atom, as Google Merchant takes it")
        spaces = {key: value for key, value in attributes.items() if key == "xmlns" or key.startswith("xmlns:")}
        if depth > 1 and local in ITEMS:
            self._open(name, spaces)
            return
        self.path.append((name, spaces))
        if spaces:
            self._known.clear()

    def _end(self, name: str) -> None:
        if self.path.pop()[1]:
            self._known.clear()

    def _open(self, item: str, spaces: Mapping[str, str]) -> None:  # noqa: PLR0915  # two handlers, and what they share
        parser, texts = self._parser, self._texts
        self.item = item
        self._number += 1
        self.began = parser.CurrentByteIndex
        self._place = place = where(self._number, self._lines + parser.CurrentLineNumber)
        merchant: dict[str, list[str]] = {}
        plain: dict[str, list[str]] = {}
        inner = elements = 0
        room = MAX_DEPTH - len(self.path) - 1
        clear, join = texts.clear, "".join
        beginning, ending = f"<{item}", f"</{item}>"
        outer = ""  #: the element within the item that is open
        known = {} if spaces else self._known

        def start(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal inner, known, outer
            inner += 1
            if name == item and _is_another(item, outer if inner > 1 else ""):
                line = self._lines + parser.CurrentLineNumber
                raise TornError(f"another <{item}> begins within it, in line {line}")
            if inner == 1:
                clear()
                outer = name
            elif inner > room:
                raise self._too_deep()
            if attributes:
                local = name.rpartition(":")[2].lower()
                if inner == 1 and local == "link" and (href := _href(attributes)):
                    plain.setdefault("link", []).append(href)
                if own := {key: value for key, value in attributes.items() if key.startswith("xmlns")}:
                    known = {**known, name: self._meaning(name, {**spaces, **own})}

        def end(name: str) -> None:
            nonlocal inner, elements
            inner -= 1
            if not inner:
                elements += 1
                if elements > MAX_ELEMENTS:
                    raise self._too_wide(place)
                if texts and (text := (texts[0] if len(texts) == 1 else join(texts)).strip()):
                    # The end of a section that was left open is the end of the next section that there is.
                    if ending in text and beginning in text[text.index(ending) :]:
                        raise TornError("other items stand within one of its texts")
                    try:
                        is_merchants, local = known[name]
                    except KeyError:
                        is_merchants, local = known[name] = self._meaning(name, spaces)
                    home = merchant if is_merchants else plain
                    if local in home:
                        home[local].append(text)
                    else:
                        home[local] = [text]
            elif inner < 0:
                self._done.append(Row(place, {**plain, **merchant}))
                self._place = ""
                self.good += 1
                self._listen_outside()

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = texts.append

    def _meaning(self, name: str, spaces: Mapping[str, str]) -> tuple[bool, str]:
        prefix, _, local = name.rpartition(":")
        key = f"xmlns:{prefix}" if prefix else "xmlns"
        around = [spaces, *(found for _, found in reversed(self.path))]
        uri = next((found[key] for found in around if key in found), None)
        # Shops forget to declare the prefix that everybody knows.
        return uri in _MERCHANT or (uri is None and prefix == "g"), local.lower()

    def _too_deep(self) -> SourceError:
        return SourceError(f"{self._name} is nested deeper than {MAX_DEPTH} levels", "use a plain product feed")

    def _too_wide(self, place: str) -> SourceError:
        return SourceError(
            f"{self._name}, {place}: it holds more than {MAX_ELEMENTS} elements", "use a plain product feed"
        )


def _is_another(item: str, outer: str) -> bool:
    """Whether an element that is called as the items are is one of them, within the element `outer` of an item.

    RSS and Atom have no items in items. A `<product>` may have a list of others, but not within a text.
    """
    if not outer or item.rpartition(":")[2].lower() != "product":
        return True
    meant = normalised(outer.rpartition(":")[2])
    return meant in ATTRIBUTES or meant in ALIASES


def _href(attributes: Mapping[str, str]) -> str:
    """Where a link of Atom's leads, if it leads to the item's own page."""
    return attributes.get("href", "").strip() if attributes.get("rel", "alternate") == "alternate" else ""
