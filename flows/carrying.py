"""Carries the videos of a run through their stages, several at a time.

Clips come one after the other, from an engine in this process or from the GPU pool, and each goes on to screening,
finishing and publishing in a pool of threads while the next one is made.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial
from typing import TypeVar
from uuid import UUID

from flows.claiming import claimed, claimed_elsewhere
from flows.counting import counted
from flows.guarding import fail, guarded
from flows.stage_tasks import perform
from flows.video_plan import Clips, VideoPlan
from flows.workshop import Workshop
from records.states import ENDED
from records.tables import Video
from reelmill.content import Decision, Master
from reelmill.errors import ServerUnavailable, TerminalError

#: A video that so many processes dropped kills whoever carries it.
MOST_DROPS = 3
#: So often may the ledger go away while one video is carried.
MOST_OUTAGES = 5
#: Seconds between two looks at what other processes carry.
LOOK = 1.0

T = TypeVar("T")
log = logging.getLogger("reelmill.carrying")


def carry_all(shop: Workshop) -> None:
    """Bring every video that is not at its end to its end. Returns when nothing more can be done."""
    carried = claimed_elsewhere(shop)  # by an assistant of a process that is gone
    todo = [video for video in _open(shop) if video.id not in carried]
    todo = shop.ledger.videos.restart(todo, "taken up again")
    shop.observer.begun(len(todo))
    if shop.settings.generation == "pool":
        from flows.gpu_pool import pooled_clips

        carry_on(shop, pooled_clips(shop, todo))
    else:
        carry_on(shop, _clips(shop, todo))
    _wait_for_others(shop)


def _open(shop: Workshop) -> list[Video]:
    return [video for video in shop.ledger.videos.of_run(shop.run.id) if video.state not in ENDED]


def _wait_for_others(shop: Workshop) -> None:
    """Wait for what other processes carry, and carry what they have dropped."""
    tried: Counter[UUID] = Counter()
    while left := _open(shop):
        shop.cancel.check()
        carried = claimed_elsewhere(shop)
        dropped = [video for video in left if video.id not in carried]
        tried.update(video.id for video in dropped)
        for video in dropped:
            if tried[video.id] > MOST_DROPS:
                fail(shop, video, TerminalError("every process that carried it dropped it", "see the logs of workers"))
        dropped = [video for video in dropped if tried[video.id] <= MOST_DROPS]
        if dropped:
            # Its clip is kept, so this makes nothing twice; it only finds the place from which to go on.
            carry_on(shop, _clips(shop, shop.ledger.videos.restart(dropped, "dropped by another process")))
        else:
            time.sleep(LOOK)


def carry_on(shop: Workshop, made: Iterable[tuple[Video, VideoPlan, Clips]]) -> None:
    """Carry each video on from its clips, while the next clips are still being made."""
    underway: list[Future[None]] = []
    with ThreadPoolExecutor(shop.hands, thread_name_prefix="video") as pool:
        try:
            for video, plan, clips in made:
                underway.append(pool.submit(copy_context().run, _carry, shop, video, plan, clips))
        except BaseException:
            shop.cancel.cancel()  # so that the threads end soon, and the pool with them
            raise
        wait(underway)
    for future in underway:
        future.result()


def _clips(shop: Workshop, todo: Sequence[Video]) -> Iterator[tuple[Video, VideoPlan, Clips]]:
    """The clips of the videos, made here one after the other. A video whose clips cannot be made has failed."""
    for video in todo:
        plan = VideoPlan.from_json(video.plan)
        clips = guarded(shop, video, lambda v=video, p=plan: _generate(shop, v, p))  # type: ignore[misc]
        if clips is not None:
            yield video, plan, clips


def _generate(shop: Workshop, video: Video, plan: VideoPlan) -> Clips:
    from flows.filming import make_clips  # brings OpenCV; a run that finds everything done shall not wait for it

    shop.cancel.check()
    return perform(shop, "generate", video, lambda: make_clips(shop, video, plan), filmed)


def filmed(clips: Clips) -> str:
    """In a few words, what came out of the engine."""
    seconds = f"{sum(clip.seconds for clip in clips):.1f} s"
    return seconds if len(clips) == 1 else f"{seconds} in {counted(len(clips), 'shot')}"


def _carry(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    """The rest of one video's way, in a thread of the pool."""
    with claimed(shop, video) as ours:
        if ours:
            carry_from_clips(shop, video, plan, clips)


def carry_from_clips(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    """Assemble, screen, finish and publish a video that is ours to carry. A failure ends this video only."""
    guarded(shop, video, lambda: _patiently(shop, video, plan, clips))


def _patiently(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    """Begin again from the clips if the ledger went away in the middle: what is recorded is not done again."""
    for attempt in range(1, MOST_OUTAGES + 1):
        try:
            return _finish_and_publish(shop, video, plan, clips)
        except ServerUnavailable as error:
            if attempt == MOST_OUTAGES:
                raise
            log.warning("%s is carried again from its clips: %s", video.title, error.reason)
            _begin_again(shop, video, plan, clips)
    return None


def _begin_again(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    from flows.filming import take_clips

    shop.ledger.videos.restart([video], "the ledger was away")
    take_clips(shop, video, plan, clips)


def _master(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> Master:
    from flows.filming import is_assembled, make_master

    if not is_assembled(shop, clips):
        return Master.of(clips[0])
    with shop.finishing():
        make = partial(make_master, shop, video, plan, clips)
        return perform(shop, "assemble", video, make, lambda master: f"{master.seconds:.1f} s")


def _finish_and_publish(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    from flows.stages import examine, make_posts, make_renditions

    shop.cancel.check()
    master = _master(shop, video, plan, clips)
    verdict = perform(shop, "screen", video, lambda: examine(shop, video, master), lambda v: v.verdict.decision.value)
    if verdict.verdict.decision is not Decision.PASS:
        return
    with shop.finishing():
        make = partial(make_renditions, shop, video, plan, master)
        renditions = perform(shop, "finish", video, make, _counted("rendition"))
    perform(shop, "publish", video, lambda: make_posts(shop, video, plan, renditions, verdict), _counted("post"))


def _counted(noun: str) -> Callable[[Sequence[object]], str]:
    return lambda made: counted(len(made), noun)
