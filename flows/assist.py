"""Another worker's part in a run: it takes videos whose clips are there, and carries them on.

The process that executes the run plans it, waits for clips and closes it; it and its assistants take one video after
the other, each held by a lease, until none is left. An assistant may come late, die or never come: what it does not
carry, another one does.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.carrying import carry_from_clips
from flows.claiming import claimed, claimed_elsewhere
from flows.filming import fetch_clips
from flows.journal import Journal
from flows.outset import PATIENCE, settle
from flows.putting_down import heeding
from flows.video_plan import VideoPlan
from flows.wanted import is_running, while_wanted
from flows.workshop import Workshop
from records.ledger import Ledger
from records.states import ENDED, VideoState
from records.tables import Video
from reelmill.errors import Interrupted

#: Seconds between two looks for a video, while none is ready.
LOOK = 1.0


@flow(name="assist", flow_run_name="assist {title}", persist_result=False)
def assist(run_id: str, title: str = "") -> State[Any]:  # noqa: ARG001 (Prefect names the run by it)
    """Carry videos of a run that another worker executes.

    Parameters
    ----------
    run_id:
        The run's id in the ledger.
    title:
        For people.
    """
    settings = settle("reelmill-assist").model_copy(update={"generation": "pool"})
    observer, identity = Journal(), UUID(run_id)
    with heeding(observer), Ledger(settings, patience=PATIENCE) as ledger:
        run = ledger.runs.get(identity)
        if run is None or not is_running(ledger, identity):
            return Completed(name="Skipped", message="the run is at its end already")
        shop = Workshop(settings, ledger, run, observer, shared=True)
        try:
            with while_wanted(observer, lambda: is_running(ledger, identity)):
                carried = _carry_together(shop)
        except Interrupted:
            return Completed(name="PutDown", message="what it had in hand is carried on by the others")
        finally:
            shop.close()
    return Completed(message=f"{carried} carried")


def _carry_together(shop: Workshop) -> int:
    """Several videos at a time, until the run has none left. Returns how many were carried here."""
    with ThreadPoolExecutor(shop.hands, thread_name_prefix="video") as pool:
        hands = [pool.submit(copy_context().run, _carry_one_by_one, shop) for _ in range(shop.hands)]
        return sum(hand.result() for hand in hands)


def _carry_one_by_one(shop: Workshop) -> int:
    carried = 0
    while True:
        shop.cancel.check()
        video = _ready(shop)
        if video is None:
            if all(one.state in ENDED for one in shop.ledger.videos.of_run(shop.run.id)):
                return carried
            time.sleep(LOOK)
            continue
        shots = shop.ledger.media.requested(video.id)
        with claimed(shop, video) as ours:
            clips = fetch_clips(shop, shots) if ours else None
            if clips:
                carry_from_clips(shop, video, VideoPlan.from_json(video.plan), clips)
                carried += 1


def _ready(shop: Workshop) -> Video | None:
    """A video whose clip is there and that nobody carries; the last of them, since the run itself begins in front."""
    ready = shop.ledger.videos.of_run(shop.run.id, [VideoState.GENERATED])
    if not ready:
        return None
    taken = claimed_elsewhere(shop)
    return next((video for video in reversed(ready) if video.id not in taken), None)
