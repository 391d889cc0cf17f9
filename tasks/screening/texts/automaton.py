"""Aho and Corasick's automaton: all patterns are searched at once, in one step for each character.

A. V. Aho, M. J. Corasick: Efficient string matching (1975). Made deterministic as in their section 6, without the moves
that lead back to the first letter of a pattern, which all states share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence


class Automaton:
    """Finds every occurrence of every pattern. May be shared between threads.

    Parameters
    ----------
    patterns:
        None of them empty. Equal ones are found together.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        moves: list[dict[str, int]] = [{}]
        found: list[list[int]] = [[]]
        for index, pattern in enumerate(patterns):
            state = 0
            for character in pattern:
                state = moves[state].setdefault(character, len(moves))
                if state == len(moves):
                    moves.append({})
                    found.append([])
            found[state].append(index)
        self._first = moves[0]
        self._moves = moves
        self._found = self._close(moves, found)
        #: The most patterns that can end at one place: what is found is never more than this for each character.
        self.most = max(map(len, self._found))

    def _close(self, moves: list[dict[str, int]], found: list[list[int]]) -> list[tuple[int, ...]]:
        """Give each state the moves and the findings of its longest suffix that is a state as well."""
        fall = [0] * len(moves)
        waiting = deque(self._first.values())
        while waiting:
            state = waiting.popleft()
            suffix = fall[state]
            for character, following in moves[state].items():
                fall[following] = moves[suffix].get(character) or self._first.get(character, 0)
                waiting.append(following)
            found[state] += found[suffix]
            if suffix:
                moves[state] = moves[suffix] | moves[state]
        return [tuple(indices) for indices in found]

    def find(self, text: Iterable[str]) -> list[tuple[int, int]]:
        """Every occurrence, as the place of its last character and the index of its pattern, in order of place."""
        moves, first, found = self._moves, self._first, self._found
        occurrences: list[tuple[int, int]] = []
        state = 0
        for place, character in enumerate(text):
            state = (state and moves[state].get(character)) or first.get(character, 0)
            if state and found[state]:
                occurrences += [(place, index) for index in found[state]]
        return occurrences
