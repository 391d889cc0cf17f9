"""The conservation law in words and numbers: everything that was found has ended in exactly one way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flows.counting import counted
from flows.dashboard.posts import ORDER
from flows.dashboard.standing import Standing
from records.runs import Tally
from records.states import PostState


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
    states = Counter(post.state for one in standings for post in one.posts)
    if not states:
        return ""
    shown = [PostState.LIVE, PostState.FAILED, *(state for state in ORDER if state in states)]
    parts = " + ".join(f"{states[state]} {state.value}" for state in dict.fromkeys(shown))
    return f"{counted(states.total(), 'post')} = {parts}"
