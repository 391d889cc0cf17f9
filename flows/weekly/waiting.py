"""What waits for a person today, and the command that helps. It is not about the period: it waits now."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from shlex import quote

from flows.counting import counted
from flows.post_status import Kind, status_of
from records.figures import Figures
from records.ledger import Ledger
from records.states import PostState, RunState, VideoState

#: An event without a run is looked after by the reconciler; one that is older needs a person.
PATIENCE = dt.timedelta(hours=1)
#: The most runs that are looked at, and the most lines of one kind.
RUNS, LINES = 200, 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits."""

    what: str
    command: str


def waiting(ledger: Ledger, figures: Figures) -> tuple[Waiting, ...]:
    """Everything that goes no further by itself, the most urgent first."""
    found: list[Waiting] = []
    for state, words in (
        (PostState.UNKNOWN, "may be public or not: look at the target"),
        (PostState.FAILED, "were refused"),
    ):
        posts = [
            Waiting(
                f"{counted(count, 'post')} to {target} of {pipeline} {occasion} {words}",
                f"reelmill posts --state {state} --pipeline {quote(f'{pipeline}@{occasion}')}",
            )
            for (target, pipeline, occasion), count in figures.posts_in(state).items()
        ]
        found += _first(posts)
    found += _first(_handed_over(ledger))
    found += _first(
        [
            Waiting(f"{standing.target} posts nothing: {standing.reason}", f"reelmill targets {standing.target}")
            for standing in ledger.standings.all()
            if standing.needs_person
        ]
    )
    found += _first(
        [
            Waiting(f"{counted(count, 'video')} of {pipeline} {occasion} to be reviewed", _show(pipeline, occasion))
            for (pipeline, occasion), count in figures.videos_in(VideoState.IN_REVIEW).items()
        ]
    )
    found += _first(
        [
            Waiting(
                f"{run.pipeline} {run.occasion} was stopped: {run.reason}",
                f"reelmill resume {quote(f'{run.pipeline}@{run.occasion}')}",
            )
            for run in ledger.runs.recent(limit=RUNS, states=(RunState.INTERRUPTED,))
        ]
    )
    events: dict[str, int] = {}
    for event in ledger.outbox.waiting(older=PATIENCE):
        events[event.pipeline] = events.get(event.pipeline, 0) + 1
    found += [
        Waiting(f"{counted(count, 'event')} for {pipeline} without a run", "reelmill reconcile")
        for pipeline, count in sorted(events.items())
    ]
    return tuple(found)


def _handed_over(ledger: Ledger) -> list[Waiting]:
    """Packages that lie ready for a person to publish, by target."""
    ready = Counter(post.target for post in ledger.posts.waiting() if status_of(post, {}).kind is Kind.HANDED_OVER)
    return [
        Waiting(
            f"{counted(count, 'post')} to {target} {'is' if count == 1 else 'are'} ready for a person to publish",
            f"reelmill posts --waiting --target {target}",
        )
        for target, count in sorted(ready.items())
    ]


def _show(pipeline: str, occasion: str) -> str:
    return f"reelmill show {quote(f'{pipeline}@{occasion}')}"


def _first(lines: list[Waiting]) -> list[Waiting]:
    if len(lines) <= LINES:
        return lines
    return [*lines[:LINES], Waiting(f"and {len(lines) - LINES} more like these", "reelmill runs")]
