"""The rows of an XLSX workbook's sheet as cells, read in pieces, with a limit to all that is read whole.

A workbook is a ZIP archive of XML. What openpyxl keeps in memory (strings, styles) may only be so large once it is
unpacked, sheets stream, and themes, chart sheets, properties and whatever is embedded are not read at all. What
streams is parsed through defusedxml, and a DTD is refused everywhere.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from openpyxl import DEFUSEDXML
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet

from reelmill.errors import SourceError
from tasks.registry import suggest
from tasks.sources.sheets.cells import Row

#: Unpacked bytes: of a sheet, which streams; of the table of texts, which is kept; of each part that is read whole.
MAX_SHEET_BYTES, MAX_TEXTS_BYTES, MAX_PART_BYTES = 256 * 1024**2, 32 * 1024**2, 8 * 1024**2
#: Files in the archive.
MAX_PARTS = 10_000
#: Sheets of one workbook.
MAX_SHEETS = 1000
#: Rows, as Excel has them: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_ROWS = 1_048_576

#: An old .xls, or a workbook with a password, is a compound file.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

#: How a DTD begins, in UTF-8 and in both kinds of UTF-16.
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

# It warns of extensions that it does not know, on stderr, where a user can do nothing about it.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")


def rows(path: Path, name: str, sheet: str | int | None) -> Generator[Row, None, None]:
    """A stream of the rows of a sheet: texts, numbers, truth values, dates and None. Formulas give what they gave last.

    Parameters
    ----------
    name:
        Of the workbook, for messages.
    sheet:
        By its name, or by its number from 1. None: the first.

    Raises
    ------
    SourceError
        If it is no workbook that can be read, too large, or has no such sheet. While streaming too.
    """
    if not DEFUSEDXML:
        raise SourceError("openpyxl does not parse through defusedxml", "unset OPENPYXL_DEFUSEDXML")
    with path.open("rb") as file:
        if file.read(8) == _COMPOUND:
            raise SourceError(f"{name} is an old .xls file or has a password", "save it as .xlsx without a password")
        file.seek(0)
        try:
            reader = _Reader(file, name)
            reader.read()
            chosen = _sheet(reader.wb.worksheets, name, sheet)
            chosen.reset_dimensions()  # what a file says of its size may be wrong, or a trap
            for number, cells in enumerate(chosen.iter_rows(values_only=True), start=1):
                if number > MAX_ROWS:
                    raise SourceError(f"{name} has more than {MAX_ROWS:,} rows", "split it")
                yield number, cells
        except SourceError:
            raise
        except MemoryError as error:
            raise SourceError(f"{name} does not fit into memory", "save the sheet as CSV") from error
        except Exception as error:  # of a broken archive or broken XML openpyxl raises a dozen kinds, some bare
            what = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            raise SourceError(
                f"{name} is not a workbook that can be read: {what}",
                "open it in a spreadsheet and save it again as .xlsx",
            ) from error


def _sheet(sheets: Sequence[Any], name: str, wanted: str | int | None) -> Any:
    titles = [one.title for one in sheets]
    if not sheets:
        raise SourceError(f"{name} has no sheet with cells", "add one")
    if wanted is None:
        return sheets[0]
    if isinstance(wanted, int):
        if wanted <= len(sheets):
            return sheets[wanted - 1]
        raise SourceError(f"{name} has no sheet {wanted}: it has {len(sheets)}", "correct `sheet`")
    if wanted in titles:
        return sheets[titles.index(wanted)]
    near = suggest(wanted, titles)
    shown = f"; did you mean {near!r}?" if near else f"; it has {', '.join(map(repr, titles[:12]))}"
    raise SourceError(f"{name} has no sheet {wanted!r}{shown}", "correct `sheet`")


class _Archive(ZipFile):
    """A ZIP of which nothing is unpacked that is larger than it may be.

    `zipfile` reads no more of a part than its entry declares, so the declared size can be trusted as a limit.
    """

    label = ""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        self.check(name, MAX_PART_BYTES)
        data = super().read(name, pwd)
        # Where lxml is installed, openpyxl reads these with it and not with defusedxml.
        if any(mark in data for mark in _DOCTYPES):
            raise SourceError(f"{self.label} is refused: {str(name)[:80]} holds a DTD", "save it again as .xlsx")
        return data

    def open(self, name: Any, *more: Any, **options: Any) -> IO[bytes]:
        self.check(name, MAX_SHEET_BYTES)
        return super().open(name, *more, **options)

    def check(self, name: Any, limit: int) -> None:
        size = self.getinfo(name if isinstance(name, str) else name.filename).file_size
        if size > limit:
            raise SourceError(
                f"{self.label}: {str(name)[:80]} would unpack to {size:,} bytes, and at most {limit:,} are read",
                "save the sheet as CSV",
            )


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    """Reads of a workbook only what its cells need."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(io.BytesIO(_EMPTY_ZIP), read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(file)
        self.archive.label = name
        self.valid_files = self.archive.namelist()
        if len(self.valid_files) > MAX_PARTS:
            raise SourceError(f"{name} holds {len(self.valid_files):,} files", "save the sheet as CSV")

    def read(self) -> None:
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        if len(list(self.parser.find_sheets())) > MAX_SHEETS:
            raise SourceError(f"{self.archive.label} has more than {MAX_SHEETS:,} sheets", "split it")
        self.read_worksheets()

    def read_strings(self) -> None:
        from openpyxl.xml.constants import SHARED_STRINGS

        if (part := self.package.find(SHARED_STRINGS)) is not None:
            self.archive.check(part.PartName[1:], MAX_TEXTS_BYTES)
        super().read_strings()

    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        """It has no cells."""


#: What `ExcelReader` is given to open before it gets the archive with limits.
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
