"""Work pools and their queues: made where they are missing, left alone where they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import httpx
from prefect.exceptions import PrefectException

from flows.labels import QUEUES

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


#: What is raised when the Prefect API is away.
AWAY = (httpx.HTTPError, PrefectException, OSError)


def online(pool: str) -> int:
    """How many workers of a pool are online; none if the Prefect API does not answer."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.objects import WorkerStatus

    try:
        with get_client(sync_client=True) as client:
            workers = client.read_workers_for_work_pool(pool)
    except AWAY:
        return 0
    return sum(worker.status is WorkerStatus.ONLINE for worker in workers)


def ensure_pools(client: SyncPrefectClient, names: Iterable[str]) -> list[str]:
    """Make the pools that are missing, of the kind `process`, and their queues. Returns the names of the new ones.

    A pool of another kind, such as `kubernetes`, is made by whoever has such a machine, and is used as it is.
    """
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

    made = []
    for name in sorted(set(names)):
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            try:
                client.create_work_pool(WorkPoolCreate(name=name, type="process", description="Reelmill's"))
                made.append(name)
            except ObjectAlreadyExists:
                pass  # another machine was quicker
        for queue, priority in QUEUES.items():
            try:
                client.read_work_queue_by_name(queue, work_pool_name=name)
            except ObjectNotFound:
                try:
                    client.create_work_queue(name=queue, priority=priority, work_pool_name=name)
                except ObjectAlreadyExists:
                    continue
    return made
