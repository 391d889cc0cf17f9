"""Broken feeds, one after the other: what the bytes are, and what is said of them.

A reason that names an item is a product that was passed over while the rest went on; any other one ends the reading.
"""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.product_feed import ProductFeed

XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
    "<item><g:id>a</g:id><title>Cup</title><g:image_link>https://s.example/a.jpg</g:image_link></item>\n"
    "@\n"
    "<item><g:id>z</g:id><title>Jar</title><g:image_link>https://s.example/z.jpg</g:image_link></item>\n"
    "</channel></rss>"
)
CSV = "id,title,image_link,price\na,Cup,https://s.example/a.jpg,1 EUR\n@\nz,Jar,https://s.example/z.jpg,2 EUR\n"
GOOD = {"title": "Cup", "image_link": "https://s.example/a.jpg"}


def xml(item: str, inside: str = "") -> bytes:
    return XML.replace("@", item + inside).encode()


def csv(row: str) -> bytes:
    return CSV.replace("@", row).encode()


def listed(*items: object) -> bytes:
    return json.dumps([{"id": "a", **GOOD}, *items, {"id": "z", **GOOD}]).encode()


LINES = b"""{"id":"a","title":"Cup","image_link":"https://s.example/a.jpg"}
%s
{"id":"z","title":"Jar","image_link":"https://s.example/z.jpg"}
"""
SHOPIFY = b"""Handle,Title,Option1 Value,Variant Price,Image Src
a,Cup,S,1,https://s.example/a.jpg
%s
z,Jar,S,1,https://s.example/z.jpg
"""
WOO = b"""ID,Type,Name,Published,Regular price,Images,Parent
a,simple,Cup,1,1,https://s.example/a.jpg,
%s
z,simple,Jar,1,1,https://s.example/z.jpg,
"""
META = b"""# Required,# Required,#,
id,title,image[0].url,fb_product_category
a,Cup,https://s.example/a.jpg,
%s
z,Jar,https://s.example/z.jpg,
"""

IMAGE = "<g:image_link>https://s.example/b.jpg</g:image_link>"

