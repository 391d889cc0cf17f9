"""A failure ends one video and not its run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flows.workshop import Workshop
from records.states import VideoState
from records.tables import Video
from reelmill.errors import Interrupted, ReelmillError

T = TypeVar("T")
log = logging.getLogger("reelmill.carrying")


def guarded(shop: Workshop, video: Video, work: Callable[[], T]) -> T | None:
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
    fail(shop, video, reason)
    return None


def fail(shop: Workshop, video: Video, error: Exception) -> None:
    """End a video's way here, with the reason."""
    words = str(error) if isinstance(error, ReelmillError) else f"unexpected {type(error).__name__}: {error}"
    shop.ledger.videos.move(video.id, VideoState.FAILED, words)
    shop.observer.failed(video, error)
