"""How long a run will take, by what this machine and these engines took before."""

from __future__ import annotations

from collections.abc import Sequence

from flows.chunking import forecast
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.tables import Video

#: The stages that work on several videos at a time, beside the one that draws.
BESIDE = ("screen", "finish", "publish")


def forecast_run(shop: Workshop, todo: Sequence[Video]) -> float | None:
    """Seconds that these videos are expected to take; None if nothing like them was made before.

    Clips come one after the other while the other stages work on several videos at a time, so a run takes as long as
    the slower of the two.
    """
    pace = shop.ledger.chunks.pace(shop.engine.name)
    sums = {one.stage: one.seconds / one.count for one in shop.ledger.work.sums() if one.count}
    if pace is None or not all(stage in sums for stage in BESIDE):
        return None
    plans = [VideoPlan.from_json(video.plan) for video in todo]
    drawing = sum(forecast(plan.shot(shop.engine.model, None), pace) for plan in plans)
    beside = len(plans) * sum(sums[stage] for stage in BESIDE) / shop.settings.parallel
    return max(drawing, beside)
