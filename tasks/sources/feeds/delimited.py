"""CSV and TSV: a line of column names, then a row a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row, where

#: The most columns of a table. The widest product exports have a few hundred.
MAX_COLUMNS = 2000
#: The longest row, in characters: the reader holds one as a whole, and an open quote swallows line after line.
MAX_ROW = 4 * 1024 * 1024

#: Lines of remarks that may stand around the column names, as in Meta's template.
_MAX_REMARKS = 20


def columns_and_rows(
    feed: Feed,
    kind: Literal["csv", "tsv"],
    encoding: str | None = None,
) -> tuple[list[str], Iterator[Row | Skipped]]:
    """The names of the columns as the table gives them, and a stream of its rows.

    A row with more cells than columns is a `Skipped`, and so is one whose bytes are not in the encoding; an empty line
    is nothing, and neither is a line of remarks (`# …`) around the column names. Cells are stripped.

    Raises
    ------
    SourceError
        If there is no line of names, the text is in another encoding, or a quote never ends. While streaming too.
    """
    characters = Characters(feed, encodings.marked(feed.body.peek(4)) or encoding or "utf-8")
    # Universal newlines are the reader's own work: csv wants to see them as they are.
    text = io.TextIOWrapper(characters.body, encoding="utf-8", errors=encodings.MARK, newline="")
    table = _Table(feed.name, text, characters)
    columns: list[str] = []
    for _ in range(_MAX_REMARKS):
        columns = table.names("\t" if kind == "tsv" else "")
        if not _is_remark(columns):
            break
    if not any(columns):
        raise SourceError(f"{feed.name} has no column names", "write them into its first line")
    if encodings.is_undecodable(columns):
        raise encodings.undecodable(feed.name, characters.encoding)
    if len(columns) > MAX_COLUMNS:
        raise SourceError(f"{feed.name} has {len(columns):,} columns", f"use at most {MAX_COLUMNS:,}")
    return columns, table.rows(columns)


class _Table:
    """Reads records off a text, each of limited length, and counts lines."""

    def __init__(self, name: str, text: io.TextIOWrapper, characters: Characters) -> None:
        self._name = name
        self._text = text
        self._characters = characters
        self._line = 0  #: that was read last
        self._delimiter = ","
        self._length = 0  #: of the record that is read, in characters

    def names(self, delimiter: str) -> list[str]:
        """The cells of the next record. Without a delimiter: the one that its line has most of."""
        first = next(self._lines(), "")
        self._delimiter = delimiter or max(",;\t|", key=first.count)
        self._length = len(first)
        reader = csv.reader(chain([first], self._lines()), delimiter=self._delimiter)
        try:
            return [name.strip() for name in next(reader, [])]
        except csv.Error as error:
            raise SourceError(f"{self._name}, line {self._line}: {error}", "check the line of column names") from error

    def rows(self, columns: list[str]) -> Iterator[Row | Skipped]:
        number = clean = bad = 0
        first = self._line + 1
        self._length = 0
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        width = len(columns)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells) and not (number == 0 and _is_remark(cells)):
                    number += 1
                    place = where(number, first)
                    if encodings.is_undecodable(cells):
                        bad += 1
                        yield Skipped(place, encodings.reason(self._characters.encoding))
                    elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                        yield Skipped(place, f"it has {len(cells)} cells for {width} columns; is a quote missing?")
                    else:
                        clean += 1
                        yield Row(place, _values(columns, cells))
                first = self._line + 1
                self._length = 0
        except csv.Error as error:
            # csv's own words name a limit and not what is wrong.
            longest = f"a cell is longer than {csv.field_size_limit():,} characters"
            said = longest if "limit" in str(error) else str(error)
            raise SourceError(f"{self._name}, line {first}: {said}", "look for a quote that is never closed") from error
        if bad and not clean:
            raise encodings.undecodable(self._name, self._characters.encoding)

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW + 1):
            self._line += 1
            self._length += len(line)
            if self._length > MAX_ROW:
                raise SourceError(
                    f"{self._name}, line {self._line}: a row is longer than {MAX_ROW:,} characters",
                    "look for a quote that is never closed",
                )
            yield line


def _is_remark(cells: list[str]) -> bool:
    said = [cell.strip() for cell in cells if cell.strip()]
    return bool(said) and all(cell.startswith("#") for cell in said)


def _values(columns: list[str], cells: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, cell in zip(columns, cells, strict=False):
        if name and (content := cell.strip()):
            values.setdefault(name, []).append(content)
    return values
