"""Which process carries a video, where several work at one run: the one that holds the video's lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from flows.workshop import Workshop
from records.states import VideoState
from records.tables import Video
from reelmill.errors import LeaseHeld

#: What the names of these leases begin with.
PREFIX = "video:"


def lease_of(video_id: UUID) -> str:
    return f"{PREFIX}{video_id}"


@contextmanager
def claimed(shop: Workshop, video: Video) -> Iterator[bool]:
    """Hold a video for the time of the block. Says whether it is ours to carry on from its clip.

    It is not, if another process holds it or has carried it already.
    """
    if not shop.shared:
        yield True
        return
    with ExitStack() as held:
        try:
            held.enter_context(shop.ledger.leases.hold(lease_of(video.id), video.title))
        except LeaseHeld:
            ours = False
        else:
            ours = shop.ledger.videos.get(video.id).state is VideoState.GENERATED
        yield ours


def claimed_elsewhere(shop: Workshop) -> frozenset[UUID]:
    """The videos that living processes hold."""
    return frozenset(UUID(name.removeprefix(PREFIX)) for name in shop.ledger.leases.living(PREFIX))
