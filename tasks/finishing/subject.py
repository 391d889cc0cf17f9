"""Where the eye goes in a clip, so that a crop keeps what is looked at: by what stands out, what moves, and by faces.

What stands out is found by the spectral residual of a picture (Hou and Zhang, "Saliency Detection: A Spectral Residual
Approach", CVPR 2007): whatever its spectrum does not let one expect. The window then takes the way of least
restlessness through the clip (dynamic programming): it follows, and does not jump. Faces count for more than anything
else; a clip without one goes as if nobody had looked for it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.frames import read_frames
from tasks.finishing import faces
from tasks.finishing.faces import Face, Finder
from tasks.finishing.reframe import Keypoint, Reframe

Floats = npt.NDArray[np.float64]

#: What is looked at: frames per second, and pixels of the longer side.
RATE, SIDE = 4, 96
#: How much movement counts beside what stands out, and how much the middle is preferred to the edge.
MOTION, CENTRAL = 0.7, 0.1
#: What a face is worth that is whole in the window; all else together is worth at most 1. And how much of that it is
#: worth more in the middle.
FACE, FRAMED = 3.0, 0.4
#: The head around a face, on each side, in parts of the face.
HEAD = 0.3
#: What a step of the window costs, as a part of what a window that sees everything is worth; by its length in windows.
RESTLESS = 0.6
#: Seconds over which the way is smoothed, and how far it may be off, in parts of the window, before a keypoint is kept.
SMOOTH, OFF = 1.0, 0.01
#: A way that moves by less than this, in parts of the window, is no way: the window stands still.
STILL = 0.06


def follow(master: Path, reframe: Reframe, width: int, height: int) -> Reframe:
    """The crop of a master that follows its subject.

    Parameters
    ----------
    reframe:
        A crop, which sees the middle.
    width, height:
        Of the master, in pixels.

    Raises
    ------
    MediaError
        If the master does not decode to its end.
    """
    across = reframe.width > reframe.canvas[0]  # or down: one side of a crop always fits
    room = (reframe.width - reframe.canvas[0]) if across else (reframe.height - reframe.canvas[1])
    if reframe.policy != "crop" or room < 2:
        return reframe
    small = (
        (SIDE, max(8, round(SIDE * height / width)))
        if width >= height
        else (max(8, round(SIDE * width / height)), SIDE)
    )
    frames, seen = _look(master, small, (width, height), faces.finder())
    profiles = _profiles(frames, across=across)
    share = (reframe.canvas[0] / reframe.width) if across else (reframe.canvas[1] / reframe.height)
    way = _way(profiles, share, _spans(seen, across=across)) * room
    return reframe.along(_keypoints(way, share * room), across=across)


def _look(
    master: Path, small: tuple[int, int], size: tuple[int, int], finder: Finder | None
) -> tuple[Floats, list[list[Face]]]:
    """A clip's frames in grey and small, and the faces in each of them. It is decoded once."""
    width, height = small
    grey = f"scale={width}:{height}:flags=area"
    if finder is None:
        greys = list(read_frames(master, width, height, pixels="gray", filters=f"fps={RATE},{grey}"))
        return np.stack(greys).astype(np.float64), [[] for _ in greys]
    wide, high = finder.sight(*size)
    # One picture holds both: the whole in colour, and below it the small one.
    filters = (
        f"fps={RATE},split=2[a][b];[a]scale={wide}:{high}:flags=area,format=rgb24[colored];"
        f"[b]{grey},format=gray,format=rgb24,pad={wide}:ih[grey];[colored][grey]vstack"
    )
    pictures, found = [], []
    for frame in read_frames(master, wide, high + height, filters=filters):
        pictures.append(frame[high:, :width, 0])
        found.append(finder.find(frame[:high]))
    return np.stack(pictures).astype(np.float64), faces.lasting(found)


def _spans(frames: list[list[Face]], *, across: bool) -> list[list[tuple[float, float, float]]]:
    """Where heads begin and end along the side that is cropped, and what they weigh: the largest of a frame 1."""
    spans: list[list[tuple[float, float, float]]] = []
    for seen in frames:
        largest = max((one.size[0] * one.size[1] for one in seen), default=1.0)
        ends = [(one.left, one.right) if across else (one.top, one.bottom) for one in seen]
        spans.append(
            [
                (max(0.0, start - HEAD * (end - start)), min(1.0, end + HEAD * (end - start)), weight)
                for (start, end), one in zip(ends, seen, strict=True)
                for weight in [one.size[0] * one.size[1] / largest]
            ]
        )
    return spans


