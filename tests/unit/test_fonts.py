import unicodedata
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError
from tasks.finishing import fonts
from tasks.finishing.fonts import FACES, LETTERS, Face, Typeface, line
from tasks.finishing.words import Words, clean


@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_a_shipped_font_is_smaller_than_seven_megabytes(typeface: Typeface) -> None:
    assert FACES[typeface].path.stat().st_size < 7_000_000
    assert LETTERS[typeface].path.stat().st_size < 250_000


def test_the_licence_goes_with_the_fonts() -> None:
    text = (fonts.FOLDER / "OFL.txt").read_text(encoding="utf-8")

    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Copyright 2014-2021 Adobe" in text
    assert "Copyright 2015-2020 Google LLC" in text


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


#: Sentences with the letters of a language.
LANGUAGES = {
    "english": "The quick brown fox jumps over the lazy dog",
    "german": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich – GROẞ",
    "french": "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis à l’Œuvre naïve où ça pâlit",
    "spanish": "¿Qué? ¡El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío, añoraba a su niño!",
    "portuguese": "À noite, vovô Kowalsky vê o ímã cair no pé do pinguim queixoso e vovó põe açúcar no chá de tâmaras",
    "polish": "Pchnąć w tę łódź jeża lub ośm skrzyń fig. ŁÓDŹ, Żółć",
    "czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Řeřicha, ŠŤASTNÝ",
    "slovak": "Kŕdeľ šťastných ďatľov učí pri ústí Váhu mĺkveho koňa obhrýzať kôru a žrať čerstvé mäso",
    "turkish": "Pijamalı hasta yağız şoföre çabucak güvendi. İSTANBUL IĞDIR ŞIŞLI",
    "hungarian": "Árvíztűrő tükörfúrógép, ŐSZI ŰRHAJÓ",
    "romanian": "Gheorghe, obezul, a reușit să obțină jucându-se un flux în Quebec de o mie kilowațioră. ȘI ȚĂRĂ",
    "croatian": "Gojazni đačić s biciklom drži hmelj i finu vatu u džepu nošnje, Đakovo Čačak ǆ",
    "lithuanian": "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą. ŲŪĖ",
    "latvian": "Glāžšķūņa rūķīši dzērumā čiepj Baha koncertflīģeļu vākus. ĢĶĻŅ",
    "estonian": "Põdur Zagrebi tšellomängija-följetonist Ciqo külmetas kehvas garaažis",
    "icelandic": "Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa",
    "vietnamese": "Do bạch kim rất quý nên sẽ dùng để lắp vô xương. Ơ Ư Ặ Ế Ệ Ợ, trà ướp sen, phở Hà Nội ₫",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Ά Έ Ή Ί Ό Ύ Ώ ϊ ϋ ΐ ΰ ς",
    "russian": "Съешь же ещё этих мягких французских булок, да выпей чаю. Ёлка",
    "ukrainian": "Чуєш їх, доцю, га? Кумедна ж ти, прощайся без ґольфів! Ґ Є І Ї, ₴",
    "serbian": "Љубазни фењерџија чађавог лица хоће да ми покаже штос. Ђ Ј Ћ",
    "kazakh": "Әлемдегі барлық ұлттың тілі, Ғ Қ Ң Ө Ұ Ү Һ, ₸",
    "yoruba": "Ẹ̀kọ́ ṣe pàtàkì, ọjọ́ rere",
    "korean": "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. 뷁 똠방각하 펲시 햏",
    "japanese": "いろはにほへと ちりぬるを、色は匂へど。アイヌ語のㇰㇷ゚、八ヶ岳、すゞ、㍿",
    "simplified": "我能吞下玻璃而不伤身体。“清明”——好茶！",
    "traditional": "我能吞下玻璃而不傷身體，臺灣烏龍茶「節氣」。",
    "arabic": "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ومغلف بجلد أزرق",
    "hebrew": "דג סקרן שט בים מאוכזב ולפתע מצא לו חברה",
    "money": "₹199 ₽ ₺ ₫ ₴ ₦ ₱ ₪ ₩ ₿ € £ ¥ $",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_every_language_can_be_set(language: str) -> None:
    Words(LANGUAGES[language][:80], (LANGUAGES[language],)).check()


def test_every_hangul_syllable_can_be_set() -> None:
    assert fonts.missing("".join(map(chr, range(0xAC00, 0xD7A4)))) == ()


@pytest.mark.parametrize("typeface", ["sans", "serif"])
@pytest.mark.parametrize("language", [name for name in LANGUAGES if name not in {"japanese", "money"}])
def test_all_words_of_a_language_have_one_face(language: str, typeface: Typeface) -> None:
    assert len({piece.means for piece in line.pieces(clean(LANGUAGES[language], 160), typeface)}) == 1


@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_letters_of_both_fonts_stand_on_one_line_and_are_of_one_height(typeface: Typeface) -> None:
    first, letters = (face.at(1000) for face in (FACES[typeface], LETTERS[typeface]))
    for letter, apart in (("H", 2), ("x", 35), ("p", 45)):
        box, other = (font.getbbox(letter, anchor="ls") for font in (first, letters))
        assert abs(box[1] - other[1]) <= apart
        assert abs(box[3] - other[3]) <= apart


@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_a_mark_stands_over_its_letter_and_takes_no_room(typeface: Typeface) -> None:
    face = LETTERS[typeface]
    assert face.width("ẹ\u0301", 100) == face.width("ẹ", 100)
    box = face.at(100, "ẹ\u0301").getbbox("ẹ\u0301", anchor="ls")
    assert box[1] < face.at(100).getbbox("ẹ", anchor="ls")[1]
    assert box[2] <= face.width("ẹ", 100) + 3


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
@pytest.mark.parametrize("faces", [FACES, LETTERS])
def test_narrow_quotation_marks_are_narrow_and_have_ink(faces: dict[Typeface, Face], typeface: Typeface) -> None:
    face = faces[typeface]

    for wide, narrow in zip("‘’“”", "\ue018\ue019\ue01c\ue01d", strict=True):
        assert face.width(narrow, 100) < 60 < FACES[typeface].width(wide, 100)
        picture = Image.new("L", (120, 120))
        ImageDraw.Draw(picture).text((10, 100), narrow, font=face.at(100), fill=255, anchor="ls")
        assert picture.getbbox() is not None


def test_the_fingerprint_is_that_of_the_files() -> None:
    assert len(fonts.fingerprint()) == 64
    assert fonts.fingerprint() == fonts.fingerprint()
