"""What is spoken is plain text in clauses, whoever wrote it, and its language is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.finishing.sound.speech.clauses import (
    CLAUSE_PAUSE,
    SENTENCE_PAUSE,
    WIDEST,
    Clause,
    clean,
    columns,
    cut,
)
from tasks.finishing.sound.speech.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("花雪随风不厌看", "zh"),
        ("Wan2.2 生成的短视频，来自 Reelmill。", "zh"),
        ("雪が静かに降る", "ja"),
        ("大雪の日、山は静か", "ja"),
        ("눈이 조용히 내린다 小雪", "ko"),
        ("Снег идёт", "ru"),
        ("الثلج يتساقط", "ar"),
        ("हिमपात", "hi"),
        ("Snow falls on the pines.", "en"),
        ("A tea called 龙井, from a garden in the hills behind the lake", "en"),
        ("Schnee fällt", "en"),
        ("123", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_seen_by_its_script(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("a\u202eb\u200bc\x00d\x1b[0m", "abc d [0m"),
        ('<speak><break time="9s"/>Hello</speak>', "Hello"),
        ("[[h@'l@]] hello [[[x]]]", "h@'l@ hello x"),
        ("5 < 6 > 4", "5 4"),
        ("snow ❄️ falls 🎉", "snow falls"),
        ("one\r\n\r\n two\tthree", "one\ntwo three"),
        ("20 °C, 3 × 4 €", "20 °C, 3 × 4 €"),
        ("e\u0301", "é"),
        ("[\u200b[x]\u2060]", "x"),
        ("<\u200bspeak>x<<a>/b>", "x /b"),
        (" \n\t", ""),
    ],
)
def test_nothing_but_plain_text_reaches_a_voice(text: str, heard: str) -> None:
    assert clean(text) == heard
    assert clean(heard) == heard


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("花雪随风不厌看，更多还肯失林峦。愁人正在书窗下，一片飞来一片寒。", [
            "花雪随风不厌看，更多还肯失林峦。", "愁人正在书窗下，一片飞来一片寒。",
        ]),
        ("Snow falls. Is it cold? Yes, very!", ["Snow falls.", "Is it cold?", "Yes, very!"]),
        ("It weighs 3.5 kg at v1.2.3.", ["It weighs 3.5 kg at v1.2.3."]),
        ("Dr. Lin pours tea.", ["Dr. Lin pours tea."]),
        ("“走吧！”他说。", ["“走吧！”他说。"]),
        ("one line\nand another", ["one line", "and another"]),
        ("……。\nWell then", ["Well then"]),
        ("好。", ["好。"]),
    ],
)  # fmt: skip
def test_a_text_is_cut_where_its_sentences_end(text: str, clauses: list[str]) -> None:
    assert [clause.text for clause in cut(clean(text))] == clauses


def test_a_long_sentence_is_cut_at_its_commas_and_the_pauses_tell_which() -> None:
    assert cut(
        "Snow falls on the pines, on the roofs of the village, on the river and on the road there. Good day."
    ) == [
        Clause("Snow falls on the pines, on the roofs of the village,", CLAUSE_PAUSE),
        Clause("on the river and on the road there.", SENTENCE_PAUSE),
        Clause("Good day.", SENTENCE_PAUSE),
    ]


@pytest.mark.parametrize("text", ["雪" * 500, "word " * 300, "x" * 900, "a," * 400, "很长的句子没有标点" * 40 + "。"])
def test_no_cue_is_wider_than_it_may_be_and_nothing_is_lost(text: str) -> None:
    clauses = cut(clean(text))

    assert max(columns(clause.text) for clause in clauses) <= WIDEST + 6
    assert "".join(clause.text for clause in clauses).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=300) | st.text("<>[]/a. ，。\u200b\n\U0001f389雪", max_size=200))
def test_whatever_is_written_is_plain_and_all_of_it_is_spoken(text: str) -> None:
    heard = clean(text)
    clauses = cut(heard)

    assert clean(heard) == heard
    assert not {"<", ">"} & set(heard)
    assert "[[" not in heard
    assert all(columns(clause.text) <= WIDEST + 6 for clause in clauses)
    spoken = "".join(character for clause in clauses for character in clause.text if character.isalnum())
    assert spoken == "".join(character for character in heard if character.isalnum())
