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

SEEDS = {"feed.xml": RSS, "feed.csv": CSV, "feed.json": JSON, "list.jsonl": JSONL, "list.yaml": YAML}

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


@pytest.mark.parametrize("kind", ["xml", "csv", "tsv", "json"])
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


@SETTINGS
@given(words)
def test_words_become_keys_texts_and_prices_without_a_surprise(word: str) -> None:
    assert plain.KEY.fullmatch(plain.key(word))
    assert plain.text(plain.text(word)) == plain.text(word)
    assert len(plain.text(word, 10)) <= 10
    assert is_plain(plain.text_of_html(word, 20))
    assert re.fullmatch(r"(\d+(\.\d+)?)?", price.parse(word).amount)
