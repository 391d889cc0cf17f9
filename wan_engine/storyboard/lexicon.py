"""Finds in the words of a prompt, English or Chinese, what the storyboard can draw."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table() -> dict[str, Any]:
    """The lexicon as data: elements, season, hour, style, move, terms."""
    text = files("wan_engine.storyboard").joinpath("lexicon.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@cache
def _pattern(section: str) -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """One expression for all phrases of a section, longest first, and what each phrase means."""
    meanings: dict[str, list[str]] = {}
    for name, phrases in table()[section].items():
        for phrase in phrases:
            meanings.setdefault(phrase, []).append(name)
    longest_first = sorted(meanings, key=lambda phrase: (-len(phrase), phrase))
    # Latin words stand alone, with a plural or not; Chinese has no spaces between words.
    parts = [rf"(?<![a-z]){re.escape(phrase)}(?:s|es)?(?![a-z])" if phrase.isascii() else re.escape(phrase) for phrase in longest_first]
    return re.compile("|".join(f"({part})" for part in parts)), {phrase: tuple(names) for phrase, names in meanings.items()}


def found(section: str, prompt: str) -> list[str]:
    """The names of a section that the prompt mentions, in the order of their first mention, each once."""
    pattern, meanings = _pattern(section)
    phrases = sorted(meanings, key=lambda phrase: (-len(phrase), phrase))
    names: dict[str, None] = {}
    for match in pattern.finditer(prompt.lower()):
        assert match.lastindex is not None
        for name in meanings[phrases[match.lastindex - 1]]:
            names.setdefault(name)
    return list(names)


def term(prompt: str) -> tuple[str | None, str]:
    """The solar term that the prompt names, by its Chinese name, and the prompt without the term's English name.

    The English names are taken out because they mislead: there is no grain in a Grain Rain.
    """
    lowered = prompt.lower()
    for phrase, name in table()["english terms"].items():
        if phrase in lowered:
            return str(name), lowered.replace(phrase, " ")
    for name in table()["terms"]:
        if name in prompt:
            return str(name), prompt
    return None, prompt
