"""From the frames of a take to the file of a clip: brought to the size and the rate that were asked for, and looked at.

Frames pass one after the other; no more than a few are held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from reelmill.content import Shot
from reelmill.frames import Frame
from wan_engine.encode import ClipEncoder
from wan_engine.examination import Examiner
from wan_engine.interpolation import resampled
from wan_engine.quality import Limits, Quality
from wan_engine.seams import NO_BORDERS, Borders
from wan_engine.upscaling import enlarged
from wan_engine.wan.decoding import Frames, Tiling
from wan_engine.wan.take import Take

#: Frames that wait to be looked at: two pieces of a decoder.
AHEAD = 8


def develop(
    pieces: Iterable[Frames], path: Path, shot: Shot, take: Take, tiling: Tiling | None, limits: Limits
) -> Quality:
    """Write a clip, and say what it looks like. If it raises, there is no file.

    Parameters
    ----------
    pieces:
        The frames of the take, (frames, height, width, 3), in order.
    tiling:
        How they were decoded: where seams may be.
    limits:
        What the clip is judged by.
    """
    examiner = Examiner(Borders.every(tiling.stride, take.width, take.height) if tiling else NO_BORDERS, limits)
    with ThreadPoolExecutor(1, "examiner") as beside:
        own = frames = _seen(pieces, examiner, beside)
        if shot.fps != take.fps or shot.frames != take.frames:
            frames = resampled(frames, take.fps, shot.fps, shot.frames)
        with ClipEncoder(path, shot.width, shot.height, shot.fps) as encoder:
            for frame in frames:
                encoder.write(enlarged(frame, shot.width, shot.height))
            for _ in own:  # what comes after the last instant of the clip is looked at as well
                pass
    return examiner.quality()


def _seen(pieces: Iterable[Frames], examiner: Examiner, beside: Executor) -> Iterator[Frame]:
    """The frames, each of which is looked at meanwhile: the next one is decoded without waiting for that."""
    looks: deque[Future[None]] = deque()
    for piece in pieces:
        for frame in piece:
            looks.append(beside.submit(examiner.see, frame))
            yield frame
            if len(looks) > AHEAD:
                looks.popleft().result()
    for look in looks:
        look.result()
