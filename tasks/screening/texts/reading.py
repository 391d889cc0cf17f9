"""A text as the screen reads it: only its letters and digits, each in one form, and the way back to the original."""

from __future__ import annotations

import unicodedata
from functools import cached_property
from itertools import compress

from tasks.screening.texts.characters import SKELETON, Gap, gap, is_letter, plain

#: A longer stretch between two letters hides nothing: it separates. In characters of the original.
LONGEST_GAP = 8


class _Plain(dict[int, str]):
    """`characters.plain` by code point, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = plain(chr(code))
        return found


class _Skeleton(dict[int, str]):
    """The same, with one letter for all that a sign may stand for."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _PLAIN[code].translate(SKELETON)
        return found


_PLAIN, _SKELETON = _Plain(), _Skeleton()


def skeleton(text: str) -> str:
    """What the automaton reads of a text: letters, digits and ends of sentences, look-alikes as one."""
    return text.translate(_SKELETON)


class Reading:
    """One text. `stream` is searched; what is found there is looked at again by the methods.

    Positions are those in the stream, unless they are said to be the original's.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.stream = skeleton(text)

    @cached_property
    def plain(self) -> str:
        """The stream as it is written, before signs were taken for letters."""
        return self.text.translate(_PLAIN)

    @cached_property
    def _origins(self) -> list[int]:
        """Where each character of the stream is in the original."""
        codes = [*map(ord, self.text)]
        kept = list(compress(range(len(codes)), map(_PLAIN.__getitem__, codes)))
        if len(kept) == len(self.stream):
            return kept
        return [index for index, code in enumerate(codes) for _ in _PLAIN[code]]  # one character is several letters

    def span(self, start: int, end: int) -> tuple[int, int]:
        """First and last of the stream (the last included) as a half-open span of the original."""
        last = self._origins[end] + 1
        while last < len(self.text) and last <= self._origins[end] + LONGEST_GAP and self._is_unseen(last):
            last += 1  # an accent, or a joiner, belongs to its letter
        return self._origins[start], last

    def _is_unseen(self, index: int) -> bool:
        character = self.text[index]
        return not _PLAIN[ord(character)] and gap(character) is Gap.NONE

    def gap(self, position: int) -> Gap:
        """What stands between a character of the stream and the next one."""
        first, second = self._origins[position], self._origins[position + 1]
        if second - first <= 1:
            return Gap.NONE
        between = self.text[first + 1 : min(second, first + 1 + 4 * LONGEST_GAP)]
        seen = [kind for kind in map(gap, between) if kind is not Gap.NONE]
        if not seen:
            return Gap.NONE if len(between) == second - first - 1 else Gap.MARK
        return max(seen) if len(seen) <= LONGEST_GAP else Gap.MARK

    def hides(self, position: int) -> bool:
        """Whether nothing but `*` stands between a character of the stream and the next one, for a letter or some."""
        first, second = self._origins[position], self._origins[position + 1]
        between = self.text[first + 1 : min(second, first + 1 + 4 * LONGEST_GAP)]
        seen = "".join(character for character in between if gap(character) is not Gap.NONE)
        return self.gap(position) is Gap.HIDING and set(unicodedata.normalize("NFKC", seen)) == {"*"}

    def begins(self, start: int, letter: str) -> bool:
        """Whether a word whose first letter is this one may begin here."""
        return start == 0 or self._is_border(start - 1, start - 1, letter)

    def ends(self, end: int, letter: str) -> bool:
        """Whether a word whose last letter is this one may end here, or before an s: `guns` is found as `gun`."""
        last = len(self.stream) - 1
        if end == last or self._is_border(end, end + 1, letter):
            return True
        for plural in ("s", "es"):
            there = end + len(plural)
            if self.plain[end + 1 : there + 1] == plural and self.plain[end].isalpha():
                return there == last or self._is_border(there, there + 1, "s")
        return False

    def _is_border(self, position: int, outside: int, letter: str) -> bool:
        """Whether a word may be cut between a character of the stream and the next one, one of which is outside it."""
        if self.gap(position) is not Gap.NONE:
            return True
        other, own = self.plain[outside], self.plain[2 * position + 1 - outside]
        if other.isdigit():
            return own == letter and not letter.isdigit()
        if not is_letter(other) or letter.isdigit():
            return True
        # A hashtag says where its words begin by a capital: #FreeCasino.
        first, second = self._origins[position], self._origins[position + 1]
        return own == letter and self.text[first].islower() and self.text[second].isupper()

    def is_alone(self, start: int, end: int) -> bool:
        """Whether nothing touches it on either side."""
        left = start == 0 or self.gap(start - 1) is not Gap.NONE
        return left and (end == len(self.stream) - 1 or self.gap(end) is not Gap.NONE)
