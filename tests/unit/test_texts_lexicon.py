"""The lexicon that ships."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from tasks.screening.texts.characters import IDEOGRAPHIC, plain
from tasks.screening.texts.lexicon import FOLDER, Mark, load, shipped
from tasks.screening.texts.rules import CATEGORIES, TextRules
from tasks.screening.texts.search import Search
from tasks.screening.texts.term import Entry, in_initials, in_pinyin
from tasks.screening.texts.vocabulary import Vocabulary
from tasks.screening.texts.words import WordOptions

LEXICON = shipped()
SEARCH = Search(Vocabulary(LEXICON, TextRules(), WordOptions()))
TABLE = [
    pair
    for line in (FOLDER.parent / "traditional.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for pair in line.split()
]
TRADITIONAL = {pair[0]: pair[1] for pair in TABLE}


def terms() -> Iterator[tuple[str, str, str]]:
    """Category, term, and a word that it needs nearby."""
    for part in LEXICON.parts:
        for _, entry in part.entries():
            for term in entry.terms:
                yield part.category, term, entry.near[0] if entry.near else ""


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def traditional(text: str) -> str:
    return "".join(TRADITIONAL.get(one, one) for one in text)


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "full width": wide,
    "traditional": traditional,
    "invisible": "\u200b".join,
    "accents": "\u0336".join,
}


def test_each_category_has_its_file_and_words_of_the_user_are_no_part_of_it() -> None:
    mine = {"competitors", "trademarks", "blocked"}

    assert {part.category for part in LEXICON.parts} == set(CATEGORIES) - mine | set(get_args(Mark))
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {part.category for part in LEXICON.parts} | {"index"}


@pytest.mark.parametrize("way", WAYS)
def test_every_term_is_found_in_every_way_to_draw_it(way: str) -> None:
    lost = []
    for category, term, near in terms():
        text = f"{WAYS[way](term)} {near}"
        if not any(found.wanted.category == category for found in SEARCH.find(text, "caption")):
            lost.append((category, term, text))

    assert lost == []


@pytest.mark.parametrize("separator", [" ", ".", "*", "/", "，", "😀"])
def test_every_term_is_found_when_its_letters_are_held_apart(separator: str) -> None:
    lost = []
    for category, term, near in terms():
        text = separator.join(term.replace(" ", ""))
        if (
            "*" not in term
            and not near
            and not any(found.wanted.category == category for found in SEARCH.find(text, "caption"))
        ):
            lost.append((category, term, text))

    assert lost == []


def test_every_character_that_has_a_traditional_form_is_in_the_table() -> None:
    """Big5 has the traditional characters only, so a character that it has not was simplified, but for three."""
    used = {character for _, term, near in terms() for character in term + near if character >= IDEOGRAPHIC}

    assert {character for character in used if _is_simplified(character)} <= {*TRADITIONAL, *"哌卐噼"}


def _is_simplified(character: str) -> bool:
    try:
        character.encode("big5")
    except UnicodeEncodeError:
        return True
    return False


def test_the_table_gives_each_character_one_reading() -> None:
    others = [other for pair in TABLE for other in pair[1:]]

    assert len(set(others)) == len(others)
    assert not set(others) & set(TRADITIONAL)
    assert all(plain(other) == pair[0] for pair in TABLE for other in pair[1:])


def test_no_exception_excuses_a_term_that_is_not_in_it() -> None:
    """An exception that contains none of its terms would never be used."""
    idle = [
        (part.category, phrase)
        for part in LEXICON.parts
        for _, entry in part.entries()
        for phrase in entry.unless
        if not any(_letters(term) in _letters(phrase) for term in entry.terms)
    ]

    assert idle == []


def _letters(text: str) -> str:
    return "".join(map(plain, text))


def test_its_hash_is_that_of_its_content(tmp_path: Path) -> None:
    copy = tmp_path / "lexicon"
    shutil.copytree(FOLDER, copy)
    path = copy / "drugs.yaml"
    original = path.read_text(encoding="utf-8")

    path.write_text(f"# a comment\n{original}", encoding="utf-8")
    assert load(copy).sha256 == LEXICON.sha256
    path.write_text(original.replace("cocaine", "cocaines", 1), encoding="utf-8")
    assert load(copy).sha256 != LEXICON.sha256


def test_pinyin_is_also_looked_for_half_in_characters() -> None:
    assert in_pinyin("赌博", "du bo") == ["du bo", "赌 bo", "du 博"]
    assert in_pinyin("一二三四五", "yi er san si wu") == ["yi er san si wu"]


def test_initials_are_also_looked_for_half_in_characters() -> None:
    assert in_initials("赌博", "db") == ["db", "赌b", "d博"]
    assert in_initials("一二三四五", "yessw") == ["yessw"]


def test_numbers_are_also_looked_for_in_digits_where_an_entry_says_so() -> None:
    assert Entry(term="第一", digits=True).written("第一次") == ["第一次", "第1次"]
    assert Entry(term="第一", digits=True).written("首家") == ["首家"]
    assert Entry(term="第一").written("第一次") == ["第一次"]


@pytest.mark.parametrize("separator", ["", ".", " "])
def test_initials_are_found_in_their_company_and_only_there(separator: str) -> None:
    lost = []
    for part in LEXICON.parts:
        for _, entry in part.entries():
            for term, initials in zip(entry.terms, (entry.initials or "").split(), strict=False):
                short = separator.join(initials)
                alone = [found.wanted.term for found in SEARCH.find(short, "caption")]
                beside = [found.wanted.term for found in SEARCH.find(f"{short} {entry.near[0]}", "caption")]
                innocent = [found.wanted.term for found in SEARCH.find(f"{short} {entry.far[0]}", "caption")]
                both = [
                    found.wanted.term for found in SEARCH.find(f"{short} {entry.near[0]} {entry.far[0]}", "caption")
                ]
                if term in alone + innocent + both or term not in beside:
                    lost.append((term, initials))

    assert lost == []


def test_the_known_initials_are_looked_for() -> None:
    initials = {one for part in LEXICON.parts for _, entry in part.entries() for one in (entry.initials or "").split()}

    assert {"db", "dc", "bc", "yp", "bd", "dm", "cnm", "sb"} <= initials


@pytest.mark.parametrize(
    "values",
    [
        {"term": ""},
        {"term": []},
        {"term": "***"},
        {"term": "赌博", "pinyin": "du"},
        {"term": "赌博", "initials": "db"},
        {"term": "赌博", "initials": "d", "near": ["平台"]},
        {"term": ["赌博", "赌场"], "initials": "db", "near": ["平台"]},
        {"term": "赌博", "unless": ["…"]},
        {"term": "赌博", "regex": "赌.博"},
    ],
)
def test_a_wrong_entry_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(values)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_it_reads_the_same_without_the_parser_that_is_written_in_c(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert YAML(typ="safe", pure=True).load(text) == YAML(typ="safe").load(text)
