"""What became of an experiment: the posts of each value, and what people did with them. Sums of what platforms told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar

from flows.video_plan import Trial, VideoPlan
from records.ledger import Ledger
from records.states import PostState
from records.tables import Post, PostMetrics, Video

Number = TypeVar("Number", int, float)

#: A pipeline's newest live posts that are looked at.
MOST_POSTS = 10_000


@dataclass(slots=True)
class Result:
    """The live posts of one value."""

    of: str
    value: str
    arms: Counter[str] = field(default_factory=Counter)  #: posts on each account, or at each time of day
    measured: int = 0  #: posts of which any number is known
    views: int | None = None  #: of these together; None: no platform tells
    likes: int | None = None
    watch_seconds: float | None = None

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


def results(ledger: Ledger, pipeline: str) -> list[Result]:
    """What became of the experiments of a pipeline, by list and value."""
    found: dict[tuple[str, str], Result] = {}
    rows = [
        (post, trial)
        for post, video, _ in ledger.post_lists.recent(limit=MOST_POSTS, states=[PostState.LIVE], pipeline=pipeline)
        if (trial := _trial(post, video)) is not None
    ]
    numbers = ledger.measurements.newest([post.id for post, _ in rows])
    for post, trial in rows:
        result = found.setdefault((trial.of, trial.value), Result(trial.of, trial.value))
        result.arms[trial.arm] += 1
        if post.id in numbers:
            result.add(numbers[post.id])
    return [found[key] for key in sorted(found)]


def _trial(post: Post, video: Video) -> Trial | None:
    plans = VideoPlan.from_json(video.plan).posts if video.plan.get("posts") else ()
    own = (plan.trial for plan in plans if (plan.target, plan.profile) == (post.target, post.profile))
    return next(own, None)


def _sum(so_far: Number | None, more: Number | None) -> Number | None:
    return so_far if more is None else more if so_far is None else so_far + more
