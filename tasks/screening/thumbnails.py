"""Small pictures of what decided, for the person who reviews it: blurred past recognition, with the place marked.

A blur that only smears can be calculated back. Here the picture is first made so small that little is left of it, and
that is enlarged again. Where minors may be concerned there is no picture at all, of no frame of that master: a copy
must not exist, however small.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import file_digest
from pathlib import Path

import cv2
import numpy as np

from reelmill.content import PHOTO, Decision, Hit, Thumbnail, Verdict
from reelmill.errors import MediaError
from reelmill.ffmpeg import Probe, probe
from reelmill.frames import Frame
from tasks.screening.decoding import read_pictures
from tasks.screening.stills import flat

#: The long side of a thumbnail, in pixels. One of a smaller master is not enlarged.
LONG_SIDE = 320
#: How many a verdict has at most: the highest scores.
MOST = 6
#: The category of which no picture is ever made.
MINORS = "minors"

#: What is left of the long side before it is enlarged again, in pixels: a face that fills the frame is a blot then.
_REMAINS = 12
#: Standard deviation of the blur that hides the edges of what remains, in thumbnail pixels.
_SOFTNESS = 8.0
_OUTLINE = (255, 255, 255)
_JPEG_QUALITY = 80


def thumbnails(path: Path, verdict: Verdict) -> list[Thumbnail]:
    """One for each frame whose hits decided, at most six, in order of time. The same file gives the same bytes.

    Raises
    ------
    MediaError
        If the file is not the one that the verdict is about, or does not decode as far as the last of those frames.
    """
    hits = _deciding(verdict)
    if not hits:
        return []
    with path.open("rb") as file:
        if file_digest(file, "sha256").hexdigest() != verdict.master_sha256:
            raise MediaError(f"{path.name} is not the file that the verdict is about", "")
    size = probe(path)
    scale = min(1.0, LONG_SIDE / max(size.width, size.height))
    width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    made: list[Thumbnail] = []
    with closing(read_pictures(path, width, height, threads=1)) as pictures:
        for picture in pictures:
            if of_frame := hits.pop(picture.number, None):
                jpeg = _drawn(picture.frame, of_frame, size)
                made.append(Thumbnail(picture.number, of_frame[0].seconds, jpeg))
            if not hits:
                return made
    raise MediaError(f"{path.name} has no frame {min(hits)}", "")


def of_photo(path: Path, verdict: Verdict) -> list[Thumbnail]:
    """One of the photo of the end card, if something in it decided.

    Raises
    ------
    MediaError
        If the file is no picture.
    """
    hits = [hit for hit in verdict.hits if hit.frame == PHOTO and hit.level is not Decision.PASS]
    if not hits or _concerns_minors(verdict):
        return []
    photo = flat(path)
    height, width = photo.shape[:2]
    scale = min(1.0, LONG_SIDE / max(width, height))
    small = cv2.resize(photo, (max(1, round(width * scale)), max(1, round(height * scale))))
    size = Probe("", width, height, 1.0, 0.0, audio=False)
    return [Thumbnail(PHOTO, hits[0].seconds, _drawn(np.asarray(small, np.uint8), hits, size))]


def blurred(frame: Frame) -> Frame:
    """A frame of which nobody can be recognised, of the same size."""
    height, width = frame.shape[:2]
    scale = _REMAINS / max(width, height)
    remains = max(1, round(width * scale)), max(1, round(height * scale))
    tiny = cv2.resize(frame, remains, interpolation=cv2.INTER_AREA)
    large = cv2.resize(tiny, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), _SOFTNESS), np.uint8)


def _concerns_minors(verdict: Verdict) -> bool:
    return any(hit.category == MINORS for hit in verdict.hits)


def _deciding(verdict: Verdict) -> dict[int, list[Hit]]:
    """The hits that decided, by frame: those that block alone, or else those that are in doubt."""
    if verdict.decision is Decision.PASS or _concerns_minors(verdict):
        return {}
    seen = [hit for hit in verdict.hits if hit.frame != PHOTO]
    levels = {hit.level for hit in seen}
    level = Decision.BLOCK if Decision.BLOCK in levels else Decision.REVIEW
    hits = sorted((hit for hit in seen if hit.level is level), key=lambda hit: (-hit.score, hit.frame))
    frames = list(dict.fromkeys(hit.frame for hit in hits))[:MOST]
    return {frame: [hit for hit in hits if hit.frame == frame] for frame in frames}


def _drawn(frame: Frame, hits: Sequence[Hit], master: Probe) -> bytes:
    picture = cv2.cvtColor(blurred(frame), cv2.COLOR_RGB2BGR)
    height, width = picture.shape[:2]
    for hit in hits:
        if hit.box is not None:
            x, y, wide, high = hit.box
            left, right = (round(side * width / master.width) for side in (x, x + wide))
            top, bottom = (round(side * height / master.height) for side in (y, y + high))
            cv2.rectangle(picture, (left, top), (min(right, width - 1), min(bottom, height - 1)), _OUTLINE, 1)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
