"""Words of a video that a person changes while it waits."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace

from flows.definition import Definition
from flows.post_length import shortenings
from flows.texts import Known, Reader
from flows.video_plan import ShotPlan, VideoPlan
from records.reviews import Change
from reelmill.content import Decision, PostText, fingerprint
from reelmill.errors import UseError


@dataclass(frozen=True, slots=True)
class Rewording:
    """New words; None leaves them as they are."""

    title: str | None = None
    lines: tuple[str, ...] | None = None
    caption: str | None = None
    hashtags: tuple[str, ...] | None = None

    @property
    def says_nothing(self) -> bool:
        return all(value is None for value in asdict(self).values())


def tags(text: str) -> tuple[str, ...]:
    """Hashtags as people type them: with or without #, with spaces or commas between them."""
    return tuple(tag for one in re.split(r"[\s,，]+", text) if (tag := one.lstrip("#＃")))


def with_words(plan: VideoPlan, words: Rewording, definition: Definition) -> VideoPlan:
    """The plan with other words, as far as they can be drawn.

    Raises
    ------
    FinishingError
        If a character cannot be.
    """
    shown = replace(
        plan.words,
        title=plan.words.title if words.title is None else words.title,
        lines=plan.words.lines if words.lines is None else words.lines,
    )
    post = PostText(
        title=plan.post.title if words.title is None else words.title,
        caption=plan.post.caption if words.caption is None else words.caption,
        hashtags=plan.post.hashtags if words.hashtags is None else words.hashtags,
    )
    shown.check()
    platforms = [definition.profiles[name] for name in plan.profiles if name in definition.profiles]
    return replace(plan, words=shown, post=post, edited=True, shortened=shortenings(platforms, post))


def reworded(plan: VideoPlan, words: Rewording, definition: Definition, pipeline: str, known: Known) -> Change:
    """The plan with other words, which are screened like any.

    Raises
    ------
    UseError
        If screening blocks them.
    FinishingError
        If a character cannot be drawn.
    """
    changed = with_words(plan, words, definition)
    texts = Reader(definition, pipeline, known).read(changed)
    if texts.decision is Decision.BLOCK:
        raise UseError(f"these words are blocked: {'; '.join(texts.reasons)}", "choose others")
    detail = {"before": _told(plan), "after": _told(changed)}
    return Change(changed.to_json(), detail, texts)


def reshot(plan: VideoPlan) -> Change:
    """The plan with other seeds: the same is asked for, and another picture comes of it."""

    def other(shot: ShotPlan) -> ShotPlan:
        return replace(shot, seed=int(fingerprint(["another", shot.seed])[:8], 16))

    changed = replace(plan, shots=tuple(other(shot) for shot in plan.shots), edited=True)
    seeds = {"before": [shot.seed for shot in plan.shots], "after": [shot.seed for shot in changed.shots]}
    return Change(changed.to_json(), {"seeds": seeds}, reshoot=True)


def _told(plan: VideoPlan) -> dict[str, object]:
    return {
        "title": plan.words.title,
        "lines": list(plan.words.lines),
        "caption": plan.post.caption,
        "hashtags": list(plan.post.hashtags),
    }
