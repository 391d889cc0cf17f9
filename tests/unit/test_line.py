"""Lines of several scripts: which font sets what, in which order it is seen, and emoji among the letters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tasks.finishing.brand import Brand
from tasks.finishing.fonts import FACES, LETTERS, Face, check, emoji, line
from tasks.finishing.job import FinishJob
from tasks.finishing.layout import Layout
from tasks.finishing.preparing import prepare
from tasks.finishing.words import Words, clean


def seen(text: str) -> list[str]:
    """The pieces from left to right, with the first letters of what sets them."""
    return [f"{_name(piece.means)}:{piece.text}" for piece in line.pieces(clean(text, 200), "sans")]


def _name(means: line.Means) -> str:
    if means in LETTERS.values():
        return "Let"
    return means.file.removeprefix("NotoSans")[:3] if isinstance(means, Face) else means


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("好茶 tea", ["CJK:好茶 tea"]),
        ("good tea 🍵 now", ["CJK:good tea", "CJK: ", "emoji:🍵", "CJK: ", "CJK:now"]),
        ("شاي أخضر 2026!", ["Ara:شاي أخضر 2026!"]),
        ("תה ירוק", ["Heb:תה ירוק"]),
        ("tea: שלום!", ["CJK:tea:", "CJK: ", "Heb:שלום", "CJK:!"]),
        ("שלום Reelmill", ["CJK:Reelmill", "CJK: ", "Heb:שלום"]),
        ("שלום, 50% תה", ["Heb:תה", "CJK: ", "CJK:50%", "CJK: ", "CJK:,", "Heb:שלום"]),
        ("שלום 🍵", ["emoji:🍵", "CJK: ", "Heb:שלום"]),
    ],
)
def test_each_piece_has_its_font_and_stands_where_it_is_read(text: str, pieces: list[str]) -> None:
    assert seen(text) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Łódź to miasto", ["Let:Łódź to miasto"]),
        ("“Łódź”…", ["Let:\ue01cŁódź\ue01d\ue026"]),
        ("波兰“Łódź”—2026年", ["CJK:波兰“", "Let:Łódź", "CJK:”—", "Let:2026", "CJK:年"]),
        ("只要 ₹199，好茶", ["CJK:只要", "CJK: ", "Let:₹199", "CJK:，好茶"]),
        ("Łódź 🍵 dziś", ["Let:Łódź", "CJK: ", "emoji:🍵", "CJK: ", "Let:dziś"]),
        ("שלום Łódź", ["Let:Łódź", "Heb: ", "Heb:שלום"]),
    ],
)
def test_all_letters_of_a_line_are_set_in_the_font_that_has_all(text: str, pieces: list[str]) -> None:
    assert [piece.replace("Let: ", "CJK: ") for piece in seen(text)] == pieces


def test_a_line_goes_with_those_beside_it() -> None:
    (alone,), (beside,) = (line.pieces("dobra herbata", "serif", with_letters=flag) for flag in (None, True))
    assert alone.means is FACES["serif"]
    assert beside.means is LETTERS["serif"]
    assert {run.means for run in laid_out(Words("Herbata", ("dobra na zimę",), "z gór")).runs} == {LETTERS["serif"]}


@pytest.mark.parametrize(
    ("text", "right"),
    [("שלום tea", True), ("tea שלום", False), ("「שלום」", True), ("123", False), ("🍵 شاي", True), ("", False)],
)
def test_the_first_letter_says_where_a_line_begins(text: str, right: bool) -> None:
    assert line.runs_right_to_left(clean(text, 200)) is right


@pytest.mark.parametrize(
    ("written", "characters"),
    [("🇨🇳", 1), ("👩‍🍳", 1), ("👍🏽", 1), ("❤️", 1), ("❤", 1), ("✨", 1), ("👨‍👩‍👧‍👦茶", 2), ("🍵🍵", 2), ("🇨🇳🇯🇵", 2),
     ("1️⃣", 1), ("#️⃣", 1), ("*⃣", 1), ("1️⃣2️⃣", 2), ("12️⃣", 2)],
)  # fmt: skip
def test_an_emoji_is_one_character_whatever_it_is_made_of(written: str, characters: int) -> None:
    once = clean(written, 200)
    assert len(once) == characters
    assert clean(once, 200) == once
    check(once)


def test_a_sign_is_a_picture_where_it_is_one_or_no_font_has_it() -> None:
    assert [emoji.is_emoji(clean(text, 9)) for text in ("❤", "❤️", "✨", "☆")] == [True, True, True, False]


def test_every_key_of_a_telephone_is_a_picture_of_its_own() -> None:
    pictures = [emoji.draw(clean(f"{sign}\ufe0f\u20e3", 9), 64).tobytes() for sign in "0123456789#*"]
    assert len(set(pictures)) == 12
    assert clean("12 # * 3", 9) == "12 # * 3"


def test_a_private_character_of_somebody_else_is_no_emoji() -> None:
    assert clean("a\ue900b", 9) == "ab"


@pytest.mark.parametrize("text", ["🍵", "🇨🇳", "❤️", "👩‍🍳", "1️⃣", "#️⃣", "*️⃣"])
def test_an_emoji_is_drawn_in_colour_and_as_tall_as_a_letter(text: str) -> None:
    picture = emoji.draw(clean(text, 9), 64)
    pixels = np.asarray(picture)
    inked = pixels[pixels[..., 3] > 200][:, :3].astype(int)
    assert picture.height == 64
    assert 48 <= picture.width <= 80
    assert len(inked) > 500
    assert (inked.max(axis=1) - inked.min(axis=1)).max() > 60, "it has colours"


def laid_out(words: Words) -> Layout:
    return prepare(
        FinishJob(words, Brand("茶", "#2f6f4f"), ("tiktok",), "v", False, 704, 1280, 121, 24), "tiktok"
    ).layout


def test_lines_that_run_from_right_to_left_stand_at_the_right_of_the_safe_zone() -> None:
    layout = laid_out(Words("شاي أخضر طازج", ("أوراق الربيع الأولى",)))
    for run in layout.runs:
        assert run.x + run.width == pytest.approx(1080 - 250, abs=2)
    assert layout.pill is not None
    assert layout.bar is not None
    assert layout.pill.x + layout.pill.width == layout.bar.x + layout.bar.width == 1080 - 250


def test_what_is_set_with_emoji_is_as_wide_as_its_pieces() -> None:
    text = clean("春茶🍵 tea", 99)
    parts = FACES["sans"].width("春茶", 50) + emoji.WIDTH * 50 + FACES["sans"].width(" tea", 50)
    assert line.width(text, "sans", 50) == pytest.approx(parts)


def test_the_pieces_of_a_line_come_together_and_stand_side_by_side() -> None:
    layout = laid_out(Words("春茶🍵上市"))
    assert {run.order for run in layout.runs} == {0}
    for left, right in zip(layout.runs, layout.runs[1:], strict=False):
        assert left.x + left.width == pytest.approx(right.x, abs=1)


def test_a_name_with_an_emoji_is_drawn_on_its_sign() -> None:
    picture = Image.new("RGBA", (400, 100), "white")
    line.draw(picture, (10, 70), clean("茶🍵 שלום", 40), "sans", 48, (0, 0, 0))
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (pixels.max(axis=2) - pixels.min(axis=2)).max() > 60
    columns = np.flatnonzero((pixels.sum(axis=2) < 300).any(axis=0))
    assert columns[0] < 20
    assert columns[-1] > 200