def _profiles(frames: Floats, *, across: bool) -> Floats:
    """How much there is to see at each place along the side that is cropped: (frames, places), each adding up to 1."""
    maps = np.stack([_residual(frame) for frame in frames])
    moved = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
    moved /= max(1.0, float(moved.max()))
    seen = (maps + MOTION * moved).sum(axis=1 if across else 2)
    places = np.linspace(-1, 1, seen.shape[1])
    seen *= 1 - CENTRAL * np.abs(places)
    total = seen.sum(axis=1, keepdims=True)
    found: Floats = np.divide(seen, total, out=np.full_like(seen, 1 / seen.shape[1]), where=total > 0)
    return found


def _residual(frame: Floats) -> Floats:
    """How much each pixel stands out, 0 to 1."""
    spectrum = np.fft.fft2(frame)
    strength, phase = np.log(np.abs(spectrum) + 1e-9), np.angle(spectrum)
    residual = strength - cv2.blur(strength, (3, 3))
    out = np.abs(np.fft.ifft2(np.exp(residual + 1j * phase))) ** 2
    soft: Floats = np.asarray(cv2.GaussianBlur(out, (0, 0), 2.5), np.float64)
    highest = float(soft.max())
    return soft / highest if highest > 0 else soft


def _held(spans: list[tuple[float, float, float]], starts: Floats, window: float) -> Floats:
    """What the heads of a frame are worth to windows that begin at these places; all in parts of the picture."""
    worth = np.zeros_like(starts)
    for start, end, weight in spans:
        seen = np.clip(np.minimum(end, starts + window) - np.maximum(start, starts), 0, None)
        whole = np.minimum(1, seen / max(1e-6, min(end - start, window)))
        near = np.clip(1 - np.abs((start + end - window) / 2 - starts) / window, 0, 1)
        worth += FACE * weight * whole**2 * (1 - FRAMED + FRAMED * near)
    return worth


def _way(profiles: Floats, share: float, spans: list[list[tuple[float, float, float]]]) -> Floats:
    """Where the window begins in each frame, as a part of the room that it has: 0 to 1."""
    count, places = profiles.shape
    window = max(1, round(share * places))
    # What is in the middle of the window counts more than what is at its edge: a subject is framed, not just caught.
    kernel = np.hanning(window + 2)[1:-1]
    worth = np.stack([np.convolve(row, kernel, mode="valid") for row in profiles])  # of each place of the window
    starts = np.arange(worth.shape[1]) / places
    worth += np.stack([_held(heads, starts, window / places) for heads in spans])
    steps = np.abs(np.subtract.outer(np.arange(worth.shape[1]), np.arange(worth.shape[1]))) / window
    cost = RESTLESS * steps
    best, came = worth[0], np.zeros((count, worth.shape[1]), np.intp)
    for number in range(1, count):
        reached = best[:, None] - cost
        came[number] = reached.argmax(axis=0)
        best = reached.max(axis=0) + worth[number]
    way = np.empty(count, np.intp)
    way[-1] = int(best.argmax())
    for number in range(count - 1, 0, -1):
        way[number - 1] = came[number][way[number]]
    found: Floats = _smoothed(way.astype(np.float64)) / max(1, worth.shape[1] - 1)
    return found


def _smoothed(way: Floats) -> Floats:
    reach = max(1, round(SMOOTH * RATE / 2))
    padded = np.pad(way, reach, mode="edge")
    weights = np.hanning(2 * reach + 3)[1:-1]
    found: Floats = np.convolve(padded, weights / weights.sum(), mode="valid")
    return found


def _keypoints(way: Floats, window: float) -> tuple[Keypoint, ...]:
    """The corners of a way in pixels, from which it never differs much; one alone, if it hardly moves."""
    if float(np.ptp(way)) < STILL * window:
        return (Keypoint(0.0, float(np.median(way))),)
    kept = {0, len(way) - 1}
    pending = [(0, len(way) - 1)]
    while pending:
        start, end = pending.pop()
        between = np.arange(start, end + 1)
        straight = np.interp(between, [start, end], [way[start], way[end]])
        off = np.abs(way[start : end + 1] - straight)
        if off.max() > OFF * window:
            middle = start + int(off.argmax())
            kept.add(middle)
            pending += [(start, middle), (middle, end)]
    return tuple(Keypoint(number / RATE, float(way[number])) for number in sorted(kept))
