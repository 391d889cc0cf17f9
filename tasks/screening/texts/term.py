"""A term of the lexicon, and the ways in which it may be written."""

from __future__ import annotations

from itertools import product
from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.options import Options
from tasks.screening.texts.characters import is_letter
from tasks.screening.texts.reading import Reading

Level = Literal["mark", "review", "block"]
"""What a term decides. A mark decides nothing alone; it counts where the lexicon combines its category with another."""

#: A term with more characters is not also looked for half in Chinese and half in pinyin.
LONGEST_MIXED = 4


_DIGITS = str.maketrans("一二三四五六七八九", "123456789")


class Pattern:
    """One way to write a term: the letters to be found, and where it may be cut.

    Parameters
    ----------
    text:
        As people write it. Where it has a space or a hyphen, it is found with or without one. Where it has a `*`, a
        letter is hidden: `s*x`.
    """

    __slots__ = ("borders", "hidden", "ideographic", "letters", "skeleton")

    def __init__(self, text: str) -> None:
        reading = Reading(text)
        self.letters = reading.plain
        self.skeleton = reading.stream
        #: After which letters a space, a dash or nothing may stand.
        self.borders = frozenset(at for at in range(len(self.letters) - 1) if reading.gap(at))
        #: After which letters something must stand for a letter that is not said.
        self.hidden = frozenset(at for at in self.borders if reading.hides(at))
        #: Whether it has a character of a script that has no spaces between words.
        self.ideographic = any(character.isalpha() and not is_letter(character) for character in self.letters)

    def __len__(self) -> int:
        return len(self.letters)


class Entry(Options):
    """One entry of a file of the lexicon: a term, or several of which all the rest is true."""

    term: str | list[str]

    unless: list[str] = Field(default_factory=list)
    """Phrases that are innocent although the term stands in them: `大麻花`, which is a pastry."""

    near: list[str] = Field(default_factory=list)
    """The term counts only where one of these words stands nearby."""

    far: list[str] = Field(default_factory=list)
    """The term does not count where one of these words stands nearby: DB beside 数据库 is a database."""

    pinyin: str | None = None
    """Of a Chinese term, one syllable for each character. What is found so is a review at most."""

    initials: str | None = None
    """The pinyin initials of Chinese terms, one word for each term. They need `near`, since two letters alone mean
    anything. What is found so is a review at most."""

    digits: bool = False
    """Whether 一, 二 … may be written 1, 2 … in the term, and in `unless` and `far`."""

    locales: list[str] = Field(default_factory=list)
    """Where it counts, such as `zh-CN` or `de`. Empty: everywhere."""

    inside: bool = False
    """Whether it is also found in the middle of a longer word. For letters that no innocent word has."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.terms or not all(Reading(text).plain for text in (*self.terms, *self.unless)):
            raise ValueError(f"{self.term!r} has no letters")
        if self.pinyin is not None and any(len(text) != len(self.pinyin.split()) for text in self.terms):
            raise ValueError(f"the pinyin of {self.term!r} has another number of syllables")
        if self.initials is not None:
            if not self.near:
                raise ValueError(f"the initials of {self.term!r} need `near`")
            if [*map(len, self.initials.split())] != [*map(len, self.terms)]:
                raise ValueError(f"the initials of {self.term!r} have another number of letters")
        return self

    @property
    def terms(self) -> list[str]:
        return [self.term] if isinstance(self.term, str) else self.term

    def written(self, text: str) -> list[str]:
        """A word of this entry, and the same in digits where it may be."""
        return list(dict.fromkeys([text, text.translate(_DIGITS)])) if self.digits else [text]


def in_pinyin(term: str, pinyin: str) -> list[str]:
    """A Chinese term in pinyin, and half in pinyin: 赌博 → du bo, du博, 赌bo."""
    syllables = pinyin.split()
    spelled = [" ".join(syllables)]
    if len(term) <= LONGEST_MIXED:
        whole = (term, "".join(syllables))
        choices = product(*zip(term, syllables, strict=True))
        spelled += [" ".join(choice) for choice in choices if "".join(choice) not in whole]
    return spelled


def in_initials(term: str, initials: str) -> list[str]:
    """A Chinese term in the initials of its pinyin, and half in them: 赌博 → db, d博, 赌b."""
    spelled = [initials]
    if len(term) <= LONGEST_MIXED:
        choices = map("".join, product(*zip(term, initials, strict=True)))
        spelled += [choice for choice in choices if choice not in (term, initials)]
    return spelled
