"""The cover: the sharpest well-exposed of a few finished frames, words and label and all, as JPEG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from reelmill.errors import FinishingError
from tasks.finishing.profile import CoverRule

#: Where in the video covers are looked for, as parts of its length.
PLACES = (0.30, 0.55, 0.80)
#: JPEG quality of ffmpeg, 2 (best) to 31.
QUALITY = 2
#: What is tried one after the other where a file is too large: qualities of Pillow, then smaller pictures as well.
QUALITIES, SMALLER = (92, 86, 80, 72), (1.0, 0.8, 0.64, 0.5, 0.4)
#: Of a cover, in pixels of its shorter side: on a smaller one nobody reads the label.
LEAST_SIDE = 120


def candidates(frames: int, settled: int) -> tuple[int, ...]:
    """The numbers of the frames that may become the cover: spread out, and with all words in place."""
    first = min(settled, frames - 1)
    return tuple(sorted({min(frames - 1, max(first, round(place * frames))) for place in PLACES}))


def filters(frames: Sequence[int]) -> str:
    """The filter chain that lets only the candidates through, in the colours of JPEG (full range, BT.601)."""
    wanted = "+".join(f"eq(n\\,{frame})" for frame in frames)
    return f"select={wanted},scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p"


def arguments(name: str) -> list[str]:
    """What ffmpeg is told for the candidates of one rendition."""
    return [
        "-c:v", "mjpeg", "-q:v", str(QUALITY), "-fps_mode", "passthrough", "-threads:v", "1",
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "image2", f"{name}-still-%d.jpg",
    ]  # fmt: skip


def stills(folder: Path, name: str) -> list[Path]:
    """The candidates that were written, in the order of the video."""
    return sorted(folder.glob(f"{name}-still-*.jpg"), key=lambda path: int(path.stem.rpartition("-")[2]))


def best(pictures: Sequence[Path]) -> int:
    """Which of some pictures is the best cover.

    Raises
    ------
    FinishingError
        If one of them cannot be read, or there are none.
    """
    scores = [score(path) for path in pictures]
    if not scores:
        raise FinishingError("no frame for a cover was written", "look at the master: it may have too few frames")
    return int(np.argmax(scores))


def score(path: Path) -> float:
    """Sharpness times exposure: high for a crisp picture whose tones are neither sunk in black nor burnt out."""
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_4)
    if picture is None:
        raise FinishingError(f"{path.name} is not a picture", "")
    grey = picture.astype(np.float32)
    sharpness = float(np.log1p(cv2.Laplacian(grey, cv2.CV_32F).var()))
    extreme = float(np.mean((picture < 12) | (picture > 243)))
    middle = 1.0 - abs(float(grey.mean()) / 255 - 0.45)
    return sharpness * middle * (1.0 - extreme)


def fit(path: Path, rule: CoverRule) -> None:
    """Write a cover anew if it is larger than a platform takes: in less quality first, and then in fewer pixels.

    Raises
    ------
    FinishingError
        If nothing that shows the label would be small enough.
    """
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    longest = max(picture.size)
    side = min(longest, rule.longest_side or longest)
    if side == longest and path.stat().st_size <= rule.max_bytes:
        return
    for smaller in SMALLER:
        size = tuple(round(edge * side * smaller / longest) for edge in picture.size)
        if min(size) < LEAST_SIDE:
            break
        drawn = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            written = io.BytesIO()
            drawn.save(written, "JPEG", quality=quality, optimize=True)
            if len(written.getvalue()) <= rule.max_bytes:
                path.write_bytes(written.getvalue())
                return
    raise FinishingError(f"no cover of at most {rule.max_bytes} bytes shows anything", "raise `cover.max_bytes`")
