"""All that is looked for under one policy: the lexicon's terms in each of their spellings, and the user's words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from tasks.screening.texts.lexicon import Lexicon
from tasks.screening.texts.rules import TextRules
from tasks.screening.texts.term import Entry, Level, Pattern, in_initials, in_pinyin
from tasks.screening.texts.words import WordOptions

#: The entry of the user's own exceptions: they excuse every entry.
ALLOWED = -1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term in one of its spellings, and what it means."""

    term: str
    category: str
    level: Level
    entry: int  #: whose exceptions excuse it
    inside: bool = False
    near: frozenset[str] = frozenset()
    far: frozenset[str] = frozenset()
    locales: tuple[str, ...] = ()
    except_in: tuple[str, ...] = ()

    def counts(self, name: str, locales: Collection[str] | None) -> bool:
        """Whether it counts in a field of this name that is read in these locales. None: in all of them."""
        if name in self.except_in:
            return False
        return locales is None or not self.locales or any(_agree(a, b) for a in self.locales for b in locales)


def _agree(one: str, other: str) -> bool:
    """Whether one locale is the other or a part of it: zh-CN is a part of zh."""
    short, long = sorted((one.lower().replace("_", "-"), other.lower().replace("_", "-")), key=len)
    return long == short or long.startswith(f"{short}-")


@dataclass(slots=True)
class Spelling:
    """What is looked for, and what it may be: a term, an exception of some entries, a word that counts nearby."""

    pattern: Pattern
    wanted: list[Wanted] = field(default_factory=list)
    excuses: set[int] = field(default_factory=set)
    nearby: set[str] = field(default_factory=set)

    @property
    def reaches_inside(self) -> bool:
        """Whether it counts in longer words as well. All exceptions do: `naked branch` is one for branches."""
        return bool(self.excuses) or any(wanted.inside for wanted in self.wanted)


class Vocabulary:
    """The spellings, each once."""

    def __init__(self, lexicon: Lexicon, rules: TextRules, words: WordOptions) -> None:
        self._spellings: dict[tuple[str, frozenset[int], frozenset[int]], Spelling] = {}
        self._entries = 0
        for part in lexicon.parts:
            rule = rules.rule(part.category)
            if rule == "off":
                continue
            for level, entry in part.entries():
                decides = level if level == "mark" or rule is None else rule
                self._add(entry, part.category, decides, part.locales, part.except_in)
        for category, terms, usual in (
            ("competitors", words.competitors, "review"),
            ("trademarks", words.trademarks, "review"),
            ("blocked", words.blocked, "block"),
        ):
            rule = rules.rule(category)
            if terms and rule != "off":
                self._add(Entry(term=terms), category, rule or usual, [], [])  # type: ignore[arg-type]
        for word in words.allowed:
            self._spell(word).excuses.add(ALLOWED)

    @property
    def spellings(self) -> list[Spelling]:
        return list(self._spellings.values())

    def _spell(self, text: str) -> Spelling:
        pattern = Pattern(text)
        return self._spellings.setdefault((pattern.letters, pattern.borders, pattern.hidden), Spelling(pattern))

    def _add(self, entry: Entry, category: str, level: Level, locales: list[str], except_in: list[str]) -> None:
        self._entries += 1
        initials = entry.initials.split() if entry.initials is not None else [""] * len(entry.terms)
        for term, short in zip(entry.terms, initials, strict=True):
            spellings = [(text, level) for text in entry.written(term)]
            # A sound may be written with other characters that mean something else: a person looks.
            doubt: Level = "review" if level == "block" else level
            if entry.pinyin is not None:
                spellings += [(text, doubt) for text in in_pinyin(term, entry.pinyin)]
            if short:
                spellings += [(text, doubt) for text in in_initials(term, short)]
            for text, decides in spellings:
                wanted = Wanted(
                    term,
                    category,
                    decides,
                    self._entries,
                    entry.inside,
                    frozenset(entry.near),
                    frozenset(entry.far),
                    tuple(entry.locales or locales),
                    tuple(except_in),
                )
                self._spell(text).wanted.append(wanted)
        for phrase in entry.unless:
            for text in entry.written(phrase):
                self._spell(text).excuses.add(self._entries)
        for word in (*entry.near, *entry.far):
            for text in entry.written(word):
                self._spell(text).nearby.add(word)
