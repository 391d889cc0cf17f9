"""The search: which terms are in a text. Its steps grow with the length of the text, and with nothing else of it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from tasks.screening.texts.automaton import Automaton
from tasks.screening.texts.occurrence import is_term
from tasks.screening.texts.reading import Reading
from tasks.screening.texts.rules import PROTECTED
from tasks.screening.texts.vocabulary import ALLOWED, Spelling, Vocabulary, Wanted

#: How many letters lie at most between a term and a word that stands nearby.
NEARBY = 20

_RANK = {"mark": 0, "review": 1, "block": 2}


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a text."""

    wanted: Wanted
    start: int  #: in characters of the text
    end: int  #: behind the last one


@dataclass(slots=True)
class _Sighting:
    """What the automaton's occurrences in one text turned out to be. Places are those in the stream."""

    terms: list[tuple[int, int, Wanted]] = field(default_factory=list)
    excuses: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))  #: end, start
    nearby: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


class Search:
    """Everything that is looked for under one policy. May be shared between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._spellings = vocabulary.spellings
        self._longest = max(len(one.pattern) for one in self._spellings)
        self._company = [_company(one) for one in self._spellings]
        #: Words that its terms look for nearby, and what a spelling is that is nothing but such words.
        self._asks = [frozenset().union(*(one.near | one.far for one in each.wanted)) for each in self._spellings]
        self._only = [None if one.wanted or one.excuses else one.nearby for one in self._spellings]
        #: Which spellings can decide anything in a field of a name that is read in some locales.
        self._heeded: dict[tuple[str, frozenset[str] | None], list[bool]] = {}
        self.automaton = Automaton([one.pattern.skeleton for one in self._spellings])

    def find(self, text: str, name: str, locales: Collection[str] | None = None) -> list[Found]:
        """The terms in a field of this name, in order of place; those that are part of a worse or longer one left out.

        Parameters
        ----------
        locales:
            Where it is going to be read. None: anywhere.
        """
        reading = Reading(text)
        occurrences = self._worth_a_look(self.automaton.find(reading.stream), name, locales)
        if not occurrences:
            return []
        sighting = self._look(reading, occurrences)
        terms = []
        for start, end, wanted in sighting.terms:
            if wanted.counts(name, locales) and self._has_company(sighting, start, end, wanted):
                weighed = self._weighed(sighting, start, end, wanted)
                if weighed is not None:
                    terms.append((start, end, weighed))
        return [Found(wanted, *reading.span(start, end)) for start, end, wanted in _outermost(terms)]

    def _worth_a_look(
        self, occurrences: Sequence[tuple[int, int]], name: str, locales: Collection[str] | None
    ) -> list[tuple[int, int]]:
        """Without those that decide nothing, whether they are terms or not. To find that out takes far longer."""
        key = (name, None if locales is None else frozenset(locales))
        heeded = self._heeded.get(key)
        if heeded is None:
            heeded = self._heeded[key] = [
                bool(one.excuses or one.nearby) or any(wanted.counts(name, locales) for wanted in one.wanted)
                for one in self._spellings
            ]
        there = {word for _, index in occurrences for word in self._spellings[index].nearby}
        kept = [
            (end, index)
            for end, index in occurrences
            if heeded[index] and not ((needed := self._company[index]) and needed.isdisjoint(there))
        ]
        asked = {word for _, index in kept for word in self._asks[index]}
        return [(end, index) for end, index in kept if (only := self._only[index]) is None or only & asked]

    def _look(self, reading: Reading, occurrences: Sequence[tuple[int, int]]) -> _Sighting:
        sighting = _Sighting()
        for end, index in occurrences:
            spelling = self._spellings[index]
            pattern = spelling.pattern
            start = end - len(pattern) + 1
            whole = is_term(reading, pattern, end)
            if whole:
                sighting.terms.extend((start, end, wanted) for wanted in spelling.wanted)
                for word in spelling.nearby:
                    sighting.nearby[word].append(end)
            if spelling.reaches_inside and (whole or is_term(reading, pattern, end, inside=True)):
                if not whole:
                    sighting.terms.extend((start, end, wanted) for wanted in spelling.wanted if wanted.inside)
                for entry in spelling.excuses:
                    sighting.excuses[entry].append((end, start))
        return sighting

    def _has_company(self, sighting: _Sighting, start: int, end: int, wanted: Wanted) -> bool:
        """Whether the words stand nearby that it needs, and none that makes it innocent."""
        needed = not wanted.near or self._is_near(sighting, start, end, wanted.near)
        return needed and not self._is_near(sighting, start, end, wanted.far)

    def _is_near(self, sighting: _Sighting, start: int, end: int, words: Collection[str]) -> bool:
        for word in words:
            ends = sighting.nearby.get(word, [])
            at = bisect_left(ends, start - NEARBY)
            if at < len(ends) and ends[at] <= end + NEARBY + len(word):
                return True
        return False

    def _weighed(self, sighting: _Sighting, start: int, end: int, wanted: Wanted) -> Wanted | None:
        """A term as it counts: as it is, less because the user allows it, or not at all because it is innocent."""
        if self._is_covered(sighting.excuses.get(wanted.entry, ()), start, end):
            return None
        if not self._is_covered(sighting.excuses.get(ALLOWED, ()), start, end):
            return wanted
        if wanted.category not in PROTECTED:
            return None
        # What is fine alone may not be so beside a child.
        return replace(wanted, level="mark") if wanted.level == "review" else wanted

    def _is_covered(self, phrases: Sequence[tuple[int, int]], start: int, end: int) -> bool:
        """Whether one of the phrases, given as end and start in order, covers a term."""
        for at in range(bisect_left(phrases, (end, 0)), len(phrases)):
            last, first = phrases[at]
            if last >= end + self._longest:
                return False
            if first <= start:
                return True
        return False


def _company(spelling: Spelling) -> frozenset[str]:
    """The words of which one must stand nearby, or the spelling means nothing. Empty: it means something alone."""
    alone = spelling.excuses or spelling.nearby or not all(wanted.near for wanted in spelling.wanted)
    return frozenset() if alone else frozenset().union(*(wanted.near for wanted in spelling.wanted))


def _outermost(terms: Sequence[tuple[int, int, Wanted]]) -> list[tuple[int, int, Wanted]]:
    """Without those that lie in another one of their category that decides as much. Of equal ones the worst stays."""
    kept: list[tuple[int, int, Wanted]] = []
    reach: dict[tuple[str, int], int] = {}
    for start, end, wanted in sorted(terms, key=lambda term: (term[0], -term[1], -_RANK[term[2].level])):
        rank = _RANK[wanted.level]
        if any(reach.get((wanted.category, other), -1) >= end for other in range(rank, len(_RANK))):
            continue
        reach[wanted.category, rank] = end
        kept.append((start, end, wanted))
    return kept
