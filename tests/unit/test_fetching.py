"""The guarded HTTP client, against real servers on loopback."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reelmill.addresses import FORBIDDEN, forbidden
from reelmill.answers import redacted, seconds_to_wait
from reelmill.editions import Edition
from reelmill.errors import FetchError, StorageError, TransientError, UseError
from reelmill.fetching import Fetcher
from reelmill.login import Login
from reelmill.sniffing import PICTURES, sniff
from reelmill.urls import parse
from tests.simulators.shop import Page, Shop, shop

PUBLIC = "93.184.215.14"  # an ordinary public address; the tests' own backend never lets a packet go there


class Wires(httpcore.SyncBackend):
    """Dials a loopback port whatever address it is asked for, and remembers the address."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append(host)
        return super().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


@pytest.fixture
def market() -> Iterator[Shop]:
    with shop() as running:
        yield running


def fetcher(*shops: Shop, seconds: float = 10.0) -> Fetcher:
    return Fetcher(allow=tuple(one.host for one in shops), seconds=seconds)


def read(client: Fetcher, url: str, **options: object) -> bytes:
    with client.open(url, **options) as opened:  # type: ignore[arg-type]  # the tests pass what `open` takes
        return opened.body.read()


# --- what works ----------------------------------------------------------------------------------------------------


def test_a_page_is_read_with_its_type_and_its_final_url(market: Shop) -> None:
    market.pages["/feed"] = Page(b"<rss/>", headers={"Content-Type": "Text/XML; charset=utf-8"})
    with fetcher(market).open(market.url("/feed?page=1")) as opened:
        assert opened.body.read() == b"<rss/>"
        assert opened.content_type == "text/xml"
        assert opened.url == market.url("/feed?page=1")
    assert market.requests[0].headers["Host"] == market.host


def test_a_compressed_page_is_decompressed(market: Shop) -> None:
    market.pages["/feed"] = Page.gzipped(b"tea " * 10_000)
    assert read(fetcher(market), market.url("/feed")) == b"tea " * 10_000


def test_three_redirects_are_followed_and_a_fourth_is_not(market: Shop) -> None:
    for hop in range(4):
        market.pages[f"/{hop}"] = Page.redirect(f"/{hop + 1}", status=(301, 302, 307, 308)[hop])
    market.pages["/4"] = Page(b"tea")

    assert read(fetcher(market), market.url("/1")) == b"tea"
    with pytest.raises(FetchError, match="more than 3 times"):
        read(fetcher(market), market.url("/0"))


def test_a_saved_picture_is_whole_named_by_its_bytes_and_hashed(market: Shop, tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100_000)
    market.pages["/cup"] = Page(picture, headers={"Content-Type": "application/octet-stream"})

    saved = fetcher(market).save(market.url("/cup"), tmp_path / "cup.png", accept=PICTURES)

    assert saved.path.read_bytes() == picture
    assert (saved.content_type, saved.size_bytes) == ("image/png", len(picture))
    assert saved.sha256 == hashlib.sha256(picture).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["cup.png"]


def test_https_keeps_the_name_for_host_and_certificate_while_it_dials_the_checked_address(tmp_path: Path) -> None:
    server_side, client_side = certificate_for("shop.example", tmp_path)
    with shop(server_side) as market:
        market.pages["/feed"] = Page(b"tea")
        wires = Wires(market.port)

        client = Fetcher(resolver=lambda host, port: [PUBLIC], backend=wires, certificates=client_side)
        assert read(client, "https://shop.example/feed") == b"tea"
        assert wires.dialled == [PUBLIC]
        assert market.requests[0].headers["Host"] == "shop.example"

        with pytest.raises(FetchError, match="certificate is not trusted"):
            read(client, "https://other.example/feed")


