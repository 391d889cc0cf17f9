"""From hits to a decision: the worst counts, two doubts are one certainty, one stray frame is only a doubt, and a weak
doubt that a better judge contradicts for the whole master is only noted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reelmill.content import Decision, Hit
from tasks.screening.policy import Policy


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the hits of one master add up to."""

    decision: Decision
    reasons: tuple[str, ...]  #: empty for a pass
    evidence: tuple[Hit, ...]  #: the worst hit of each label in each second, in order of time


def judge(policy: Policy, hits: Sequence[Hit], worst: Mapping[str, float]) -> Judgement:
    """Decide.

    Parameters
    ----------
    hits:
        In any order; each with level review or block.
    worst:
        The highest score of each detector that looked at every frame. A detector that `policy.contradiction` names and
        that stays below its number everywhere overrules the others' doubts about labels that are weak, in the
        categories that it judges.
    """
    sure = {name for name, calm in policy.contradiction.items() if name in worst and worst[name] < calm}
    judges = {name: {rule.category for rule in policy.rules.get(name, {}).values()} for name in sure}
    weighed: list[Hit] = []
    noted: list[Hit] = []
    for hit, excused in zip(hits, _excuse_isolated(policy, hits), strict=True):
        if policy.is_weak(hit) and any(hit.category in judges[name] for name in sure - {hit.detector}):
            noted.append(replace(hit, level=Decision.PASS))
        else:
            weighed.append(excused)
    agreed = _agreements(policy, weighed)
    decision = Decision.REVIEW if weighed else Decision.PASS
    if agreed or any(hit.level is Decision.BLOCK for hit in weighed):
        decision = Decision.BLOCK
    return Judgement(decision, (*agreed, *_descriptions(weighed)), _evidence([*weighed, *noted]))


def _excuse_isolated(policy: Policy, hits: Sequence[Hit]) -> list[Hit]:
    """Turn the block of a frame that stands alone into a review. Never into a pass."""
    moments: dict[str, list[float]] = defaultdict(list)  # of each category, one a frame, in order of time
    for category in {hit.category for hit in hits}:
        frames = {hit.frame: hit.seconds for hit in hits if hit.category == category}
        moments[category] = sorted(frames.values())
    near = policy.isolated.seconds

    def alone(hit: Hit) -> bool:
        times = moments[hit.category]
        return bisect_right(times, hit.seconds + near) - bisect_left(times, hit.seconds - near) == 1

    return [
        replace(hit, level=Decision.REVIEW) if hit.score < policy.isolated.score_below and alone(hit) else hit
        for hit in hits
    ]


def _agreements(policy: Policy, hits: Sequence[Hit]) -> list[str]:
    """One sentence for each category in which two detectors hit within the policy's seconds of each other."""
    sentences = []
    for category in sorted({hit.category for hit in hits}):
        latest: dict[str, float] = {}
        for hit in sorted((hit for hit in hits if hit.category == category), key=lambda hit: hit.seconds):
            others = [name for name, at in latest.items() if name != hit.detector]
            near = [name for name in others if hit.seconds - latest[name] <= policy.agreement.seconds]
            if near:
                pair = " and ".join(sorted([near[0], hit.detector]))
                sentences.append(f"{pair} agree on {category} at {hit.seconds:.1f} s")
                break
            latest[hit.detector] = hit.seconds
    return sentences


def _descriptions(hits: Sequence[Hit]) -> list[str]:
    """One sentence for each detector and label, the worst first."""
    groups: dict[tuple[str, str, str], list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[hit.category, hit.detector, hit.label].append(hit)

    def worst(group: list[Hit]) -> tuple[bool, float]:
        return any(hit.level is Decision.BLOCK for hit in group), max(hit.score for hit in group)

    sentences = []
    for (category, detector, label), group in sorted(groups.items(), key=lambda item: worst(item[1]), reverse=True):
        blocks, score = worst(group)
        frames = len({hit.frame for hit in group})
        first, last = min(hit.seconds for hit in group), max(hit.seconds for hit in group)
        when = f"at {first:.1f} s" if frames == 1 else f"in {frames} frames from {first:.1f} s to {last:.1f} s"
        level = Decision.BLOCK if blocks else Decision.REVIEW
        sentences.append(f"{category}: {detector} saw {label} {when}, at most {score:.2f} ({level.value})")
    return sentences


def _evidence(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    worst: dict[tuple[str, str, int], Hit] = {}
    for hit in hits:
        place = (hit.detector, hit.label, int(hit.seconds))
        kept = worst.get(place)
        if kept is None or (hit.level is Decision.BLOCK, hit.score) > (kept.level is Decision.BLOCK, kept.score):
            worst[place] = hit
    return tuple(sorted(worst.values(), key=lambda hit: (hit.frame, hit.detector, hit.label)))
