"""News: RSS 2.0, RSS 1.0 and Atom as sites publish them, and what is wrong with some of them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.errors import FetchError, ReelmillError, SourceError, TransientError
from reelmill.fetching import Fetcher
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.news import FIELDS, News
from tasks.sources.syndication import moment
from tests.simulators.shop import Page, shop

OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
     xmlns:content="http://purl.org/rss/1.0/modules/content/">
 <channel>
  <title>Tea &amp; Mountain</title><link>https://tea.example/</link>
  <image><title>not the site</title><url>https://tea.example/logo.png</url></image>
  <item>
   <title>First snow &mdash; on the ridge</title><link>https://tea.example/1</link>
   <guid isPermaLink="false">tea-1</guid><pubDate>Sat, 21 Nov 2026 23:30:00 +0000</pubDate>
   <dc:creator>Lin Mei</dc:creator><dc:creator>Wang</dc:creator><category>Weather</category><category>Weather</category>
   <description><![CDATA[<p>It <b>snowed</b>&nbsp;today.</p><script>alert(1)</script><p>All night.</p>]]></description>
   <content:encoded><![CDATA[<p>much longer</p>]]></content:encoded>
   <media:content url="https://tea.example/film.mp4" type="video/mp4"/>
   <media:content url="https://tea.example/1.jpg" medium="image"><media:credit>Photo: Li</media:credit></media:content>
  </item>
  <item>
   <title>Older</title><guid>https://tea.example/2</guid><pubDate>Wed, 18 Nov 2026 08:00:00 GMT</pubDate>
   <author>desk@tea.example (Old Chen)</author><enclosure url="/2.png" type="image/png" length="9"/>
   <source url="https://other.example/rss">Other Paper</source>
  </item>
  <item><title>No day</title><link>https://tea.example/3</link><author>desk@tea.example</author></item>
 </channel>
</rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">Atom &amp;amp; Site</title>
 <link rel="self" href="https://a.example/feed"/>
 <entry><id>urn:uuid:1</id><title>1 &lt; 2 &amp; <![CDATA[<b>]]> is text</title>
  <link rel="self" href="https://a.example/self"/><link rel="enclosure" type="image/jpeg" href="https://a.example/p.jpg"/>
  <link href="https://a.example/one"/><author><name>Ann</name><email>a@a.example</email></author>
  <updated>2026-11-22T10:00:00Z</updated><published>2026-11-20t09:00:00.5+01:00</published>
  <summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>two</p></div></summary>
  <source><title>Origin</title><id>urn:x</id></source><category term="t" label="Tea"/>
 </entry>
 <entry><id>urn:uuid:2</id><title type="html">&lt;i&gt;Two&lt;/i&gt;</title><updated>2026-11-21</updated>
  <content type="html">&lt;p&gt;Body&lt;/p&gt;</content></entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
 <channel rdf:about="https://r.example/"><title>RDF Site</title><items><rdf:Seq/></items></channel>
 <item rdf:about="https://r.example/a"><title>A</title><link>https://r.example/a</link>
  <dc:date>2026-11-22T06:30+08:00</dc:date><description>a text</description></item>
</rdf:RDF>"""


def rss(*items: str, title: str = "Site") -> str:
    return f"<rss><channel><title>{title}</title>{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"


def read(folder: Path, data: str | bytes, **options: Any) -> list[Brief | Skipped]:
    (folder / "news.xml").write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(News(type="news", url="news.xml", **options).briefs(SourceContext(OCCASION, folder)))


def good(found: list[Brief | Skipped]) -> list[Brief]:
    return [one for one in found if isinstance(one, Brief)]


def bad(found: list[Brief | Skipped]) -> dict[str, str]:
    return {one.where: one.reason for one in found if isinstance(one, Skipped)}


def test_rss_as_sites_publish_it(tmp_path: Path) -> None:
    found = read(tmp_path, RSS)
    assert bad(found) == {}
    first, older, undated = good(found)
    assert dict(first.fields) == {
        "id": "tea-1",
        "title": "First snow — on the ridge",
        "summary": "It snowed today. All night.",
        "link": "https://tea.example/1",
        "author": "Lin Mei, Wang",
        "site": "Tea & Mountain",
        "published": "2026-11-22T07:30:00+08:00",
        "date": "2026-11-22",
        "attribution": "Tea & Mountain, 2026-11-22",
        "categories": ["Weather"],
        "image": "https://tea.example/1.jpg",
        "image_credit": "Photo: Li",
    }
    assert (first.key, first.title, first.images) == (
        "tea-1", "First snow — on the ridge", ("https://tea.example/1.jpg",),
    )  # fmt: skip
    assert older.fields["link"] == older.fields["id"] == "https://tea.example/2"
    assert older.fields["author"] == "Old Chen"
    assert older.fields["attribution"] == "Other Paper, 2026-11-18"
    assert older.images == ()  # a relative address in a file leads nowhere
    assert undated.fields["author"] == ""
    assert undated.fields["attribution"] == "Tea & Mountain"
    assert set(undated.fields) == FIELDS


