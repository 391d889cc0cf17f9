"""Whether letters that were found in a stream are the term, or parts of innocent words that happen to touch."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.screening.texts.characters import LEET, Gap, is_letter
from tasks.screening.texts.reading import Reading
from tasks.screening.texts.term import Pattern

#: A Latin term of fewer letters is not found when only some of its letters are held apart: `me.th` is two words.
SHORTEST_SPLIT = 4
#: A Latin term of fewer letters is not found where each of them stands for itself, as in a list.
SHORTEST_LIST = 3
#: A Chinese term of so many characters is found however it is held apart: it does not come about by chance.
SURE_LENGTH = 4
#: With fewer true letters than this, digits are digits.
FEWEST_LETTERS = 2


def is_term(reading: Reading, pattern: Pattern, end: int, *, inside: bool = False) -> bool:
    """Whether the pattern, which was found to end at a place of the stream, is really there.

    Parameters
    ----------
    inside:
        Whether it counts in the middle of a longer word of letters as well.
    """
    start = end - len(pattern) + 1
    signs = _signs(reading.plain[start : end + 1], pattern.letters)
    if signs is None or not (inside or _is_bordered(reading, pattern, start, end)):
        return False
    gaps = [reading.gap(at) for at in range(start, end)]
    if not all(reading.hides(start + at) for at in pattern.hidden):
        return False
    if not any(gaps):
        return True
    inner = [kind for at, kind in enumerate(gaps) if at not in pattern.borders]
    if not any(inner):
        return max(gaps) <= Gap.SPACE
    # Held apart and in digits as well, it is rather a formula; held apart inside a word, it is two words.
    if inside or 3 * signs > len(pattern):
        return False
    return _holds_together(reading, pattern, gaps, inner, start, end)


def _signs(written: str, letters: str) -> int | None:
    """How many letters are written as signs. None if one is not the letter that is meant, or if too few are letters."""
    if written == letters:
        return 0
    signs = 0
    for sign, letter in zip(written, letters, strict=True):
        if sign != letter:
            if letter not in LEET.get(sign, ""):
                return None
            signs += 1
    true = sum(sign == letter and is_letter(sign) for sign, letter in zip(written, letters, strict=True))
    return signs if true >= FEWEST_LETTERS and signs <= true + 1 else None


def _is_bordered(reading: Reading, pattern: Pattern, start: int, end: int) -> bool:
    """Whether no word of letters, and no number, goes on beyond the term."""
    first, last = pattern.letters[0], pattern.letters[-1]
    left = not (is_letter(first) or first.isdigit()) or reading.begins(start, first)
    return left and (not (is_letter(last) or last.isdigit()) or reading.ends(end, last))


def _holds_together(
    reading: Reading, pattern: Pattern, gaps: Sequence[Gap], inner: Sequence[Gap], start: int, end: int
) -> bool:
    """Whether what stands between its letters belongs there, or was put there to hide it."""
    worst = max(gaps)
    if pattern.ideographic:
        if worst <= Gap.HIDING or (len(pattern) >= SURE_LENGTH and worst <= Gap.SPACE):
            return True
        if len(pattern) == 2:
            return reading.is_alone(start, end)
        return all(inner) or (worst <= Gap.SPACE and reading.is_alone(start, end))
    if all(gaps):
        # Two letters in a list, such as the options D, B, are two.
        return len(pattern) >= SHORTEST_LIST or worst < Gap.MARK
    return worst <= Gap.DASH and len(pattern) >= SHORTEST_SPLIT