#: The bytes, where the item is, and what is said of it. What stands around it is read.
ITEMS: dict[str, tuple[bytes, str, str]] = {
    "xml without an id": (xml(f"<item><title>Pot</title>{IMAGE}</item>"), "item 2 (line 4)", "it has no id"),
    "xml with an empty id": (xml(f"<item><g:id> </g:id><title>Pot</title>{IMAGE}</item>"), "item 2 (line 4)", "no id"),
    "xml without a title": (xml(f"<item><g:id>b</g:id>{IMAGE}</item>"), "item 2 (line 4)", "'b' has no title"),
    "xml without an image": (xml("<item><g:id>b</g:id><title>P</title></item>"), "item 2 (line 4)", "'b' has no image"),
    "xml with an id that was there": (
        xml(f"<item><g:id>a</g:id><title>Pot</title>{IMAGE}</item>"),
        "item 2 (line 4)",
        "'a' was there before",
    ),
    "xml with an image in the house": (
        xml("<item><g:id>b</g:id><title>P</title><g:image_link>ftp://10.0.0.1/b.jpg</g:image_link></item>"),
        "item 2 (line 4)",
        "only http and https are read",
    ),
    "xml with a login in its image": (
        xml("<item><g:id>b</g:id><title>P</title><g:image_link>https://u:hunter2@s.example/</g:image_link></item>"),
        "item 2 (line 4)",
        "holds a login",
    ),
    "xml with an endless link": (
        xml(f"<item><g:id>b</g:id><title>P</title><g:image_link>https://s.example/{'b' * 5000}</g:image_link></item>"),
        "item 2 (line 4)",
        "a URL of 5018 characters is refused",
    ),
    "an empty xml item": (xml("<item/>"), "item 2 (line 4)", "it has no id"),
    "a bare ampersand": (xml("<item><g:id>b</g:id><title>a & b</title></item>"), "item 2 (line 4)", "not well-formed"),
    "an entity that nobody declared": (xml("<item><g:id>&b;</g:id></item>"), "item 2 (line 4)", "undefined entity"),
    "an item that does not end": (xml("<item><g:id>b</g:id><title>Pot"), "item 2 (line 4)", "another <item> begins"),
    "crossed tags": (xml("<item><g:id>b</title></item>"), "item 2 (line 4)", "mismatched tag"),
    "an end too much": (xml("</item>"), "line 4", "mismatched tag"),
    "a reference to no character": (xml("<item><g:id>&#x1;</g:id></item>"), "item 2 (line 4)", "invalid character"),
    "latin-1 in utf-8": (
        XML.encode().replace(b"@", b"<item><g:id>b</g:id><title>Caf\xe9</title></item>"),
        "item 2 (line 4)",
        "its text is not UTF-8",
    ),
    "csv with a cell too much": (csv("b,Pot, red,https://s.example/b.jpg,1 EUR"), "item 2 (line 3)", "5 cells for 4"),
    "csv with a cell too few": (csv("b,Pot"), "item 2 (line 3)", "'b' has no image"),
    "csv without an id": (csv(",Pot,https://s.example/b.jpg,"), "item 2 (line 3)", "it has no id"),
    "csv with a page instead of an image": (csv("b,Pot,see our site,"), "item 2 (line 3)", "is not in the folder"),
    "csv that climbs out": (csv("b,Pot,../../etc/passwd,"), "item 2 (line 3)", "is not in the folder"),
    "latin-1 in csv": (CSV.encode().replace(b"@", b"b,Caf\xe9,x.jpg,"), "item 2 (line 3)", "its text is not UTF-8"),
    "a json text": (listed("b"), "item 2", "it is a text or number, not an object"),
    "a json null": (listed(None), "item 2", "it is null, not an object"),
    "a json list": (listed([]), "item 2", "it is a list, not an object"),
    "a json object that is empty": (listed({}), "item 2", "it has no id"),
    "a json image that is no text": (
        listed({"id": "b", "title": "Pot", "image_link": {"x": [1]}}),
        "item 2",
        "'b' has no image",
    ),
    "a json id that is an object": (listed({"id": {"a": {}}, "title": "Pot"}), "item 2", "it has no id"),
    "a json id of a lone surrogate": (listed({"id": "\ud800", **GOOD}), "item 2", "it has no id"),
    "latin-1 in json": (listed({"id": "b@"}).replace(b"@", b"\xe9"), "item 2", "its text is not UTF-8"),
    "a line that is no json": (LINES % b'{"id": "b", ', "item 2 (line 2)", "it is not JSON"),
    "a line of two items": (LINES % b'{"id":"b"} {"id":"c"}', "item 2 (line 2)", "it is not JSON"),
    "a line of many brackets": (LINES % (b"[" * 100_000), "item 2 (line 2)", "nested too deeply"),
    "latin-1 in a line": (LINES % b'{"id":"\xe9"}', "item 2 (line 2)", "its text is not UTF-8"),
    "a handle without a title": (SHOPIFY % b"b,,S,1,https://s.example/b.jpg", "item 2 (line 3)", "'b' has no title"),
    "a row without a handle": (SHOPIFY % b",Pot,S,1,https://s.example/b.jpg", "item 2 (line 3)", "it has no id"),
    "a variation of nobody": (WOO % b"b,variation,Pot,1,1,,id:9", "item 2 (line 3)", "it is a variation of 'id:9'"),
    "a draft": (WOO % b"b,simple,Pot,-1,1,,", "item 2 (line 3)", "'b' is not published"),
    "a catalogue's item without an image": (META % b"b,Pot,,", "item 2 (line 4)", "'b' has no image"),
}

