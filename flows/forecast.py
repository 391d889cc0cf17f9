"""How long a run will take, by what this machine and these engines took before."""

from __future__ import annotations

from collections.abc import Sequence

from flows.chunking import forecast
from flows.pipeline import Pipeline
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from reelmill.settings import Settings
from wan_engine.base import Engine

#: The stages that work on several videos at a time, beside the one that draws.
BESIDE = ("screen", "finish", "publish")
#: One that only some videos need.
SOMETIMES = "assemble"


def forecast_run(
    ledger: Ledger, engine: Engine, pipeline: Pipeline, settings: Settings, plans: Sequence[VideoPlan]
) -> float | None:
    """Seconds that these videos are expected to take; None if nothing like them was made before.

    Clips come one after the other while the other stages work on several videos at a time, so a run takes as long as
    the slower of the two.
    """
    pace = ledger.chunks.pace(engine.name)
    sums = {one.stage: one.seconds / one.count for one in ledger.work.sums() if one.count}
    if pace is None or not all(stage in sums for stage in BESIDE):
        return None
    drawing = sum(forecast(shot, pace) for plan in plans for shot in plan.requests(engine.model))
    stages = (*BESIDE, SOMETIMES) if pipeline.footage.is_assembled else BESIDE
    beside = len(plans) * sum(sums.get(stage, 0.0) for stage in stages) / settings.parallel
    return max(drawing, beside)
