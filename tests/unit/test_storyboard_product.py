"""A product photo: read safely, cut out where that is sure, shown as a card where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from reelmill.errors import MediaError
from wan_engine.storyboard.director import direct
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.plan import plan
from wan_engine.storyboard.product.cutout import cut_out
from wan_engine.storyboard.product.harmony import leading_hue
from wan_engine.storyboard.product.photo import MOST_PIXELS, WORKING_SIDE, Photo, read_photo

SIDE = 480
Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def painters() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def studio(*, ground: int = 247) -> npt.NDArray[np.float32]:
    """A seamless background that is a little darker below, with the noise of a camera."""
    random = np.random.default_rng(2)
    fall = np.linspace(3, -4, SIDE)[:, None, None]
    return (ground + fall + random.normal(0, 0.6, (SIDE, SIDE, 3))).astype(np.float32)


def shaded(paper: npt.NDArray[np.float32], centre: tuple[int, int], half: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The same paper with a soft shadow."""
    y, x = np.mgrid[:SIDE, :SIDE]
    dark = 0.5 * np.exp(-(((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2))
    return np.asarray(paper * (1 - dark[..., None]), np.float32)


def photo_of(values: npt.ArrayLike) -> Photo:
    return Photo(np.asarray(np.clip(values, 0, 255) / 255, np.float32), None)


def green_tin() -> tuple[Photo, Pixels]:
    """A green tin with a white label, and where it is."""
    picture = shaded(studio(), (260, 410), (150, 26))
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.rectangle(mask, (160, 90), (320, 400), 255, -1)
    picture[mask > 0] = (40, 90, 60)
    picture[180:300, 160:321] = (236, 233, 225)  # a white label from edge to edge
    return photo_of(cv2.GaussianBlur(picture, (0, 0), 0.8)), mask


def handled_cup() -> Photo:
    """A brown cup with a handle that one can see through."""
    picture = studio()
    cv2.ellipse(picture, (330, 250), (70, 80), 0, 0, 360, (120, 70, 50), 26, cv2.LINE_AA)
    cv2.rectangle(picture, (120, 130), (310, 380), (120, 70, 50), -1, cv2.LINE_AA)
    return photo_of(cv2.GaussianBlur(picture, (0, 0), 0.8))


def overlap(alpha: npt.NDArray[np.float32], mask: Pixels) -> float:
    found, wanted = alpha > 0.5, mask > 0
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    part = wanted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = min(part.shape[0], found.shape[0]), min(part.shape[1], found.shape[1])
    return float((part[:height, :width] & found[:height, :width]).sum() / (part | np.zeros_like(part)).sum())


def test_a_product_on_plain_ground_is_cut_out_with_its_white_label() -> None:
    photo, mask = green_tin()

    cutout = cut_out(photo)

    assert cutout is not None
    assert cutout.whole
    assert cutout.alpha.shape == pytest.approx((311, 161), abs=6)
    assert overlap(cutout.alpha, mask) > 0.97


def test_its_shadow_is_kept_apart_from_it() -> None:
    photo, _ = green_tin()

    cutout = cut_out(photo)

    assert cutout is not None
    below = cutout.shadow[cutout.around + cutout.alpha.shape[0] :]
    assert float(below.max()) > 0.25
    assert float(cutout.shadow[: cutout.around // 2].max()) < 0.1


def test_one_can_see_through_the_handle_of_a_cup() -> None:
    cutout = cut_out(handled_cup())

    assert cutout is not None
    height, width = cutout.alpha.shape
    hole = cutout.alpha[round(height * 0.45) : round(height * 0.52), round(width * 0.72) : round(width * 0.82)]
    assert float(hole.max()) < 0.2


def test_no_rim_of_the_old_background_stays() -> None:
    photo, _ = green_tin()

    cutout = cut_out(photo)

    assert cutout is not None
    edge = (cutout.alpha > 0.3) & (cutout.alpha < 0.9)
    edge[:, : cutout.alpha.shape[1] // 4] = False
    upper = np.zeros_like(edge)
    upper[: cutout.alpha.shape[0] // 4] = True
    assert float(cutout.rgb[edge & upper].mean()) < 0.45


def test_alpha_that_comes_with_the_picture_is_used() -> None:
    alpha = np.zeros((200, 200), np.float32)
    cv2.circle(alpha, (100, 100), 60, (1.0,), -1)
    photo = Photo(np.full((200, 200, 3), 0.5, np.float32), alpha)

    cutout = cut_out(photo)

    assert cutout is not None
    assert cutout.alpha.shape == (121, 121)


def scene_photo() -> Photo:
    random = np.random.default_rng(4)
    small = random.integers(0, 256, (12, 12, 3)).astype(np.float32)
    return photo_of(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def white_on_white() -> Photo:
    picture = studio()
    cv2.circle(picture, (240, 240), 120, (249, 249, 248), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (220, 220), (260, 260), (60, 60, 160), -1)
    return photo_of(picture)


@pytest.mark.parametrize("photo", [scene_photo(), photo_of(studio())], ids=["a scene", "nothing"])
def test_what_has_no_plain_ground_or_nothing_on_it_is_not_cut(photo: Photo) -> None:
    assert cut_out(photo) is None


def test_the_leading_hue_is_the_one_most_seen() -> None:
    rgb = np.zeros((100, 100, 3), np.float32)
    rgb[:70] = (0.1, 0.5, 0.2)
    rgb[70:] = (0.8, 0.1, 0.1)

    hue, saturation, bright = leading_hue(rgb, np.ones((100, 100), np.float32))

    assert 0.3 < hue < 0.45
    assert saturation > 0.3
    assert 0.1 < bright < 0.6


@pytest.mark.parametrize("make", [lambda: green_tin()[0], scene_photo, white_on_white, handled_cup])
def test_any_photo_becomes_a_scene(painters: Executor, make: object) -> None:
    assert callable(make)
    for seed in (1, 2):
        scene = direct(
            plan("a product, petals, morning light", seed), width=256, height=448, seconds=2, seed=str(seed),
            painters=painters, photo=make(),
        )  # fmt: skip
        frame = scene.render(Frame(256, 448), 24, 49)
        assert float(frame[:448].std()) > 6


def test_the_same_photo_and_seed_give_the_same_pixels(painters: Executor) -> None:
    def once() -> Pixels:
        scene = direct(
            plan("tea tin", 3), width=256, height=448, seconds=2, seed="3", painters=painters, photo=green_tin()[0]
        )
        return scene.render(Frame(256, 448), 10, 49).copy()

    assert np.array_equal(once(), once())


def write(path: Path, mode: str = "RGB", size: tuple[int, int] = (300, 200), **options: Any) -> Path:
    Image.new(mode, size, 90 if mode in {"L", "P"} else None).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.jpg", "RGB"), ("b.png", "RGBA"), ("c.png", "P"), ("d.png", "L"), ("e.jpg", "CMYK"), ("f.webp", "RGB")],
)
def test_common_kinds_of_pictures_are_read(tmp_path: Path, name: str, mode: str) -> None:
    photo = read_photo(write(tmp_path / name, mode))

    assert photo.rgb.shape == (200, 300, 3)
    assert photo.rgb.dtype == np.float32
    assert (photo.alpha is not None) == (mode == "RGBA")


def test_large_pictures_are_made_smaller_and_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees: TIFF 6.0, tag Orientation
    path = write(tmp_path / "large.jpg", size=(2400, 1200), exif=exif)

    photo = read_photo(path)

    assert photo.rgb.shape == (WORKING_SIDE, WORKING_SIDE // 2, 3)


def bomb(path: Path) -> Path:
    """A tiny PNG that says it is enormous."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = int(MOST_PIXELS**0.5) + 10
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    )
    return path


def test_what_is_no_picture_is_an_error_that_says_why(tmp_path: Path) -> None:
    text, empty, cut, small = (tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg", "d.png"))
    text.write_text("hello")
    empty.touch()
    whole = write(tmp_path / "whole.jpg", size=(900, 900), quality=95).read_bytes()
    cut.write_bytes(whole[: len(whole) // 3])
    write(small, size=(5, 5))

    for path in (text, empty, cut, small, bomb(tmp_path / "e.png"), tmp_path / "missing.jpg"):
        with pytest.raises(MediaError) as refused:
            read_photo(path)
        assert path.name in refused.value.reason
        assert str(tmp_path) not in refused.value.reason
        assert refused.value.instruction
