"""Remarks on a prompt: what a light model will do badly with it, why, and how to write it better.

Nothing here stops a run. The rules are data, in English and Chinese: `lint.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_DATA = Path(__file__).with_name("lint.yaml")

#: What the text encoder reads; the rest is cut off (engine.md §1, `text_len`).
MOST_TOKENS = 512
#: Characters to a token of UMT5, roughly: Latin letters are shared out to three, a Chinese character is most of one.
LATIN_PER_TOKEN = 3.0
OTHERS_PER_TOKEN = 1.4
#: Fewer words than this that show something is a vague prompt.
FEWEST_WORDS = 2
#: And so are fewer Chinese characters.
FEWEST_CHARACTERS = 3

_INSERTION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_WORD = re.compile(r"[a-z0-9']+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: Rules are written in small letters. To ignore case while searching costs three times as much, and `str.lower` would
#: move places: it makes two characters of some.
_SMALL = str.maketrans({chr(code): chr(code).lower() for code in range(ord("A"), ord("Z") + 1)})


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a prompt that will probably look bad."""

    rule: str  #: the rule's name in `lint.yaml`, or `vague` or `too-long`
    found: str  #: the words that it is about
    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.found!r}: {self.reason} – {self.advice}"


@dataclass(frozen=True, slots=True)
class _Words:
    """What is looked for in a prompt."""

    english: re.Pattern[str]
    chinese: re.Pattern[str]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where they are in a text, the English ones first."""
        small = text.translate(_SMALL)
        yield from (match.span() for match in self.english.finditer(small))
        if not small.isascii():  # most prompts are, and to search those costs a third
            yield from (match.span() for match in self.chinese.finditer(small))


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    reason: str
    advice: str
    words: _Words


@dataclass(frozen=True, slots=True)
class Family:
    """Models that want the same of a prompt."""

    name: str
    models: tuple[str, ...]  #: what is in their names
    languages: tuple[str, ...]  #: that they know, the best first
    wants: tuple[_Rule, ...]  #: of whose words one should be there

    def has(self, model: str) -> bool:
        """Whether a model of this name is one of them."""
        return any(known in model.casefold() for known in self.models)


@dataclass(frozen=True, slots=True)
class _Rules:
    rules: tuple[_Rule, ...]
    words: _Words  #: of all of them: most prompts have none, and are searched once
    families: tuple[Family, ...]
    vague_words: frozenset[str]
    vague_chinese: re.Pattern[str]
    vague_reason: str
    vague_advice: str


def lint(prompt: str) -> list[Remark]:
    """Remarks on a prompt, in the order of the text. Of a template, what it inserts is not looked at."""
    rules = _rules()
    text = _INSERTION.sub(" … ", prompt)
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, Remark]] = []
    for rule in rules.rules if any(rules.words.spans(text)) else ():
        for start, end in rule.words.spans(text):
            words = text[start:end].strip()
            if not words or any(first < end and start < last for first, last in taken):
                continue
            taken.append((start, end))
            found.append((start, Remark(rule.name, words, rule.reason, rule.advice)))
    found.sort(key=lambda entry: entry[0])
    remarks = [remark for _, remark in found]
    if "…" not in text and _is_vague(text, rules):
        remarks.insert(0, Remark("vague", short(text), rules.vague_reason, rules.vague_advice))
    if estimated_tokens(text) > MOST_TOKENS:
        reason = f"the model reads about {MOST_TOKENS} tokens and cuts off the rest"
        remarks.append(Remark("too-long", short(text), reason, "keep to one subject, action, place and style"))
    return remarks


def families() -> tuple[Family, ...]:
    """The families of models that are described, the one that `engine: auto` draws with first."""
    return _rules().families


def estimated_tokens(text: str) -> int:
    """About how many tokens the text encoder makes of it, without loading it."""
    latin = len(text.encode("ascii", "ignore"))
    return round(latin / LATIN_PER_TOKEN + (len(text) - latin) / OTHERS_PER_TOKEN)


def _is_vague(text: str, rules: _Rules) -> bool:
    words = (word for word in _WORD.findall(text.lower()) if word not in rules.vague_words)
    if len(list(islice(words, FEWEST_WORDS))) == FEWEST_WORDS:
        return False
    return len(_CHINESE.findall(rules.vague_chinese.sub("", text))) < FEWEST_CHARACTERS


def short(text: str) -> str:
    text = " ".join(text.split())
    return "(nothing)" if not text else text if len(text) <= 60 else f"{text[:57]}..."


@cache
def _rules() -> _Rules:
    loader: Any = YAML(typ="safe")
    data = loader.load(_DATA.read_text(encoding="utf-8"))
    vague = data["vague"]

    wants = {rule.name: rule for rule in map(_rule, data["wants"])}
    return _Rules(
        tuple(map(_rule, data["rules"])),
        _words(data["rules"]),
        tuple(
            Family(
                family["name"],
                tuple(family["models"]),
                tuple(family["languages"]),
                tuple(wants[name] for name in family["wants"]),
            )
            for family in data["families"]
        ),
        frozenset(vague["en"]),
        re.compile("|".join(sorted(map(re.escape, vague["zh"]), key=len, reverse=True))),
        vague["reason"],
        vague["advice"],
    )


def _rule(rule: dict[str, Any]) -> _Rule:
    return _Rule(rule["name"], rule["reason"], rule["advice"], _words([rule]))


def _words(rules: Sequence[dict[str, Any]]) -> _Words:
    english = "|".join(word for rule in rules for word in rule["en"])
    chinese = "|".join(re.escape(word) for rule in rules for word in rule["zh"])
    # ASCII boundaries: a Chinese character beside an English word is no part of it.
    whole = re.compile(rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])")
    return _Words(whole, re.compile(chinese))
