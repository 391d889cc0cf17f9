"""CSV and TSV: a line of column names, then a row a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Literal

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row, where

#: The most columns of a table. The widest product exports have a few hundred.
MAX_COLUMNS = 2000


def columns_and_rows(
    feed: Feed,
    kind: Literal["csv", "tsv"],
    encoding: str | None = None,
) -> tuple[list[str], Iterator[Row | Skipped]]:
    """The names of the columns as the table gives them, and a stream of its rows.

    A row with more cells than columns is a `Skipped`; an empty line is nothing. Cells are stripped.

    Raises
    ------
    SourceError
        If there is no line of names, the text is in another encoding, or a quote never ends. While streaming too.
    """
    named = encodings.marked(feed.body.peek(4)) or encoding or "utf-8"
    # Universal newlines are the reader's own work: csv wants to see them as they are.
    lines = io.TextIOWrapper(feed.body, encoding=named, newline="")
    try:
        header = lines.readline()
        delimiter = "\t" if kind == "tsv" else max(",;", key=header.count)
        columns = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except UnicodeError as error:
        raise encodings.undecodable(feed.name, error, named) from error
    except csv.Error as error:
        raise SourceError(f"{feed.name}, line 1: {error}", "check the line of column names") from error
    if not any(columns):
        raise SourceError(f"{feed.name} has no column names", "write them into its first line")
    if len(columns) > MAX_COLUMNS:
        raise SourceError(f"{feed.name} has {len(columns):,} columns", f"use at most {MAX_COLUMNS:,}")
    return columns, _rows(feed, lines, columns, delimiter, named)


def _rows(
    feed: Feed, lines: io.TextIOWrapper, columns: list[str], delimiter: str, encoding: str
) -> Iterator[Row | Skipped]:
    reader = csv.reader(lines, delimiter=delimiter)
    number, line = 0, 2
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                number += 1
                place = where(number, line)
                if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                    yield Skipped(place, f"it has {len(cells)} cells for {len(columns)} columns; is a quote missing?")
                else:
                    yield Row(place, _values(columns, cells))
            line = reader.line_num + 2  # the header is line 1, and `line_num` counts the lines already read
    except UnicodeError as error:
        raise encodings.undecodable(feed.name, error, encoding) from error
    except csv.Error as error:
        raise SourceError(f"{feed.name}, line {line}: {error}", "look for a quote that is never closed") from error


def _values(columns: list[str], cells: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, cell in zip(columns, cells, strict=False):
        if name and (content := cell.strip()):
            values.setdefault(name, []).append(content)
    return values
