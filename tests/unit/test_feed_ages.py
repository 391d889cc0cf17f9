"""Which products of a feed are the newest: as each kind of feed says when a product was made."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.changes import Changes, Worth
from flows.marks import Shown
from reelmill.content import Brief
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.feeds import age
from tasks.sources.product_feed import ProductFeed

CONTEXT = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))
UTC = ZoneInfo("UTC")


def newest(folder: Path, name: str, text: str, **options: Any) -> tuple[list[str], list[str]]:
    """The keys that `baseline: newest 2` takes, in the feed's order, and what is told."""
    (folder / name).write_text(text, encoding="utf-8")
    source = ProductFeed(
        type="product_feed", url=name, images="optional", changes_only=True, baseline="newest 2", **options
    )
    changes = Changes(source, {}, Shown(None, images=True))
    sifted = changes.sift(source.briefs(SourceContext(CONTEXT, folder)))
    return [one.brief.key for one in sifted if isinstance(one, Worth)], changes.notes


MOMENTS = {"a": "2026-03-01T09:00:00+08:00", "b": "2026-01-01T09:00:00Z", "c": "2026-03-01T00:30:00-08:00"}


def rss(element: str, moments: dict[str, str]) -> str:
    items = "".join(
        f"<item><id>{k}</id><title>Cup</title><{element}>{m}</{element}></item>" for k, m in moments.items()
    )
    return f"<rss><channel>{items}</channel></rss>"


STOREFRONT = json.dumps(
    {
        "products": [
            {"handle": "a", "title": "A", "variants": [], "published_at": None, "created_at": MOMENTS["a"]},
            {"handle": "b", "title": "B", "variants": [], "published_at": MOMENTS["b"], "created_at": MOMENTS["c"]},
            {"handle": "c", "title": "C", "variants": [], "published_at": MOMENTS["c"]},
        ]
    }
)
WOO = "ID,Type,Name,Published,Regular price,Date created\n" + "".join(
    f"{key},simple,Cup,1,1,{moment}\n" for key, moment in MOMENTS.items()
)
MAIL = {
    "a": "Sun, 01 Mar 2026 09:00:00 +0800",
    "b": "Thu, 01 Jan 2026 09:00:00 GMT",
    "c": "Mon, 2 Mar 2026 08:30:00 GMT",
}


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("products.json", STOREFRONT, {}),
        ("woo.csv", WOO, {}),
        ("feed.xml", rss("pubDate", MAIL), {}),
        ("feed.xml", rss("published", MOMENTS).replace("item>", "entry>"), {}),
        ("feed.json", json.dumps([{"id": k, "title": "A", "date_created": m} for k, m in MOMENTS.items()]), {}),
        (
            "feed.json",
            json.dumps([{"id": k, "title": "A", "meta": {"since": m}} for k, m in MOMENTS.items()]),
            {"fields": {"created": "meta.since"}},
        ),
        (
            "feed.csv",
            "id,title,Angelegt\na,A,2026-03-01\nb,B,2026-01-01\nc,C,2026-03-02\n",
            {"columns": {"Angelegt": "created"}},
        ),
    ],
)
def test_the_newest_of_a_feed_are_those_that_were_made_last(
    tmp_path: Path, name: str, text: str, options: dict[str, Any]
) -> None:
    assert newest(tmp_path, name, text, **options) == (["a", "c"], [])


def test_where_no_item_says_it_the_first_are_taken_and_that_is_told(tmp_path: Path) -> None:
    found, notes = newest(tmp_path, "feed.csv", "id,title\na,A\nb,B\nc,C\n")
    assert found == ["a", "b"]
    assert notes == ["no item says when it was made: the first 2 of the source are taken for the newest"]
    found, notes = newest(tmp_path, "feed.csv", "id,title,created\na,A,\nb,B,2026-01-01\nc,C,2026-01-02\n")
    assert found == ["b", "c"]
    assert notes == ["1 of 3 items say not when they were made, and are taken for the oldest"]
    assert newest(tmp_path, "feed.csv", "id,title\na,A\n")[1] == [], "all are taken anyway"


def test_an_age_is_no_field_so_that_it_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,title,created\na,A,2026-01-01\n", encoding="utf-8")
    source = ProductFeed(type="product_feed", url="feed.csv", images="optional")
    [brief] = source.briefs(SourceContext(CONTEXT, tmp_path))
    assert isinstance(brief, Brief)
    assert brief.made == "2026-01-01"
    assert "created" not in brief.fields


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20 13:00:00", "2026-11-20T13:00:00+00:00"),
        ("2026-11-20T13:00:00.123+08:00", "2026-11-20T05:00:00+00:00"),
        ("20261120", "2026-11-20T00:00:00+00:00"),
        ("1795180000", "2026-11-20T13:06:40+00:00"),
        ("1795180000123", "2026-11-20T13:06:40+00:00"),
        ("Fri, 20 Nov 2026 13:00:00 GMT", "2026-11-20T13:00:00+00:00"),
        ("20 Nov 2026 13:00:00 +0800", "2026-11-20T05:00:00+00:00"),
        ("TRUE", ""),
        ("yesterday", ""),
        ("2026-13-40", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("", ""),
    ],
)
def test_a_moment_has_many_spellings(said: str, meant: str) -> None:
    assert age.parse(said, UTC) == meant


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=40) | st.from_regex(r"[0-9 :,+TZ-]{1,30}", fullmatch=True))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    found = age.parse(text, UTC)
    assert not found or dt.datetime.fromisoformat(found).tzinfo is not None