def test_atom_with_its_kinds_of_text(tmp_path: Path) -> None:
    two, one = good(read(tmp_path, ATOM))
    assert one.fields["title"] == "1 < 2 & <b> is text"
    assert one.fields["link"] == "https://a.example/one"
    assert one.fields["author"] == "Ann"
    assert one.fields["summary"] == "One two"
    assert one.fields["published"] == "2026-11-20T16:00:00+08:00"  # when it came out, not when it was touched
    assert one.fields["attribution"] == "Origin, 2026-11-20"
    assert one.fields["categories"] == ["Tea"]
    assert one.images == ("https://a.example/p.jpg",)
    assert (two.title, two.fields["summary"], two.fields["site"]) == ("Two", "Body", "Atom & Site")


def test_rss_1_0_whose_items_stand_beside_the_channel(tmp_path: Path) -> None:
    [brief] = good(read(tmp_path, RDF))
    assert brief.fields["site"] == "RDF Site"
    assert brief.fields["id"] == brief.fields["link"] == "https://r.example/a"
    assert brief.fields["published"] == "2026-11-22T06:30:00+08:00"


def test_newest_first_up_to_the_day_and_no_older_than_asked(tmp_path: Path) -> None:
    days = {
        "today": "2026-11-22T23:59:00+08:00",
        "tomorrow": "2026-11-23T00:01:00+08:00",
        "yesterday": "2026-11-21T00:00:00+08:00",
        "last week": "2026-11-15T00:00:00+08:00",
    }
    data = rss(*(f"<title>{name}</title><guid>{name}</guid><published>{day}</published>" for name, day in days.items()))

    def titles(**options: Any) -> list[str]:
        found = read(tmp_path, data, **options)
        assert bad(found) == {}
        return [brief.title for brief in good(found)]

    assert titles() == ["today", "yesterday", "last week"]
    assert titles(max_age="1d") == ["today", "yesterday"]
    assert titles(max_age="1w") == ["today", "yesterday", "last week"]
    assert titles(max_items=1) == ["today"]


def test_a_story_that_comes_again_is_passed_over(tmp_path: Path) -> None:
    link = "<link>https://s.example/a</link>"
    again = ("<title>B</title><guid>1</guid>", f"<title>C</title><guid>2</guid>{link}")
    found = read(tmp_path, rss(f"<title>A</title><guid>1</guid>{link}", *again, "<title>D</title>", "<title>D</title>"))
    assert [brief.title for brief in good(found)] == ["A", "D"]
    assert list(bad(found).values()) == [f"'{name}' was there before" for name in "BCD"]


def test_pictures_are_taken_left_or_asked_for(tmp_path: Path) -> None:
    pictures = {
        "thumb": '<media:thumbnail url="https://s.example/t.jpg"/>',
        "group": '<media:group><media:content url="https://s.example/g.webp?x=1"/></media:group>',
        "sound": '<enclosure url="https://s.example/s.mp3" type="audio/mpeg"/>',
        "script": '<media:content url="javascript:x" medium="image"/>',
        "file": '<media:content url="file:///etc/passwd" medium="image"/>',
        "none": "",
    }
    items = (f"<title>{name}</title><link>https://s.example/{name}</link>{text}" for name, text in pictures.items())
    data = rss(*items).replace("<rss>", '<rss xmlns:media="http://search.yahoo.com/mrss/">')
    found = good(read(tmp_path, data))
    assert {brief.title: brief.images for brief in found if brief.images} == {
        "thumb": ("https://s.example/t.jpg",),
        "group": ("https://s.example/g.webp?x=1",),
    }
    assert all(brief.images == () for brief in good(read(tmp_path, data, images="none")))
    found = read(tmp_path, data, images="required")
    assert len(good(found)) == 2
    assert list(bad(found).values()) == [f"'{name}' has no picture" for name in ("sound", "script", "file", "none")]


