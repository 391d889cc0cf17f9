"""Feeds in other characters than they say: what bytes prove counts more than what is declared."""

from __future__ import annotations

import codecs
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.definition import loads
from flows.planning import plan_run
from reelmill.content import Brief, Skipped
from reelmill.settings import Settings
from tasks.sources.base import Occasion, Source, SourceContext
from tasks.sources.listing import Listing
from tasks.sources.news import News
from tasks.sources.product_feed import ProductFeed
from tasks.sources.spreadsheet import Spreadsheet
from tests.line import DEFINITION

OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))


def briefs(folder: Path, source: Source) -> tuple[list[Brief | Skipped], list[str]]:
    context = SourceContext(OCCASION, folder)
    return list(source.briefs(context)), context.notes


def read(folder: Path, data: bytes, **options: Any) -> tuple[list[Brief | Skipped], list[str]]:
    (folder / "feed").write_bytes(data)
    return briefs(folder, ProductFeed(type="product_feed", url="feed", images="optional", **options))


def titles(found: list[Brief | Skipped]) -> list[str]:
    return [one.title if isinstance(one, Brief) else one.reason for one in found]


def rss(*names: str, declared: str = "UTF-8") -> str:
    items = "\n".join(f"<item><id>t{n}</id><title>{name}</title></item>" for n, name in enumerate(names))
    return f'<?xml version="1.0" encoding="{declared}"?><rss><channel>\n{items}\n</channel></rss>'


def csv(*names: str) -> str:
    return "id,title\n" + "".join(f"t{n},{name}\n" for n, name in enumerate(names))


def jsonl(*names: str) -> str:
    return "".join(
        json.dumps({"id": f"t{n}", "title": name}, ensure_ascii=False) + "\n" for n, name in enumerate(names)
    )


def document(*names: str) -> str:
    return json.dumps([{"id": f"t{n}", "title": name} for n, name in enumerate(names)], ensure_ascii=False)


FORMATS: dict[str, Callable[..., str]] = {"xml": rss, "csv": csv, "jsonl": jsonl, "json": document}
WORDS = ["Cup", "Café 青瓷", "Pot à thé"]


@pytest.mark.parametrize("declared", ["ISO-8859-1", "windows-1252", "gbk", "US-ASCII", "Shift_JIS", "utf-16"])
def test_xml_in_utf_8_is_that_whatever_it_declares(tmp_path: Path, declared: str) -> None:
    found, notes = read(tmp_path, rss(*WORDS, declared=declared).encode())
    assert titles(found) == WORDS
    assert len(notes) == (declared != "utf-16")
    assert all("its bytes are UTF-8" in note for note in notes)


@pytest.mark.parametrize("named", ["iso-8859-1", "cp1252", "gbk", "ascii", "shift_jis"])
@pytest.mark.parametrize("kind", FORMATS)
def test_an_option_that_the_bytes_prove_wrong_is_corrected_and_told_once(tmp_path: Path, kind: str, named: str) -> None:
    found, notes = read(tmp_path, FORMATS[kind](*WORDS).encode(), encoding=named, format=kind)
    assert titles(found) == WORDS
    assert len(notes) == 1
    assert "UTF-8" in notes[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_first_character_that_proves_it_may_come_late(tmp_path: Path, kind: str) -> None:
    for padding in (3000, 3001, 3002, 3003):
        plain = [f"Cup {number:{padding // 1000}}" for number in range(padding)]
        found, _ = read(tmp_path, FORMATS[kind](*plain, "Café").encode(), encoding="iso-8859-1", format=kind)
        assert titles(found)[-1] == "Café"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("iso-8859-1", ["Cup", "Café", "Pot à thé", "«MAÇÃ»"]),
        ("cp1251", ["Чай", "«ТЕРМОС»"]),
        ("gbk", ["茅台"]),  # two of its letters are UTF-8 by chance
        ("gb18030", ["青瓷", "紫砂壶"]),
        ("shift_jis", ["茶碗", "ﾃｽﾄ"]),
        ("big5", ["茶壺"]),
    ],
)
def test_what_is_declared_rightly_is_read_as_declared(tmp_path: Path, kind: str, named: str, words: list[str]) -> None:
    text = FORMATS[kind](*words, **({"declared": named} if kind == "xml" else {}))
    found, notes = read(tmp_path, text.encode(named), encoding=named, format=kind)
    assert titles(found) == words
    assert notes == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("form", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_byte_order_mark_is_believed(tmp_path: Path, kind: str, form: str) -> None:
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(form, b"")
    for options in ({}, {"encoding": "cp1252"}):
        found, notes = read(tmp_path, mark + FORMATS[kind](*WORDS).encode(form), **options)
        assert (titles(found), notes) == (WORDS, [])


@pytest.mark.parametrize("kind", FORMATS)
def test_an_item_that_is_not_in_the_encoding_is_told(tmp_path: Path, kind: str) -> None:
    data = FORMATS[kind]("茶碗", "@", "Cup").encode("gbk").replace(b"@", b"\xff\xff")
    found, _ = read(tmp_path, data, encoding="gbk", format=kind)
    assert titles(found) == ["茶碗", "its text is not gbk; save the feed as UTF-8, or name its `encoding:`", "Cup"]


def test_other_sources_believe_bytes_too(tmp_path: Path) -> None:
    news = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><rss><channel><item><title>Café 青瓷</title></item></channel></rss>'
    )
    (tmp_path / "news.xml").write_text(news, encoding="utf-8")
    (tmp_path / "sheet.csv").write_text("name\nCafé 青瓷\n", encoding="utf-8")
    (tmp_path / "list.jsonl").write_bytes(jsonl("Café 青瓷").encode("utf-16"))
    for source in (
        News(type="news", url="news.xml"),
        Spreadsheet(type="spreadsheet", url="sheet.csv", encoding="gbk"),
        Listing(type="list", path="list.jsonl"),
    ):
        found, _ = briefs(tmp_path, source)
        assert titles(found) == ["Café 青瓷"], source


def test_a_plan_tells_what_its_source_tells(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(csv("Café", "Thé"), encoding="utf-8")
    source = "{type: product_feed, url: feed.csv, images: optional, encoding: cp1252}"
    text = DEFINITION.format(source=source, subject="{{ brief.title }}", title="tea", more="")
    definition = loads(text, tmp_path / "pipelines.yaml")
    plan = plan_run(definition, "quick", OCCASION, Settings(), seen={})
    assert plan.notes == ["feed.csv is said to be in cp1252, but its bytes are UTF-8: it is read as UTF-8"]
