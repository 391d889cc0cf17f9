"""Proves on the very file that will be uploaded that everything that was promised of it is there.

Nothing is believed because it was done once: the file is opened again. Whatever goes wrong inside a check is a failed
check, and a promise that is missing from the records is a failed check too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from reelmill.content import Rendition
from reelmill.errors import MediaError
from tasks.finishing import mp4
from tasks.finishing.labels import aigc
from tasks.finishing.labels.visible import PRESENT, VisibleLabel, correlate, read_back
from tasks.finishing.options import LABEL_HEIGHT

#: Containers round; a video may have one frame more or less than was planned.
FRAME_TOLERANCE = 1
#: Frames per second may differ by so much from the promise, for the same reason.
RATE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, whether it is kept, and what shows it."""

    name: str
    ok: bool
    evidence: str


def verify(rendition: Rendition) -> list[Check]:
    """Open a rendition again and check every promise. Takes about half a second and never raises for a bad file.

    Returns
    -------
    list[Check]
        `sha256`, `media`, `label`, `aigc` and `cover`, in this order; the rendition may be published if all are ok.
    """
    correlations: list[float] | MediaError | None = None

    def decoded() -> tuple[VisibleLabel, list[float]]:
        # One pass over the file serves two checks; its failure fails both.
        nonlocal correlations
        label = VisibleLabel.recall(rendition.labels["visible"])
        if correlations is None:
            try:
                correlations = read_back(rendition.path, label)
            except MediaError as error:
                correlations = error
        if isinstance(correlations, MediaError):
            raise correlations
        return label, correlations

    checks: dict[str, Callable[[], tuple[bool, str]]] = {
        "sha256": lambda: _sha256(rendition),
        "media": lambda: _media(rendition, len(decoded()[1])),
        "label": lambda: _label(rendition, *decoded()),
        "aigc": lambda: _aigc(rendition),
        "cover": lambda: _cover(rendition),
    }
    return [_checked(name, check) for name, check in checks.items()]


def _checked(name: str, check: Callable[[], tuple[bool, str]]) -> Check:
    try:
        return Check(name, *check())
    except Exception as error:  # noqa: BLE001 – whatever a damaged file or record provokes, it is not proven
        return Check(name, False, f"{type(error).__name__}: {error}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256(rendition: Rendition) -> tuple[bool, str]:
    found = _digest(rendition.path)
    return found == rendition.sha256, f"{found} ({rendition.path.stat().st_size} bytes)"


def _media(rendition: Rendition, frames: int) -> tuple[bool, str]:
    movie = mp4.read(rendition.path)
    video = movie.video
    ok = (
        abs(frames - rendition.frames) <= FRAME_TOLERANCE
        and (video.width, video.height) == (rendition.width, rendition.height)
        and abs(video.rate - rendition.fps) <= RATE_TOLERANCE * rendition.fps
        and movie.sound.samples > 0
        and movie.streamable
    )
    return ok, f"{video.width}x{video.height}, {frames} frames decoded, {video.rate:.2f} fps"


def _label(rendition: Rendition, label: VisibleLabel, correlations: list[float]) -> tuple[bool, str]:
    least = min(correlations)
    gone = [index for index, value in enumerate(correlations) if value < PRESENT]
    tall = label.ink_height >= LABEL_HEIGHT * min(rendition.width, rendition.height)
    inside = (
        0 <= label.x <= rendition.width - label.width
        and 0 <= label.y <= rendition.height - label.height
        and label.short_side == min(rendition.width, rendition.height)
    )
    evidence = (
        f"{label.text!r} at {label.x},{label.y}, {label.ink_height} px of {label.short_side}; "
        f"correlation {least:.2f} to {max(correlations):.2f} over {len(correlations)} frames"
    )
    if gone:
        evidence += f"; missing in {len(gone)} frames from number {gone[0]} on"
    return not gone and tall and inside, evidence


def _aigc(rendition: Rendition) -> tuple[bool, str]:
    promised, found = rendition.labels["aigc"], aigc.read(rendition.path)
    if promised is None:
        return (
            found is None,
            f"none promised: {rendition.labels['reason']}" if found is None else "one that is not ours",
        )
    wrong = aigc.problems(found or {})
    return found == promised and not wrong, "; ".join(wrong) or f"ProduceID {found and found['ProduceID']}"


def _cover(rendition: Rendition) -> tuple[bool, str]:
    if _digest(rendition.cover) != rendition.cover_sha256:
        return False, "it is not the file that was made"
    label = VisibleLabel.recall(rendition.labels["visible"])
    picture = cv2.imdecode(np.frombuffer(rendition.cover.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape != (rendition.height, rendition.width):
        return False, "it is not a picture of the video's size"
    crop = picture[label.y : label.y + label.height, label.x : label.x + label.width]
    correlation = float(correlate(label, crop[None].astype(np.uint8))[0])
    return correlation >= PRESENT, f"labelled, correlation {correlation:.2f}"
