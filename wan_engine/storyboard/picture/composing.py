"""How one plane is seen through the camera, and how planes are laid over each other."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.raster import Bytes

#: Fractions of a pixel, and differences of scale, below which nobody sees a difference.
NEARLY_WHOLE, NEARLY_ONE = 1e-3, 1e-5
_SAMPLE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def seen(
    source: Bytes,
    matrix: npt.NDArray[np.float64],
    size: tuple[int, int],
    into: Bytes | None,
    border: int,
    outside: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Bytes:
    """The source through an affine that maps the result's pixels to its own."""
    if matrix[0, 1] == matrix[1, 0] == 0:
        magnified = _magnified(source, matrix, size)
        if magnified is not None:
            if into is not None:
                np.copyto(into, magnified)
            return magnified
    return np.asarray(
        cv2.warpAffine(source, matrix, size, dst=into, flags=_SAMPLE, borderMode=border, borderValue=outside),
        np.uint8,
    )


def _magnified(source: Bytes, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> Bytes | None:
    """The same for a mere enlargement, at a third of the time; None where it would look beyond the source's edge.

    OpenCV's resize is much faster than its affine, but begins at whole pixels: the fraction is taken off first.
    """
    scale = float(matrix[0, 0])
    starts = [float(matrix[axis, 2]) + 0.5 - 0.5 * scale for axis in (0, 1)]
    column, row = (math.floor(start + NEARLY_WHOLE) for start in starts)
    across, down = (math.ceil(side * scale) + 2 for side in size)
    if column < 0 or row < 0 or column + across + 1 > source.shape[1] or row + down + 1 > source.shape[0]:
        return None
    part = source[row : row + down + 1, column : column + across + 1]
    shift_x, shift_y = starts[0] - column, starts[1] - row
    if shift_x > NEARLY_WHOLE:
        part = np.asarray(cv2.addWeighted(part[:, :-1], 1 - shift_x, part[:, 1:], shift_x, 0), np.uint8)
    if shift_y > NEARLY_WHOLE:
        part = np.asarray(cv2.addWeighted(part[:-1], 1 - shift_y, part[1:], shift_y, 0), np.uint8)
    if abs(scale - 1) > NEARLY_ONE:
        part = np.asarray(cv2.resize(part, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    return part[: size[1], : size[0]]


def over(luma: Bytes, chroma: Bytes, added: Bytes, tint: Bytes, keep: Bytes, half_keep: Bytes | None = None) -> None:
    """Premultiplied "over" in place: what lies behind times `keep` / 255, plus what is added.

    Parameters
    ----------
    half_keep:
        `keep` for the chroma, where it was sampled together with `tint`: sampled apart they would differ at edges, and
        the difference would be seen as a green and purple fringe. None: half of `keep`.
    """
    cv2.multiply(luma, keep, dst=luma, scale=1 / 255)
    cv2.add(luma, added, dst=luma)
    if half_keep is None:
        half_keep = np.asarray(cv2.resize(keep, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA))
    cv2.multiply(chroma, cv2.merge((half_keep, half_keep)), dst=chroma, scale=1 / 255)
    cv2.add(chroma, tint, dst=chroma)
