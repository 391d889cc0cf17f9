"""What a run would do, asked without doing it: `reelmill plan`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from flows.counting import counted
from flows.definition import Definition
from flows.drawing_up import draw_up
from flows.occasion import name_of
from flows.outlook import Outlook, outlook
from flows.planning import Plan
from flows.posting import context_for
from flows.room import Room
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from records.states import VideoState
from reelmill.identity import run_identity, video_identity
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from tasks.sources.base import Occasion


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a run would do."""

    plan: Plan
    states: tuple[str, ...]  #: of each video: `new`, or what it is already
    outlook: Outlook
    told: tuple[str, ...]  #: what is left out of it by the budget, and what is taken down
    rooms: tuple[Room, ...]  #: of the accounts that it publishes to

    @property
    def ahead(self) -> list[VideoPlan]:
        """The videos that are still to be made."""
        return _ahead(self.plan, self.states)


def foresee(settings: Settings, definition: Definition, name: str, about: Occasion, limit: int | None) -> Foreseen:
    """Plan a run as it would be planned now, and keep nothing of it.

    Raises
    ------
    ReelmillError
        What `flows.planning.plan_run` raises.
    """
    pipeline, identity = definition.pipeline(name), run_identity(name, name_of(about))
    with Ledger(settings) as ledger, closing(context_for(ledger, definition, settings)) as context:
        engine = engine_of(pipeline.generate, settings)
        draft = draw_up(settings, ledger, definition, engine, context, name, about, limit=limit, keep=False)
        plan = draft.plan
        known = {video.id: video.state.value for video in ledger.videos.of_run(identity)}
        states = tuple(
            video.first_state.value if video.first_state is not VideoState.PLANNED
            else known.get(video_identity(identity, video.brief_key, video.variant_id), "new")
            for video in plan.videos
        )  # fmt: skip
        asked = outlook(ledger, engine, name, pipeline, settings, _ahead(plan, states))
        return Foreseen(plan, states, asked, (*draft.told, *_gone(plan)), tuple(draft.allotment.rooms()))


def _ahead(plan: Plan, states: Sequence[str]) -> list[VideoPlan]:
    return [one for place, one in plan.plans.items() if states[place] not in {"done", "rejected"}]


def _gone(plan: Plan) -> list[str]:
    if not plan.gone:
        return []
    count = counted(len(plan.gone), "item")
    if plan.doubtful:
        return [f"{count} are gone from the source at once: nothing would be taken down"]
    return [f"{count} gone from the source: what was posted of it would be taken down"]
