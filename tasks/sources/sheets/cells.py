"""The rows of a CSV or TSV file as cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed
from tasks.sources.location import other_characters

#: A row: its number, from 1, and its cells.
Row = tuple[int, Sequence[object]]

#: How much of a file is looked at to tell which sign separates its cells, in characters.
_HEAD_LENGTH = 4096


def rows(feed: Feed, delimiter: str | None, encoding: str | None) -> Iterator[Row]:
    """A stream of the rows; a cell is a text, stripped, or None.

    Parameters
    ----------
    delimiter:
        None: comma, semicolon or tab, whichever is most frequent in the beginning.
    encoding:
        None: what a byte order mark says, or UTF-8.

    Raises
    ------
    SourceError
        If the bytes are no text in that encoding, or a quote never ends. While streaming too.
    """
    named = encodings.marked(feed.body.peek(4)) or encoding or "utf-8"
    number = 0
    try:
        body = Characters(feed, named, "strict").body
        head, lines = _peeked(io.TextIOWrapper(body, encoding="utf-8", newline=""))
        reader = csv.reader(lines, delimiter=delimiter or max(",;\t", key=head.count))
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.strip() or None for cell in cells]
    except UnicodeError as error:
        raise other_characters(feed.name, named) from error
    except csv.Error as error:
        raise SourceError(
            f"{feed.name}, after row {number}: {error}", "look for a quote that is never closed"
        ) from error


def _peeked(text: io.TextIOWrapper) -> tuple[str, Iterator[str]]:
    """The first lines, and all of them."""
    first = text.readlines(_HEAD_LENGTH)

    def lines() -> Iterator[str]:
        yield from first
        yield from text

    return "".join(first), lines()
