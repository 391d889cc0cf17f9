"""The automaton finds what a search for each pattern finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.screening.texts.automaton import Automaton

letters = st.text("abc", max_size=60)
patterns = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=12)


def one_by_one(wanted: list[str], text: str) -> list[tuple[int, int]]:
    return sorted(
        (end, index)
        for index, pattern in enumerate(wanted)
        for end in range(len(text))
        if text[: end + 1].endswith(pattern)
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(patterns, letters)
def test_it_finds_every_occurrence_of_every_pattern(wanted: list[str], text: str) -> None:
    automaton = Automaton(wanted)

    found = automaton.find(text)

    assert sorted(found) == one_by_one(wanted, text)
    assert [place for place, _ in found] == sorted(place for place, _ in found)
    assert len(found) <= automaton.most * len(text)


def test_it_reads_each_character_once() -> None:
    read = []

    def slowly(text: str) -> object:
        for character in text:
            read.append(character)
            yield character

    automaton = Automaton(["a" * 50 + "b", "a" * 30, "ab"])
    automaton.find(slowly("a" * 1000))  # type: ignore[arg-type]

    assert len(read) == 1000


def test_without_patterns_nothing_is_found() -> None:
    assert Automaton([]).find("abc") == []
