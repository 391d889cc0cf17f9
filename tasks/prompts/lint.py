"""Remarks on a prompt: what a light model will do badly with it, why, and how to write it better.

Nothing here stops a run. The rules are data, in English and Chinese: `lint.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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
_CHINESE = re.compile(r"[\u3400-\u9fff]")


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
class _Rule:
    name: str
    reason: str
    advice: str
    english: re.Pattern[str]
    chinese: re.Pattern[str]

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Where its words are in a text, the English ones first."""
        yield from self.english.finditer(text)
        if not text.isascii():  # most prompts are, and to search those costs a third
            yield from self.chinese.finditer(text)


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
    for rule in rules.rules:
        for match in rule.matches(text):
            if not match[0].strip() or any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            found.append((match.start(), Remark(rule.name, match[0].strip(), rule.reason, rule.advice)))
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
    words = [word for word in re.findall(r"[a-z0-9']+", text.lower()) if word not in rules.vague_words]
    characters = _CHINESE.findall(rules.vague_chinese.sub("", text))
    return len(words) < FEWEST_WORDS and len(characters) < FEWEST_CHARACTERS


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
    english, chinese = "|".join(rule["en"]), "|".join(map(re.escape, rule["zh"]))
    # ASCII boundaries: a Chinese character beside an English word is no part of it.
    whole = re.compile(rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])", re.IGNORECASE)
    return _Rule(rule["name"], rule["reason"], rule["advice"], whole, re.compile(chinese, re.IGNORECASE))
