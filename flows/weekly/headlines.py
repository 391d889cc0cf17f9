"""The headlines of a report: name, value, change, and whether more of it is good news."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.weekly.figures import OPEN, Report
from flows.weekly.words import change, duration, money
from records.states import VideoState

#: What counts of videos are called, whether more is better (1), worse (-1) or neither (0), and whether 0 is told.
COUNTS = (
    (VideoState.DONE.value, "videos done", 1, True),
    (VideoState.FAILED.value, "failed", -1, True),
    (VideoState.REJECTED.value, "rejected", -1, True),
    (VideoState.IN_REVIEW.value, "in review", 0, True),
    (OPEN, "not finished", 0, False),
    (VideoState.SKIPPED.value, "skipped", 0, False),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One headline."""

    name: str
    value: str
    before: str
    change: str
    mood: str  #: good, bad, or ""


def headlines(report: Report) -> list[Line]:
    """What a reader wants to know first."""
    now, before = report.now, report.before
    lines = [
        _count(name, now.outcomes[key], before.outcomes[key], sense)
        for key, name, sense, always in COUNTS
        if always or now.outcomes[key] or before.outcomes[key]
    ]
    lines.insert(1, _count("posts live", now.posts, before.posts, 1))
    seconds = now.gpu_seconds, before.gpu_seconds
    lines.append(_line("GPU time", duration(seconds[0]), duration(seconds[1]), seconds, 0))
    if now.spend is not None and before.spend is not None:
        spent, earlier = (money(one, report.currency) for one in (now.spend, before.spend))
        lines.append(_line("spend", spent, earlier, (now.spend, before.spend), 0))
    if before.empty:  # a mill that has just begun has made no progress and lost nothing
        lines = [replace(line, change="", mood="") for line in lines]
    if now.spend is None:
        lines.append(Line("spend", "no price set", "", "set REELMILL_GPU_PRICE", ""))
    return lines


def without_gpu(report: Report) -> str:
    """What is to be said of clips that no GPU made; "" if there are none."""
    drawn = [one for one in report.renderings if one.preview]
    if not drawn:
        return ""
    clips, seconds = sum(one.clips for one in drawn), sum(one.seconds for one in drawn)
    engines = ", ".join(sorted({one.engine for one in drawn}))
    what = "clip was a preview" if clips == 1 else "clips were previews"
    return f"{clips} {what}, drawn without a GPU in {duration(seconds)} ({engines})."


def _count(name: str, now: int, before: int, sense: int) -> Line:
    return _line(name, f"{now:,}", f"{before:,}", (now, before), sense)


def _line(name: str, value: str, earlier: str, both: tuple[float, float], sense: int) -> Line:
    now, before = both
    better = (now > before) - (now < before)
    return Line(name, value, earlier, change(now, before), {1: "good", -1: "bad", 0: ""}[better * sense])
