"""A product's photo in the shape of a clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError
from tasks.finishing import cards, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.cards import Cards, EndCard
from tasks.finishing.job import recipe
from tasks.generation.posing import HIGH, MIDDLE, WIDE, Pose, pose
from tests.unit.test_graph import JOB

ASSETS = Path(__file__).parents[2] / "assets"
RED = (200, 30, 40)
SIZE = (352, 640)


def on_white(path: Path) -> Path:
    """A square photo of a red box on nearly white, far off the middle."""
    picture = Image.new("RGB", (600, 600), (247, 247, 246))
    ImageDraw.Draw(picture).rectangle((40, 60, 239, 159), fill=RED)
    picture.save(path)
    return path


def red(path: Path) -> tuple[int, int, int, int]:
    """The box of what is red in a picture."""
    pixels = np.asarray(Image.open(path).convert("RGBA")).astype(int)
    rows, columns = np.nonzero((pixels[..., 0] - pixels[..., 1] > 80) & (pixels[..., 3] > 128))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize("how", ["subject", "cutout"])
def test_the_product_stands_whole_in_the_middle_and_keeps_its_proportions(tmp_path: Path, how: Pose) -> None:
    path = on_white(tmp_path / "box.png")

    assert pose(path, *SIZE, how)

    picture = Image.open(path)
    assert picture.size == SIZE
    left, top, right, bottom = red(path)
    assert abs((right - left) - WIDE * SIZE[0]) <= 4
    assert (right - left) / (bottom - top) == pytest.approx(2.0, rel=0.05)
    assert abs((left + right) / 2 - SIZE[0] / 2) <= 2
    assert abs((top + bottom) / 2 - MIDDLE * SIZE[1]) <= 2
    assert bottom - top <= HIGH * SIZE[1]
    corner = picture.convert("RGBA").getpixel((3, 3))
    assert corner == ((0, 0, 0, 0) if how == "cutout" else (247, 247, 246, 255))


def test_transparency_is_kept_or_stands_on_white(tmp_path: Path) -> None:
    for how, corner in (("cutout", (0, 0, 0, 0)), ("subject", (255, 255, 255, 255))):
        path = tmp_path / f"{how}.png"
        picture = Image.new("RGBA", (300, 300))
        ImageDraw.Draw(picture).ellipse((20, 20, 120, 120), fill=(*RED, 255))
        picture.save(path)
        assert pose(path, *SIZE, "cutout" if how == "cutout" else "subject")
        assert Image.open(path).convert("RGBA").getpixel((2, 2)) == corner
        assert red(path)[0] > 0.1 * SIZE[0]


def test_a_scene_and_a_whole_photo_stay_as_they_are(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "scene.png")
    on_white(tmp_path / "box.png")
    for name, how in (("scene.png", "subject"), ("scene.png", "cutout"), ("box.png", "whole")):
        before = (tmp_path / name).read_bytes()
        assert not pose(tmp_path / name, *SIZE, how)  # type: ignore[arg-type]
        assert (tmp_path / name).read_bytes() == before


def test_an_end_card_shows_the_product_in_the_place_of_the_logo(tmp_path: Path) -> None:
    brand = Brand("山野茶事", "#2f6f4f", ASSETS / "logo.png")
    profile = profiles.find("tiktok")
    path = on_white(tmp_path / "box.png")
    cards.draw_end(EndCard("再见"), brand, profile, photo=path).save(tmp_path / "end.png")
    left, top, right, bottom = red(tmp_path / "end.png")
    assert right - left == pytest.approx(cards.PHOTO, abs=12)
    zone = profile.safe_zone
    assert zone.top < top < bottom < profile.size[1] - zone.bottom
    ground = Image.open(tmp_path / "end.png").convert("RGB").getpixel((left - 20, (top + bottom) // 2))
    assert ground == cards.ground(brand), "it is cut out: no white plate is around it"
    plain = cards.draw_end(EndCard("再见"), brand, profile)
    assert plain.tobytes() != Image.open(tmp_path / "end.png").tobytes()
    with pytest.raises(FinishingError, match="photo of the end card"):
        cards.draw_end(EndCard(""), brand, profile, photo=tmp_path / "gone.png")


def test_another_photo_is_another_recipe(tmp_path: Path) -> None:
    job = replace(JOB, cards=Cards(end_card=EndCard("", 1.0)))
    shown = replace(job, photo=on_white(tmp_path / "box.png"))
    other = replace(job, photo=ASSETS / "products" / "celadon-cup.jpg")
    assert len({recipe(one, "tiktok") for one in (job, shown, other)}) == 3