#: The name, the bytes, and what is said of the feed as a whole.
FEEDS: dict[str, tuple[str, bytes, str]] = {
    "xml that ends in an item": ("feed.xml", xml("")[:-60], "not well-formed XML"),
    "xml in a broken gzip": ("feed.xml.gz", gzip.compress(xml(""))[:-20], "is damaged"),
    "xml of another kind": ("feed.xml", b"<catalogue><item/></catalogue>", "XML of the kind <catalogue>"),
    "a sitemap": ("feed.xml", b"<?xml version='1.0'?><urlset><url/></urlset>", "XML of the kind <urlset>"),
    "an error of a bucket": ("feed.xml", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "<error>"),
    "billion laughs": (
        "feed.xml",
        b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss><channel>&b;</channel></rss>',
        "DTD or entities",
    ),
    "an external entity": (
        "feed.xml",
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>&x;</id></item></rss>',
        "DTD or entities",
    ),
    "a parameter entity": (
        "feed.xml",
        b'<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><rss/>',
        "DTD or entities",
    ),
    "a DTD in a later piece": ("feed.xml", b"<!--" + b" " * 200_000 + b"--><!DOCTYPE rss []><rss/>", "DTD or entities"),
    "xml that is deep": ("feed.xml", b"<rss><channel><item>" + b"<a>" * 100, "nested deeper than 32"),
    "xml in utf-32": ("feed.xml", codecs.BOM_UTF32_LE + "<rss/>".encode("utf-32-le"), "is UTF-32"),
    "xml in an encoding of the past": ("feed.xml", b"<?xml version='1.0' encoding='ebcdic-us'?><rss/>", "not an enc"),
    "xml whose words are none": ("feed.xml", xml("").replace(b"Cup", b"\xe9").replace(b"Jar", b"\xe9"), "is not UTF-8"),
    "csv of 10,000 columns": ("feed.csv", ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n", "10,000 columns"),
    "csv whose names are none": ("feed.csv", b"id,titl\xe9,image_link\n", "is not UTF-8"),
    "csv without names": ("feed.csv", b",,,\n1,2,3,4\n", "has no column names"),
    "csv of remarks alone": ("feed.csv", b"#,#,#\n" * 40, "no column `id`"),
    "csv with an open quote": ("feed.csv", csv('b,"' + "x,y\n" * 60_000), "a cell is longer"),
    "csv with a row without an end": ("feed.csv", csv('b,"' + '","\n' * 2_000_000), "a row is longer"),
    "csv of one line without an end": ("feed.csv", b"id,title,image_link\n" + b"x," * 3_000_000, "a row is longer"),
    "csv with no image column": ("feed.csv", b"id,title\na,Cup\n", "no column `image_link`"),
    "tsv that is a csv": ("feed.tsv", b"id,title,image_link\na,Cup,x\n", "no column `id`"),
    "json that ends in an item": ("feed.json", listed()[:-40], "not JSON"),
    "json that ends between items": ("feed.json", listed()[: listed().index(b"}") + 2], "not JSON"),
    "json without a comma": ("feed.json", b'[{"id": "a"} {"id": "b"}]', "`,` or `]` is missing"),
    "json of an error": ("feed.json", b'{"errors": "[API] Invalid API key"}', "an object without a list"),
    "json whose list is elsewhere": ("feed.json", b'{"data": {"products": []}}', "without a list of items"),
    "json of a number": ("feed.json", b"[1, 2", "not JSON"),
    "json of brackets": ("feed.json", b"[" * 200_000, "nested too deeply"),
    "json of one value without an end": ("feed.json", b'["' + b"x" * 5_000_000, "a value of more than"),
    "jsonl of one line without an end": ("feed.jsonl", b'"' + b"x" * 5_000_000, "longer than"),
    "a spreadsheet": ("feed.csv", b"PK\x03\x04\x14\x00\x00\x00", "a binary file"),
    "a PDF": ("feed.csv", b"%PDF-1.7\n%\x00\x01", "a binary file"),
    "a photo": ("feed.xml", b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    "a login page": ("feed.xml", b"\n<!doctype HTML><title>Log in</title>", "an HTML page"),
    "white space": ("feed.csv", b"\xef\xbb\xbf \n\n", "is empty"),
}


def read(folder: Path, name: str, data: bytes) -> list[Brief | Skipped]:
    (folder / name).write_bytes(data)
    context = SourceContext(Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC")), folder)
    return list(ProductFeed(type="product_feed", url=name).briefs(context))


@pytest.mark.parametrize("case", ITEMS)
def test_a_broken_item_is_told_with_its_place_and_the_rest_goes_on(tmp_path: Path, case: str) -> None:
    data, where, reason = ITEMS[case]
    found = read(tmp_path, "feed", data)
    skipped = [one for one in found if isinstance(one, Skipped)]
    assert skipped, found
    assert skipped[0].where == where
    assert reason in skipped[0].reason
    assert "hunter2" not in skipped[0].reason
    keys = [one.key for one in found if isinstance(one, Brief)]
    assert (keys[0], keys[-1]) == ("a", "z")


@pytest.mark.parametrize("case", FEEDS)
def test_a_broken_feed_is_a_typed_error_with_what_to_do(tmp_path: Path, case: str) -> None:
    name, data, reason = FEEDS[case]
    with pytest.raises(SourceError) as caught:
        read(tmp_path, name, data)
    assert reason in caught.value.reason
    assert name in caught.value.reason
    assert caught.value.instruction


def test_there_are_enough_of_them() -> None:
    assert len(ITEMS) + len(FEEDS) >= 40
