"""One run of one pipeline as a Prefect flow: plan, then carry every video through its stages, several at a time.

The flow's parameter is the run's id; everything it needs is in the ledger, and everything it does is recorded there, so
that the flow can be started again at any time and goes on where it was.

Clips are made one after the other, since an engine serves one caller, and each goes on to screening, finishing and
publishing in a pool of threads while the next one is made.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, TypeVar, cast
from uuid import UUID

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from flows.counting import counted
from flows.observer import current
from flows.occasion import occasion_of
from flows.planning import plan_run
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.ledger import Ledger
from records.runs import lease_of
from records.states import ENDED, RunState, VideoState
from records.tables import Run, Video
from reelmill.content import Clip, Decision
from reelmill.errors import Interrupted, LeaseHeld, ReelmillError, StorageError, TransientError
from reelmill.failpoints import failpoint
from reelmill.settings import Settings

#: Seconds before each new attempt at something transient.
RETRY_DELAYS: list[float] = [1, 5, 20]

T = TypeVar("T")
log = logging.getLogger("reelmill.batch")


def _worth_another_try(_task: Any, _run: Any, state: State[Any]) -> bool:
    """A full disk and a held lease need a person or time; everything else that is transient may work in seconds."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError) and not isinstance(error, StorageError | LeaseHeld)


def _stage(name: str) -> Callable[[str, Callable[[], None]], None]:
    """A Prefect task that does one stage's work for one video: what the dashboard shows, and what is tried again.

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


TASKS = {name: _stage(name) for name in ("plan", "generate", "screen", "finish", "publish")}


@flow(name="run-pipeline", flow_run_name="{name}", persist_result=False, validate_parameters=False)
def run_pipeline(run_id: str, name: str) -> State[Any]:
    """Execute a run that is open in the ledger, or go on with one.

    Parameters
    ----------
    run_id:
        The run's id in the ledger.
    name:
        What the dashboard calls it: `solar-terms-daily 2026-12-21`.

    Returns
    -------
    State
        Completed, Failed or Cancelled, with the conservation law as its message.
    """
    settings, observer = Settings(), current()
    with Ledger(settings) as ledger, ledger.leases.hold(lease_of(UUID(run_id)), name, lost=observer.cancel.cancel):
        run = ledger.runs.get(UUID(run_id))
        assert run is not None, "the command opens a run before it starts the flow"
        ledger.runs.attach(run.id, str(flow_run.id))
        failpoint("run.opened")
        shop = Workshop(settings, ledger, run, observer)
        try:
            _plan(shop)
            _carry_all(shop)
        except Interrupted as error:
            run = ledger.runs.close(run.id, interrupted=error.reason)
        except ReelmillError as error:
            run = ledger.runs.close(run.id, failure=str(error))
        except BaseException as error:
            ledger.runs.close(run.id, interrupted=f"{type(error).__name__}: {error}")
            raise
        else:
            failpoint("run.closing")
            ledger.videos.remember_seen(run.pipeline, run.id)
            run = ledger.runs.close(run.id)
        finally:
            shop.close()
    return _state(run)


def _state(run: Run) -> State[Any]:
    match run.state:
        case RunState.DONE | RunState.IN_REVIEW:
            return Completed(message=run.reason)
        case RunState.INTERRUPTED:
            return Cancelled(message=f"{run.reason}; go on with `reelmill resume {run.pipeline}@{run.occasion}`")
        case _:
            return Failed(message=f"{run.reason}; try again with `reelmill resume {run.pipeline}@{run.occasion}`")


def _plan(shop: Workshop) -> None:
    """Write the run's videos down, or reopen those that failed if the run is resumed as it was planned."""
    run, ledger = shop.run, shop.ledger
    if run.options.get("resume") and ledger.videos.of_run(run.id):
        ledger.videos.reopen(run.id)
        return

    def work() -> None:
        limit = run.options.get("limit")
        seen = ledger.videos.seen(run.pipeline)
        plan = plan_run(shop.definition, run.pipeline, occasion_of(run), shop.settings, seen=seen, limit=limit)
        remake = bool(run.options.get("remake"))
        ledger.videos.plan(run.id, plan.videos, unchanged=plan.unchanged, remake=remake)
        shop.observer.planned(len(plan.to_make), plan.skipped, plan.unchanged)

    TASKS["plan"](f"{run.pipeline} {run.occasion}", work)
    failpoint("run.planned")


def _carry_all(shop: Workshop) -> None:
    """Bring every video that is not at its end to its end. Returns when nothing more can be done."""
    todo = [video for video in shop.ledger.videos.of_run(shop.run.id) if video.state not in ENDED]
    todo = [shop.ledger.videos.restart(video.id, "taken up again") for video in todo]
    shop.observer.begun(len(todo))
    underway: list[Future[None]] = []
    with ThreadPoolExecutor(shop.settings.parallel, thread_name_prefix="video") as pool:
        try:
            for video in todo:
                plan = VideoPlan.from_json(video.plan)
                clip = _guarded(shop, video, lambda v=video, p=plan: _generate(shop, v, p))  # type: ignore[misc]
                if clip is not None:
                    underway.append(pool.submit(copy_context().run, _carry, shop, video, plan, clip))
        except BaseException:
            shop.cancel.cancel()  # so that the threads end soon, and the pool with them
            raise
        wait(underway)
    for future in underway:
        future.result()


def _generate(shop: Workshop, video: Video, plan: VideoPlan) -> Clip:
    from flows.stages import make_clip  # brings OpenCV; a run that finds everything done shall not wait for it

    shop.cancel.check()
    return _do(shop, "generate", video, lambda: make_clip(shop, video, plan), lambda clip: f"{clip.seconds:.1f} s")


def _carry(shop: Workshop, video: Video, plan: VideoPlan, clip: Clip) -> None:
    """The rest of one video's way, in a thread of the pool."""
    _guarded(shop, video, lambda: _finish_and_publish(shop, video, plan, clip))


def _finish_and_publish(shop: Workshop, video: Video, plan: VideoPlan, clip: Clip) -> None:
    from flows.stages import examine, make_posts, make_renditions

    shop.cancel.check()
    verdict = _do(shop, "screen", video, lambda: examine(shop, video, clip), lambda v: v.verdict.decision.value)
    if verdict.verdict.decision is not Decision.PASS:
        return
    renditions = _do(shop, "finish", video, lambda: make_renditions(shop, video, plan, clip), _counted("rendition"))
    _do(shop, "publish", video, lambda: make_posts(shop, video, plan, renditions, verdict), _counted("post"))


def _do(shop: Workshop, stage: str, video: Video, work: Callable[[], T], note: Callable[[T], str]) -> T:
    """One stage of one video, as a Prefect task, with the observer told before and after."""
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
    TASKS[stage](video.title, timed)
    shop.observer.ended(stage, video, note(outcomes[0]), spent)
    return outcomes[0]


def _counted(noun: str) -> Callable[[Sequence[object]], str]:
    return lambda made: counted(len(made), noun)


def _guarded(shop: Workshop, video: Video, work: Callable[[], T]) -> T | None:
    """Do it, and let a failure end this video only. An interruption goes on up."""
    try:
        return work()
    except Interrupted:
        raise
    except ReelmillError as error:
        reason: Exception = error
    except Exception as error:
        log.exception("an unexpected error in %s", video.title)
        reason = error
    shop.ledger.videos.move(video.id, VideoState.FAILED, _words(reason))
    shop.observer.failed(video, reason)
    return None


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, ReelmillError) else f"unexpected {type(error).__name__}: {error}"
