"""What a report says, before it is written in any format."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from flows.weekly.failures import Failure, grouped
from flows.weekly.period import Period
from flows.weekly.posts import BestPost, best
from flows.weekly.waiting import Waiting, waiting
from records.database import now
from records.figures import Figures, LivePost, Rendering, Step
from records.ledger import Ledger
from records.states import ENDED, VideoState
from records.work import StageSum
from reelmill.settings import Settings

#: Seconds of an hour.
HOUR = 3600.0
#: What a video that has not ended counts as.
OPEN = "unfinished"
#: The ways in which a video counts, in the order in which people read them.
OUTCOMES = (
    VideoState.DONE.value,
    VideoState.IN_REVIEW.value,
    VideoState.REJECTED.value,
    VideoState.FAILED.value,
    VideoState.SKIPPED.value,
    OPEN,
)


@dataclass(frozen=True, slots=True)
class Headline:
    """The numbers of one period. Each video counts once, by what it had come to at the end of the period."""

    outcomes: Counter[str]
    posts: int  #: that went live
    gpu_seconds: float
    render_seconds: float  #: of all engines, also without a GPU
    spend: float | None  #: None if no price is set

    @property
    def empty(self) -> bool:
        """Nothing was made, and nothing went wrong."""
        return not (self.outcomes or self.posts or self.render_seconds)


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """One pipeline's share."""

    name: str
    outcomes: Counter[str]
    posts: int
    gpu_seconds: float
    spend: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A period in numbers, and what is to be done about it."""

    period: Period
    made_at: dt.datetime
    currency: str
    now: Headline
    before: Headline
    pipelines: tuple[PipelineFigures, ...]
    days: dict[dt.date, Counter[str]]
    posts_by_target: dict[str, int]
    stages: tuple[StageSum, ...]
    renderings: tuple[Rendering, ...]
    failures: tuple[Failure, ...]
    waiting: tuple[Waiting, ...]
    best: tuple[BestPost, ...]
    today: Counter[str] = field(default_factory=Counter)  #: so far, if the period ends with yesterday

    @property
    def empty(self) -> bool:
        return self.now.empty and not self.failures


def gather(ledger: Ledger, settings: Settings, period: Period) -> Report:
    """Read everything that a report says from the ledger."""
    figures, price = Figures(ledger.database), settings.gpu_price
    steps = figures.last_video_steps(period.since, period.until)
    posts = figures.live_posts(period.since, period.until)
    renderings = figures.renderings(period.since, period.until)
    earlier = period.before
    return Report(
        period=period,
        made_at=now().astimezone(period.zone),
        currency=settings.currency,
        now=_headline(steps, posts, renderings, price),
        before=_headline(
            figures.last_video_steps(earlier.since, earlier.until),
            figures.live_posts(earlier.since, earlier.until),
            figures.renderings(earlier.since, earlier.until),
            price,
        ),
        pipelines=_pipelines(steps, posts, renderings, price),
        days=_days(period, steps),
        posts_by_target=dict(sorted(Counter(post.target for post in posts).items())),
        stages=tuple(sorted(figures.stages(period.since, period.until), key=lambda one: -one.seconds)),
        renderings=tuple(renderings),
        failures=grouped(steps, figures.last_run_steps(period.since, period.until)),
        waiting=waiting(ledger, figures),
        best=best(posts, ledger.measurements.newest([post.id for post in posts])),
        today=_outcomes(figures.last_video_steps(period.until, now())) if period.ends_yesterday else Counter(),
    )


def _outcomes(steps: list[Step]) -> Counter[str]:
    return Counter(_outcome(step) for step in steps)


def _outcome(step: Step) -> str:
    return step.after if VideoState(step.after) in ENDED else OPEN


def _headline(steps: list[Step], posts: list[LivePost], renderings: list[Rendering], price: float) -> Headline:
    gpu_seconds = sum(one.gpu_seconds for one in renderings)
    return Headline(
        _outcomes(steps), len(posts), gpu_seconds, sum(one.seconds for one in renderings), _spend(gpu_seconds, price)
    )


def _spend(gpu_seconds: float, price: float) -> float | None:
    return gpu_seconds / HOUR * price if price else None


def _pipelines(
    steps: list[Step], posts: list[LivePost], renderings: list[Rendering], price: float
) -> tuple[PipelineFigures, ...]:
    outcomes: dict[str, Counter[str]] = {}
    for step in steps:
        outcomes.setdefault(step.pipeline, Counter())[_outcome(step)] += 1
    live = Counter(post.pipeline for post in posts)
    seconds: dict[str, float] = {}
    for one in renderings:
        seconds[one.pipeline] = seconds.get(one.pipeline, 0.0) + one.gpu_seconds
    names = sorted(outcomes.keys() | live.keys() | {name for name, spent in seconds.items() if spent})
    return tuple(
        PipelineFigures(
            name or "(no video any more)",
            outcomes.get(name, Counter()),
            live[name],
            seconds.get(name, 0.0),
            _spend(seconds.get(name, 0.0), price),
        )
        for name in names
    )


def _days(period: Period, steps: list[Step]) -> dict[dt.date, Counter[str]]:
    days: dict[dt.date, Counter[str]] = {day: Counter() for day in period.days}
    for step in steps:
        days[period.day_of(step.at)][_outcome(step)] += 1
    return days
