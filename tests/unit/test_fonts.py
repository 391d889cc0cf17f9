import unicodedata
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError
from tasks.finishing import fonts
from tasks.finishing.fonts import FACES, Typeface


@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_a_shipped_font_is_smaller_than_six_megabytes(typeface: Typeface) -> None:
    assert FACES[typeface].path.stat().st_size < 6_000_000


def test_the_licence_goes_with_the_fonts() -> None:
    text = (fonts.FOLDER / "OFL.txt").read_text(encoding="utf-8")

    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Copyright 2014-2021 Adobe" in text


def characters(codec: str) -> list[str]:
    found = []
    for high in range(0xA1, 0xFF):
        for low in range(0xA1, 0xFF):
            try:
                found.append(bytes([high, low]).decode(codec))
            except UnicodeDecodeError:
                continue
    return found


def test_every_chinese_character_of_gb_2312_can_be_set() -> None:
    chinese = [sign for sign in characters("gb2312") if unicodedata.name(sign, "").startswith("CJK UNIFIED")]

    assert len(chinese) == 6763
    assert fonts.missing("".join(chinese)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "立春雨水惊蛰春分清明谷雨立夏小满芒种夏至小暑大暑立秋处暑白露秋分寒露霜降立冬小雪大雪冬至小寒大寒",
        "啓蟄穀雨処暑霜降小満芒種しょうせつショウセツ",
        "입춘 우수 경칩 춘분 청명 곡우 소설 동지",
        "臺灣烏龍茶 節氣 驚蟄",
        "Crème brûlée, façade — “naïve” £5 €6 ¥7 → ½ №",
        "㛃㛹㧐䴖䶮",  # beyond GB 2312, in the list of standard characters
    ],
)
def test_the_words_of_the_shipped_sources_can_be_set(text: str) -> None:
    fonts.check(text)


@pytest.mark.parametrize(
    "data", sorted((Path(__file__).parents[2] / "tasks" / "sources").rglob("*.yaml")), ids=lambda path: path.name
)
def test_whatever_a_shipped_source_may_say_can_be_set(data: Path) -> None:
    assert fonts.missing(data.read_text(encoding="utf-8")) == (), "run tools/subset_fonts.py"


def test_a_missing_glyph_is_named_before_anything_is_rendered() -> None:
    with pytest.raises(FinishingError) as caught:
        fonts.check("好茶ཇ", "龘")

    assert "ཇ (U+0F47 tibetan letter ja)" in caught.value.reason
    assert "龘 (U+9F98" in caught.value.reason


def test_many_missing_glyphs_are_counted_and_not_all_named() -> None:
    with pytest.raises(FinishingError, match="and 12 more"):
        fonts.check("".join(chr(0x0E01 + offset) for offset in range(20)))


def test_a_width_is_the_sum_of_the_advances_and_the_spacing() -> None:
    sans = FACES["sans"]

    assert sans.width("茶茶", 100) == 200
    assert sans.width("茶茶", 100, 5) == 210
    assert sans.width("A", 100) < 100


@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_narrow_quotation_marks_are_narrow_and_have_ink(typeface: Typeface) -> None:
    face = FACES[typeface]

    for wide, narrow in zip("‘’“”", "\ue018\ue019\ue01c\ue01d", strict=True):
        assert face.width(narrow, 100) < 60 < face.width(wide, 100)
        picture = Image.new("L", (120, 120))
        ImageDraw.Draw(picture).text((10, 100), narrow, font=face.at(100), fill=255, anchor="ls")
        assert picture.getbbox() is not None


def test_the_fingerprint_is_that_of_the_files() -> None:
    assert len(fonts.fingerprint()) == 64
    assert fonts.fingerprint() == fonts.fingerprint()
