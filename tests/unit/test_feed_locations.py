"""Where feeds come from: the web with its editions, logins and pages, a bucket, the standard input."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpcore
import pytest
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.editions import Edition
from reelmill.errors import FetchError, ReelmillError, SourceError, StorageError, TransientError, UseError
from reelmill.fetching import Fetcher
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.feeds import paging
from tasks.sources.feeds.copies import Copies
from tasks.sources.feeds.retrying import LONGEST_PAUSE, PAUSES, patiently
from tasks.sources.product_feed import ProductFeed
from tests.simulators.bucket import Bucket, a_bucket, an_object_store
from tests.simulators.loopback import Handler, serving
from tests.simulators.shop import Page, shop

OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))
TABLE = b"id,title,image_link\nt1,Cup,https://s.example/1.jpg\n"
OTHER = b"id,title,image_link\nt2,Pot,https://s.example/2.jpg\n"


def read(context: SourceContext, url: str, **options: Any) -> list[str]:
    found = list(ProductFeed(type="product_feed", url=url, **options).briefs(context))
    return [one.key if isinstance(one, Brief) else f"{one.where}: {one.reason}" for one in found]


# --- editions ------------------------------------------------------------------------------------------------------


@dataclass
class Storefront:
    """A web server that knows editions, logins and pages."""

    url: str = ""
    body: bytes = TABLE
    etag: str = '"1"'
    products: list[str] = field(default_factory=list)
    login: str = ""  #: the header that lets in; "": everybody
    failures: list[int] = field(default_factory=list)  #: statuses that are answered before the truth
    retry_after: str = "0"
    asked: list[str] = field(default_factory=list)  #: paths with queries
    answered: list[int] = field(default_factory=list)

    @property
    def context_fetcher(self) -> Fetcher:
        return Fetcher(allow=(urlsplit(self.url).netloc,))


class _Storefront(Handler):
    def do_GET(self) -> None:  # noqa: N802 (the base class looks for it)
        front: Storefront = self.server.front  # type: ignore[attr-defined]
        front.asked.append(self.path)
        status, body, headers = self._reply(front)
        front.answered.append(status)
        self.answer(status, body, headers)

    def _reply(self, front: Storefront) -> tuple[int, bytes, dict[str, str]]:
        if front.failures:
            return front.failures.pop(0), b"", {"Retry-After": front.retry_after}
        if front.login and self.headers.get("Authorization") != front.login:
            return 401, b"", {}
        path = urlsplit(self.path)
        if path.path == "/products.json":
            asked = {name: int(values[0]) for name, values in parse_qs(path.query).items() if name in ("page", "limit")}
            first = (asked["page"] - 1) * asked["limit"]
            page = front.products[first : first + asked["limit"]]
            return 200, json.dumps({"products": [product(handle) for handle in page]}).encode(), {}
        if front.etag and self.headers.get("If-None-Match") == front.etag:
            return 304, b"", {"ETag": front.etag}
        return 200, front.body, {"ETag": front.etag} if front.etag else {}


def product(handle: str) -> dict[str, Any]:
    return {
        "title": handle.upper(),
        "handle": handle,
        "variants": [{"price": "1.00", "available": True}],
        "images": [{"src": f"https://s.example/{handle}.jpg"}],
    }


@contextmanager
def storefront(**options: Any) -> Iterator[Storefront]:
    front = Storefront(**options)
    with serving(_Storefront, front=front) as url:
        front.url = url
        yield front


def context_of(front: Storefront, cache: Path | None) -> SourceContext:
    return SourceContext(OCCASION, Path(), front.context_fetcher, cache)


def test_an_unchanged_feed_is_not_downloaded_again(tmp_path: Path) -> None:
    with storefront() as front:
        context = context_of(front, tmp_path)
        url = f"{front.url}/feed.csv?token=hunter2"
        assert read(context, url) == ["t1"]
        assert read(context, url) == ["t1"]
        front.body, front.etag = OTHER, '"2"'
        assert read(context, url) == ["t2"]
        assert read(context, url) == ["t2"]
        assert front.answered == [200, 304, 200, 304]
    kept = sorted(path.name for path in (tmp_path / "feeds").iterdir())
    assert len(kept) == 2  # the newest and what it is
    assert not any("hunter2" in name for name in kept)
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (tmp_path / "feeds").iterdir())


@pytest.mark.parametrize("harm", ["truncate", "remove", "scramble"])
def test_a_copy_that_was_harmed_is_downloaded_again(tmp_path: Path, harm: str) -> None:
    with storefront() as front:
        context = context_of(front, tmp_path)
        read(context, f"{front.url}/feed.csv")
        [copy], [told] = (list((tmp_path / "feeds").glob(f"*.{suffix}")) for suffix in ("feed", "json"))
        if harm == "truncate":
            copy.write_bytes(b"id")
        elif harm == "remove":
            copy.unlink()
        else:
            told.write_text('{"file": 7}', encoding="utf-8")
        assert read(context, f"{front.url}/feed.csv") == ["t1"]
        assert front.answered == [200, 200]


def test_without_editions_or_a_place_nothing_is_kept(tmp_path: Path) -> None:
    with storefront(etag="") as front:
        assert read(context_of(front, tmp_path), f"{front.url}/feed.csv") == ["t1"]
        assert list((tmp_path / "feeds").iterdir()) == []
        (tmp_path / "file").write_bytes(b"")
        for cache in (None, tmp_path / "file"):  # no place, and one that cannot be a folder
            assert read(context_of(front, cache), f"{front.url}/feed.csv") == ["t1"]


def test_copies_are_bounded_and_the_one_used_longest_ago_goes_first(tmp_path: Path) -> None:
    copies = Copies(tmp_path, max_bytes=250, max_copies=3)
    for number in range(5):
        download = tmp_path / ".download.part"
        download.write_bytes(b"x" * (100 if number != 3 else 300))
        path = copies.keep(f"{number:032}", download, f"{number:064}", Edition(f'"{number}"'))
        assert path.exists()
        if number != 3:  # one that is larger than all may be stays a download
            os.utime(path, (time.time() - 1000 + number,) * 2)
    assert [copies.find(f"{number:032}") is not None for number in range(5)] == [False, False, True, False, True]
    assert len(list(tmp_path.iterdir())) == 4


def test_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    old, new, download = (tmp_path / name for name in (".old.part", ".new.part", ".third.part"))
    for path in (old, new, download):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    Copies(tmp_path).keep("a" * 32, download, "b" * 64, Edition('"1"'))
    assert (old.exists(), new.exists()) == (False, True)


# --- trying again --------------------------------------------------------------------------------------------------


def test_what_may_work_in_a_moment_is_tried_again_and_not_for_ever(tmp_path: Path) -> None:
    with storefront(failures=[503, 429]) as front:
        assert read(context_of(front, tmp_path), f"{front.url}/feed.csv") == ["t1"]
        assert front.answered == [503, 429, 200]
        front.failures = [500] * 20
        with pytest.raises(TransientError, match="answers 500"):
            read(context_of(front, tmp_path), f"{front.url}/feed.csv")
        assert len(front.answered) == 3 + 1 + len(PAUSES)


def test_who_asks_for_a_long_pause_is_left_alone(tmp_path: Path) -> None:
    with storefront(failures=[503], retry_after="3600") as front:
        with pytest.raises(TransientError) as caught:
            read(context_of(front, tmp_path), f"{front.url}/feed.csv")
        assert caught.value.retry_after == 3600
        assert front.answered == [503]


def test_an_answer_for_good_is_not_asked_for_twice(tmp_path: Path) -> None:
    with storefront(failures=[404]) as front, pytest.raises(FetchError, match="answers 404"):
        read(context_of(front, tmp_path), f"{front.url}/feed.csv")
    assert front.answered == [404]


@pytest.mark.parametrize(
    ("asked", "slept"), [([None] * 3, list(PAUSES)), ([7.0, None, 0.0], [7.0, 2.0, 0.0]), ([LONGEST_PAUSE], [30.0])]
)
def test_pauses_grow_unless_the_other_side_names_them(asked: list[float | None], slept: list[float]) -> None:
    pauses: list[float] = []
    left = list(asked)

    def call() -> str:
        if left:
            raise TransientError("busy", retry_after=left.pop(0))
        return "tea"

    assert patiently(call, sleep=pauses.append) == "tea"
    assert pauses == slept


def test_a_full_disk_is_not_waited_for() -> None:
    def call() -> None:
        raise StorageError("full", "make room")

    pauses: list[float] = []
    with pytest.raises(StorageError):
        patiently(call, sleep=pauses.append)
    assert pauses == []


# --- logins --------------------------------------------------------------------------------------------------------


def test_a_password_or_a_token_lets_us_in_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter22")
    basic = {"login": {"user": "shop", "password": {"env": "SHOP_SECRET"}}}
    with storefront(login="Basic " + base64.b64encode(b"shop:hunter22").decode()) as front:
        url = f"{front.url}/feed.csv"
        assert read(context_of(front, tmp_path), url, **basic) == ["t1"]
        assert read(context_of(front, tmp_path), url, **basic) == ["t1"]
        assert front.answered == [200, 304]
        with pytest.raises(FetchError, match="answers 401"):
            read(context_of(front, tmp_path), url)
        front.login = "Bearer hunter22"
        assert read(context_of(front, tmp_path), url, token={"env": "SHOP_SECRET"}) == ["t1"]
        with pytest.raises(FetchError, match="answers 401") as caught:
            read(context_of(front, tmp_path), url, **basic)
        assert "hunter22" not in str(caught.value)
        monkeypatch.setenv("SHOP_SECRET", "two\nlines")
        with pytest.raises(UseError, match=r"\$SHOP_SECRET") as wrong:
            read(context_of(front, tmp_path), url, token={"env": "SHOP_SECRET"})
        assert "two" not in str(wrong.value)
        monkeypatch.delenv("SHOP_SECRET")
        with pytest.raises(UseError, match="is not set"):
            read(context_of(front, tmp_path), url, token={"env": "SHOP_SECRET"})
    assert not any(b"hunter22" in path.read_bytes() for path in (tmp_path / "feeds").iterdir())


def test_a_login_does_not_follow_a_redirect_to_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter22")
    with shop() as front, shop() as elsewhere:
        front.pages["/feed.csv"] = Page.redirect(elsewhere.url("/feed.csv"))
        elsewhere.pages["/feed.csv"] = Page(TABLE)
        context = SourceContext(OCCASION, tmp_path, Fetcher(allow=(front.host, elsewhere.host)), tmp_path)
        assert read(context, front.url("/feed.csv"), token={"env": "SHOP_SECRET"}) == ["t1"]
        assert "Authorization" in front.requests[0].headers
        assert "Authorization" not in elsewhere.requests[0].headers


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"token": {"env": "A"}, "login": {"user": "u", "password": {"env": "B"}}}, "either"),
        ({"url": "feed.csv", "token": {"env": "A"}}, "https"),
        ({"url": "s3://bucket/key", "token": {"env": "A"}}, "https"),
        ({"token": "hunter2"}, "dictionary"),
    ],
)
def test_a_login_that_means_nothing_is_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ProductFeed(**{"type": "product_feed", "url": "https://shop.example/feed", **options})


# --- pages ---------------------------------------------------------------------------------------------------------


def test_a_storefront_is_read_page_by_page(tmp_path: Path) -> None:
    handles = [f"h{number}" for number in range(7)]
    handles[5] = "h0"
    with storefront(products=handles) as front:
        context = context_of(front, tmp_path)
        found = list(ProductFeed(type="product_feed", url=f"{front.url}/products.json?limit=3").briefs(context))
        assert [one.key for one in found if isinstance(one, Brief)] == ["h0", "h1", "h2", "h3", "h4", "h6"]
        assert [one for one in found if isinstance(one, Skipped)] == [
            Skipped("page 2, item 3", "'h0' was there before", "h0")
        ]
        assert front.asked == [f"/products.json?limit=3&page={page}" for page in (1, 2, 3, 4)]
        link = found[0].fields["link"] if isinstance(found[0], Brief) else ""
        assert link == f"{front.url}/products/h0"

        front.asked.clear()
        assert read(context, f"{front.url}/products.json?limit=3", max_items=2) == ["h0", "h1"]
        assert len(front.asked) == 1
        assert read(context, f"{front.url}/products.json?limit=3&page=2") == ["h3", "h4", "h0"]


@pytest.mark.parametrize(
    ("location", "first", "pages"),
    [
        ("https://s.example/products.json", "https://s.example/products.json?limit=250&page=1", 500),
        ("https://s.example/collections/tea/products.json?a=1", "?a=1&limit=250&page=1", 500),
        ("https://s.example/products.json?page=2", "https://s.example/products.json?page=2", 1),
        ("https://s.example/feed.json", "https://s.example/feed.json", 1),
        ("products.json", "products.json", 1),
    ],
)
def test_only_a_storefront_has_pages(location: str, first: str, pages: int) -> None:
    found = list(islice(paging.addresses(location, "auto"), 500))
    assert found[0].endswith(first)
    assert len(found) == pages
    assert list(paging.addresses(location, "json")) == [location]


# --- a bucket ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    with an_object_store() as address:
        yield address


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with a_bucket(object_store) as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        yield bucket


def test_a_feed_in_a_bucket_is_read_and_not_downloaded_again(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("feeds/all.csv", TABLE)
    context = SourceContext(OCCASION, tmp_path, Fetcher(), tmp_path)
    url = f"s3://{bucket.name}/feeds/all.csv"
    assert read(context, url) == ["t1"]
    [copy] = (tmp_path / "feeds").glob("*.feed")
    before = copy.stat().st_ino
    assert read(context, url) == ["t1"]
    assert copy.stat().st_ino == before
    bucket.put("feeds/all.csv", OTHER)
    assert read(context, url) == ["t2"]
    assert read(SourceContext(OCCASION, tmp_path), url) == ["t2"]  # with no place to keep anything


def test_a_bucket_that_does_not_give_it_is_a_typed_error(bucket: Bucket, tmp_path: Path) -> None:
    context = SourceContext(OCCASION, tmp_path, Fetcher(), tmp_path)
    with pytest.raises(FetchError, match="is not there"):
        read(context, f"s3://{bucket.name}/none.csv")
    with pytest.raises(FetchError, match="is not there"):
        read(context, "s3://no-such-bucket-of-ours/none.csv")
    bucket.put("a.csv", TABLE)
    bucket.fail("GET", status=403, times=1)
    with pytest.raises(FetchError, match="may not be read"):
        read(context, f"s3://{bucket.name}/a.csv")
    bucket.fail("GET", short_by=10, times=1)
    assert read(context, f"s3://{bucket.name}/a.csv") == ["t1"]  # it broke off once


def test_a_bucket_without_a_login_says_what_to_set(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(UseError, match="no login") as caught:
        read(SourceContext(OCCASION, tmp_path), f"s3://{bucket.name}/a.csv")
    assert "AWS_ACCESS_KEY_ID" in caught.value.instruction


# --- the standard input --------------------------------------------------------------------------------------------


def test_a_feed_may_be_piped_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cup.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "feed").write_bytes(TABLE + b"t3,Local,cup.jpg\n")
    with (tmp_path / "feed").open(encoding="utf-8") as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        found = read(SourceContext(OCCASION, tmp_path), "-")
        assert not piped.closed
    assert found[0] == "t1"
    assert "its image cannot be used" in found[1]  # nobody knows in which folder it would be


def test_nothing_piped_in_is_an_error_that_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = SourceContext(OCCASION, tmp_path)
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123  # it is no path of a file
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(SourceError, match="the standard input is empty"):
            read(context, "-")
    terminal, other_end = os.openpty()
    with os.fdopen(terminal, "rb"), os.fdopen(other_end, encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stdin", screen)
        with pytest.raises(UseError, match="nothing comes in"):
            read(context, "-")


# --- what nobody may be led to -------------------------------------------------------------------------------------

PRIVATE = [
    *("http://127.0.0.1/feed", "http://localhost/feed", "http://[::1]/feed", "http://10.0.0.1/feed"),
    *("http://192.168.1.1/feed", "http://172.16.0.1/feed", "http://169.254.169.254/latest/meta-data"),
    *("http://100.64.0.1/feed", "http://168.63.129.16/feed", "http://0.0.0.0/feed", "http://2130706433/feed"),
    *("http://[::ffff:127.0.0.1]/feed", "http://[64:ff9b::7f00:1]/feed", "http://[fd00:ec2::254]/feed"),
    *("http://shop.example:22/feed", "http://user:pw@shop.example/feed"),
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_feed_at_a_private_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match=r"is refused|there is no host"):
        read(SourceContext(OCCASION, tmp_path), url)


def test_a_feed_whose_host_moves_into_the_house_is_refused(tmp_path: Path) -> None:
    """The first look-up is public, and the page redirects to the same name, which then is loopback."""
    with shop() as market:
        answers = [["93.184.215.14"]]

        class Wires(httpcore.SyncBackend):
            def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.NetworkStream:
                return super().connect_tcp("127.0.0.1", market.port, *args, **options)

        market.pages["/feed"] = Page.redirect("http://rebind.example/inner")
        market.pages["/inner"] = Page(TABLE)
        client = Fetcher(resolver=lambda host, port: answers.pop() if answers else ["127.0.0.1"], backend=Wires())
        with pytest.raises(FetchError, match="loopback"):
            read(SourceContext(OCCASION, tmp_path, client), "http://rebind.example/feed")
        assert [request.path for request in market.requests] == ["/feed"]


def test_a_gzip_bomb_in_the_answer_or_in_the_file_is_stopped(tmp_path: Path) -> None:
    import gzip

    from tasks.sources.feeds.opening import opened

    bomb = gzip.compress(bytes(20_000_000))
    (tmp_path / "bomb.csv.gz").write_bytes(bomb)
    with shop() as market:
        market.pages["/bomb"] = Page(bomb, headers={"Content-Encoding": "gzip"})
        market.pages["/nested"] = Page(bomb)
        context = SourceContext(OCCASION, tmp_path, Fetcher(allow=(market.host,)))
        for location in ("bomb.csv.gz", market.url("/bomb"), market.url("/nested")):
            with (
                pytest.raises(ReelmillError, match="larger than 1,000,000 bytes"),
                opened(location, context, max_bytes=1_000_000) as feed,
            ):
                feed.body.read()
