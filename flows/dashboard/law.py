"""The conservation law in words and numbers: everything that was found has ended in exactly one way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flows.counting import counted
from flows.dashboard.standing import Standing, statuses
from flows.post_status import Kind
from records.runs import Tally


def law(tally: Tally, standings: Sequence[Standing]) -> str:
    """The law for videos, whether it holds, and what became of the posts, as Markdown."""
    lines = [f"**{tally}**" if tally.found else "**Nothing was found.**"]
    if tally.found and tally.holds:
        lines.append("The count closes: everything that was found has ended in exactly one way.")
    elif tally.found and tally.open:
        lines.append(f"**The count does not close yet**: {counted(tally.open, 'video')} did not come to an end.")
    elif tally.found:
        ended = sum(tally.states.values())
        lines.append(f"**The count does not close**: {tally.found} were found, and {ended} are accounted for.")
    if posts := equation_of_posts(standings):
        lines.append(posts)
    return "\n\n".join(lines)


def equation_of_posts(standings: Sequence[Standing]) -> str:
    """`8 posts = 7 live + 1 failed`; "" if there are none."""
    kinds = Counter(status.kind for status in statuses(standings))
    if not kinds:
        return ""
    shown = [Kind.LIVE, Kind.FAILED, *(kind for kind in Kind if kind in kinds)]
    parts = " + ".join(f"{kinds[kind]} {kind}" for kind in dict.fromkeys(shown))
    return f"{counted(kinds.total(), 'post')} = {parts}"
