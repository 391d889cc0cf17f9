"""Spreadsheets: CSV, workbooks and links to Google, with their bad cells, their lies and their bombs."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.errors import FetchError, ReelmillError, SourceError, TransientError
from reelmill.fetching import Fetcher
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.sheets.address import exported
from tasks.sources.spreadsheet import Spreadsheet
from tests.simulators.shop import Page, shop

OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))
ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde"

ROWS: Sequence[Sequence[Any]] = (
    ("SKU", "Name", "Photo", "Ready", "Price"),
    ("tea-1", "白茶", "https://shop.example/1.jpg", "yes", 12.5),
    ("tea-2", "Oolong", None, "no", 7),
    ("tea-3", "Puer", "https://shop.example/3.jpg", "YES", 9),
)
NAMED = {"key_from": "SKU", "title_from": "Name", "image_from": "Photo"}


def book(*sheets: tuple[str, Sequence[Sequence[Any]]]) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def changed(made: bytes, /, **parts: Callable[[bytes], bytes]) -> bytes:
    """The workbook with the parts changed whose names end like that."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            for part, change in parts.items():
                data = change(data) if name.endswith(f"{part}.xml") else data
            new.writestr(name, data)
    return held.getvalue()


def csv(rows: Sequence[Sequence[Any]] = ROWS, separator: str = ",") -> bytes:
    return "".join(separator.join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows).encode()


def read(folder: Path, data: bytes, name: str = "plan.xlsx", **options: Any) -> list[Brief | Skipped]:
    (folder / name).write_bytes(data)
    return list(Spreadsheet(type="spreadsheet", url=name, **options).briefs(SourceContext(OCCASION, folder)))


def good(found: list[Brief | Skipped]) -> list[Brief]:
    return [one for one in found if isinstance(one, Brief)]


def bad(found: list[Brief | Skipped]) -> dict[str, str]:
    return {one.where: one.reason for one in found if isinstance(one, Skipped)}


@pytest.mark.parametrize(
    ("name", "data", "options"),
    [
        ("plan.csv", csv(), {}),
        ("plan.csv", csv(separator=";"), {}),
        ("plan.txt", csv(separator="\t"), {"format": "tsv"}),
        ("plan.csv", b"\xef\xbb\xbf" + csv(), {}),
        ("plan.csv", csv().decode().encode("utf-16"), {"format": "csv"}),
        ("plan.csv", csv().decode().encode("gb18030"), {"encoding": "gb18030"}),
        ("plan.xlsx", book(("Plan", ROWS)), {}),
        ("plan.bin", book(("Plan", ROWS)), {"format": "xlsx", "sheet": 1}),
    ],
)
def test_each_format_gives_the_same_rows(tmp_path: Path, name: str, data: bytes, options: dict[str, Any]) -> None:
    found = read(tmp_path, data, name, **NAMED, **options)
    assert bad(found) == {}
    assert [(brief.key, brief.title) for brief in good(found)] == [
        ("tea-1", "白茶"), ("tea-2", "Oolong"), ("tea-3", "Puer"),
    ]  # fmt: skip
    assert [brief.images for brief in good(found)] == [
        ("https://shop.example/1.jpg",), (), ("https://shop.example/3.jpg",),
    ]  # fmt: skip
    assert good(found)[1].fields["Photo"] == ""
    assert str(good(found)[0].fields["Price"]) == "12.5"


def test_rows_are_chosen_by_what_their_columns_say(tmp_path: Path) -> None:
    def keys(**where: Any) -> list[str]:
        found = read(tmp_path, book(("Plan", ROWS)), **NAMED, where=where)
        return [brief.key for brief in good(found)]

    assert keys(Ready="yes") == ["tea-1", "tea-3"]
    assert keys(Ready=["yes", "no"], Price=[7, 9]) == ["tea-2", "tea-3"]
    assert keys(Photo="") == ["tea-2"]
    assert keys(Name="nothing") == []


