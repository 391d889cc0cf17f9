"""Marks that are made anew on every frame: soft dots, stamped sprites, washes of one colour."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.composing import over
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.raster import Bytes, Field
from wan_engine.storyboard.picture.sprite import Sprite

#: Into how many groups dots are parted: only those of one group can wipe each other out where they touch.
DOT_GROUPS = 3
#: Dots are not made smaller than this (pixels): they would flicker as they pass from one pixel to the next.
SMALLEST = 0.35
#: What covers less than this is not seen.
FAINTEST = 0.006


def splat(
    frame: Frame,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
    strength: npt.NDArray[np.float64],
    value: int,
    *,
    tint: tuple[int, int] | None = None,
) -> None:
    """Draw many small soft dots at once, between pixels, without a call for each.

    Parameters
    ----------
    x, y:
        Middles in pixels.
    spread:
        Standard deviations in pixels, up to about 4.
    strength:
        How much of what lies behind each dot's middle hides, 0 to 1.
    value:
        Luma of the dots.
    tint:
        Their chroma, in code values; None leaves the colour of what lies behind.
    """
    _dots(frame.luma[..., None], x, y, spread, strength, value)
    if tint is not None:
        _dots(frame.chroma, x / 2 - 0.25, y / 2 - 0.25, spread / 2 + 0.2, strength, tint)


def stamp(
    frame: Frame,
    sprite: Sprite,
    x: float,
    y: float,
    size: float,
    *,
    turn: float = 0.0,
    squash: float = 1.0,
    tilt: float = 0.0,
    opacity: float = 1.0,
) -> None:
    """Lay a sprite in code values (see `coded`) over the frame with its middle at x, y."""
    column, row = math.floor(x / 2) * 2, math.floor(y / 2) * 2
    small = sprite.at(size, turn, squash, tilt, (x - column, y - row))
    half = small.shape[0] // 2 & ~1
    small = small[
        small.shape[0] // 2 - half : small.shape[0] // 2 + half,
        small.shape[0] // 2 - half : small.shape[0] // 2 + half,
    ]
    left, top = column - half, row - half
    first_row, first_column = max(0, -top), max(0, -left)
    last_row, last_column = min(2 * half, frame.height - top), min(2 * half, frame.width - left)
    if last_row - first_row < 2 or last_column - first_column < 2:
        return
    part = np.ascontiguousarray(small[first_row:last_row, first_column:last_column])
    if opacity < 1:
        part = np.asarray(cv2.convertScaleAbs(part, alpha=opacity), np.uint8)
    top, left = top + first_row, left + first_column
    rows, columns = part.shape[:2]
    bright, blue, red, cover = cv2.split(part)
    luma = frame.luma[top : top + rows, left : left + columns]
    chroma = frame.chroma[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2]
    size_half = (columns // 2, rows // 2)
    tint = cv2.merge([cv2.resize(plane, size_half, interpolation=cv2.INTER_AREA) for plane in (blue, red)])
    over(
        luma,
        chroma,
        np.asarray(bright, np.uint8),
        np.asarray(tint, np.uint8),
        np.asarray(cv2.bitwise_not(cover), np.uint8),
    )


def wash(frame: Frame, cover: Field, left: int, top: int, factor: int, tone: tuple[float, float, float]) -> None:
    """Lay one colour over a part of the frame, as much of it as a small field says.

    Parameters
    ----------
    cover:
        0 to 1, `factor` times smaller than the part: for soft things such as steam, that need no detail.
    left, top:
        Where the part begins, even.
    tone:
        Luma and both chroma, in code values.
    """
    height, width = cover.shape[0] * factor, cover.shape[1] * factor
    first_row, first_column = max(0, -top), max(0, -left)
    rows, columns = min(height, frame.height - top) - first_row, min(width, frame.width - left) - first_column
    if rows < 2 or columns < 2:
        return
    grown = cv2.resize(cover, (width, height), interpolation=cv2.INTER_LINEAR)
    part = grown[first_row : first_row + rows, first_column : first_column + columns]
    strength = np.asarray(cv2.convertScaleAbs(part, alpha=255), np.uint8)
    row, column = top + first_row, left + first_column
    luma = frame.luma[row : row + rows, column : column + columns]
    chroma = frame.chroma[row // 2 : (row + rows) // 2, column // 2 : (column + columns) // 2]
    half = np.asarray(cv2.resize(strength, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
    added = np.asarray(cv2.convertScaleAbs(strength, alpha=tone[0] / 255), np.uint8)
    tint = np.asarray(cv2.merge([cv2.convertScaleAbs(half, alpha=value / 255) for value in tone[1:]]), np.uint8)
    over(luma, chroma, added, tint, np.asarray(cv2.bitwise_not(strength), np.uint8))


def _dots(
    planes: Bytes,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
    strength: npt.NDArray[np.float64],
    value: int | tuple[int, int],
) -> None:
    """Soft dots on (height, width, channels)."""
    height, width = planes.shape[:2]
    radius = math.ceil(2.2 * float(spread.max(initial=0)))
    steps = np.arange(-radius, radius + 1)
    columns, rows = (np.floor(place).astype(np.int64)[:, None] + steps for place in (x, y))
    narrow = (-0.5 / np.maximum(spread, SMALLEST) ** 2)[:, None]
    across = np.exp(narrow * (columns - x[:, None]) ** 2) * ((columns >= 0) & (columns < width))
    down = np.exp(narrow * (rows - y[:, None]) ** 2) * ((rows >= 0) & (rows < height)) * strength[:, None]
    cover = down.astype(np.float32)[:, :, None] * across.astype(np.float32)[:, None, :]
    place = (np.clip(rows, 0, height - 1) * width)[:, :, None] + np.clip(columns, 0, width - 1)[:, None, :]
    flat = planes.reshape(height * width, -1)
    # Dots that touch are laid one by one in groups, so that none wipes out its neighbour.
    for group in range(DOT_GROUPS):
        part = cover[group::DOT_GROUPS]
        seen = part > FAINTEST
        where, share = place[group::DOT_GROUPS][seen], part[seen][:, None]
        behind = flat[where].astype(np.float32)
        flat[where] = (behind + (np.asarray(value, np.float32) - behind) * share + 0.5).astype(np.uint8)
