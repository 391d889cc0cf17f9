"""How long a run will take: by what was taken here before, else as far as a model's architecture says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from flows.cost import pace_of
from flows.pace import Certainty
from flows.pipeline import Pipeline
from records.ledger import Ledger
from reelmill.content import Shot
from reelmill.settings import Settings
from wan_engine.base import Engine

#: The stages that work on several videos at a time, beside the one that draws.
BESIDE = ("screen", "finish", "publish")
#: One that only some videos need.
SOMETIMES = "assemble"


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a run takes."""

    seconds: float
    of_clips: bool = False  #: of its clips alone: nobody knows what the stages after them take here


def forecast_run(
    ledger: Ledger, engine: Engine, pipeline: Pipeline, settings: Settings, videos: Sequence[Sequence[Shot]]
) -> Lasting | None:
    """How long videos are expected to take; None if nobody knows.

    Clips come one after the other while the other stages work on several videos at a time, so a run takes as long as
    the slower of the two.

    Parameters
    ----------
    videos:
        The shots of each that are still to be drawn; see `flows.cost.to_draw`.
    """
    pace, shots = pace_of(ledger, engine, settings), list(chain.from_iterable(videos))
    certainty = pace.basis(shots).certainty
    if certainty is Certainty.GUESSED:
        return None
    drawing = sum(map(pace.seconds, shots))
    sums = {one.stage: one.seconds / one.count for one in ledger.work.sums() if one.count}
    if not all(stage in sums for stage in BESIDE):
        # A model takes longer over a clip than all that comes after it; a preview does not.
        return None if engine.preview or not shots else Lasting(drawing, of_clips=True)
    stages = (*BESIDE, SOMETIMES) if pipeline.footage.is_assembled else BESIDE
    beside = len(videos) * sum(sums.get(stage, 0.0) for stage in stages) / settings.parallel
    return Lasting(max(drawing, beside))
