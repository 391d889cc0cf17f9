"""A model with all that is put on it is one word, and the word says it all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import UseError
from wan_engine.wan.naming import Adapter, ModelName

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
REVISIONS = st.from_regex(r"[0-9a-f]{12}", fullmatch=True) | st.just("")
WEIGHTS = st.integers(-4000, 4000).map(lambda thousandths: thousandths / 1000)
ADAPTERS = st.lists(st.builds(Adapter, NAMES, WEIGHTS, REVISIONS), max_size=3).map(tuple)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.builds(ModelName, NAMES | st.just(""), REVISIONS, ADAPTERS, st.booleans()))
def test_the_word_is_read_as_it_was_written(name: ModelName) -> None:
    assert ModelName.parse(str(name)) == name


def test_words_are_as_people_write_them() -> None:
    assert ModelName.parse("") == ModelName()
    assert ModelName.parse("wan22-ti2v-5b@b8fff7315c76+ink-wash@1a2b3c4d5e6f*0.8~fast") == ModelName(
        "wan22-ti2v-5b", "b8fff7315c76", (Adapter("ink-wash", 0.8, "1a2b3c4d5e6f"),), fast=True
    )
    assert ModelName.parse("m+a+b*-1").adapters == (Adapter("a"), Adapter("b", -1.0))


@pytest.mark.parametrize("word", ["a b", "m@", "m+", "m+a*", "m+a*x", "m~slow", "../m", "m+../a", "m@r@s", "-m"])
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(UseError, match="names no model") as refused:
        ModelName.parse(word)
    assert "name@revision" in refused.value.instruction
