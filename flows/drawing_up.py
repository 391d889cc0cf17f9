"""Draws up a run: its videos, their posts, and what the budget leaves of them, as a run and `reelmill plan` both do."""

from __future__ import annotations

from dataclasses import dataclass

from flows.admission import Admission
from flows.allotting import Allotment
from flows.definition import Definition
from flows.experiments.allocation import allocate
from flows.missed import outage
from flows.occasion import name_of
from flows.planning import Plan, plan_run
from records.ledger import Ledger
from reelmill.identity import run_identity
from reelmill.settings import Settings
from tasks.publishing.context import TargetContext
from tasks.sources.base import Occasion
from wan_engine.base import Engine


@dataclass(frozen=True, slots=True)
class Draft:
    """A run that was drawn up."""

    plan: Plan
    told: list[str]  #: what is to be said of it
    allotment: Allotment  #: who gave its videos their posts


def draw_up(
    settings: Settings,
    ledger: Ledger,
    definition: Definition,
    engine: Engine,
    context: TargetContext,
    name: str,
    about: Occasion,
    *,
    limit: int | None,
    remake: bool = False,
    keep: bool = True,
) -> Draft:
    """The plan of a run.

    Parameters
    ----------
    limit:
        At most this many videos.
    remake:
        What was posted of the run's videos before is no reason not to post it again.
    keep:
        Whether what it takes of the budget is taken. False: somebody only asks.

    Raises
    ------
    ReelmillError
        What `flows.planning.plan_run` raises.
    """
    pipeline, identity = definition.pipeline(name), run_identity(name, name_of(about))
    opened = ledger.runs.get(identity)
    allocation = allocate(
        ledger, name, pipeline.experiment, pipeline.matrix, until=opened.opened_at if opened is not None else None
    )
    out = outage(ledger, name, definition, about)
    allotment = Allotment(ledger, definition, pipeline, context, about.date, identity, remake=remake)
    plan = plan_run(
        definition,
        name,
        about,
        settings,
        seen=ledger.seen.of(name),
        cursor=ledger.seen.cursor(name, identity),
        missed=out.days,
        limit=limit,
        allot=allotment.posts,
        known=ledger.text_verdicts.told,
        allocation=allocation,
    )
    told = Admission(ledger, definition, settings, engine, name, identity).admit(plan, keep=keep)
    besides = [*filter(None, [plan.note, out.note]), *plan.notes, *([str(allocation)] if allocation else [])]
    return Draft(plan, [*besides, *told], allotment)