# --- what the guard refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.1", "this host"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.64.0.1", "carrier"),
        ("100.127.255.255", "carrier"),
        ("168.63.129.16", "Azure"),
        ("192.0.0.170", "reserved"),
        ("192.88.99.1", "6to4"),
        ("198.18.0.1", "benchmarking"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "this host"),
        ("::1", "loopback"),
        ("::127.0.0.1", "disguise"),
        ("::ffff:127.0.0.1", "disguise"),
        ("::ffff:10.0.0.1", "disguise"),
        ("::ffff:8.8.8.8", "disguise"),
        ("::ffff:0:127.0.0.1", "disguise"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::1", "NAT64"),
        ("2001::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::", "6to4"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("4000::1", "not global"),
        ("1234::1", "not global"),
    ],
)
def test_an_address_of_the_table_is_refused_and_never_dialled(address: str, reason: str) -> None:
    assert reason in (forbidden(address) or "")

    wires = Wires(1)
    client = Fetcher(resolver=lambda host, port: [PUBLIC, address], backend=wires)
    with pytest.raises(FetchError, match=reason):
        read(client, "http://shop.example/")
    assert wires.dialled == []


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1"])
def test_an_ordinary_address_is_not_forbidden(address: str) -> None:
    assert forbidden(address) is None


def test_every_row_of_the_table_is_the_first_to_catch_something() -> None:
    for network, reason in FORBIDDEN:
        assert forbidden(network.partition("/")[0]) is not None, (network, reason)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://shop.example/feed", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://shop.example/", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("feed.xml", "only http and https"),
        ("", "only http and https"),
        ("http://", "names no host"),
        ("http:///feed", "names no host"),
        ("http://me:pass@shop.example/", "holds a login"),
        ("http://me@shop.example/", "holds a login"),
        ("http://shop.example:8080/", "port 8080"),
        ("http://shop.example:22/", "port 22"),
        ("http://shop.example:0/", "port 0"),
        ("http://shop.example:99999/", "port 99999"),
        ("http://sh\nop.example/", "is not a URL"),
        ("http://[::1/", "is not a URL"),
        ("http://shop.example/" + "a" * 5000, "characters is refused"),
    ],
)
def test_a_url_that_is_not_plain_http_is_refused_before_any_look_up(url: str, reason: str) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    with pytest.raises(FetchError, match=reason):
        read(Fetcher(resolver=resolver), url)
    assert asked == []


@pytest.mark.parametrize(
    "url", ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::1]/", "http://localhost/"]
)
def test_a_disguised_loopback_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match=r"is refused|there is no host"):
        read(Fetcher(), url)


def test_loopback_is_refused_without_permission_and_no_request_arrives(market: Shop) -> None:
    market.pages["/"] = Page(b"secret")
    wires = Wires(market.port)
    with pytest.raises(FetchError, match="loopback"):
        read(Fetcher(backend=wires), "http://127.0.0.1/")
    assert (market.requests, wires.dialled) == ([], [])


def test_a_permission_is_for_one_port_only(market: Shop) -> None:
    with shop() as other, pytest.raises(FetchError, match=f"add {other.host} to REELMILL_FETCH_PRIVATE"):
        read(fetcher(market), other.url("/"))


def test_a_redirect_into_the_house_is_refused(market: Shop) -> None:
    with shop() as inner:
        inner.pages["/"] = Page(b"secret")
        market.pages["/feed"] = Page.redirect(inner.url("/"))
        with pytest.raises(FetchError, match="is refused"):
            read(fetcher(market), market.url("/feed"))
        assert inner.requests == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://shop.example/", "http://a:b@shop.example/", ""])
def test_a_redirect_to_something_else_than_http_is_refused(market: Shop, location: str) -> None:
    market.pages["/feed"] = Page.redirect(location)
    with pytest.raises(FetchError, match=r"refused|redirects to|names no host"):
        read(fetcher(market), market.url("/feed"))


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    server_side, client_side = certificate_for("shop.example", tmp_path)
    with shop(server_side) as market:
        market.pages["/feed"] = Page.redirect("http://shop.example/feed?token=abc")
        client = Fetcher(resolver=lambda host, port: [PUBLIC], backend=Wires(market.port), certificates=client_side)
        with pytest.raises(FetchError, match="not encrypted") as caught:
            read(client, "https://shop.example/feed")
    assert "abc" not in str(caught.value)


