"""Which posts each video of a run is going to have: to which account of several, and when, before anything is made."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from flows.definition import Definition
from flows.earlier import Earlier
from flows.experiments.sharing import MOST_REMEMBERED, Experiment
from flows.pipeline import Pipeline
from flows.publish_options import PublishOptions
from flows.room import Room
from flows.video_plan import PostPlan, Trial, VideoPlan
from records.database import now
from records.ledger import Ledger
from records.slots import Kept
from records.states import ENDED
from reelmill.errors import ReelmillError
from reelmill.identity import video_identity
from tasks.prompts.matrix import variants
from tasks.publishing.account import Limits, Quota
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
        The run's logical date. A day that is over, where the target's times are, is made up for today.
    run_id:
        A video that this very run has planned before keeps its times, as long as they are good.
    remake:
        What was posted of the run's videos before is no reason not to post it again.
    at:
        The moment of the plan. None: now.
    """

    def __init__(
        self,
        ledger: Ledger,
        definition: Definition,
        pipeline: Pipeline,
        context: TargetContext,
        date: dt.date,
        run_id: UUID,
        *,
        remake: bool = False,
        at: dt.datetime | None = None,
    ) -> None:
        self._ledger, self._definition, self._pipeline = ledger, definition, pipeline
        self._context, self._date, self._run_id = context, date, run_id
        self._now = at or now()
        self._calendars: dict[tuple[str, str], Calendar] = {}
        self._quotas: dict[tuple[str, str], Quota | None] = {}  #: of accounts that were asked
        self._accounts: dict[str, str] = {}  #: by the name of the target
        self._earlier = Earlier(ledger, definition, pipeline, context, run_id, self._now, remake=remake)
        self._experiment: Experiment | None = None
        if pipeline.experiment is not None:
            name = next(name for name, one in definition.pipelines.items() if one is pipeline)
            given = ledger.videos.plans(name, MOST_REMEMBERED)
            self._experiment = Experiment(pipeline.experiment, pipeline.publish, variants(pipeline.matrix), given)

    def posts(self, brief_key: str, variant_id: str, mark: str) -> Allotted:
        """The posts of the next video.

        Parameters
        ----------
        mark:
            The fingerprint of its brief.
        """
        identity = video_identity(self._run_id, brief_key, variant_id)
        if (done := self._earlier.done(identity, mark)) is not None:
            return done.posts, done.misfits
        before = self._earlier.of_video(identity, mark)
        plans: list[PostPlan] = []
        misfits: list[str] = []
        for entry in self._pipeline.publish:
            trial = self._trial(entry, variant_id, identity, before)
            narrowed = self._experiment.narrowed(entry, trial) if self._experiment else entry
            for choices in self._choices(narrowed):
                held = next((before[choice] for choice in choices if choice in before), None)
                found = held or self._best(narrowed, choices, trial)
                if isinstance(found, str):
                    misfits.append(found)
                    continue
                plans.append(found)
                if self._experiment is not None and trial is not None:
                    self._experiment.took(entry, trial, identity)
        return tuple(plans), tuple(misfits)

    def _trial(
        self,
        entry: PublishOptions,
        variant_id: str,
        video_id: UUID,
        before: Mapping[tuple[str, str], PostPlan],
    ) -> Trial | None:
        """What a video is in the experiment. One with a post that it was given without is left as it is."""
        if self._experiment is None:
            return None
        if any(post.target in entry.to and post.trial is None for post in before.values()):
            return None
        return self._experiment.trial(entry, variant_id, video_id)

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

    def _best(self, entry: PublishOptions, choices: Sequence[tuple[str, str]], trial: Trial | None) -> PostPlan | str:
        """The choice that is free first; of several, the account that has the fewest posts then. Or why there is none.

        A time of now is given only where it has to be counted.
        """
        rules = entry.rules(self._pipeline.zone)
        today = self._now.astimezone(rules.zone).date()
        # A time of day is one of the day that the run is about. Without one, a clip of tomorrow need not wait for it.
        first_day = max(self._date, today) if rules.between else today
        found: list[tuple[dt.datetime, int, int]] = []
        for place, (name, _) in enumerate(choices):
            calendar = self._calendar(name)
            at = calendar.next(rules, first_day, self._now)
            if at is not None:
                crowd = calendar.count(at - DAY, at + DAY) if len(choices) > 1 else 0
                found.append((at, crowd, place))
        if not found:
            names = dict.fromkeys(name for name, _ in choices)
            told = (f"{name} {self._calendar(name).why_not(rules, first_day, self._now)}" for name in names)
            days = f"on {first_day}" if rules.days == 1 else f"from {first_day} to {first_day + (rules.days - 1) * DAY}"
            return f"no free time {days}: {', '.join(told)}"
        at, _, place = min(found)
        name, profile = choices[place]
        calendar = self._calendar(name)
        calendar.take(at)
        counts = rules.given or calendar.limited
        return PostPlan(name, profile, at if counts or at > self._now + SOON else None, entry.allow_repost, trial)

    def rooms(self) -> list[Room]:
        """Each account of the pipeline, and the room that it has. Nobody is asked who was not asked for a post."""
        found: list[Room] = []
        wanted = {name: one.rules(self._pipeline.zone) for one in self._pipeline.publish for name in one.to}
        for name, rules in wanted.items():
            target, key = self._definition.targets[name], self._key(name)
            quota = self._quotas.get(key)
            found.append(Room(name, *key, rules, _allowed(target, quota), quota, tuple(self._others(*key))))
        return found

    def _calendar(self, name: str) -> Calendar:
        target, key = self._definition.targets[name], self._key(name)
        if key not in self._calendars:
            taken = [*self._others(*key), *self._earlier.times(*key)]
            quota = self._quotas[key] = self._quota(name, target)
            left = quota.left if quota else None
            self._calendars[key] = Calendar(taken, _allowed(target, quota), left=left, asked=self._now)
        return self._calendars[key]

    def _key(self, name: str) -> tuple[str, str]:
        """The platform and the account of a target."""
        target = self._definition.targets[name]
        if name not in self._accounts:
            self._accounts[name] = target.account_key(self._context)
        return target.platform, self._accounts[name]

    def _others(self, platform: str, account: str) -> list[dt.datetime]:
        """When posts of the account went out, and others than those of this run are going to."""
        return [
            *self._ledger.posts.times(platform, account, self._now - 2 * DAY),
            *self._ledger.slots.taken(platform, account, self._now, except_run=self._run_id),
        ]

    def _quota(self, name: str, target: Target) -> Quota | None:
        """What the account may still post, if the platform says so now."""
        try:
            return target.quota(self._context)
        except ReelmillError as error:
            log.warning("%s does not say what may still be posted: %s", name, error.reason)
            return None


def _allowed(target: Target, quota: Quota | None) -> Limits:
    """What a platform allows. What it says now is truer than what is known of it."""
    return target.limits if quota is None else replace(target.limits, per_day=quota.total)


def keep_times(ledger: Ledger, definition: Definition, context: TargetContext, run_id: UUID) -> None:
    """Keep the times that the plans of a run's videos take, so that another plan leaves them alone."""
    kept: list[Kept] = []
    videos = [video for video in ledger.videos.of_run(run_id) if video.state not in ENDED]
    for video in videos:
        for post in VideoPlan.from_json(video.plan).posts if video.plan else ():
            if post.at is not None:
                target = definition.targets[post.target]
                account = target.account_key(context)
                kept.append(Kept(video.id, post.target, post.profile, target.platform, account, post.at))
    ledger.slots.keep(kept, videos=[video.id for video in videos])


Allot = Callable[[str, str, str], Allotted]
"""Gives the next video its posts, by the key of its brief, its variant, and the fingerprint of the brief."""
