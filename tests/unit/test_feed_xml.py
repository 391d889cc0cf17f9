"""XML feeds as shops write them: namespaces, CDATA, entities, encodings that are declared wrong, and broken items."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from reelmill.urls import parse
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.feeds import availability, product, sale, xml
from tasks.sources.product_feed import ProductFeed

SHANGHAI = ZoneInfo("Asia/Shanghai")
GOOGLE = 'xmlns:g="http://base.google.com/ns/1.0"'


def read(folder: Path, data: bytes | str, day: str = "2026-11-22", **options: Any) -> list[Brief | Skipped]:
    (folder / "feed.xml").write_bytes(data if isinstance(data, bytes) else data.encode())
    context = SourceContext(Occasion(dt.date.fromisoformat(day), SHANGHAI), folder)
    return list(ProductFeed(type="product_feed", url="feed.xml", **options).briefs(context))


def item(key: str, more: str = "", title: str = "Cup") -> str:
    return (
        f"<item><g:id>{key}</g:id><title>{title}</title>"
        f"<g:image_link>https://s.example/{key}.jpg</g:image_link>{more}</item>"
    )


def rss(*items: str, root: str = f"rss {GOOGLE}") -> str:
    return f"<{root}><channel><title>Shop</title>\n" + "\n".join(items) + f"\n</channel></{root.split(maxsplit=1)[0]}>"


def told(found: list[Brief | Skipped]) -> list[str]:
    return [one.key if isinstance(one, Brief) else f"{one.where}: {one.reason}" for one in found]


@pytest.mark.parametrize(
    "feed",
    [
        rss(item("a")),
        rss(item("a"), root="rss"),  # the prefix that everybody knows, and nobody declared
        rss(item("a")).replace("g:", "goog:"),
        rss(item("a")).replace("<title>Cup</title>", "<title><![CDATA[Cup]]></title>"),
        f'<feed xmlns="http://www.w3.org/2005/Atom" {GOOGLE}>{item("a")}</feed>'.replace("item>", "entry>"),
        (
            '<feed xmlns="http://www.w3.org/2005/Atom">'
            '<entry xmlns:g="http://base.google.com/ns/1.0"><id>tag:1</id><g:id>a</g:id><title type="html">Cup</title>'
            "<g:image_link>https://s.example/a.jpg</g:image_link></entry></feed>"
        ),
        (
            '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns="http://base.google.com/ns/1.0">'
            "<a:entry><id>a</id><a:id>tag:1</a:id><a:title>Cup</a:title><image_link>https://s.example/a.jpg</image_link>"
            "</a:entry></a:feed>"
        ),
        "\n\n  <?xml version='1.0'?>" + rss(item("a")),  # a blank line before the declaration, as PHP leaves it
        f"<!-- made by hand --><?shop?>{rss(item('a'))}<!-- end -->",
        rss(item("a")).replace("Cup", "C\x0bu\x08p"),  # control characters that were pasted
    ],
)
def test_each_way_to_write_it_is_the_same_product(tmp_path: Path, feed: str) -> None:
    [cup] = read(tmp_path, feed)
    assert isinstance(cup, Brief), cup
    assert (cup.key, cup.title, cup.images) == ("a", "Cup", ("https://s.example/a.jpg",))


def test_a_prefix_means_what_it_is_declared_to_mean(tmp_path: Path) -> None:
    feed = rss(item("a", "<x:id>other</x:id><x:color>no</x:color>"), root=f'rss {GOOGLE} xmlns:x="http://x.example"')
    [cup] = read(tmp_path, feed)
    assert isinstance(cup, Brief)
    assert cup.key == "a"


def test_entities_of_html_are_read_and_those_of_xml_kept(tmp_path: Path) -> None:
    more = "<description>a&nbsp;&lt;b&gt;b&lt;/b&gt; &eacute; &#233; &amp;amp; &quot;</description>"
    [cup] = read(tmp_path, rss(item("a", more, title="T&amp;C &copy;")))
    assert isinstance(cup, Brief)
    assert cup.title == "T&C ©"
    assert cup.fields["description"] == 'a b é é & "'


@pytest.mark.parametrize(
    "title",
    [
        "&lt;b&gt;Tea&lt;/b&gt; cup",
        "<![CDATA[<b>Tea</b> cup]]>",
        "<![CDATA[Tea<br/>cup]]>",
        "<b>Tea</b> cup",
        "&lt;span title='a > b'&gt;Tea cup",
    ],
)
def test_a_title_is_its_words_without_html(tmp_path: Path, title: str) -> None:
    found = read(tmp_path, rss(item("a", title=title)))
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom" {GOOGLE}>{item("a", title=title)}</feed>'
    found += read(tmp_path, atom.replace("item>", "entry>").replace("<title>", '<title type="html">'))
    assert [one.title for one in found if isinstance(one, Brief)] == ["Tea cup", "Tea cup"]
    assert [one.fields["title"] for one in found if isinstance(one, Brief)] == ["Tea cup", "Tea cup"]


@pytest.mark.parametrize("title", ["5 < 7", "I <3 tea", "<Untitled>", "A & B", "Cup → pot"])
def test_a_title_that_is_no_html_stays(tmp_path: Path, title: str) -> None:
    [cup] = read(tmp_path, rss(item("a", title=f"<![CDATA[{title}]]>")))
    assert isinstance(cup, Brief)
    assert cup.title == title


def test_an_entity_may_lie_across_two_pieces_of_the_feed(tmp_path: Path) -> None:
    for padding in range(65_536 - 400, 65_536):
        feed = rss(f"<description>{'x' * padding}</description>", item("a", title="&eacute;" * 100))
        if padding % 37 == 0:
            [cup] = read(tmp_path, feed)
            assert isinstance(cup, Brief)
            assert cup.title == "é" * 100


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (codecs.BOM_UTF8 + rss(item("a", title="青瓷")).encode(), "青瓷"),
        (
            codecs.BOM_UTF8 + b"<?xml version='1.0' encoding='ISO-8859-1'?>" + rss(item("a", title="青瓷")).encode(),
            "青瓷",
        ),
        (b"<?xml version='1.0' encoding='UTF-16'?>" + rss(item("a", title="青瓷")).encode(), "青瓷"),
        (("<?xml version='1.0' encoding='UTF-8'?>" + rss(item("a", title="青瓷"))).encode("utf-16"), "青瓷"),
        (("<?xml version='1.0'?>" + rss(item("a", title="青瓷"))).encode("utf-16-le"), "青瓷"),
        (("<?xml version='1.0'?>" + rss(item("a", title="青瓷"))).encode("utf-16-be"), "青瓷"),
        (b"<?xml version='1.0' encoding='windows-1252'?>" + rss(item("a", title="Café €")).encode("cp1252"), "Café €"),
        (b"<?xml version='1.0' encoding='Shift_JIS'?>" + rss(item("a", title="茶碗")).encode("shift_jis"), "茶碗"),
        (gzip.compress(rss(item("a", title="青瓷")).encode(), mtime=0), "青瓷"),
    ],
)
def test_an_encoding_is_what_the_bytes_prove_and_then_what_is_declared(tmp_path: Path, data: bytes, title: str) -> None:
    [cup] = read(tmp_path, data)
    assert isinstance(cup, Brief), cup
    assert cup.title == title


def test_an_item_in_another_encoding_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    feed = rss(item("a"), item("b", title="Caf@"), item("c", title="青瓷")).encode().replace(b"@", b"\xe9")
    assert told(read(tmp_path, feed)) == [
        "a",
        "item 2 (line 3): its text is not UTF-8; save the feed as UTF-8, or name its `encoding:`",
        "c",
    ]
    with pytest.raises(SourceError, match="is not UTF-8"):
        read(tmp_path, rss(item("b", title="Caf@")).encode().replace(b"@", b"\xe9"))
    [cup] = read(tmp_path, rss(item("b", title="Caf@")).encode().replace(b"@", b"\xe9"), encoding="cp1252")
    assert isinstance(cup, Brief)
    assert cup.title == "Café"


BROKEN = {
    "a bare ampersand": "<g:color>salt & pepper</g:color>",
    "an unknown entity": "<g:color>&nosuch;</g:color>",
    "an end that is not its own": "<g:color>x</g:size>",
    "no end": "<g:color>",
    "an attribute twice": '<g:color a="1" a="2">x</g:color>',
    "a tag in a tag": "<g:color <b>x</g:color>",
    "a reference to no character": "<g:color>&#1;</g:color>",
    "CDATA that ends nowhere": "<g:color>]]></g:color>",
    "a less-than sign": "<g:color>5 < 7</g:color>",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_an_item_that_is_not_well_formed_is_told_and_the_rest_goes_on(tmp_path: Path, broken: str) -> None:
    filler = [item(f"f{number}", f"<description>{'tea ' * 300}</description>") for number in range(100)]
    found = read(tmp_path, rss(item("a"), item("b", broken), item("c"), *filler, item("d", broken), item("e")))
    keys = [one.key for one in found if isinstance(one, Brief)]
    assert keys == ["a", "c", *(f"f{number}" for number in range(100)), "e"]
    reasons = [one for one in found if isinstance(one, Skipped)]
    assert [one.where for one in reasons] == ["item 2 (line 3)", "item 104 (line 105)"]
    assert all(re.match(r"it is not well-formed XML: line (3|105|4|106): ", one.reason) for one in reasons), reasons
    [cup] = [one for one in found if isinstance(one, Brief) and one.key == "e"]
    assert cup.images == ("https://s.example/e.jpg",)  # the namespace is still known


def _open(key: str, end: str = "") -> str:
    return f"<item><g:id>{key}</g:id><title>Cup</title>{end}"


SWALLOWING = {
    "an item that does not end": _open("b"),
    "an element that does not end": _open("b", "<g:color>blue"),
    "a section that does not end": _open("b", "<description><![CDATA[tea</description></item>"),
    "a comment that does not end": _open("b", "<!-- tea</item>"),
    "a beginning too much": _open("b", "<item></item>"),
}


@pytest.mark.parametrize("broken", SWALLOWING.values(), ids=list(SWALLOWING))
@pytest.mark.parametrize("padding", [0, 300])
def test_an_item_that_does_not_end_takes_no_other_with_it(tmp_path: Path, broken: str, padding: int) -> None:
    """The sixth has a section and a comment of its own, which end the one that was left open."""
    filler = f"<description>{'tea ' * padding}</description>"
    others = [item(f"f{number}", filler) for number in range(100)]
    last = item("c", "<description><![CDATA[tea]]></description><!-- tea -->")
    found = read(tmp_path, rss(item("a"), broken, *others, last, item("d")), images="optional")
    assert [one.key for one in found if isinstance(one, Brief)] == ["a", *(f"f{n}" for n in range(100)), "c", "d"]
    first, *more = [one for one in found if isinstance(one, Skipped)]
    assert first.where == "item 2 (line 3)"
    assert len(more) <= 1, "the empty item that begins within it"


def test_an_item_that_begins_within_another_is_told_with_its_line(tmp_path: Path) -> None:
    feed = rss(item("a"), _open("b"), item("c"), "</item>", item("d"))
    assert told(read(tmp_path, feed)) == [
        "a",
        "item 2 (line 3): another <item> begins within it, in line 4",
        "c",
        "line 5: it is not well-formed XML: line 5: mismatched tag",
        "d",
    ]


def test_a_section_that_holds_other_items_is_told(tmp_path: Path) -> None:
    feed = rss(item("a"), _open("b", "<description><![CDATA[tea</description></item>"), item("c"))
    feed = feed.replace("</item>\n</channel>", "<description><![CDATA[tea]]></description></item>\n</channel>")
    assert told(read(tmp_path, feed)) == ["a", "item 2 (line 3): other items stand within one of its texts", "c"]


def test_products_within_a_product_belong_to_it(tmp_path: Path) -> None:
    def of(key: str, more: str = "") -> str:
        return f"<product><id>{key}</id><title>Cup</title>{more}</product>"

    bundle = f"<bundle>{of('x')}{of('y')}</bundle>"
    feed = f"<products>{of('a', bundle)}{of('b')}</products>"
    assert told(read(tmp_path, feed, images="optional")) == ["a", "b"]
    torn = f"<products><product><id>a</id><title>Cup{of('b')}{of('c')}</products>"
    assert told(read(tmp_path, torn, images="optional"))[1:] == ["b", "c"]


def test_a_text_about_feeds_is_a_text(tmp_path: Path) -> None:
    [cup] = read(tmp_path, rss(item("a", "<description>&lt;item&gt; and &lt;/item&gt;</description>")))
    assert isinstance(cup, Brief)


def test_a_feed_that_ends_in_an_item_is_an_error_after_what_was_whole(tmp_path: Path) -> None:
    for feed in (rss(item("a"), item("b"))[:-40], rss(item("a"), item("b", "&")).replace("</channel></rss>", "<item>")):
        with pytest.raises(SourceError, match=r"not well-formed XML: line \d: "):
            read(tmp_path, feed)


def test_a_feed_that_is_broken_everywhere_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not well-formed"):
        read(tmp_path, rss(*(item(f"k{number}", "&") for number in range(xml.MAX_BROKEN + 10))))


def test_a_tag_or_comment_without_an_end_is_not_held_in_memory(tmp_path: Path) -> None:
    for start in ("<!-- ", "<item a='", "<?pi "):
        with pytest.raises(SourceError, match="a tag or comment is longer"):
            read(tmp_path, f"<rss {GOOGLE}><channel>{start}" + "x" * (4 * xml.MAX_TOKEN_BYTES))


def test_names_without_an_end_are_not_held_in_memory(tmp_path: Path) -> None:
    for around in ("<item>{}</item>", "<item><a>{}</a></item>", "{}"):
        names = (around.format("".join(f"<n{block}-{number}/>" for number in range(500))) for block in range(100))
        with pytest.raises(SourceError, match="kinds of elements"):
            read(tmp_path, rss(*names))


def test_a_namespace_of_one_element_is_not_that_of_the_next_items(tmp_path: Path) -> None:
    own = '<id xmlns="http://base.google.com/ns/1.0">own</id><id>plain</id>'
    found = read(
        tmp_path,
        rss(f"<item><title>A</title>{own}</item>", "<item><title>B</title><id>b</id></item>"),
        images="optional",
    )
    assert told(found) == ["own", "b"]


def test_a_text_without_an_end_is_cut(tmp_path: Path) -> None:
    [cup] = read(tmp_path, rss(item("a", f"<g:color>{'x' * 3_000_000}</g:color>")))
    assert isinstance(cup, Brief)
    assert len(cup.fields["color"]) == product.MAX_FIELD


@pytest.mark.parametrize(
    ("day", "period", "price", "ends"),
    [
        ("2026-11-19", "2026-11-20T13:00+0800/2026-12-01T15:30+0800", "", ""),
        ("2026-11-20", "2026-11-20T13:00+0800/2026-12-01T15:30+0800", "9.00", "2026-12-01"),
        ("2026-12-01", "2026-11-20T13:00+0800/2026-12-01T15:30+0800", "9.00", "2026-12-01"),
        ("2026-12-02", "2026-11-20T13:00+0800/2026-12-01T15:30+0800", "", ""),
        ("2026-11-20", "2026-11-20T23:00-0800/2026-12-01T15:30-0800", "", ""),  # it is the 21st in Shanghai then
        ("2026-12-02", "2026-11-20T23:00-0800/2026-12-01T15:30-0800", "9.00", "2026-12-02"),
        ("2026-12-24", "2026-12-24/2026-12-24", "9.00", "2026-12-24"),
        ("2026-11-22", "2026-11-20/", "9.00", ""),
        ("2026-11-22", "/2026-11-21", "", ""),
        ("2026-11-22", "until we run out", "", ""),
        ("2026-11-22", "2026-11-40/2026-13-01", "", ""),
        ("2026-11-22", "", "9.00", ""),
    ],
)
def test_a_sale_price_is_one_on_the_days_of_the_sale(
    tmp_path: Path, day: str, period: str, price: str, ends: str
) -> None:
    more = "<g:price>12 EUR</g:price><g:sale_price>9.00 EUR</g:sale_price>"
    more += f"<g:sale_price_effective_date>{period}</g:sale_price_effective_date>"
    [cup] = read(tmp_path, rss(item("a", more)), day)
    assert isinstance(cup, Brief)
    assert (cup.fields["sale_price_amount"], cup.fields["sale_ends"]) == (price, ends)
    assert bool(cup.fields["sale_price"]) == bool(price)
    assert cup.fields["price_amount"] == "12"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_an_interval_or_none(text: str) -> None:
    found = sale.parse(text, SHANGHAI)
    assert found is None or isinstance(found.holds(dt.date(2026, 11, 22)), bool)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("in stock", "in_stock"),
        ("In Stock", "in_stock"),
        ("in_stock", "in_stock"),
        ("IN-STOCK", "in_stock"),
        ("http://schema.org/InStock", "in_stock"),
        ("https://schema.org/LimitedAvailability/", "in_stock"),
        ("1", "in_stock"),
        ("auf Lager", "in_stock"),
        ("有货", "in_stock"),
        ("out of stock", "out_of_stock"),
        ("https://schema.org/SoldOut", "out_of_stock"),
        ("Discontinued", "out_of_stock"),
        ("nicht verfügbar", "out_of_stock"),
        ("pre-order", "preorder"),
        ("PreOrder", "preorder"),
        ("https://schema.org/PreSale", "preorder"),
        ("available for order", "backorder"),
        ("https://schema.org/BackOrder", "backorder"),
        ("ask us", "ask us"),
        ("", ""),
    ],
)
def test_availability_has_many_spellings(said: str, meant: str) -> None:
    assert availability.meant(said) == meant


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.from_regex(product._PLAIN_LINK, fullmatch=True))
def test_a_link_that_is_taken_as_it_is_is_what_the_guard_makes_of_it(link: str) -> None:
    assert str(parse(link)) == link