def test_a_name_that_changes_its_mind_gains_nothing(market: Shop) -> None:
    """DNS rebinding: the first answer is public, every later one is loopback. Only the first may count."""
    market.pages["/"] = Page(b"tea")
    answers = [[PUBLIC]]
    wires = Wires(market.port)
    client = Fetcher(resolver=lambda host, port: answers.pop() if answers else ["127.0.0.1"], backend=wires)

    assert read(client, "http://rebind.example/") == b"tea"
    assert wires.dialled == [PUBLIC]

    market.pages["/"] = Page.redirect("http://rebind.example/inner")
    answers.append([PUBLIC])
    with pytest.raises(FetchError, match="loopback"):
        read(client, "http://rebind.example/")
    assert wires.dialled == [PUBLIC, PUBLIC]


def test_the_environment_has_no_say(market: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        market.pages["/feed"] = Page(b"tea")
        assert read(fetcher(market), market.url("/feed")) == b"tea"
        assert proxy.requests == []


# --- what is too much ----------------------------------------------------------------------------------------------


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(market: Shop) -> None:
    market.pages["/feed"] = Page(b"x" * 1000)
    assert len(read(fetcher(market), market.url("/feed"), max_bytes=1000)) == 1000
    with pytest.raises(FetchError, match="at most 999 are read"):
        read(fetcher(market), market.url("/feed"), max_bytes=999)


def test_a_gzip_bomb_is_stopped_at_the_limit(market: Shop, tmp_path: Path) -> None:
    market.pages["/bomb"] = Page.gzipped(bytes(64_000_000))
    with pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
        fetcher(market).save(market.url("/bomb"), tmp_path / "bomb", max_bytes=1_000_000)
    assert list(tmp_path.iterdir()) == []


def test_a_slow_drip_ends_at_the_deadline(market: Shop) -> None:
    market.pages["/drip"] = Page(b"x" * 10_000, drip_seconds=0.02)
    with pytest.raises(TransientError, match="too long"):
        read(fetcher(market, seconds=0.3), market.url("/drip"))


def test_a_server_that_drips_its_headers_ends_at_the_deadline() -> None:
    """Each byte comes well within the patience of one read, so only the deadline of the whole can end it."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
                    if stop.wait(0.02):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return

        server = threading.Thread(target=serve)
        server.start()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TransientError, match="too long"):
            read(Fetcher(allow=(host,), seconds=0.3), f"http://{host}/")
        stop.set()
        server.join()


def test_an_encoding_that_nobody_asked_for_is_refused(market: Shop) -> None:
    market.pages["/feed"] = Page(b"\x0b\x02\x80tea\x03", headers={"Content-Encoding": "br"})
    with pytest.raises(FetchError, match="'br'"):
        read(fetcher(market), market.url("/feed"))


def test_damaged_compression_is_an_error_for_good(market: Shop) -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 100))
    packed[100:120] = bytes(20)
    market.pages["/feed"] = Page(bytes(packed), headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="is damaged"):
        read(fetcher(market), market.url("/feed"))


def test_a_page_that_is_no_picture_is_refused_and_leaves_no_file(market: Shop, tmp_path: Path) -> None:
    market.pages["/cup.jpg"] = Page(b"<!DOCTYPE html><p>Log in", headers={"Content-Type": "image/jpeg"})
    with pytest.raises(FetchError, match="is text/html, not image/jpeg or image/png or image/webp"):
        fetcher(market).save(market.url("/cup.jpg"), tmp_path / "cup.jpg", accept=PICTURES)
    assert list(tmp_path.iterdir()) == []


# --- what servers answer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410, 451, 501])
def test_an_answer_for_good_is_a_fetch_error(market: Shop, status: int) -> None:
    market.pages["/feed"] = Page(status=status)
    with pytest.raises(FetchError, match=f"answers {status}") as caught:
        read(fetcher(market), market.url("/feed"))
    assert caught.value.instruction


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_answer_that_may_change_is_transient(market: Shop, status: int) -> None:
    market.pages["/feed"] = Page(status=status, headers={"Retry-After": "17"})
    with pytest.raises(TransientError, match=f"answers {status}") as caught:
        read(fetcher(market), market.url("/feed"))
    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("99999999999999", 86_400.0),
        ("Sun, 22 Nov 2026 06:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 05:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert seconds_to_wait(header, dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)) == seconds


def test_an_answer_that_ends_early_is_transient_and_leaves_no_file(market: Shop, tmp_path: Path) -> None:
    market.pages["/feed"] = Page(b"half", short_by=4)
    with pytest.raises(TransientError, match="broke off"):
        fetcher(market).save(market.url("/feed"), tmp_path / "feed")
    assert list(tmp_path.iterdir()) == []


def test_a_port_where_nobody_listens_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(TransientError, match="cannot be reached"):
        read(Fetcher(allow=(host,)), f"http://{host}/")


def test_a_server_that_speaks_no_http_is_a_typed_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        server = threading.Thread(target=serve)
        server.start()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TransientError, match="broke off"):
            read(Fetcher(allow=(host,)), f"http://{host}/")
        server.join()


def test_the_second_address_is_tried_when_the_first_does_not_answer(market: Shop) -> None:
    market.pages["/"] = Page(b"tea")
    # 127.0.0.2 is loopback too, and nobody listens there on this port.
    client = Fetcher(allow=(f"two.example:{market.port}",), resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert read(client, f"http://two.example:{market.port}/") == b"tea"


def test_a_name_server_that_does_not_answer_is_transient_and_an_unknown_name_is_not() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN if host == "busy.example" else socket.EAI_NONAME, "no")

    with pytest.raises(TransientError, match="cannot be looked up now"):
        read(Fetcher(resolver=resolver), "http://busy.example/")
    with pytest.raises(FetchError, match="there is no host"):
        read(Fetcher(resolver=resolver), "http://gone.example/")


def test_a_folder_that_is_not_there_is_a_storage_error(market: Shop, tmp_path: Path) -> None:
    market.pages["/feed"] = Page(b"tea")
    with pytest.raises(StorageError, match="cannot be written"):
        fetcher(market).save(market.url("/feed"), tmp_path / "missing" / "feed")


# --- what people see -----------------------------------------------------------------------------------------------


def test_no_message_shows_a_login_or_a_value_of_the_query(market: Shop) -> None:
    market.pages["/gone"] = Page(status=404)
    market.pages["/moved"] = Page.redirect("http://me:hunter2@shop.example/?sig=hunter2")
    urls = [
        market.url("/gone?token=hunter2&page=2"),
        market.url("/moved?token=hunter2"),
        "http://me:hunter2@shop.example/?a=hunter2",
        "ftp://me:hunter2@shop.example/?a=hunter2",
        "http://[hunter?x=hunter2#hunter2",
        "http://127.0.0.1:1/?hunter2",
    ]
    for url in urls:
        with pytest.raises((FetchError, TransientError)) as caught:
            read(fetcher(market), url)
        assert "hunter2" not in str(caught.value)


def test_a_redacted_url_keeps_what_helps_to_find_it() -> None:
    assert redacted("https://a:b@shop.example:8443/f.xml?token=x&page=2#top") == (
        "https://shop.example:8443/f.xml?token=…&page=…"
    )
    assert redacted("https://shop.example/") == "https://shop.example/"


def test_first_bytes_tell_what_a_file_is() -> None:
    kinds = {
        b"\xff\xd8\xff\xe0": "image/jpeg",
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ": "image/webp",
        b"RIFF\x10\x00\x00\x00AVI LIST": "",
        b"GIF89a": "image/gif",
        b"\xef\xbb\xbf \n<!doctype HTML>": "text/html",
        b"<?xml version='1.0'?>": "text/xml",
        b"id,title": "",
        b"": "",
    }
    assert {head: sniff(head) for head in kinds} == kinds


def test_parse_accepts_what_shops_write() -> None:
    assert parse(" https://shop.example/茶.jpg?v=1 ").raw_path == b"/%E8%8C%B6.jpg?v=1"
    assert parse("HTTPS://Shop.Example/").host == "shop.example"


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for a host name, and a client's trust in exactly that one."""
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "secret.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(public, private)
    return server_side, ssl.create_default_context(cafile=str(public))


# --- editions and logins -------------------------------------------------------------------------------------------


def test_an_edition_that_is_still_the_servers_is_not_sent_again(market: Shop, tmp_path: Path) -> None:
    client, path = fetcher(market), tmp_path / "feed"
    market.pages["/feed"] = Page(b"tea", headers={"ETag": '"1"', "Last-Modified": "Sun, 22 Nov 2026 06:00:00 GMT"})
    first = client.save(market.url("/feed"), path)
    assert first.edition == Edition('"1"', "Sun, 22 Nov 2026 06:00:00 GMT")
    assert "If-None-Match" not in market.requests[0].headers

    market.pages["/feed"] = Page(status=304)
    assert client.save_newer(market.url("/feed"), path, first.edition) is None
    assert path.read_bytes() == b"tea"
    asked = market.requests[1].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"1"', "Sun, 22 Nov 2026 06:00:00 GMT")

    with pytest.raises(FetchError, match="answers 304"):  # nobody asked for that
        client.save(market.url("/feed"), path)


@pytest.mark.parametrize(
    ("etag", "modified", "edition"),
    [
        ('W/"a"', "", Edition('W/"a"')),
        ("unquoted", "", Edition()),
        ('"' + "a" * 600 + '"', "", Edition()),
        ('"a\r\nX: 1"', "", Edition()),
        ("", "Sun, 22 Nov 2026\x00", Edition()),
        ("", "", Edition()),
    ],
)
def test_a_name_of_an_edition_is_remembered_only_if_it_is_one(etag: str, modified: str, edition: Edition) -> None:
    assert Edition.of(etag, modified) == edition
    assert bool(edition) == bool(edition.conditions())


def test_a_login_goes_to_its_own_host_and_not_where_that_redirects_to(market: Shop) -> None:
    login = Login.basic("shop", "hünter2")
    with shop() as other:
        other.pages["/feed"] = Page(b"tea")
        market.pages["/here"] = Page(b"tea")
        market.pages["/moved"] = Page.redirect("/here")
        market.pages["/away"] = Page.redirect(other.url("/feed"))
        client = fetcher(market, other)

        assert read(client, market.url("/moved"), login=login) == b"tea"
        assert read(client, market.url("/away"), login=login) == b"tea"
        assert [request.headers.get("Authorization") for request in market.requests] == [login.header.decode()] * 3
        assert [request.headers.get("Authorization") for request in other.requests] == [None]


def test_a_login_goes_around_a_host_that_a_redirect_comes_back_from(market: Shop) -> None:
    """What was sent to its own host once is no secret from it."""
    with shop() as other:
        market.pages["/feed"] = Page.redirect(other.url("/feed"))
        other.pages["/feed"] = Page.redirect(market.url("/end"))
        market.pages["/end"] = Page(b"tea")
        assert read(fetcher(market, other), market.url("/feed"), login=Login.bearer("abc", "$T")) == b"tea"
        assert other.requests[0].headers.get("Authorization") is None
        assert market.requests[1].headers["Authorization"] == "Bearer abc"


def test_a_login_is_never_sent_in_the_clear() -> None:
    wires = Wires(1)
    client = Fetcher(resolver=lambda host, port: [PUBLIC], backend=wires)
    with pytest.raises(FetchError, match="no login is sent") as caught:
        read(client, "http://shop.example/feed", login=Login.basic("shop", "hunter2"))
    assert "hunter2" not in str(caught.value)
    assert wires.dialled == []


def test_a_login_is_never_shown() -> None:
    assert "hunter2" not in repr(Login.bearer("hunter2", "$T"))
    for token in ("two words", "line\nbreak", "hünter", ""):
        with pytest.raises(UseError, match=r"\$TOKEN") as caught:
            Login.bearer(token, "$TOKEN")
        assert not token or token not in str(caught.value)
    with pytest.raises(UseError, match="colon"):
        Login.basic("a:b", "hunter2")
