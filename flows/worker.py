"""A worker of one pool: starts a process for each flow run, and ends without cutting one off.

Prefect's own worker kills what it started when it is told to stop. This one takes nothing new, tells the runs to put
their work down after the shot in hand, and waits for them.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shlex
import signal
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from flows import run_process
from flows.putting_down import VARIABLE
from reelmill.errors import ReelmillError, ServerUnavailable

#: Seconds between two looks for work.
POLL = 0.5
#: Seconds after which a worker asks for work even if there seems to be none: a queue that nobody asks is shown as idle.
ASK = 15.0
#: A run is taken so many seconds before its time, and waits for it in its process.
PREFETCH = 10
#: Seconds between two heartbeats of the worker.
HEARTBEAT = 15.0
#: Longest wait between two attempts to reach a server that is away, in seconds.
LONGEST_PAUSE = 15.0

log = logging.getLogger("reelmill.worker")


class EngineConfiguration(ProcessJobConfiguration):
    """Starts the process that does the work, and not one that starts it: Prefect is imported once for a run."""

    def prepare_for_flow_run(self, *arguments: Any, **options: Any) -> None:
        self.command = self.command or f"{shlex.quote(sys.executable)} -m {run_process.__name__}"
        super().prepare_for_flow_run(*arguments, **options)


with warnings.catch_warnings():
    # It takes the place of Prefect's own worker of the kind `process`, of which Prefect would tell everybody.
    warnings.filterwarnings("ignore", message="Type 'EngineWorker'", category=UserWarning)

    class EngineWorker(ProcessWorker):
        """A process worker whose runs begin two seconds sooner."""

        job_configuration = EngineConfiguration


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a worker stands, and how much it takes on."""

    pool: str
    name: str
    limit: int
    drain_seconds: float  #: how long runs may take to put their work down
    queues: tuple[str, ...] = ()  #: empty: all of the pool


def work(assignment: Assignment) -> None:
    """Serve a pool until SIGTERM or SIGINT, then let the runs put their work down.

    Raises
    ------
    ServerUnavailable
        If the Prefect API does not answer at the start.
    """
    with tempfile.TemporaryDirectory(prefix="reelmill-") as folder:
        flag = Path(folder) / "put-down"
        os.environ[VARIABLE] = str(flag)  # the processes of the runs inherit it
        anyio.run(_serve, assignment, flag)


async def _serve(assignment: Assignment, flag: Path) -> None:
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, stop)
        queues = list(assignment.queues) or None
        try:
            async with EngineWorker(
                work_pool_name=assignment.pool,
                work_queues=queues,
                name=assignment.name,
                limit=assignment.limit,
                prefetch_seconds=PREFETCH,
            ) as worker:
                await worker.sync_with_backend()
                log.info("worker %s serves the pool %s", assignment.name, assignment.pool)
                tasks.start_soon(_beat, worker, stop)
                await _poll(worker, assignment, stop)
                await _drain(worker, flag, assignment)
        except httpx.HTTPError as error:
            raise ServerUnavailable(f"the Prefect API does not answer: {error}", "start it, then this worker") from None
        tasks.cancel_scope.cancel()
    log.info("worker %s has stopped", assignment.name)


async def _listen(stop: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("%s: no new work is taken", signal.Signals(number).name)
            stop.set()


async def _poll(worker: ProcessWorker, assignment: Assignment, stop: anyio.Event) -> None:
    """Look for work until told to stop. A server that is away is asked again, less and less often.

    To ask for work makes the server write to its database. On SQLite that makes whatever else it writes at that moment
    fail, and try again two seconds later – such as the run of an event. So we look first, which writes nothing.
    """
    pause, asked = POLL, float("-inf")
    while not stop.is_set():
        try:
            if anyio.current_time() - asked >= ASK or await _is_there_work(worker, assignment):
                await worker.get_and_submit_flow_runs()
                asked = anyio.current_time()
            pause = POLL
        except (httpx.HTTPError, ReelmillError) as error:
            log.warning("the Prefect API does not answer (%s); asked again in %.0f s", error, pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        with anyio.move_on_after(pause):
            await stop.wait()


async def _is_there_work(worker: ProcessWorker, assignment: Assignment) -> bool:
    """Whether a run of this pool, or of these queues of it, is due."""
    if worker.limiter.available_tokens < 1:
        return False
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=PREFETCH)
    due = await worker.client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=soon),
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[assignment.pool])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=list(assignment.queues)))
        if assignment.queues
        else None,
        limit=1,
    )
    return bool(due)


async def _beat(worker: ProcessWorker, stop: anyio.Event) -> None:
    while not stop.is_set():
        with anyio.move_on_after(HEARTBEAT):
            await stop.wait()
        try:
            await worker.sync_with_backend()
        except httpx.HTTPError as error:
            log.warning("no heartbeat: the Prefect API does not answer (%s)", error)


async def _drain(worker: ProcessWorker, flag: Path, assignment: Assignment) -> None:
    """Have the runs put their work down, and wait until they have."""
    flag.touch()  # noqa: ASYNC240 (an empty file in a folder of ours; the loop has nothing else to do)
    underway = worker.limiter.borrowed_tokens
    if underway:
        log.info("%d under way; each puts its work down after the clip in hand", underway)
    with anyio.move_on_after(assignment.drain_seconds) as waiting:
        while worker.limiter.borrowed_tokens > 0:  # noqa: ASYNC110 (Prefect has no event for it)
            await anyio.sleep(0.1)
    if waiting.cancelled_caught:
        log.warning("%d did not end in time; the reconciler goes on with them", worker.limiter.borrowed_tokens)
