"""The stages as Prefect tasks: what the dashboard shows of a run, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.tracing import span
from flows.workshop import Workshop
from records.tables import Video
from reelmill.errors import LeaseHeld, StorageError, TransientError
from reelmill.logs import bound

#: Seconds before each new attempt at something transient.
RETRY_DELAYS: list[float] = [1, 5, 20]

T = TypeVar("T")


def _worth_another_try(_task: Any, _run: Any, state: State[Any]) -> bool:
    """A full disk and a held lease need a person or time; everything else that is transient may work in seconds."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError) and not isinstance(error, StorageError | LeaseHeld)


def _stage(name: str) -> Callable[[str, Callable[[], None]], None]:
    """A Prefect task that does one stage's work for one video.

    It returns nothing: Prefect recognises results by their place in memory, and would draw arrows between tasks that
    only used the same place after each other.
    """

    @task(
        name=name,
        task_run_name=f"{name} {{title}}",
        persist_result=False,
        cache_policy=NO_CACHE,
        retries=len(RETRY_DELAYS),
        retry_delay_seconds=RETRY_DELAYS,
        retry_condition_fn=_worth_another_try,
    )
    def stage(title: str, work: Callable[[], None]) -> None:  # noqa: ARG001 (Prefect names the task run by it)
        work()

    return cast("Callable[[str, Callable[[], None]], None]", stage)


TASKS = {name: _stage(name) for name in ("plan", "generate", "assemble", "screen", "finish", "publish")}


def perform(shop: Workshop, stage: str, video: Video, work: Callable[[], T], note: Callable[[T], str]) -> T:
    """One stage of one video, as a Prefect task, with the observer told before and after, and the ledger of its time.

    Parameters
    ----------
    note:
        Says in a few words what came out.
    """
    spent = 0.0
    outcomes: list[T] = []

    def timed() -> None:
        nonlocal spent
        began = time.monotonic()
        try:
            outcomes.append(work())
        finally:
            spent += time.monotonic() - began

    shop.observer.started(stage, video)
    about = {"run_id": shop.run.id, "video_id": video.id, "pipeline": shop.run.pipeline, "stage": stage}
    with bound(**about), span(stage, **about):
        TASKS[stage](video.title, timed)
    shop.ledger.work.note(shop.run.id, video.id, stage, spent)
    shop.observer.ended(stage, video, note(outcomes[0]), spent)
    return outcomes[0]
