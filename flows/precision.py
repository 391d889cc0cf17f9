"""What people's decisions say of screening: how often it was right, and what another threshold would have changed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from records.reviews import DEADLINE
from records.tables import ReviewDecision
from reelmill.content import Decision, Hit, Verdict
from reelmill.text_verdict import TextVerdict
from tasks.screening.options import OCR
from tasks.screening.review import SAMPLED

#: The category of what had passed and was looked at all the same, and of what no detector was about.
SAMPLE, PICTURE = "sample", "picture"
#: What a guard had no category for.
TEXTS = "texts"
#: The thresholds that are tried.
STEPS = tuple(round(0.05 * step, 2) for step in range(2, 20))
#: Of the normal distribution, for an interval that holds 19 times out of 20.
Z = 1.96

Judged = Sequence[tuple[ReviewDecision, Verdict | TextVerdict]]


@dataclass(frozen=True, slots=True)
class Precision:
    """How often people agreed that something was not to be shown."""

    category: str  #: of frames; of texts, it says so
    right: int  #: rejected, or made again
    wrong: int  #: approved

    @property
    def count(self) -> int:
        return self.right + self.wrong

    @property
    def share(self) -> float:
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share is, 19 times out of 20 (Wilson's score interval)."""
        count, share = self.count, self.share
        middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
        half = Z / (1 + Z * Z / count) * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Shift:
    """What another threshold of review of one label would have changed, of what people have decided about."""

    detector: str
    label: str
    threshold: float
    spared: int  #: that people approved, and that nobody would have had to look at
    missed: int  #: that people did not let through, and that would have passed


def precisions(judged: Judged) -> list[Precision]:
    """How often each category was right, the one with the most decisions first."""
    right: dict[str, int] = defaultdict(int)
    wrong: dict[str, int] = defaultdict(int)
    for made, verdict in _by_people(judged):
        for category in _categories(verdict):
            (wrong if made.action == "approve" else right)[category] += 1
    found = [Precision(one, right[one], wrong[one]) for one in right.keys() | wrong.keys()]
    return sorted(found, key=lambda one: (-one.count, one.category))


def shifts(judged: Judged) -> list[Shift]:
    """For each label of a detector that held videos back: thresholds at which something would change.

    Text that is read has none: the score of such a hit says how surely it was read, not how bad it is.
    """
    by_label: dict[tuple[str, str], list[tuple[bool, float, bool]]] = defaultdict(list)
    for made, verdict in _by_people(judged):
        if isinstance(verdict, TextVerdict):
            continue
        highest = _highest(verdict.hits)
        for (detector, label), score in highest.items():
            if detector != OCR:
                by_label[detector, label].append((made.action == "approve", score, len(highest) == 1))
    found: list[Shift] = []
    for (detector, label), seen in sorted(by_label.items()):
        before = (0, 0)
        for threshold in STEPS:
            # One that another label held back as well would have been held back all the same.
            passes = [approved for approved, score, alone in seen if alone and score < threshold]
            counts = sum(passes), len(passes) - sum(passes)
            if counts != before:
                found.append(Shift(detector, label, threshold, *counts))
            before = counts
    return found


def would_wait(passed: Iterable[Verdict]) -> Mapping[str, Mapping[float, int]]:
    """By detector: how many masters that passed would wait for a person with a lower threshold of all its labels."""
    found: dict[str, dict[float, int]] = defaultdict(dict)
    worst: dict[str, list[float]] = defaultdict(list)
    for verdict in passed:
        for examination in verdict.examinations:
            if examination.detector == OCR:
                continue
            worst[examination.detector].append(examination.worst)
    for detector, scores in worst.items():
        for threshold in STEPS:
            if count := sum(score >= threshold for score in scores):
                found[detector][threshold] = count
    return found


def _by_people(judged: Judged) -> Iterable[tuple[ReviewDecision, Verdict | TextVerdict]]:
    return ((made, one) for made, one in judged if made.who != DEADLINE)


def _categories(verdict: Verdict | TextVerdict) -> set[str]:
    if isinstance(verdict, TextVerdict):
        return {f"texts: {hit.category}" for hit in verdict.hits if hit.level is not Decision.PASS} or {TEXTS}
    found = {hit.category for hit in verdict.hits if hit.level is not Decision.PASS}
    if found:
        return found
    return {SAMPLE if SAMPLED in verdict.reasons else PICTURE}


def _highest(hits: Iterable[Hit]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for hit in hits:
        if hit.level is not Decision.PASS:
            found[hit.detector, hit.label] = max(hit.score, found.get((hit.detector, hit.label), 0.0))
    return found
