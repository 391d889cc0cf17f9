"""Failures of a period, alike ones together, each with the command that goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from records.figures import Step
from records.states import RunState, VideoState

#: What differs between failures that are alike: ids and digests, addresses, paths, quoted names, numbers.
_DIFFERENCES = re.compile(
    r"(?P<status>\b(?:answers|answered|status|code|HTTP)[ :]+[1-5]\d\d\b)"  # 404 and 503 are not alike
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\bhttps?://\S+"
    r"|(?<![\w<])/[\w./~%+-]+"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b"
    r"|'[^']{1,200}'|\"[^\"]{1,200}\"|‘[^’]{1,200}’|“[^”]{1,200}”|`[^`]{1,200}`"
    r"|\d+(?:[.,:×x]\d+)*",
    re.IGNORECASE,
)
#: What stands in their place.
GAP = "…"
#: Between a reason and its instruction, as `ReelmillError` writes itself.
DASH = " – "
#: Runs that a failure names.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures of one kind."""

    reason: str  #: as it was written, of the newest one
    differ: bool  #: the others say it with another id, name or number
    instruction: str
    videos: int  #: 0: whole runs
    runs: int
    open: int  #: how many of them are still failed today
    titles: tuple[str, ...]  #: a few of the videos
    commands: tuple[str, ...]  #: what goes on with those that are still failed


def kind_of(reason: str, title: str = "") -> str:
    """A reason without what differs between alike ones, such as the title of what failed."""
    general = reason.replace(title, GAP) if title else reason
    return _DIFFERENCES.sub(lambda found: found["status"] or GAP, general)


def grouped(videos: list[Step], runs: list[Step]) -> tuple[Failure, ...]:
    """The failures among these last steps, the most frequent kind first.

    A run that failed because its videos did is not told twice.
    """
    failed = [step for step in videos if step.after == VideoState.FAILED]
    with_videos = {step.run_id for step in failed}
    alone = [step for step in runs if step.after == RunState.FAILED and step.run_id not in with_videos]
    kinds: dict[tuple[bool, str], list[Step]] = {}
    for whole_run, steps in ((False, failed), (True, alone)):
        for step in steps:
            kinds.setdefault((whole_run, kind_of(step.reason.partition(DASH)[0], step.title)), []).append(step)
    found = [_failure(same, whole_run=whole_run) for (whole_run, _), same in kinds.items()]
    return tuple(sorted(found, key=lambda one: (-one.open, -(one.videos or one.runs), one.reason)))


def _failure(same: list[Step], *, whole_run: bool) -> Failure:
    reason, _, instruction = same[-1].reason.partition(DASH)
    still = [step for step in same if step.today == "failed"]
    occasions = list(dict.fromkeys(f"{step.pipeline}@{step.occasion}" for step in still))
    return Failure(
        reason=reason or "no reason was noted",
        differ=any(step.reason != same[-1].reason for step in same),
        instruction=instruction,
        videos=0 if whole_run else len(same),
        runs=len({step.run_id for step in same}),
        open=len(still),
        titles=tuple(dict.fromkeys(step.title for step in same if step.title))[:NAMED],
        commands=tuple(f"reelmill resume {quote(occasion)}" for occasion in occasions),
    )
