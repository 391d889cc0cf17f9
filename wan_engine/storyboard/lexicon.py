"""Finds in the words of a prompt, English or Chinese, what the storyboard can draw."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table() -> dict[str, Any]:
    """The lexicon as data: what each section means is said where it is read."""
    text = files("wan_engine.storyboard").joinpath("lexicon.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@cache
def group(name: str) -> frozenset[str]:
    """Elements of one kind: `table`, `air` (what fills it), `outdoors` (too large for a room), `woody`, `blooms`."""
    return frozenset(table()[name])


@cache
def _pattern(section: str) -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """One expression for all phrases of a section, longest first, and what each phrase means."""
    meanings: dict[str, list[str]] = {}
    for name, phrases in table()[section].items():
        for phrase in phrases:
            meanings.setdefault(phrase, []).append(name)
    longest_first = sorted(meanings, key=lambda phrase: (-len(phrase), phrase))
    parts = [_expression(phrase) for phrase in longest_first]
    return re.compile("|".join(f"({part})" for part in parts)), {
        phrase: tuple(names) for phrase, names in meanings.items()
    }


def _expression(phrase: str) -> str:
    """A Latin word stands alone, in singular or plural: a plum is not in plumes. Chinese has no spaces to look at."""
    if not phrase.isascii():
        return re.escape(phrase)
    plural = "(?:es)?" if phrase.endswith(("s", "x", "z", "ch", "sh", "o")) else "s?"
    return rf"(?<![a-z]){re.escape(phrase)}{plural}(?![a-z])"


def found(section: str, prompt: str) -> list[str]:
    """The names of a section that an understood prompt mentions, in the order of their first mention, each once."""
    pattern, meanings = _pattern(section)
    phrases = sorted(meanings, key=lambda phrase: (-len(phrase), phrase))
    names: dict[str, None] = {}
    for match in pattern.finditer(prompt):
        assert match.lastindex is not None
        for name in meanings[phrases[match.lastindex - 1]]:
            names.setdefault(name)
    return list(names)


def understood(prompt: str) -> tuple[str, str | None]:
    """The prompt in lower case without what would mislead, and the Chinese name of the solar term that it names.

    There is no grain in a Grain Rain, no rain after the rain, and no snow in a snow pear.
    """
    text = prompt.lower()
    named = next((str(name) for name in table()["terms"] if name in prompt), None)
    for phrase, name in table()["english terms"].items():
        if phrase in text:
            named = named or str(name)
            text = text.replace(phrase, " ")
    for phrase, instead in table()["rewrite"].items():
        text = text.replace(phrase, instead)
    return text, named