@pytest.mark.parametrize(
    ("text", "moment_of_it"),
    [
        ("Sun, 22 Nov 2026 06:30:00 +0800", "2026-11-21T22:30:00+00:00"),
        ("22 Nov 26 06:30 EST", "2026-11-22T11:30:00+00:00"),
        ("Mon, 22 Nov 2026 06:30:00 GMT", "2026-11-22T06:30:00+00:00"),
        ("2026-11-22T06:30:00.123Z", "2026-11-22T06:30:00.123000+00:00"),
        ("2026-11-22t06:30:00z", "2026-11-22T06:30:00+00:00"),
        ("2026-11-22 06:30:00 +0800", "2026-11-21T22:30:00+00:00"),
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        ("2026-11", "2026-11-01T00:00:00+00:00"),
        ("yesterday", None),
        ("Sun, 99 Nov 2026 06:30:00 +0800", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:00-12:00", None),
        ("Sun, 22 Nov 2026 06:30:00 +9999999", None),
        ("1" * 5000, None),
        ("", None),
    ],
)
def test_moments(text: str, moment_of_it: str | None) -> None:
    found = moment.parse(text)
    assert (found and found.isoformat()) == moment_of_it


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,5}[-/ ][A-Z0-9a-z]{1,4}[-/ ][0-9]{1,5}[ T].{0,12}"))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_moment_is_one_or_none_whatever_is_written(text: str) -> None:
    found = moment.parse(text)
    assert found is None or found.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "is empty"),
        ("<!doctype html><html><body>log in", "HTML page"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "HTML page"),
        ('<?xml version="1.0"?><sitemap/>', "XML of the kind <sitemap>"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "JSON, not RSS or Atom"),
        ("id,title\n1,x\n", "does not look like XML"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        ("<rss><channel><title>x</title></channel></rss>", "has no stories"),
        ("<rss><channel><item><title>x</title>", "not well-formed"),
        ("<rss><channel><item><title>x & y</title></item></channel></rss>", "not well-formed"),
        ("<rss><item><title>&unheard;</title></item></rss>", "undefined entity"),
        ('<!DOCTYPE rss [<!ENTITY a "ha">]><rss><item><title>&a;</title></item></rss>', "DTD or entities"),
        ('<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss><item/></rss>', "DTD or entities"),
        (b'<?xml version="1.0" encoding="zip"?><rss/>', "is not an encoding"),
        (b'<?xml version="1.0" encoding="ascii"?><rss><item><title>\xe9</title></item></rss>', "is not ascii"),
        (b"<rss><item><title>\xff</title></item></rss>", "is not utf-8"),
        ("<rss>" + "<a>" * 99, "nested deeper"),
        (rss("<a/>" * 2001), "more than 2000 elements"),
        (rss(*["<title>x</title>"] * 10_001), "more than 10,000 entries"),
        ("<rss>" + " " * (32 << 20) + "</rss>", "larger than"),
    ],
    ids=lambda value: str(value[:24]) if len(value) < 4000 else f"{len(value)} characters",
)
def test_a_document_that_is_no_feed_is_a_source_error(tmp_path: Path, data: str | bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, data)
    assert reason in caught.value.reason
    assert caught.value.instruction


def test_what_feeds_get_wrong_every_day_is_forgiven(tmp_path: Path) -> None:
    item = "<title>Caf&eacute;\x0b &amp; bar&#x202e;</title><link> https://s.example/a\n</link><pubDate>soon</pubDate>"
    for data in (
        rss(item),
        b"\xef\xbb\xbf" + rss(item).encode(),
        rss(item).encode("utf-16"),
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + rss(item.replace("&eacute;", "é")).encode("latin-1"),
    ):
        [brief] = good(read(tmp_path, data))
        assert (brief.title, brief.fields["link"], brief.fields["published"]) == (
            "Café & bar",
            "https://s.example/a",
            "",
        )
    found = read(tmp_path, rss("", item, "<title> </title>"), max_age="1d")
    assert [reason.partition(",")[0] for reason in bad(found).values()] == [
        "it has no title", "'Café & bar' says not when it was published", "it has no title",
    ]  # fmt: skip
    gbk = '<?xml version="1.0"?>' + rss("<title>小雪</title>")
    assert good(read(tmp_path, gbk.encode("gb18030"), encoding="gb18030"))[0].title == "小雪"


@given(st.lists(st.tuples(st.integers(0, len(RSS.encode()) - 1), st.binary(min_size=1, max_size=6)), max_size=6))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_damaged_feed_gives_stories_reasons_or_a_typed_error(changes: list[tuple[int, bytes]]) -> None:
    import tempfile

    data = bytearray(RSS.encode())
    for at, piece in changes:
        data[at : at + len(piece)] = piece
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(Path(folder), bytes(data))
        except ReelmillError:
            return
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", brief.key) for brief in good(found))
    assert all(brief.title and set(brief.fields) == FIELDS for brief in good(found))
    assert all(found.reason and found.where for found in found if isinstance(found, Skipped))


def test_from_the_web_relative_links_lead_somewhere(tmp_path: Path) -> None:
    with shop() as running:
        running.pages["/news/rss"] = Page.gzipped(rss('<title>A</title><link>a.html</link><enclosure type="image/png" '
                                                      'url="/a.png"/>', title="").encode())  # fmt: skip
        source = News(type="news", url=running.url("/news/rss?key=secret"))
        context = SourceContext(OCCASION, tmp_path, Fetcher(allow=(running.host,)))
        [brief] = good(list(source.briefs(context)))
        assert brief.fields["link"] == running.url("/news/a.html")
        assert brief.images == (running.url("/a.png"),)
        assert brief.fields["attribution"] == "127.0.0.1"

        for page, kind in (
            (Page(status=503), TransientError),
            (Page(status=404), FetchError),
            (Page.redirect("http://169.254.169.254/"), FetchError),
            (Page.gzipped(b" " * (33 << 20)), FetchError),
        ):
            running.pages["/news/rss"] = page
            with pytest.raises(kind) as caught:
                list(source.briefs(context))
            assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {}, {"url": " "}, {"url": "ftp://s.example/rss"}, {"url": "a", "max_age": "1h"}, {"url": "a", "max_age": "0d"},
        {"url": "a", "max_items": 0}, {"url": "a", "images": "some"}, {"url": "a", "encoding": "base64"},
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        News(type="news", **options)
