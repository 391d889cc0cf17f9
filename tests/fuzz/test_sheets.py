"""Spreadsheets from hell: whatever the bytes are, the answer is briefs, skipped rows, or a typed error."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from reelmill.content import Brief, Skipped
from reelmill.errors import ReelmillError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.spreadsheet import Spreadsheet

SETTINGS = settings(max_examples=120, deadline=None, derandomize=True)

PARTS = (
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/styles.xml",
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
)


def workbook() -> bytes:
    made = Workbook()
    for row in (["id", "name", "day", "n"], ["a", "One", dt.date(2026, 12, 21), 1.5], ["b", "Two", None, True]):
        made.worksheets[0].append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


BOOK = workbook()
changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5
)


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    held = bytearray(data)
    for share, piece in changes:
        at = int(share * len(held))
        held[at : at + len(piece)] = piece
    return bytes(held)


def read(data: bytes, **options: Any) -> list[Brief | Skipped] | None:
    """What the source gives, checked; None for a typed error."""
    found: list[Brief | Skipped] = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "plan").write_bytes(data)
        source = Spreadsheet(type="spreadsheet", url="plan", **options)
        try:
            found += source.briefs(SourceContext(Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC")), Path(folder)))
        except ReelmillError:
            return None
    keys = [one.key for one in found if isinstance(one, Brief)]
    assert len(keys) == len(set(keys))
    for one in found:
        if isinstance(one, Brief):
            assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", one.key)
            json.dumps(dict(one.fields), allow_nan=False, ensure_ascii=False).encode()
        else:
            assert one.where
            assert one.reason
    return found


@given(changes)
@SETTINGS
def test_damaged_archives(spots: list[tuple[float, bytes]]) -> None:
    read(changed(BOOK, spots), format="xlsx")


@pytest.mark.parametrize("part", PARTS)
@given(changes)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_whole_archives_of_damaged_parts(part: str, spots: list[tuple[float, bytes]]) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, changed(data, spots) if name == part else data)
    read(held.getvalue())


@given(st.binary(max_size=200) | st.text(alphabet='a,;\t"\n\r0é\0', max_size=200).map(str.encode))
@SETTINGS
def test_any_bytes_as_csv(data: bytes) -> None:
    read(data, format="csv")


cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.tuples(cells, cells), max_size=12))
@SETTINGS
def test_no_row_is_lost(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "name"), *rows])
    found = read(text.getvalue().encode(), format="csv")
    assert found is not None
    assert len(found) == sum(any(cell.strip() for cell in row) for row in rows)
