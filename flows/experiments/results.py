"""What became of an experiment: the posts of each value, and what people did with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, get_args

from flows.experiments.options import Age, ExperimentOptions
from flows.video_plan import VideoPlan
from records.post_metrics import AGES

if TYPE_CHECKING:
    import datetime as dt

    from flows.experiments.beta_binomial import Tally
    from flows.experiments.comparing import Comparison
    from records.ledger import Ledger
    from records.outcomes import Outcome
    from records.tables import PostMetrics

Number = TypeVar("Number", int, float)

#: A pipeline's newest live posts that are looked at.
MOST_POSTS = 5000
#: The ages at which posts are measured, by their names.
AFTER = dict(zip(get_args(Age), AGES, strict=True))


@dataclass(slots=True)
class Result:
    """The live posts of one value."""

    value: str
    arms: Counter[str] = field(default_factory=Counter)  #: posts on each account, or at each time of day
    measured: int = 0  #: posts of which any number is known
    views: int | None = None  #: of these together, as last told; None: no platform tells
    likes: int | None = None
    watch_seconds: float | None = None
    tallies: list[Tally] = field(default_factory=list)  #: posts that can be compared, as they were at the age

    @property
    def posts(self) -> int:
        return self.arms.total()

    @property
    def views_each(self) -> float | None:
        """Views of a post, on average."""
        return self.views / self.measured if self.views is not None and self.measured else None

    def add(self, numbers: PostMetrics) -> None:
        """Count the newest numbers of one of its posts."""
        self.measured += 1
        self.views = _sum(self.views, numbers.views)
        self.likes = _sum(self.likes, numbers.likes)
        self.watch_seconds = _sum(self.watch_seconds, numbers.watch_seconds)


def results(
    ledger: Ledger, pipeline: str, options: ExperimentOptions, *, until: dt.datetime | None = None
) -> list[Result]:
    """What became of each value of the list that an experiment is of, by name.

    Parameters
    ----------
    until:
        As it was known at this moment; None: now.
    """
    found: dict[str, Result] = {}
    for outcome in ledger.outcomes.of(pipeline, limit=MOST_POSTS, until=until):
        trial = next((one for one in _trials(outcome) if one["of"] == options.of), None)
        if trial is None:
            continue
        result = found.setdefault(trial["value"], Result(trial["value"]))
        result.arms[trial["arm"]] += 1
        if outcome.told:
            result.add(outcome.told[-1])
        numbers = outcome.at_age(AFTER[options.after])
        if numbers is not None and (tally := _tally(options, outcome, numbers, trial["arm"])) is not None:
            result.tallies.append(tally)
    return [found[value] for value in sorted(found)]


def comparison(found: list[Result]) -> Comparison | None:
    """Which value is best, and how sure that is. None if there is nothing to compare yet."""
    from flows.experiments.comparing import compare  # brings numpy

    return compare({result.value: result.tallies for result in found})


def _trials(outcome: Outcome) -> list[dict[str, str]]:
    own = (outcome.target, outcome.profile)
    return [
        post["trial"]
        for post in outcome.plan.get("posts", ())
        if post.get("trial") and (post["target"], post["profile"]) == own
    ]


def _tally(options: ExperimentOptions, outcome: Outcome, numbers: PostMetrics, arm: str) -> Tally | None:
    """What people did with a post; None if the platform does not say."""
    from flows.experiments.beta_binomial import Tally

    if numbers.views is None:
        return None
    hits: float | None = numbers.likes
    if options.measure == "watched":  # whoever sees a video twice has seen it once
        seconds = VideoPlan.from_json(outcome.plan).seconds
        hits = None if numbers.watch_seconds is None else numbers.watch_seconds / seconds
    return None if hits is None else Tally(arm, numbers.views, min(hits, numbers.views))


def _sum(so_far: Number | None, more: Number | None) -> Number | None:
    return so_far if more is None else more if so_far is None else so_far + more
