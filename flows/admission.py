"""What of a plan the budget lets in: each video whole or not at all, in the order of the plan.

A pipeline that comes before others (`priority:`) and is still to run in the same day, week or month finds what it took
the last time: so much is kept for it. For one that has never run it is what its plan takes, if that can be drawn up
without asking anybody outside.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from flows.cost import Costs, money, to_draw
from flows.counting import counted
from flows.definition import Definition
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from records.budgets import Admitted
from records.database import now
from records.ledger import Ledger
from records.states import VideoState
from reelmill.amount import Amount
from reelmill.errors import ReelmillError, UseError
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from wan_engine.base import Engine

log = logging.getLogger("reelmill.admission")

#: What each limit is called for people.
NAMES = {"videos": "videos", "gpu_seconds": "minutes of GPU", "spend": "money"}
#: Videos in these states are made, or were on their way.
_USED = frozenset(
    {VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE, VideoState.IN_REVIEW,
     VideoState.REJECTED}
)  # fmt: skip


class Admission:
    """Lets in what fits. Without a `budget:` in the definition it lets in everything.

    Raises
    ------
    UseError
        If the budget is of money, and no price is set, or one in another currency.
    """

    def __init__(
        self, ledger: Ledger, definition: Definition, settings: Settings, engine: Engine, pipeline: str, run_id: UUID
    ) -> None:
        self._ledger, self._definition, self._settings = ledger, definition, settings
        self._pipeline, self._run_id = pipeline, run_id
        self._budget = definition.budget
        self._engine = engine
        if self._budget is not None and self._budget.currency is not None:
            if not settings.gpu_price:
                raise UseError("`budget.spend` needs a price", "set REELMILL_GPU_PRICE to what an hour of GPU costs")
            if self._budget.currency != settings.currency:
                raise UseError(
                    f"`budget.spend` is in {self._budget.currency}, and the price of a GPU in {settings.currency}",
                    "set REELMILL_CURRENCY and REELMILL_GPU_PRICE, or write the budget in that currency",
                )

    def admit(self, plan: Plan, *, keep: bool = True) -> list[str]:
        """Leave out of a plan what does not fit. Returns what is to be told.

        Parameters
        ----------
        keep:
            Keep room for what was let in. False: only look.
        """
        if self._budget is None:
            return []
        done = {video.brief_key + "/" + video.variant_id for video in self._ledger.videos.of_run(self._run_id, _USED)}
        places = [
            place
            for place, video in enumerate(plan.videos)
            if video.first_state is VideoState.PLANNED and video.brief_key + "/" + video.variant_id not in done
        ]
        costs = Costs(self._ledger, self._engine, self._settings)
        plans = [plan.plans[place] for place in places]
        asked = costs.of(to_draw(self._ledger, self._engine, plans))
        period, limit = self._budget.period(now()), self._budget.limit
        held = dict(self._held(period))
        kept, before = sum(held.values(), start=Amount()), used(self._ledger, self._settings, self._run_id)
        if keep:
            found = self._ledger.budgets.admit(
                period, self._run_id, self._pipeline, limit, asked, before=before, kept=kept
            )
        else:
            found = self._ledger.budgets.look(period, self._run_id, limit, asked, before=before, kept=kept)
        out = {place: why for place, why in zip(places, found.fits, strict=True) if why is not None}
        per = self._budget.per
        plan.leave_out({place: f"the budget of the {per} has no {NAMES[why]} left" for place, why in out.items()})
        return list(self._told(found, out, held))

    def _held(self, period: str) -> Iterator[tuple[str, Amount]]:
        """What is kept for pipelines that come first and are still to run in this time."""
        assert self._budget is not None
        mine = self._definition.pipeline(self._pipeline).priority
        for name, other in self._definition.pipelines.items():
            if other.priority >= mine or other.schedule is None:
                continue
            last = self._ledger.budgets.last(name, period)
            if last == Amount() or (at := self._fires(name)) is None:
                continue
            amount = last if last is not None else self._of_new(name, at)
            if amount.videos:
                yield name, amount

    def _fires(self, name: str) -> dt.datetime | None:
        """When the schedule of a pipeline fires next in this time, if it does."""
        from flows.fire_times import fire_times  # Prefect's own reckoning
        from flows.schedule import days_of

        assert self._budget is not None
        pipeline, moment = self._definition.pipeline(name), now()
        assert pipeline.schedule is not None
        days = days_of(pipeline, self._definition.folder, moment.astimezone(pipeline.zone).date())
        return next(iter(fire_times(pipeline.schedule, days, moment, self._budget.ends(moment), limit=1)), None)

    def _of_new(self, name: str, at: dt.datetime) -> Amount:
        """What a pipeline that has never run will take, where its source asks nobody: a calendar, a list."""
        pipeline = self._definition.pipeline(name)
        source = pipeline.source
        if source.expand is not None or not (source.is_calendar or source.type == "list"):
            return Amount()
        about = on_date(pipeline.zone, at.astimezone(pipeline.zone).date().isoformat())
        try:
            engine = engine_of(pipeline.generate, self._settings)
            planned = plan_run(self._definition, name, about, self._settings, seen={})
            costs = Costs(self._ledger, engine, self._settings).of(to_draw(self._ledger, engine, planned.plans_to_make))
        except ReelmillError as error:  # its own run will say so, to whom it concerns
            log.warning("nothing of the budget is kept for %s, which cannot be planned: %s", name, error.reason)
            return Amount()
        return sum(costs, start=Amount())

    def _told(self, found: Admitted, out: dict[int, str], held: dict[str, Amount]) -> Iterator[str]:
        assert self._budget is not None
        for why, count in Counter(out.values()).items():
            limit = self._budget.limit
            whole = Amount(limit.videos or 0, limit.gpu_seconds or 0.0, limit.spend or 0.0)
            most, taken = (_amount(why, amount, self._settings) for amount in (whole, found.others))
            line = f"{counted(count, 'video')} left out: of {most} a {self._budget.per}, other runs have {taken}"
            kept = [f"{_amount(why, amount, self._settings)} for {name}" for name, amount in held.items()]
            yield line + (f", and kept are {', '.join(kept)}" if kept else "")


def used(ledger: Ledger, settings: Settings, run_id: UUID) -> Amount:
    """What a run has used up so far."""
    videos = len(ledger.videos.of_run(run_id, _USED))
    seconds = ledger.budgets.gpu_seconds(run_id)
    return Amount(videos, seconds, money(seconds, settings.gpu_price))


def reckon_up(settings: Settings, ledger: Ledger, definition: Definition, run_id: UUID) -> None:
    """A run has ended: what it did not use of the budget is free again."""
    if definition.budget is not None:
        ledger.budgets.settle(run_id, used(ledger, settings, run_id))


def _amount(what: str, amount: Amount, settings: Settings) -> str:
    if what == "videos":
        return counted(amount.videos, "video")
    if what == "gpu_seconds":
        return f"{amount.gpu_seconds / 60:.1f} min of GPU"
    return f"{amount.spend:.2f} {settings.currency}"
