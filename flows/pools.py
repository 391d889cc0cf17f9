"""Work pools and their queues: made where they are missing, left alone where they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flows.labels import QUEUES

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


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
