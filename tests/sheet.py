"""Contact sheets of what was rendered, and how alike two of them look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

#: Height of a picture on a sheet, and the space between two, in pixels.
TALL, GAP = 320, 8
GROUND = (24, 26, 28)
#: Of SSIM: the window's sigma in pixels, and what steadies it (Wang et al., 2004).
SIGMA, STEADY = 1.5, ((0.01 * 255) ** 2, (0.03 * 255) ** 2)


def sheet(rows: Sequence[Sequence[Path]]) -> Image.Image:
    """Pictures in rows, each as high as the others."""
    pictures = [[_small(path) for path in row] for row in rows]
    width = max(sum(one.width + GAP for one in row) for row in pictures) + GAP
    made = Image.new("RGB", (width, len(rows) * (TALL + GAP) + GAP), GROUND)
    for number, row in enumerate(pictures):
        x = GAP
        for one in row:
            made.paste(one, (x, GAP + number * (TALL + GAP)))
            x += one.width + GAP
    return made


def _small(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        size = (round(picture.width * TALL / picture.height), TALL)
        return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def ssim(one: Image.Image, other: Image.Image) -> npt.NDArray[np.float64]:
    """How alike two pictures of a size look at each place: 1 is the same."""
    first, second = (np.asarray(picture.convert("L"), np.float64) for picture in (one, other))
    assert first.shape == second.shape, "the sheets have different sizes"
    mean = [_blur(picture) for picture in (first, second)]
    spread = [_blur(picture**2) - middle**2 for picture, middle in zip((first, second), mean, strict=True)]
    together = _blur(first * second) - mean[0] * mean[1]
    above = (2 * mean[0] * mean[1] + STEADY[0]) * (2 * together + STEADY[1])
    below = (mean[0] ** 2 + mean[1] ** 2 + STEADY[0]) * (spread[0] + spread[1] + STEADY[1])
    found: npt.NDArray[np.float64] = above / below
    return found


def worst(found: npt.NDArray[np.float64], side: int = 32) -> float:
    """The least mean of any square of so many pixels: a word that is missing is seen in a sheet that is alike else."""
    means = cv2.blur(found, (side, side))
    return float(means[side // 2 : -side // 2, side // 2 : -side // 2].min())


def _blur(picture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), SIGMA), np.float64)
