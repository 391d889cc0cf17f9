"""Google Merchant XML, RSS 2.0 and Atom: read in pieces, without DTD, entities or references to elsewhere.

An item that is not well-formed is told and passed over: reading goes on where the next one begins, also if that is
within it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pyexpat import ErrorString, ExpatError, ParserCreate
from xml.sax.saxutils import quoteattr

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds import xml_text
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row
from tasks.sources.feeds.xml_items import Collector, TornError

#: The longest tag or comment, in bytes: the parser holds one as a whole. (Expat reads them anew with each piece, so
#: that an endless one would cost quadratic time: CVE-2023-52425.)
MAX_TOKEN_BYTES = 1024 * 1024
#: The longest item of which all is kept until it ends, in bytes.
MAX_ITEM_BYTES = 1024 * 1024
#: A feed with more places that are not well-formed is broken as a whole.
MAX_BROKEN = 1000

_ITEM = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry|product)(?=[\s/>])", re.IGNORECASE)
#: As long as the longest beginning of an item, in bytes.
_ITEM_LENGTH = 64


def rows(feed: Feed, encoding: str | None = None) -> Iterator[Row | Skipped]:
    """A stream of the items. Memory holds a few of them, however long the feed is.

    Column names are the elements' own in lower case; Merchant's (`g:id`) win over RSS's and Atom's of the same name.

    Raises
    ------
    SourceError
        If it is not XML, no feed, ends too early, or does what a feed never needs: a DTD, entities, deep nesting.
        While streaming too.
    """
    characters = Characters(feed, xml_text.encoding_of(feed, encoding))
    reader = _Reader(feed.name)
    undecodable = encodings.UNDECODABLE.encode()
    marked = False
    clean = bad = 0
    for piece in _ended(xml_text.pieces(characters)):
        marked = marked or undecodable in piece
        for found in reader.read(piece):
            if marked and isinstance(found, Row) and encodings.is_undecodable(_texts(found)):
                bad += 1
                yield Skipped(found.where, encodings.reason(characters.encoding))
            else:
                clean += isinstance(found, Row)
                yield found
    if bad and not clean:
        raise encodings.undecodable(feed.name, characters.encoding)


def _ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, and an empty one as their end."""
    yield from pieces
    yield b""


def _texts(row: Row) -> Iterator[str]:
    return (text for texts in row.values.values() for text in texts)


class _Reader:
    """Feeds a parser, and a new one after each place that is not well-formed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._items = Collector(name)
        self._parser = ParserCreate("utf-8")
        self._items.attach(self._parser, 0)
        self._given = 0  #: bytes that the parser got
        self._lines = 0  #: line ends before the piece that is read
        self._lost: SourceError | None = None  #: why nothing is parsed until an item begins
        self._rest = b""  #: of a piece in which none begins
        self._kept = b""  #: of the pieces before: the item that is open
        self._broken = 0

    def read(self, piece: bytes) -> Iterator[Row | Skipped]:
        """What is complete with a further piece; an empty one ends the feed."""
        ended = not piece
        data = self._rest + piece
        self._rest = b""
        if ended and self._lost:
            if not self._items.good:
                raise self._lost
            return
        while data or ended:
            if self._lost and not (data := self._found(data)):
                break
            try:
                self._parser.Parse(data, ended)
                self._keep(data)
            except (ExpatError, TornError) as error:
                yield from self._items.taken()
                skipped, data = self._stumbled(error, data, ended=ended)
                yield skipped
            else:
                self._given += len(data)
                self._lines += data.count(b"\n")
                break
        yield from self._items.taken()
        if not self._lost and self._given - max(self._parser.CurrentByteIndex, 0) > MAX_TOKEN_BYTES:
            raise SourceError(
                f"{self._name}, line {self._parser.CurrentLineNumber}: a tag or comment is longer than "
                f"{MAX_TOKEN_BYTES:,} bytes",
                "use a plain product feed",
            )

    def _keep(self, data: bytes) -> None:
        """Keep what there is of the open item: if it turns out not to end, others may begin in it."""
        if not self._items.is_open:
            self._kept = b""
            return
        begun = self._items.began - self._given
        kept = data[begun:] if begun >= 0 else self._kept + data
        if len(kept) > MAX_ITEM_BYTES:
            if self._begins().search(kept, 1):
                raise TornError(f"it is longer than {MAX_ITEM_BYTES:,} bytes, and others stand within it")
            kept = kept[-_ITEM_LENGTH - len(self._items.item) :]
        self._kept = kept

    def _stumbled(self, error: ExpatError | TornError, data: bytes, *, ended: bool) -> tuple[Skipped, bytes]:
        """What is said of the place, and what is to be read on: what comes after it, or what the open item holds."""
        at = min(max(self._parser.ErrorByteIndex - self._given, 0) + 1, len(data))
        line = self._lines + data.count(b"\n", 0, at) + 1
        said = f"line {line}: {ErrorString(error.code)}" if isinstance(error, ExpatError) else str(error)
        self._broken += 1
        failure = SourceError(f"{self._name} is not well-formed XML: {said}", "check the feed with a validator")
        if ended or not self._items.path or self._broken > MAX_BROKEN:
            raise failure from error
        self._lost = failure
        reason = f"it is not well-formed XML: {said}" if isinstance(error, ExpatError) else said
        place = self._items.given_up()
        if not place:
            self._lines = line - 1
            return Skipped(f"line {line}", reason), data[at:]
        begun = self._items.began - self._given
        if begun >= 0:
            self._lines += data.count(b"\n", 0, begun)
            data = data[begun:]
        else:
            self._lines -= self._kept.count(b"\n")
            data = self._kept + data
        self._kept = b""
        return Skipped(place, reason), data[1:]

    def _begins(self) -> re.Pattern[bytes]:
        """How an item begins in this feed."""
        name = self._items.item
        return re.compile(b"<" + re.escape(name.encode()) + rb"(?=[\s/>])") if name else _ITEM

    def _found(self, data: bytes) -> bytes:
        """Where the next item begins, with a parser that is ready for it. Empty if none does."""
        match = self._begins().search(data)
        if match is None:
            cut = max(len(data) - _ITEM_LENGTH - len(self._items.item), 0)
            self._lines += data.count(b"\n", 0, cut)
            self._rest = data[cut:]
            return b""
        self._lines += data.count(b"\n", 0, match.start())
        self._parser = ParserCreate("utf-8")
        around = "".join(
            f"<{element}{''.join(f' {name}={quoteattr(value)}' for name, value in spaces.items())}>"
            for element, spaces in self._items.path
        ).encode()
        self._items.guard(self._parser)
        self._parser.Parse(around, False)
        self._given = len(around)
        self._items.attach(self._parser, self._lines)
        self._lost = None
        return data[match.start() :]
