"""Feeds from hell: whatever the bytes are, the answer is briefs, skipped items, or a typed error."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.content import Brief, Skipped
from reelmill.errors import ReelmillError
from tasks.sources import plain
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.event import Event
from tasks.sources.feeds import price
from tasks.sources.listing import Listing
from tasks.sources.product_feed import ProductFeed

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)

RSS = (
    b'<?xml version="1.0" encoding="UTF-8"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    b"<item><g:id>t1</g:id><title>Cup</title><g:image_link>https://s.example/1.jpg</g:image_link></item>"
    b"<item><g:id>t2</g:id><title>Pot</title><g:price>1,00 EUR</g:price></item></channel></rss>"
)
CSV = b'id,title,image_link,price\nt1,"Cup, blue",https://s.example/1.jpg,9 CNY\nt2,Pot,,\n'
JSON = b'{"products":[{"id":"t1","title":"Cup","image_link":"https://s.example/1.jpg"},{"id":"t2"}]}'
JSONL = b'{"id":"t1","prompt":"a fox"}\n{"id":"t2"}\n"a heron"\n'
YAML = b"- {id: t1, prompt: a fox}\n- id: t2\n  seed: 7\n- a heron\n"

ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>t1</id><title>Cup &amp; &eacute;</title><link href="/t1"/>'
    b"<summary><![CDATA[<p>a]]></summary></entry><entry><id>t2</id><title>Pot</title></entry></feed>"
)
SHOPIFY = (
    b"Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Compare At Price,Image Src,Status\n"
    b"t1,Cup,Size,S,9.00,12.00,https://s.example/1.jpg,active\nt1,,,L,10.00,,https://s.example/2.jpg,\nt2,Pot,,,,,,\n"
)
WOO = (
    b"ID,Type,Name,Published,Regular price,Sale price,Images,Parent,In stock?\n"
    b'1,variable,Cup,1,,,"https://s.example/1.jpg, https://s.example/2.jpg",,1\n2,variation,S,1,9,8,,id:1,1\n3,simple,,-1,,,,,\n'
)
META = (
    b"# Required,# Optional,#,#,#\nid,title,image[0].url,quantity_to_sell_on_facebook,status\n"
    b"t1,Cup,https://s.example/1.jpg,7,active\nt2,Pot,,,archived\n"
)
STOREFRONT = (
    b'{"products":[{"id":1,"handle":"t1","title":"Cup","variants":[{"price":"9.00","option1":"S","available":true}],'
    b'"options":[{"name":"Size"}],"images":[{"src":"https://s.example/1.jpg"}]},{"handle":"t2","variants":[]}]}'
)

SEEDS = {
    "feed.xml": RSS,
    "atom.xml": ATOM,
    "feed.csv": CSV,
    "feed.json": JSON,
    "list.jsonl": JSONL,
    "list.yaml": YAML,
    "shopify.csv": SHOPIFY,
    "woo.csv": WOO,
    "meta.csv": META,
    "products.json": STOREFRONT,
}

words = st.text(max_size=40)
marks = st.sampled_from([b"<", b"&", b'"', b"\n", b"[", b"{"])
attributes = st.sampled_from(["id", "title", "image_link", "price", "description"])


def is_plain(text: str) -> bool:
    return all(character.isprintable() or character in "\u200c\u200d" for character in text)


def taken(options: ProductFeed | Listing | Event, folder: Path, event: Any = None) -> list[Brief | Skipped] | None:
    """What a source gives, checked; None for a typed error."""
    occasion = Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC"), event)
    found: list[Brief | Skipped] = []
    try:
        for one in options.briefs(SourceContext(occasion, folder)):
            found.append(one)  # noqa: PERF402  # what came before an error is checked too
    except ReelmillError:
        return None
    finally:
        keys = [one.key for one in found if isinstance(one, Brief)]
        assert len(keys) == len(set(keys))
        for one in found:
            if isinstance(one, Brief):
                assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", one.key)
                json.dumps(dict(one.fields), allow_nan=False, ensure_ascii=False).encode()
                assert one.fingerprint
                assert is_plain(one.title)
                assert all(image.startswith(("http://", "https://", str(folder))) for image in one.images)
            else:
                assert one.where
                assert one.reason
    return found


def read(name: str, data: bytes, **options: Any) -> None:
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder).resolve()
        (folder / name).write_bytes(data)
        taken(ProductFeed(type="product_feed", url=name, images="optional", **options), folder)
        taken(Listing(type="list", path=name), folder)


@SETTINGS
@given(st.sampled_from(sorted(SEEDS)), st.binary(max_size=300))
def test_arbitrary_bytes(name: str, data: bytes) -> None:
    read(name, data)


@pytest.mark.parametrize("kind", ["xml", "csv", "tsv", "json", "jsonl", "shopify", "woocommerce", "meta"])
@settings(SETTINGS, max_examples=50)
@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_under_a_format_that_was_named(kind: str, data: bytes) -> None:
    read("feed", data, format=kind)


@SETTINGS
@given(st.data())
def test_mutated_feeds(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SEEDS)))
    feed = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(feed)))
        until = data.draw(st.integers(at, min(len(feed), at + 30)))
        feed[at:until] = data.draw(st.one_of(st.binary(max_size=8), marks))
    read(name, bytes(feed))


@settings(SETTINGS, max_examples=60)
@given(st.lists(st.dictionaries(attributes, words), max_size=12))
def test_no_item_is_lost_whatever_its_words_are(items: list[dict[str, str]]) -> None:
    """Found = briefs + skipped, in each format that can hold the items."""
    columns = ["id", "title", "image_link", "price", "description"]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(items)
    xml_safe = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]")
    elements = "".join(
        "<item>" + "".join(f"<{k}>{escape(xml_safe.sub('', v))}</{k}>" for k, v in item.items()) + "</item>"
        for item in items
    )
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder).resolve()
        (folder / "a.json").write_text(json.dumps(items), encoding="utf-8")
        (folder / "a.csv").write_bytes(table.getvalue().encode("utf-8", "replace"))
        (folder / "a.xml").write_text(f"<rss><channel>{elements}</channel></rss>", encoding="utf-8")
        for name in ("a.json", "a.xml", "a.csv"):
            found = taken(ProductFeed(type="product_feed", url=name, images="optional", format=name[2:]), folder)
            assert found is not None
            expected = items if name != "a.csv" else [item for item in items if any(v.strip() for v in item.values())]
            assert len(found) == len(expected), name


HARM = [
    b"&",
    b"<",
    b"</item>",
    b"</channel>",
    b"<item>",
    b"<item/>",
    b"<title><item>",
    b"<![CDATA[",
    b"<a><![CDATA[",
    b"<!--",
    b"]]>",
    b"&#0;",
    b"\xff",
    b"<?",
    b"<a b>",
    b"<a>",
]


def check_harm(harm: bytes, harmed: int, count: int, *, more: bytes = b"") -> None:
    """Whatever stands in one item: the others are there and it is told, or the feed is refused as a whole."""
    items = [
        b"<item><id>t%d</id><title>Cup</title>%s%s</item>" % (n, harm if n == harmed else b"", more)
        for n in range(count)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "a.xml").write_bytes(b"<rss><channel>" + b"\n".join(items) + b"</channel></rss>")
        found = taken(ProductFeed(type="product_feed", url="a.xml", images="optional"), folder)
        if found is None:
            return
        keys = {one.key for one in found if isinstance(one, Brief)}
        assert {f"t{n}" for n in range(count) if n != harmed} <= keys, found
        if f"t{harmed}" not in keys:
            assert any(isinstance(one, Skipped) for one in found)


@pytest.mark.parametrize("more", [b"", b"<description><![CDATA[tea]]></description><!-- tea -->"])
@pytest.mark.parametrize("harm", HARM)
def test_an_item_of_xml_that_is_broken_takes_no_other_with_it(harm: bytes, more: bytes) -> None:
    for harmed in range(6):
        check_harm(harm, harmed, 6, more=more)


@settings(SETTINGS, max_examples=100)
@given(st.data())
def test_an_item_of_xml_takes_no_other_with_it_whatever_its_bytes_are(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 8))
    harmed = data.draw(st.integers(0, count - 1))
    harm = data.draw(st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(HARM)), max_size=4).map(b"".join))
    check_harm(harm, harmed, count)


titles = words.map(lambda word: word.replace("\0", ""))  # a NUL in its first bytes makes a file a binary one
identifiers = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)


@settings(SETTINGS, max_examples=60)
@given(st.lists(st.tuples(identifiers, titles, st.integers(1, 4)), min_size=1, max_size=10))
def test_no_product_of_a_shop_system_is_lost(products: list[tuple[str, str, int]]) -> None:
    """Products found = briefs + skipped, where a product is several rows."""
    shopify, woo = io.StringIO(), io.StringIO()
    for output, names in ((shopify, "Handle,Title,Option1 Value,Variant Price"), (woo, WOO_NAMES)):
        output.write(names + "\n")
    rows = csv.writer(shopify, quoting=csv.QUOTE_ALL)
    variations = csv.writer(woo, quoting=csv.QUOTE_ALL)
    for number, (handle, title, count) in enumerate(products):
        own = f"{number}-{handle}"
        variations.writerow([own, "variable", title, 1, "", ""])
        for variant in range(count):
            rows.writerow([own, title if variant == 0 else "", variant, "1.00"])
            variations.writerow([f"{own}-{variant}", "variation", title, 1, "2.00", f"id:{own}"])
    storefront = [{"handle": f"{n}-{h}", "title": t, "variants": [{}] * c} for n, (h, t, c) in enumerate(products)]
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder).resolve()
        (folder / "shopify.csv").write_bytes(shopify.getvalue().encode("utf-8", "replace"))
        (folder / "woocommerce.csv").write_bytes(woo.getvalue().encode("utf-8", "replace"))
        (folder / "shopify.json").write_text(json.dumps(storefront), encoding="utf-8")
        (folder / "plain.jsonl").write_text("".join(json.dumps(one) + "\n" for one in storefront), encoding="utf-8")
        for name in ("shopify.csv", "woocommerce.csv", "shopify.json", "plain.jsonl"):
            form = "jsonl" if name == "plain.jsonl" else name.partition(".")[0]
            found = taken(ProductFeed(type="product_feed", url=name, images="optional", format=form), folder)
            assert found is not None
            assert len(found) == len(products), name


WOO_NAMES = "ID,Type,Name,Published,Regular price,Parent"


@settings(SETTINGS, max_examples=60)
@given(st.lists(st.dictionaries(attributes, words | st.lists(words, max_size=3)), max_size=6), st.integers(0, 40))
def test_a_document_is_the_same_however_it_is_spaced(items: list[dict[str, Any]], spaces: int) -> None:
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder).resolve()
        found = []
        for name, document in (("a.json", {"items": items}), ("b.json", {"about": {"n": [1]}, "items": items})):
            text = json.dumps(document, indent=spaces or None, ensure_ascii=bool(spaces % 2))
            (folder / name).write_bytes(text.encode("utf-8", "replace"))
            found.append(taken(ProductFeed(type="product_feed", url=name, images="optional"), folder))
        assert found[0] == found[1]
        assert found[0] is not None
        assert len(found[0]) == len(items)


@SETTINGS
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | words,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_payload_is_an_event_or_a_typed_error(payload: Any) -> None:
    event = payload if isinstance(payload, dict) else {"sentence": payload}
    found = taken(Event(type="event"), Path("/nowhere"), event)
    assert found is None or len(found) == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Tea &amp;amp; <b>time</b></p><!-- x > y --> 3 < 5", "Tea & time 3 < 5"),
        ("<![ if !mso]>a<![endif]>", "a"),
        ("<![<a <![<a", ""),
        ("<SCRIPT>alert(1)</script >a<style>p{}", "a"),
        ("<script>alert(1)", ""),
        ('<a title="x > y">a</a><a title=\'x">b', "a b"),
        ("a <3 b", "a <3 b"),
        ("a<br/>b<br>c", "a b c"),
        ("<!DOCTYPE html><html>a</html><?php echo 1 ?>", "a"),
        ("&lt;b&gt;", "<b>"),
        ("a <b", "a"),
    ],
)
def test_html_becomes_its_words(written: str, read: str) -> None:
    assert plain.text_of_html(written, 100) == read


markup = st.lists(st.sampled_from([*"<>!-[]&;/='\" a", "<!--", "-->", "<script>", "</script>", "<b", "&lt;"])).map(
    "".join
)


@settings(SETTINGS, max_examples=400)
@given(markup)
def test_any_html_becomes_words(written: str) -> None:
    assert is_plain(plain.text_of_html(written, 50))


@SETTINGS
@given(words)
def test_words_become_keys_texts_and_prices_without_a_surprise(word: str) -> None:
    assert plain.KEY.fullmatch(plain.key(word))
    assert plain.text(plain.text(word)) == plain.text(word)
    assert len(plain.text(word, 10)) <= 10
    assert is_plain(plain.text_of_html(word, 20))
    assert re.fullmatch(r"(\d+(\.\d+)?)?", price.parse(word).amount)
