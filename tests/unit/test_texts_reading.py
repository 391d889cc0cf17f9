"""Reading a text: whatever its letters look like, and whatever stands between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelmill.content import Decision
from tasks.screening.policy import load
from tasks.screening.texts.characters import LEET, LOOKALIKES, Gap, gap, plain
from tasks.screening.texts.reading import LONGEST_GAP, Reading, skeleton
from tasks.screening.texts.screen import TextScreen
from tasks.screening.texts.words import WordOptions

SCREEN = TextScreen(load("default", Path()))


def excerpts(text: str, name: str = "caption") -> list[str]:
    return [hit.excerpt for hit in SCREEN.screen({name: text}).hits]


@pytest.mark.parametrize(
    ("character", "letters"),
    [
        ("Ａ", "a"), ("ß", "ss"), ("é", "e"), ("ﬁ", "fi"), ("Ⅷ", "viii"), ("①", "1"), ("㎏", "kg"), ("٣", "3"),
        ("𝐩", "p"), ("🅿", "p"), ("🇸", "s"), ("а", "a"), ("Ο", "o"), ("ᴘ", "p"), ("賭", "赌"), ("團", "团"),
        ("が", "が"), ("각", "각"), ("\u200b", ""), ("\u0301", ""), ("\ufe0f", ""), ("\u3164", ""),
        ("г", "r"), ("Я", "r"), ("И", "n"), ("ᴦ", "r"), ("ƒ", "f"), ("Ꭺ", "a"), ("ꓮ", "a"), ("ո", "n"), ("ⲟ", "o"),
        ("駱", "骆"), ("錘", "锤"), ("鎚", "锤"), ("壹", "一"), ("芸", "艺"), ("苎", "苎"),
        (" ", ""), ("*", ""),
        ("，", ""), ("。", "。"), ("！", "!"), ("😀", ""), ("\ud800", ""), ("\0", ""),
    ],
)  # fmt: skip
def test_a_character_is_what_it_is_however_it_is_drawn(character: str, letters: str) -> None:
    assert plain(character) == letters


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("\u200b", Gap.NONE), ("\u0336", Gap.NONE), ("\u00ad", Gap.NONE), ("*", Gap.HIDING), ("．", Gap.HIDING),
        ("-", Gap.DASH), ("·", Gap.DASH), ("’", Gap.DASH), (" ", Gap.SPACE), ("\u3000", Gap.SPACE), ("\t", Gap.SPACE),
        ("\n", Gap.MARK), ("，", Gap.MARK), ("（", Gap.MARK), ("😀", Gap.MARK), ("#", Gap.MARK),
    ],
)  # fmt: skip
def test_what_stands_between_letters_separates_more_or_less(character: str, kind: Gap) -> None:
    assert gap(character) is kind


def test_tables_are_whole() -> None:
    alikes = "".join(LOOKALIKES.values())
    assert len(set(alikes)) == len(alikes)
    assert all(plain(alike) == letter for letter, of_it in LOOKALIKES.items() for alike in of_it)
    for sign, letters in LEET.items():
        assert len({skeleton(letter) for letter in (sign, *letters)}) == 1


def test_a_gap_that_is_long_separates() -> None:
    near, far = Reading("a" + " " * LONGEST_GAP + "b"), Reading("a" + " " * (LONGEST_GAP + 1) + "b")

    assert near.gap(0) is Gap.SPACE
    assert far.gap(0) is Gap.MARK


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("来赌*博吧", "赌*博"),
        ("  Ｐｏｒｎ  ", "Ｐｏｒｎ"),
        ("a p\u0301o\u0301r\u0301n\u0301 b", "p\u0301o\u0301r\u0301n\u0301"),
        ("😀po\u200brn😀", "po\u200brn"),
        ("線上賭博網站", "線上賭博"),
        ("ﬁne p0rn", "p0rn"),
        ("#FreeHentai now", "Hentai"),
        ("（赌）（博）", "赌）（博"),
    ],
)
def test_the_excerpt_is_what_was_written(text: str, excerpt: str) -> None:
    assert excerpt in excerpts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Essex", "Sussex", "Middlesex", "unisex", "sextant", "sexton", "his exam", "less exciting", "Scunthorpe",
        "cocktail", "grape", "scrape", "drapes", "therapist", "analysis", "shiitake", "penistone", "begun", "gunnel",
        "megunion", "Xessexx", "5 ex works", "$5 ex works", "4 slices, 5 ex", "1n 5e x", "s. ex-boss", "is.expert",
        "methane", "method", "pussyfooting", "cumin", "document", "white, power",
        "f(s * x)", "s.x", "sx", "prn", "pron", "vivid love", "Bvlgari", "10€ tea", "5 € each", "savvy", "вода и чай",
        "рог и копыто", "гора на севере", "Что пьёт наш гость зимой", "ноги в тёплых носках",
    ],
)  # fmt: skip
def test_a_part_of_a_word_is_no_word(text: str) -> None:
    assert SCREEN.screen({"caption": text}).decision is Decision.PASS


@pytest.mark.parametrize(
    "text",
    [
        "sex!", "(sex)", "sex2024", "看sex片", "#sex", "_sex_", "SEX", "s.e.x", "S E X", "s3x", "$ex", "guns", "gun's",
        "porn's", "free-porn", "AK47", "ak 47", "casino888", "888casino", "nud3s", "ch!ld p0rn", "x p.o.r.n x",
        "s*x", "P*RN tube", "рогn", "PORИ", "pr0n", "PR0N clips", "fvck", "f.v.c.k", "s€x", "ꓢꓰꓫ", "Ꮲᴏгп",
    ],
)  # fmt: skip
def test_a_word_is_found_whatever_stands_beside_it(text: str) -> None:
    assert SCREEN.screen({"caption": text}).decision is not Decision.PASS


@pytest.mark.parametrize(
    "text", ["开赌 博士", "理性·爱情", "知性，爱生活", "赌！博", "赌。博", "赌" + " " * 40 + "吧博物馆"]
)
def test_chinese_words_are_not_glued_together(text: str) -> None:
    assert SCREEN.screen({"caption": text}).decision is Decision.PASS


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("骆驼", "駱駝牌"),
        ("锦鲤", "轉發這條錦鯉"),
        ("锤子", "錘子手機"),
        ("駱駝", "骆驼牌"),
        ("鹦鹉螺", "鸚鵡螺"),
        ("麒麟", "麒麐"),
    ],
)
def test_words_of_ones_own_are_found_in_traditional_characters(word: str, text: str) -> None:
    screen = TextScreen(load("default", Path()), WordOptions(competitors=[word]))

    assert [hit.category for hit in screen.screen({"caption": text}).hits] == ["competitors"]


def test_every_common_traditional_character_has_its_simplified_one() -> None:
    """Of the first level of Big5, those that GB 2312 has not: they were simplified, or are rare in both."""
    common = [
        bytes((row, cell)).decode("big5")
        for row in range(0xA4, 0xC6)
        for cell in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    ]
    traditional = [one for one in common if not _in_gb2312(one)]

    assert len(common) > 5300
    assert sum(plain(one) != one for one in traditional) > 0.9 * len(traditional)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def test_letters_are_compared_one_by_one() -> None:
    """The automaton takes l for i, and 6 for b or g: what it finds is looked at again."""
    assert excerpts("a piiiow of piius and a iottery") == []
    assert excerpts("a l0ttery") == ["l0ttery"]
