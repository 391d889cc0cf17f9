"""Plays a scene: frames are drawn side by side and handed on in order; only the few in hand are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from queue import SimpleQueue

import cv2

from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.raster import Bytes
from wan_engine.storyboard.scene import Scene


def play(scene: Scene, count: int, *, painters: Executor, hands: int, take: Callable[[Bytes], None]) -> None:
    """Draw `count` frames of a scene and hand them to `take` in order.

    Parameters
    ----------
    painters:
        Where frames are drawn.
    hands:
        How many frames are in hand at once, at least 1; each has memory of its own that is used again and again.
    take:
        Is given each frame, valid until it returns. What it raises ends the play; no thread draws on after that.
    """
    stage = scene.stage
    free: SimpleQueue[Frame] = SimpleQueue()
    for _ in range(hands):
        free.put(Frame(stage.width, stage.height))

    def draw(frame: Frame, index: int) -> Frame:
        scene.render(frame, index, count)
        return frame

    drawing: deque[Future[Frame]] = deque()
    try:
        for index in range(count + hands):
            if index >= hands:
                frame = drawing.popleft().result()
                take(frame.buffer)
                free.put(frame)
            if index < count:
                drawing.append(painters.submit(draw, free.get(), index))
    finally:
        for future in drawing:
            future.cancel()
        for future in drawing:
            if not future.cancelled():
                future.exception()


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV without threads of its own while we draw in several: they would only get in each other's way."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
