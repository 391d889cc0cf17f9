"""The peer of an empty run: Prefect tasks of the same number, in the same threads, and nothing around them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run


def _task(name: str) -> Callable[[], None]:
    @task(name=name, persist_result=False, cache_policy=NO_CACHE)
    def nothing() -> None:
        pass

    return nothing


TASKS = {name: _task(name) for name in ("plan", "generate", "screen", "finish", "publish")}


@flow(name="bare-tasks", persist_result=False)
def bare_tasks(videos: int, parallel: int) -> Any:
    """As `flows.carrying.carry_on`: one task after the other here, and the three that follow each in a pool.

    Returns
    -------
    str
        The flow run's id.
    """
    TASKS["plan"]()
    with ThreadPoolExecutor(parallel, thread_name_prefix="video") as pool:
        underway = []
        for _ in range(videos):
            TASKS["generate"]()
            underway.append(pool.submit(copy_context().run, _carry))
        wait(underway)
    for future in underway:
        future.result()
    return flow_run.id


def _carry() -> None:
    for name in ("screen", "finish", "publish"):
        TASKS[name]()
