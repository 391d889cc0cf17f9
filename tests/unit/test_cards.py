"""Lower third and end card: what they say, where they stand, when they are seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError
from tasks.finishing import overlays, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.cards import WANTED, Cards, EndCard, LowerThird, draw_end, draw_third, ground
from tasks.finishing.color import contrast
from tasks.finishing.cue import Cue
from tasks.finishing.graph import graph
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.layout import Box
from tasks.finishing.output import Output
from tasks.finishing.preparing import prepare
from tasks.finishing.slides import Slides, faded
from tasks.finishing.tone import LIGHT_INK
from tasks.finishing.words import Words

BRAND = Brand("山野茶事", "#2f6f4f")
BOTH = Cards(LowerThird("老陈 🍵", "三代茶人", 1.0, 3.0), EndCard("今晚 8 点，直播间见", 1.5))
CUES = (Cue(0.5, 4.0, "小雪时节，茶山安静。"),)


def job(cards: Cards = BOTH, *, cues: tuple[Cue, ...] = (), brand: Brand = BRAND, words: str = "小雪") -> FinishJob:
    return FinishJob(Words(words), brand, ("tiktok",), "v", False, 704, 1280, 240, 24, cues=cues, cards=cards)


def output(made: FinishJob, profile: str = "tiktok") -> Output:
    return prepare(made, profile)


@pytest.mark.parametrize("profile", profiles.names())
@pytest.mark.parametrize("words", ["小雪", ""])
def test_subtitles_stand_above_the_lower_third_and_that_above_the_words(profile: str, words: str) -> None:
    made = output(job(cues=CUES, words=words), profile)
    third, spoken, zone = made.overlays.third, made.overlays.spoken, made.profile.safe_zone
    assert third is not None
    assert spoken is not None
    assert spoken.box.bottom < third.box.y
    assert third.box.bottom <= min(made.layout.words_top, made.layout.height - zone.bottom)
    assert spoken.box.y > made.label.y + made.label.height
    assert third.box.x >= zone.left


def test_each_is_seen_in_its_time() -> None:
    made = output(job(cues=CUES))
    third, spoken, end = made.overlays.slides
    assert (third.start, third.end) == (1.0, 4.0)
    assert (spoken.start, spoken.end) == (0.5, pytest.approx(4.0))
    assert end.start == pytest.approx(10.0 - 1.5)
    assert end.box == Box(0, 0, 1080, 1920)
    chains = graph([made], fps=24).split(";")
    assert sum("enable='between(t," in chain for chain in chains) == 3


def test_the_cover_is_no_end_card() -> None:
    made = output(job())
    assert max(made.candidates) < (10.0 - 1.5) * 24
    assert max(output(job(Cards(end_card=EndCard("", 10.0)))).candidates) == 0


def test_a_lower_third_that_comes_after_the_end_or_says_nothing_is_none() -> None:
    assert output(job(Cards(LowerThird("a", "", 20.0)))).overlays.third is None
    assert output(job(Cards(LowerThird(" \u200b ", "")))).overlays.slides == ()


@pytest.mark.parametrize("cards", [Cards(LowerThird("ཇ")), Cards(LowerThird("a", "ཇ")), Cards(end_card=EndCard("ཇ"))])
def test_a_letter_that_no_font_has_is_told_before_anything_is_rendered(cards: Cards) -> None:
    with pytest.raises(FinishingError, match="tibetan"):
        job(cards).check()


@pytest.mark.parametrize("color", ["#2f6f4f", "#f2c14e", "#ffffff", "#101010", "#ff5a5f"])
def test_white_words_are_read_on_the_brands_colour(color: str) -> None:
    assert contrast(LIGHT_INK, ground(Brand("茶", color))) >= WANTED


def test_a_lower_third_is_as_wide_as_its_words_and_mirrored_for_arabic() -> None:
    box = Box(60, 1000, 770, 140)
    left, right = (draw_third(LowerThird(text, ""), box, BRAND, 1.0) for text in ("老陈", "الشاي الأخضر"))
    for picture, edge in ((left, 2), (right, box.width - 3)):
        alpha = np.asarray(picture)[..., 3]
        assert alpha[70, edge] == 255, "its edge has the brand's colour"
        assert alpha[70, box.width - 1 - edge] == 0
        assert (np.asarray(picture.convert("L")) > 230).sum() > 300


def test_an_end_card_shows_logo_name_and_words_on_one_axis(tmp_path: Path) -> None:
    logo = Image.new("RGBA", (300, 200))
    ImageDraw.Draw(logo).ellipse((0, 0, 299, 199), fill=(200, 30, 30, 255))
    logo.save(tmp_path / "logo.png")
    profile = profiles.find("tiktok")
    picture = draw_end(BOTH.end_card or EndCard(), Brand("山野茶事", "#2f6f4f", tmp_path / "logo.png"), profile)
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    red = np.argwhere((pixels[..., 0] > 180) & (pixels[..., 1] < 60))
    white = np.argwhere(pixels.min(axis=2) > 252)
    zone = profile.safe_zone
    middle = zone.left + (1080 - zone.left - zone.right) / 2
    for found in (red, white):
        assert abs((found[:, 1].min() + found[:, 1].max()) / 2 - middle) < 6
    assert red[:, 0].max() < white[:, 0].min(), "the words are below the logo"
    assert zone.top < red[:, 0].min()
    assert white[:, 0].max() < 1920 - zone.bottom


def test_what_is_on_a_card_changes_the_recipe_and_no_card_does_not() -> None:
    recipes = {
        recipe(job(cards), "tiktok") for cards in (Cards(), BOTH, Cards(BOTH.lower_third), Cards(LowerThird("x")))
    }
    assert len(recipes) == 4
    plain = FinishJob(Words("小雪"), BRAND, ("tiktok",), "v", False, 704, 1280, 240, 24)
    assert recipe(plain, "tiktok") in recipes


def test_cards_come_softly_and_are_gone_afterwards(tmp_path: Path) -> None:
    made = job()
    planned = overlays.plan(made, output(made).layout, made.profile("tiktok"))
    overlays.write(planned, made, made.profile("tiktok"), tmp_path)
    assert planned.third is not None
    lines = (tmp_path / planned.third.file).read_text().splitlines()
    files = [line.removeprefix("file ") for line in lines if line.startswith("file ")]
    assert files[0] == files[-1]
    strengths = [int(np.asarray(Image.open(tmp_path / file))[..., 3].max()) for file in files]
    assert strengths[0] == strengths[-1] == 0
    assert max(strengths) == 255
    top = strengths.index(255)
    assert strengths[: top + 1] == sorted(strengths[: top + 1])
    assert strengths[top:] == sorted(strengths[top:], reverse=True)


def test_slides_of_a_moment_that_is_too_short_to_be_seen_are_left_out(tmp_path: Path) -> None:
    one, other = (Image.new("RGBA", (8, 8), color) for color in ("red", "blue"))
    slides = Slides("a.ffconcat", Box(0, 0, 8, 8), 1.0, 2.0)
    slides.write([(1.0, one), (1.001, other)], tmp_path)
    text = (tmp_path / "a.ffconcat").read_text()
    assert text.count("file ") == 3
    assert len(faded(one, 0.0, 1.0, 0.3, out=True)) == 11
