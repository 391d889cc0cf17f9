"""Which posts each video of a run is going to have: to which account of several, and when, before anything is made."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from flows.definition import Definition
from flows.pipeline import Pipeline
from flows.publish_options import PublishOptions
from flows.video_plan import PostPlan, VideoPlan
from records.database import now
from records.ledger import Ledger
from records.slots import Kept
from records.states import ENDED
from reelmill.errors import ReelmillError
from tasks.publishing.base import Target
from tasks.publishing.calendar import DAY, SOON, Calendar
from tasks.publishing.context import TargetContext

log = logging.getLogger("reelmill.publishing")

Allotted = tuple[tuple[PostPlan, ...], tuple[str, ...]]
"""The posts of a video, and why others that the definition asks for are not among them."""


class Allotment:
    """Gives each video of a run its posts, one after the other. What it gave is taken.

    Parameters
    ----------
    date:
        The run's logical date, in the pipeline's zone. A day that is over is made up for today.
    run_id:
        What this very run has kept before is free for it.
    """

    def __init__(
        self,
        ledger: Ledger,
        definition: Definition,
        pipeline: Pipeline,
        context: TargetContext,
        date: dt.date,
        run_id: UUID,
    ) -> None:
        self._ledger, self._definition, self._pipeline = ledger, definition, pipeline
        self._context, self._run_id = context, run_id
        self._now = now()
        self._first_day = max(date, self._now.astimezone(pipeline.zone).date())
        self._calendars: dict[tuple[str, str], Calendar] = {}

    def posts(self) -> Allotted:
        """The posts of the next video."""
        plans: list[PostPlan] = []
        misfits: list[str] = []
        for entry in self._pipeline.publish:
            for choices in self._choices(entry):
                plan, misfit = self._best(entry, choices)
                if plan is not None:
                    plans.append(plan)
                elif misfit:
                    misfits.append(misfit)
        return tuple(plans), tuple(misfits)

    def _choices(self, entry: PublishOptions) -> Iterator[list[tuple[str, str]]]:
        """For each post that an entry asks for, the targets that may have it, with the profile that each takes."""
        takes = [(name, self._profiles(entry, self._definition.targets[name])) for name in entry.to]
        for index in range(max(len(profiles) for _, profiles in takes)):
            yield [(name, profiles[index]) for name, profiles in takes if index < len(profiles)]

    def _profiles(self, entry: PublishOptions, target: Target) -> Sequence[str]:
        if entry.profile is not None:
            return [entry.profile]
        if not target.best_profiles:
            return self._pipeline.deliver
        return [name for name in target.best_profiles if name in self._pipeline.deliver][:1]

    def _best(self, entry: PublishOptions, choices: Sequence[tuple[str, str]]) -> tuple[PostPlan | None, str]:
        """The choice that is free first; of several, the account that has the fewest posts that day."""
        rules = entry.rules(self._pipeline.zone)
        found: list[tuple[dt.datetime, int, int]] = []
        for place, (name, _) in enumerate(choices):
            calendar = self._calendar(name)
            at = calendar.next(rules, self._first_day, self._now)
            if at is not None:
                found.append((at, calendar.count(at - DAY, at + DAY), place))
        if not found:
            names = " and ".join(dict.fromkeys(name for name, _ in choices))
            last = self._first_day + (rules.days - 1) * DAY
            days = f"on {self._first_day}" if rules.days == 1 else f"from {self._first_day} to {last}"
            return None, f"{names} has no free time {days}"
        at, _, place = min(found)
        name, profile = choices[place]
        self._calendar(name).take(at)
        return PostPlan(name, profile, at if at > self._now + SOON else None, entry.allow_repost), ""

    def _calendar(self, name: str) -> Calendar:
        target = self._definition.targets[name]
        key = (target.platform, target.account_key(self._context))
        if key not in self._calendars:
            posts, slots = self._ledger.posts, self._ledger.slots
            taken = [
                *posts.times(*key, self._now - 2 * DAY),
                *slots.taken(*key, self._now, except_run=self._run_id),
            ]
            quota = self._quota(name, target)
            self._calendars[key] = Calendar(taken, target.limits, left=quota, asked=self._now)
        return self._calendars[key]

    def _quota(self, name: str, target: Target) -> int | None:
        """What the account may still post, if the platform says so now."""
        try:
            quota = target.quota(self._context)
        except ReelmillError as error:
            log.warning("%s does not say what may still be posted: %s", name, error.reason)
            return None
        return quota.left if quota is not None else None


def keep_times(ledger: Ledger, definition: Definition, context: TargetContext, run_id: UUID) -> None:
    """Keep the times that the plans of a run's videos take, so that another plan leaves them alone."""
    kept: list[Kept] = []
    for video in ledger.videos.of_run(run_id):
        if not video.plan or video.state in ENDED:
            continue
        for post in VideoPlan.from_json(video.plan).posts:
            if post.at is not None:
                target = definition.targets[post.target]
                account = target.account_key(context)
                kept.append(Kept(video.id, post.target, post.profile, target.platform, account, post.at))
    if kept:
        ledger.slots.keep(kept)


Allot = Callable[[], Allotted]
"""Gives the next video its posts."""
