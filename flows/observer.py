"""Who watches a run and may stop it: the terminal of the command that started it, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from records.tables import Video
from wan_engine.base import CancelToken


class Observer:
    """Is told what happens, from several threads, and can stop the run by cancelling its token.

    Each method does nothing here; a terminal overrides what it shows.
    """

    def __init__(self) -> None:
        self.cancel = CancelToken()
        self.put_down = False  #: it stops for a while only, and somebody goes on with it

    def planned(self, videos: int, skipped: int, unchanged: int) -> None:
        """The plan is written down."""

    def told(self, words: str) -> None:
        """Something about the run that a person should read."""

    def begun(self, videos: int) -> None:
        """So many videos are going to be carried to their end now."""

    def started(self, stage: str, video: Video) -> None:
        """A stage began to work on a video."""

    def advanced(self, video: Video, done: int, total: int) -> None:
        """The engine is this far with the video's shot."""

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        """A stage is through with a video.

        Parameters
        ----------
        note:
            What came out, in a few words.
        seconds:
            What the stage's own work took, without what carries it.
        """

    def failed(self, video: Video, error: Exception) -> None:
        """A video did not make it."""


_current: ContextVar[Observer | None] = ContextVar("observer", default=None)


def current() -> Observer:
    """Who watches here. A thread sees what the thread that made its context sees."""
    return _current.get() or Observer()


@contextmanager
def watching(observer: Observer) -> Iterator[None]:
    """Have an observer told about the runs that start in this block."""
    token = _current.set(observer)
    try:
        yield
    finally:
        _current.reset(token)
