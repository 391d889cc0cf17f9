"""Texts from hell: whatever is said, there is a verdict, its spans are within the text, and its price is a line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.screening.policy import load
from tasks.screening.texts.lexicon import shipped
from tasks.screening.texts.screen import TextScreen
from tasks.screening.texts.words import WordOptions

SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)
SCREEN = TextScreen(load("default", Path()), WordOptions(blocked=["foo bar", "山寨"], allowed=["最美时光"]))

TERMS = sorted(
    {text for part in shipped().parts for _, entry in part.entries() for text in (*entry.terms, *entry.unless)}
)
words = st.sampled_from(TERMS)
marks = st.sampled_from(["", " ", ".", "*", "\n", "，", "\u200b", "\u0301", "😀", "!", "%", "s", "0", "的"])
sentences = st.lists(st.one_of(words, marks, st.text(max_size=8)), max_size=20).map("".join)
garbled = st.lists(st.tuples(st.sampled_from(list("".join(TERMS))), marks).map("".join), max_size=40).map("".join)
anything = st.text(st.characters(codec=None, exclude_categories=[]), max_size=100)


@SETTINGS
@given(st.dictionaries(st.sampled_from(["prompt", "caption", "hashtags"]), st.one_of(sentences, garbled, anything)))
def test_whatever_is_said_there_is_a_verdict(fields: dict[str, str]) -> None:
    verdict = SCREEN.screen(fields)

    for hit in verdict.hits:
        assert 0 <= hit.start < hit.end <= len(fields[hit.field])
        assert hit.excerpt == re.sub("[\ud800-\udfff]", "\ufffd", fields[hit.field][hit.start : hit.end])
        assert hit.excerpt.encode()
    assert bool(verdict.reasons) == (verdict.decision.value != "pass")


@SETTINGS
@given(st.one_of(sentences, anything), st.one_of(sentences, anything))
def test_a_crime_is_found_in_the_middle_of_anything(before: str, after: str) -> None:
    for crime in ("儿童色情", "child porn"):
        assert SCREEN.screen({"caption": f"{before}\n{crime}\n{after}"}).decision.value == "block"


@SETTINGS
@given(st.one_of(sentences, garbled), st.one_of(sentences, garbled))
def test_what_is_said_later_does_not_make_it_better(before: str, after: str) -> None:
    """Two paragraphs are at least as bad as the first of them."""
    order = ["pass", "review", "block"]
    alone = SCREEN.screen({"caption": before}).decision.value
    both = SCREEN.screen({"caption": f"{before}。\n。{after}"}).decision.value

    assert order.index(both) >= order.index(alone)


class _Steps:
    """How many lines of the screen are executed. It counts, so that no clock has to be trusted."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> _Steps | None:
        if "texts" not in frame.f_code.co_filename:
            return None
        self.count += event == "line"
        return self


def steps(text: str) -> int:
    counter, before = _Steps(), sys.gettrace()
    sys.settrace(counter)
    try:
        SCREEN.screen({"caption": text})
    finally:
        sys.settrace(before)
    return counter.count


@pytest.mark.parametrize(
    "piece",
    [
        "春", "a", "最", "sex ", "sexsex", "s e x ", "s.", "porn", "赌*博", "赌 ", "大麻花", "大麻", "大麻花大麻", " ",
        "*", "0", "\u200b", "s\u200b\u0301", "kid sexy ", "今晚yp", "weed gram ", "最美时光", "a\n", "!i1l|", "100%纯",
        "du bo", "bababa", "百家乐六合彩", "😀", "xxx", "治愈", "病治愈",
    ],
)  # fmt: skip
def test_a_text_of_twice_the_length_takes_twice_the_steps(piece: str) -> None:
    short, long = (steps((piece * 4096)[:length]) for length in (1000, 4000))

    assert long <= 4.2 * short + 400