def test_cells_are_values_that_json_can_hold(tmp_path: Path) -> None:
    midnight = dt.datetime.combine(dt.date(2026, 12, 21), dt.time())
    row = (7.0, True, midnight, midnight.replace(hour=6, minute=30), dt.time(6, 30), 1.25, "  a\nb ")
    sheet = book(("Plan", [("id", "done", "day", "moment", "clock", "n", "words"), row]))
    [brief] = good(read(tmp_path, sheet))
    assert brief.key == "7"
    assert dict(brief.fields) == {
        "id": 7, "done": True, "day": "2026-12-21", "moment": "2026-12-21T06:30:00", "clock": "06:30:00", "n": 1.25,
        "words": "a b",
    }  # fmt: skip
    assert good(read(tmp_path, sheet, where={"done": True, "day": "2026-12-21", "id": "7"})) == [brief]


def test_a_sheet_is_found_by_name_or_number_and_its_names_in_a_row_further_down(tmp_path: Path) -> None:
    rows = (("山野茶事",), (), ("id", None, "name"), ("a", "a note", "One"), (), ("b", None, "Two"))
    made = book(("Cover", [("nothing here",)]), ("Plan 2026", rows))
    for sheet in ("Plan 2026", 2):
        found = good(read(tmp_path, made, sheet=sheet, header_row=3))
        assert [dict(brief.fields) for brief in found] == [{"id": "a", "name": "One"}, {"id": "b", "name": "Two"}]
    table = b"\xef\xbb\xbfA title; of it\n\nid;name\na;One\n"
    [brief] = good(read(tmp_path, table, "plan.csv", header_row=3))
    assert brief.title == "One"


def test_bad_rows_are_passed_over_with_their_row(tmp_path: Path) -> None:
    (tmp_path / "cup.jpg").write_bytes(b"\xff\xd8\xff")
    rows = (
        ("id", "name", "photo"), ("a", "One", "cup.jpg"), ("a", "Again", None), (None, "No key", None),
        ("c", None, None), ("d", "Lost", "gone.jpg"), ("e", "Out", "../x.jpg"), ("f", "Ftp", "ftp://s.example/x"),
        ("g", "#REF!", None), ("h", "Eight", None), (1.5, "Part", None),
    )  # fmt: skip
    for name, data in (("plan.xlsx", book(("Plan", rows))), ("plan.csv", csv(rows))):
        found = read(tmp_path, data, name, key_from="id", title_from="name", image_from="photo")
        reasons = bad(found)
        assert list(reasons)[:7] == ["row 3", "row 4", "row 5", "row 6", "row 7", "row 8", "row 9"]
        assert "was there before" in reasons["row 3"]
        assert reasons["row 4"] == "it has no 'id'"
        assert reasons["row 5"] == "it has no 'name'"
        assert "is not in the folder" in reasons["row 6"]
        assert "is not in the folder" in reasons["row 7"]
        assert "only http and https" in reasons["row 8"]
        assert reasons["row 9"] == "'name' is #REF!"
        assert [brief.key for brief in good(found)][:2] == ["a", "h"]
        assert good(found)[0].images == (str(tmp_path.resolve() / "cup.jpg"),)


TINY = book(("Plan", [("id", "name"), ("a", "One")]))


def shared(made: bytes) -> bytes:
    """The workbook as Excel writes it: texts are in a table of their own."""
    texts: list[bytes] = []

    def number(match: re.Match[bytes]) -> bytes:
        texts.append(match[2])
        return b'%b t="s"><v>%d</v></c>' % (match[1], len(texts) - 1)

    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    there = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%b"/></Types>' % kind
    parts = {
        "sheet1": lambda data: re.sub(rb'(<c r="[A-Z0-9]+") t="inlineStr"><is><t>(.*?)</t></is></c>', number, data),
        "[Content_Types]": lambda data: data.replace(b"</Types>", there),
    }
    held = io.BytesIO(changed(made, **parts))
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    table = b"".join(b"<si><t>%b</t></si>" % text for text in texts)
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b'<sst xmlns="%b">%b</sst>' % (space, table))
    return held.getvalue()


SHARED = shared(TINY)
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)


