"""What a run took, against what was expected."""

from __future__ import annotations

from collections.abc import Sequence

from flows.dashboard.markdown import escaped, table
from flows.weekly.words import duration
from records.work import StageSum

#: Stages in the order of a video's way.
STAGES = ("plan", "generate", "assemble", "screen", "finish", "publish")
#: How far a forecast may be off, as a part of it, and still be called right.
TOLERANCE = 0.1


def timing(sums: Sequence[StageSum], seconds: float, forecast: float | None, attempts: int) -> str:
    """Forecast and actual time, and the work of each stage, as Markdown.

    Parameters
    ----------
    sums:
        The work of the run's stages, over all its attempts.
    seconds:
        What this attempt took by the clock.
    forecast:
        What it was expected to take; None if nobody could say.
    """
    parts = [f"**{headline(seconds, forecast)}**"]
    known = sorted(sums, key=lambda one: (STAGES.index(one.stage) if one.stage in STAGES else len(STAGES), one.stage))
    if known:
        whole = sum(one.seconds for one in known)
        rows = [
            (
                escaped(one.stage),
                str(one.count),
                duration(one.seconds),
                duration(one.seconds / one.count),
                f"{one.seconds / whole:.0%}" if whole else "",
            )
            for one in known
        ]
        parts.append(table(("stage", "times:", "work:", "each:", "share:"), rows))
        several = f", over all {attempts} attempts of this run" if attempts > 1 else ""
        parts.append(
            f"Work adds up to {duration(whole)}{several}. Several videos are worked on at the same time, and a stage"
            " that finds its work done takes none."
        )
    return "\n\n".join(parts)


def headline(seconds: float, forecast: float | None) -> str:
    """Forecast against actual in one sentence.

    >>> headline(75, 60)
    'took 1 min 15 s, forecast 1 min: 25% longer'
    >>> headline(61, 60), headline(9, None)
    ('took 1 min 1 s, forecast 1 min: as expected', 'took 9.0 s; nothing was forecast')
    """
    took = f"took {duration(seconds)}"
    if not forecast or forecast <= 0:
        return f"{took}; nothing was forecast"
    off = seconds / forecast - 1
    if abs(off) <= TOLERANCE:
        return f"{took}, forecast {duration(forecast)}: as expected"
    return f"{took}, forecast {duration(forecast)}: {abs(off):.0%} {'longer' if off > 0 else 'shorter'}"
