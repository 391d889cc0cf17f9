"""Product photos on their way into the store: every hop, size, pixels and kind checked before anything decodes them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpcore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from records.store import Store
from reelmill.dimensions import dimensions
from reelmill.errors import FetchError, MediaError, ReelmillError, TransientError
from reelmill.fetching import Fetcher
from tasks.generation import reference
from tasks.generation.reference import MAX_BYTES, keep_reference
from tests.simulators.shop import Page, shop


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, kind, **options)
    return body.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int) -> bytes:
    """A PNG that announces so many pixels, in a hundred bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    """An extended WebP with such a canvas and nothing on it."""
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x11\0\x02\x11\0\x03\x11\0"
    return b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def kept(path: str | Path, folder: Path, fetcher: Fetcher | None = None) -> Image.Image:
    store = Store(str(folder / "store"))
    sha256 = keep_reference(str(path), store, fetcher or Fetcher(), folder / "scratch")
    with Image.open(store.get(sha256, ".png")) as found:
        found.load()
    assert list((folder / "scratch").iterdir()) == []
    return found


CASES = {
    "JPEG": (Image.new("RGB", (31, 17), "red"), {}),
    "progressive JPEG": (Image.new("RGB", (31, 17), "red"), {"progressive": True}),
    "CMYK JPEG": (Image.new("CMYK", (31, 17)), {}),
    "PNG": (Image.new("P", (31, 17)), {}),
    "interlaced PNG": (Image.new("RGBA", (31, 17)), {"interlace": 1}),
    "WEBP": (Image.new("RGB", (31, 17), "red"), {}),
    "lossless WEBP": (Image.new("RGB", (31, 17), "red"), {"lossless": True}),
    "transparent WEBP": (Image.new("RGBA", (31, 17), (1, 2, 3, 4)), {}),
    "animated WEBP": (
        Image.new("RGB", (31, 17)),
        {"save_all": True, "append_images": [Image.new("RGB", (31, 17), "red")]},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_size_is_read_off_the_header(case: str) -> None:
    picture, options = CASES[case]
    assert dimensions(io.BytesIO(encoded(picture, case.rsplit(maxsplit=1)[-1], **options))) == (31, 17)


def test_headers_made_by_hand_say_the_same() -> None:
    for made in (png_of, webp_of, jpeg_of):
        assert dimensions(io.BytesIO(made(12_345, 6_789))) == (12_345, 6_789)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBPVP8 "]), st.binary(max_size=200))
def test_any_header_is_a_size_or_none(magic: bytes, rest: bytes) -> None:
    found = dimensions(io.BytesIO(magic + rest))
    assert found is None or len(found) == 2


@pytest.mark.parametrize("made", [png_of, webp_of, jpeg_of])
@pytest.mark.parametrize(("width", "height"), [(16_000, 16_000), (16_383, 3_053)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(
    tmp_path: Path, made: Any, width: int, height: int
) -> None:
    (tmp_path / "bomb").write_bytes(made(width, height))
    with pytest.raises(MediaError, match=f"has {width}x{height} pixels"):
        kept(tmp_path / "bomb", tmp_path)


NO_PICTURES = {
    "nothing": b"",
    "a text": b"no picture",
    "a GIF": b"GIF89a\1\0\1\0\0\0\0;",
    "a page": b"<!DOCTYPE html><html>",
    "an SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "a TIFF": b"II*\0\x08\0\0\0",
    "a PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a PNG that ends": png_of(9, 9)[:20],
    "a PNG without pixels": png_of(9, 9),
    "a PNG of no width": png_of(0, 9),
    "a JPEG that ends": jpeg_of(9, 9)[:8],
    "a JPEG without pixels": jpeg_of(9, 9),
    "a WebP without pixels": webp_of(9, 9),
    "a WebP of no kind": b"RIFF\x0c\0\0\0WEBPWHAT\0\0\0\0",
}


@pytest.mark.parametrize("case", NO_PICTURES)
def test_what_is_no_picture_is_refused_by_its_bytes_whatever_it_is_called(tmp_path: Path, case: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(NO_PICTURES[case])
    with pytest.raises(MediaError) as caught:
        kept(tmp_path / "photo.jpg", tmp_path)
    assert caught.value.instruction
    with shop() as market:
        market.pages["/photo.jpg"] = Page(NO_PICTURES[case], headers={"Content-Type": "image/jpeg"})
        with pytest.raises((MediaError, FetchError)):
            kept(market.url("/photo.jpg"), tmp_path, Fetcher(allow=(market.host,)))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_that_is_too_large_or_no_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.write(png_of(9, 9))
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(MediaError, match="bytes"):
        kept(tmp_path / "large.png", tmp_path)
    for name in ("/dev/zero", str(tmp_path)):
        with pytest.raises(MediaError, match="is not a file"):
            kept(name, tmp_path)
    with shop() as market:
        market.pages["/large.png"] = Page((tmp_path / "large.png").read_bytes())
        with pytest.raises(FetchError, match="bytes"):
            kept(market.url("/large.png"), tmp_path, Fetcher(allow=(market.host,)))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1-bit palette", "WEBP"])
def test_what_is_transparent_stays_so(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (20, 10), (200, 30, 30, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 10, 10))
    if mode in ("LA", "P"):
        picture = picture.convert(mode)
    if mode == "1-bit palette":  # transparency as a colour
        picture = Image.new("P", (20, 10), 1)
        picture.putpalette([0, 0, 0, 200, 30, 30])
        picture.paste(0, (0, 0, 10, 10))
        (tmp_path / "photo").write_bytes(encoded(picture, "PNG", transparency=0))
    else:
        (tmp_path / "photo").write_bytes(encoded(picture, "WEBP" if mode == "WEBP" else "PNG"))
    found = kept(tmp_path / "photo", tmp_path)
    assert found.mode == "RGBA"
    alpha = np.asarray(found)[..., 3]
    assert (alpha[:, :9] == 0).all()
    assert (alpha[:, 11:] == 255).all()


def test_a_photo_without_transparency_has_none_and_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    (tmp_path / "photo.jpg").write_bytes(encoded(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif))
    found = kept(tmp_path / "photo.jpg", tmp_path)
    assert (found.mode, found.size) == ("RGB", (20, 40))


def test_sixteen_bits_of_grey_are_scaled_and_not_cut(tmp_path: Path) -> None:
    grey = np.full((8, 8), 128 * 257, dtype=np.uint16)
    (tmp_path / "photo.png").write_bytes(encoded(Image.fromarray(grey), "PNG"))
    assert kept(tmp_path / "photo.png", tmp_path).getpixel((4, 4)) == (128, 128, 128)


# --- from the web --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        *("http://127.0.0.1/1.jpg", "http://localhost/1.jpg", "http://[::1]/1.jpg", "http://10.1.2.3/1.jpg"),
        *("http://169.254.169.254/latest/meta-data/", "http://192.168.0.1/1.jpg", "http://[::ffff:10.0.0.1]/1.jpg"),
        *("http://2130706433/1.jpg", "https://shop.example:8443/1.jpg", "https://a:b@shop.example/1.jpg"),
    ],
)
def test_a_photo_at_a_private_address_is_refused(tmp_path: Path, link: str) -> None:
    with pytest.raises(FetchError, match=r"is refused|there is no host"):
        kept(link, tmp_path)


def test_a_photo_that_redirects_into_the_house_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    with shop() as market, shop() as inner:
        inner.pages["/1.jpg"] = Page(encoded(Image.new("RGB", (8, 8)), "JPEG"))
        market.pages["/1.jpg"] = Page.redirect("/2.jpg")
        market.pages["/2.jpg"] = Page.redirect(inner.url("/1.jpg"))
        with pytest.raises(FetchError, match="is refused"):
            kept(market.url("/1.jpg"), tmp_path, Fetcher(allow=(market.host,)))
        assert inner.requests == []
        assert kept(market.url("/1.jpg"), tmp_path, Fetcher(allow=(market.host, inner.host))).size == (8, 8)


def test_a_photo_whose_host_changes_its_mind_is_fetched_from_the_checked_address(tmp_path: Path) -> None:
    public = "93.184.215.14"
    answers = [[public]]
    dialled: list[str] = []
    with shop() as market:

        class Wires(httpcore.SyncBackend):
            def connect_tcp(
                self,
                host: str,
                port: int,
                timeout: float | None = None,
                local_address: str | None = None,
                socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
            ) -> httpcore.NetworkStream:
                dialled.append(host)
                return super().connect_tcp("127.0.0.1", market.port, timeout, local_address, socket_options)

        market.pages["/1.jpg"] = Page(encoded(Image.new("RGB", (8, 8)), "JPEG"))
        client = Fetcher(resolver=lambda host, port: answers.pop() if answers else ["127.0.0.1"], backend=Wires())
        assert kept("http://rebind.example/1.jpg", tmp_path, client).size == (8, 8)
        assert dialled == [public]
        with pytest.raises(FetchError, match="loopback"):
            kept("http://rebind.example/1.jpg", tmp_path, client)


def test_what_goes_wrong_on_the_way_leaves_nothing_and_shows_no_secret(tmp_path: Path) -> None:
    with shop() as market:
        client = Fetcher(allow=(market.host,))
        market.pages["/short.jpg"] = Page(b"\xff\xd8\xff" + bytes(500), short_by=100)
        market.pages["/busy.jpg"] = Page(status=503)
        market.pages["/broken.png"] = Page(png_of(9, 9))
        for path, kind in (("/short.jpg", TransientError), ("/busy.jpg", TransientError), ("/broken.png", MediaError)):
            with pytest.raises(ReelmillError) as caught:
                kept(market.url(f"{path}?key=hunter2"), tmp_path, client)
            assert isinstance(caught.value, kind)
            assert "hunter2" not in str(caught.value)
            assert list((tmp_path / "scratch").iterdir()) == []
    assert reference.MAX_PIXELS == 50_000_000