def lying(workbook: bytes) -> bytes:
    """A sheet of 300 MB of which the archive's table says that it has 1000 bytes."""
    big = changed(workbook, sheet1=lambda data: data.replace(b"<sheetData>", b"<sheetData>" + b" " * (300 << 20)))
    with zipfile.ZipFile(io.BytesIO(big)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return big.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        pytest.param(lambda: b"PK\x03\x04 and nothing", {}, "not a workbook", id="no zip"),
        pytest.param(lambda: TINY[: len(TINY) // 2], {}, "not a workbook", id="half"),
        pytest.param(lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), {}, "old .xls file", id="xls"),
        pytest.param(lambda: changed(TINY, sheet1=lambda data: BOMB + data[data.index(b"<worksheet") :]), {},
                     "EntitiesForbidden", id="entities in a sheet"),
        pytest.param(lambda: changed(TINY, workbook=lambda data: BOMB + data[data.index(b"<workbook") :]), {},
                     "holds a DTD", id="entities in the book"),
        pytest.param(lambda: changed(TINY, styles=lambda data: data + b" " * (9 << 20)), {}, "would unpack to",
                     id="bomb in the styles"),
        pytest.param(lambda: changed(SHARED, sharedStrings=lambda data: data + b" " * (33 << 20)), {},
                     "would unpack to", id="bomb in the texts"),
        pytest.param(lambda: changed(TINY, sheet1=lambda data: data + b" " * (257 << 20)), {}, "would unpack to",
                     id="bomb in a sheet"),
        pytest.param(lambda: lying(TINY), {}, "not a workbook", id="bomb that lies"),
        pytest.param(lambda: changed(TINY, sheet1=replaced(b"<row r=\"2\"", b"<row r=\"2000000000\"")), {},
                     "more than 1,048,576 rows", id="a row far down"),
        pytest.param(lambda: changed(TINY, sheet1=replaced(b"\"B1\"", b"\"ZZZZ1\"")), {}, "not a workbook",
                     id="a column far right"),
        pytest.param(lambda: changed(SHARED, sheet1=replaced(b"<v>1</v>", b"<v>999</v>")), {}, "not a workbook",
                     id="a text that is not there"),
        pytest.param(lambda: changed(TINY, sheet1=lambda data: data[:-20]), {}, "not a workbook", id="half a sheet"),
        pytest.param(lambda: TINY, {"sheet": "Plam"}, "did you mean 'Plan'", id="no such sheet"),
        pytest.param(lambda: TINY, {"sheet": 2}, "no sheet 2", id="no second sheet"),
        pytest.param(lambda: TINY, {"header_row": 9}, "no row 9", id="no such row"),
        pytest.param(lambda: TINY, {"key_from": "nam"}, "did you mean 'name'", id="no such column"),
        pytest.param(lambda: TINY, {"where": {"ready": True}}, "no column 'ready'; it has", id="no such filter"),
        pytest.param(lambda: book(("P", [("id", "id"), (1, 2)])), {}, "two columns 'id'", id="a name twice"),
        pytest.param(lambda: book(("P", [(), (1, 2)])), {}, "no column names", id="no names"),
        pytest.param(lambda: book(("P", [[f"c{n}" for n in range(501)]])), {}, "501 columns", id="too wide"),
        pytest.param(lambda: b"", {}, "is empty", id="empty"),
        pytest.param(lambda: b"<!doctype html><html>", {}, "HTML page", id="page"),
        pytest.param(lambda: b"[1, 2]", {}, "JSON, not a spreadsheet", id="json"),
        pytest.param(lambda: b"id,name\na,\xff\xfe\n", {}, "is not utf-8", id="other characters"),
        pytest.param(lambda: b'id,name\n"a,' + b"x" * 200_000, {}, "quote that is never closed", id="open quote"),
        pytest.param(lambda: b"id,name\na,One\n", {"sheet": "Plan"}, "has no sheets", id="csv with a sheet"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_spreadsheet_is_a_source_error(
    tmp_path: Path, data: Callable[[], bytes], options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, data(), **options)
    assert reason in f"{caught.value}"
    assert caught.value.instruction


def test_a_workbook_as_excel_writes_it(tmp_path: Path) -> None:
    assert good(read(tmp_path, SHARED)) == good(read(tmp_path, TINY)) != []


def test_a_sheet_of_charts_has_no_rows_and_costs_nothing(tmp_path: Path) -> None:
    made = Workbook()
    made.create_chartsheet("Chart", 0)
    for row in ROWS:
        made.worksheets[0].append(row)
    made.save(tmp_path / "chart.xlsx")
    assert len(good(read(tmp_path, (tmp_path / "chart.xlsx").read_bytes(), sheet=1))) == 3


def test_what_a_workbook_holds_beside_its_cells_is_not_read(tmp_path: Path) -> None:
    made = changed(TINY, theme1=lambda data: b"no XML at all", core=lambda data: BOMB)
    assert [brief.title for brief in good(read(tmp_path, made))] == ["One"]


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=7", "d/ID/export?format=csv&gid=7"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0", "d/ID/export?format=csv&gid=0"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?usp=sharing", "d/ID/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/u/1/d/{ID}/view", "d/ID/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/d/{ID}", "d/ID/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=7%26x", "d/ID/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/d/e/2PACX-{ID}/pubhtml?gid=3", "d/e/2PACX-ID/pub?output=csv&gid=3"),
    ],
)
def test_a_link_to_google_sheets_leads_to_its_export(link: str, address: str) -> None:
    assert exported(link) == f"https://docs.google.com/spreadsheets/{address.replace('ID', ID)}"
    assert exported(link, whole=True).endswith("=xlsx")


def test_other_addresses_stay_as_they_are() -> None:
    for location in ("plan.csv", "https://shop.example/docs.google.com/spreadsheets/d/x", "https://x.example/a.xlsx"):
        assert exported(location) == location


@pytest.mark.parametrize(
    "options",
    [
        {}, {"url": ""}, {"url": "ftp://x.example/a.csv"}, {"url": "https://docs.google.com/document/d/abc/edit"},
        {"url": "a.csv", "header_row": 0}, {"url": "a.csv", "sheet": 0}, {"url": "a.csv", "encoding": "zip"},
        {"url": "a.csv", "format": "ods"}, {"url": "a.csv", "where": {"a": None}}, {"url": "a.csv", "where": "a"},
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Spreadsheet(type="spreadsheet", **options)


def test_a_workbook_comes_from_the_web_and_its_paths_mean_nothing_there(tmp_path: Path) -> None:
    rows = (("id", "photo"), ("a", "https://s.example/1.jpg"), ("b", "/etc/passwd"))
    with shop() as running:
        running.pages["/plan"] = Page(book(("Plan", rows)))
        context = SourceContext(OCCASION, tmp_path, Fetcher(allow=(running.host,)))
        options = Spreadsheet(type="spreadsheet", url=running.url("/plan?key=secret"), image_from="photo")
        found = list(options.briefs(context))
        assert [brief.key for brief in good(found)] == ["a"]
        assert "cannot be used" in bad(found)["row 3"]

        running.pages["/plan"] = Page(b"", status=503)
        with pytest.raises(TransientError):
            list(options.briefs(context))
        running.pages["/plan"] = Page.gzipped(b"id,name\n" + b"a,b\n" * (17 << 20))
        with pytest.raises(FetchError, match="larger than"):
            list(options.briefs(context))
        with pytest.raises(FetchError, match="REELMILL_FETCH_PRIVATE"):
            list(options.briefs(replace(context, fetcher=Fetcher())))


def test_a_google_sheet_that_is_not_shared_says_what_to_do(tmp_path: Path) -> None:
    link = f"https://docs.google.com/spreadsheets/d/{ID}/edit"
    nobody = Fetcher(resolver=lambda host, port: [])
    with pytest.raises(ReelmillError, match="share the spreadsheet"):
        list(Spreadsheet(type="spreadsheet", url=link).briefs(SourceContext(OCCASION, tmp_path, nobody)))
