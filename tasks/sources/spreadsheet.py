"""A spreadsheet: one brief for each row of a CSV file, an XLSX workbook or a Google Sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from reelmill.content import Brief, Skipped
from reelmill.errors import FetchError, SourceError
from tasks.sources.base import SourceContext
from tasks.sources.items import Item, ItemSource
from tasks.sources.location import Encoding, Location

if TYPE_CHECKING:
    from tasks.sources.feeds.opening import Feed
    from tasks.sources.sheets.cells import Row

#: The largest file, in bytes.
MAX_BYTES = 64 * 1024 * 1024
#: The most columns with a name.
MAX_COLUMNS = 500
#: How far down the line of names may be.
MAX_HEADER_ROW = 1000

#: What a workbook says where a formula failed: ISO/IEC 29500-1, 18.17.3, and Excel's newer ones.
ERRORS = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)

_ZIP = b"PK"
_COMPOUND = b"\xd0\xcf\x11\xe0"

Cell = str | int | float | bool


def _exported(location: str) -> str:
    from tasks.sources.sheets.address import exported

    exported(location)  # a link to Google that is none is found now
    return location


def _known_sheet(sheet: str | int) -> str | int:
    if sheet == "" or (isinstance(sheet, int) and sheet < 1):
        raise ValueError("use the name of a sheet, or its number from 1")
    return sheet


class Spreadsheet(ItemSource):
    """The rows of a CSV, TSV or XLSX file, or of a Google Sheet that everyone with the link may read."""

    type: Literal["spreadsheet"]
    url: Annotated[Location, AfterValidator(_exported)]
    """The file: an http(s) URL, a path relative to this file, or a link to Google Sheets as the browser shows it."""
    format: Literal["auto", "csv", "tsv", "xlsx"] = "auto"
    """What the file is. `auto` looks at its first bytes."""
    sheet: Annotated[str | int, AfterValidator(_known_sheet)] | None = None
    """The sheet of a workbook, by its name or its number. Without it: the first, or the one that a link names."""
    header_row: int = Field(1, ge=1, le=MAX_HEADER_ROW)
    """The row that holds the names of the columns. What stands above it is passed over."""
    where: Mapping[str, Cell | Sequence[Cell]] = {}
    """Take only rows that say so: a column, and its value or a list of values. Upper and lower case are the same."""
    encoding: Encoding | None = None
    """The characters of a CSV file that is not UTF-8, such as `gb18030`."""

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.feeds.opening import opened
        from tasks.sources.sheets.address import exported, is_google

        google = is_google(self.url)
        try:
            with (
                opened(exported(self.url, whole=self.sheet is not None), context, max_bytes=MAX_BYTES) as feed,
                self._rows(feed) as rows,
            ):
                yield from self.taken(self._items(feed.name, rows), feed.name, feed.folder)
        except (FetchError, SourceError) as error:
            if google and (isinstance(error, FetchError) or "HTML page" in error.reason):
                raise type(error)(
                    error.reason, "share the spreadsheet so that everyone with the link may view it, and check the link"
                ) from error
            raise

    def _rows(self, feed: Feed) -> AbstractContextManager[Iterator[Row]]:
        head = feed.body.peek(8)
        book = head.startswith((_ZIP, _COMPOUND)) if self.format == "auto" else self.format == "xlsx"
        if book:
            return _workbook(feed, self.sheet)
        from tasks.sources.sheets import cells

        kind = feed.format() if self.format == "auto" else self.format
        if kind not in ("csv", "tsv"):
            raise SourceError(f"{feed.name} is {kind.upper()}, not a spreadsheet", "use CSV, TSV or XLSX")
        if self.sheet is not None:
            raise SourceError(f"{feed.name} is {kind.upper()}, which has no sheets", "take `sheet` out")
        separator = None if self.format == "auto" else {"tsv": "\t"}.get(kind)
        return nullcontext(cells.rows(feed, separator, self.encoding))

    def _items(self, name: str, rows: Iterator[Row]) -> Iterator[Item | Skipped]:
        columns: Mapping[int, str] | None = None
        for number, row in rows:
            if number < self.header_row:
                continue
            if columns is None:
                columns = self._columns(name, row)
                continue
            values = {column: row[at] if at < len(row) else None for at, column in columns.items()}
            if all(value is None for value in values.values()) or not self._is_wanted(values):
                continue
            where = f"row {number}"
            failed = next((column for column, value in values.items() if value in ERRORS), None)
            yield Skipped(where, f"{failed!r} is {values[failed]}") if failed else Item(where, _plain(values))
        if columns is None:
            raise SourceError(
                f"{name} has no row {self.header_row}", "correct `header_row`, or write column names into it"
            )

    def _columns(self, name: str, row: Sequence[object]) -> Mapping[int, str]:
        """The names of the columns by their place, checked against all that the options name."""
        columns: dict[int, str] = {}
        for at, cell in enumerate(row):
            if cell is None or not (title := " ".join(str(cell).split())[:100]):
                continue
            if title in columns.values():
                raise SourceError(f"{name} has two columns {title!r}", "give each column a name of its own")
            columns[at] = title
        if not columns:
            raise SourceError(
                f"{name} has no column names in row {self.header_row}", "set `header_row` to the row that has them"
            )
        if len(columns) > MAX_COLUMNS:
            raise SourceError(f"{name} has {len(columns):,} columns", f"use at most {MAX_COLUMNS:,}")
        self.check_columns(name, columns.values(), self.where)
        return columns

    def _is_wanted(self, values: Mapping[str, object]) -> bool:
        for column, asked in self.where.items():
            allowed = asked if isinstance(asked, list | tuple) else [asked]
            if _word(values[column]) not in {_word(one) for one in allowed}:
                return False
        return True


@contextmanager
def _workbook(feed: Feed, sheet: str | int | None) -> Iterator[Iterator[Row]]:
    import shutil
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from tasks.sources.sheets import workbook

    with TemporaryDirectory(prefix="reelmill-sheet-") as folder:  # a ZIP is read from its end
        copy = Path(folder) / "book.xlsx"
        with copy.open("wb") as file:
            shutil.copyfileobj(feed.body, file)
        with closing(workbook.rows(copy, feed.name, sheet)) as rows:
            yield rows


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Cells as a template shows them: an empty one is an empty text, a whole number and a day have nothing behind."""
    return {column: _shown(value) for column, value in values.items()}


def _shown(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # Google writes 7 as 7.0
        return int(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    return str(value) if isinstance(value, dt.timedelta) else value


def _word(value: object) -> str:
    """A value as it is compared: `TRUE`, `true` and a ticked box are one, and so are 1 and 1.0."""
    shown = _shown(value)
    return str(shown).strip().casefold()
