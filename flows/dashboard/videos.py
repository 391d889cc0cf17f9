"""The table of a run's videos, those first that want a person."""

from __future__ import annotations

from collections.abc import Sequence

from flows.dashboard.markdown import harmless
from flows.dashboard.standing import SIGNS, Standing
from flows.post_status import counts


def videos_table(standings: Sequence[Standing]) -> list[dict[str, str]]:
    """One row a video. The dashboard shows cells as plain text, and lets a person search and page through them."""
    order = list(SIGNS)
    rows = [_row(one) for one in sorted(standings, key=lambda one: order.index(one.state))]
    if not any(row["why"] for row in rows):
        for row in rows:
            del row["why"]
    return rows


def _row(one: Standing) -> dict[str, str]:
    return {
        "video": harmless(one.video.title, 120),
        "state": f"{one.sign} {one.state_words}",
        "screened": one.decision,
        "renditions": str(len(one.renditions) or ""),
        "posts": counts(list(one.statuses.values())),
        "why": harmless(one.why),
    }
