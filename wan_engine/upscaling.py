"""A larger frame out of a smaller one, in its own proportions."""

from __future__ import annotations

import cv2
import numpy as np

from reelmill.errors import MediaError
from reelmill.frames import Frame


def enlarged(frame: Frame, width: int, height: int) -> Frame:
    """The frame at another size: enlarged until it covers it, and cut by the same on both sides.

    Parameters
    ----------
    frame:
        (height, width, 3) uint8 in RGB.
    width, height:
        What comes out, in pixels.

    Raises
    ------
    MediaError
        If it would have to be made smaller: Lanczos' filter alone would let it flicker.
    """
    rows, columns = frame.shape[:2]
    scale = max(width / columns, height / rows)
    if scale < 1:
        raise MediaError(f"{width}x{height} is no enlargement of {columns}x{rows}", "ask for a size that covers it")
    if (columns, rows) == (width, height):
        return frame
    # One side fits exactly; the other is rounded to whole pixels, which is less than anyone can see.
    cover = (max(width, round(columns * scale)), max(height, round(rows * scale)))
    large = np.asarray(cv2.resize(frame, cover, interpolation=cv2.INTER_LANCZOS4), np.uint8)
    left, top = (cover[0] - width) // 2, (cover[1] - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])
