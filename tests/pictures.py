"""Pictures whose motion is known: what a frame at any instant looks like, between frames too."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reelmill.frames import Frame

DATA = Path(__file__).parent / "data"
#: How far the ground reaches beyond the frame, in pixels.
MARGIN = 96


class Scenery:
    """A textured ground that drifts, and perhaps a disc of another texture that moves before it.

    Parameters
    ----------
    width, height:
        Of the frames, in pixels.
    drift, disc:
        Pixels to the right and down in a frame: of the ground, and of the disc if there is one.
    """

    def __init__(
        self,
        width: int,
        height: int,
        *,
        drift: tuple[float, float] = (0.0, 0.0),
        disc: tuple[float, float] | None = None,
        seed: int = 5,
    ) -> None:
        self.width, self.height = width, height
        self._drift, self._way = drift, disc
        random = np.random.default_rng(seed)
        self._ground = _texture(random, width + 2 * MARGIN, height + 2 * MARGIN)
        self._disc = _texture(random, width, height)
        self._radius = min(width, height) // 5

    def at(self, when: float) -> Frame:
        """The frame at an instant, counted in frames."""
        frame = self._placed(self._ground, self._drift[0] * when - MARGIN, self._drift[1] * when - MARGIN)
        if self._way is not None:
            cover = self._cover(when)[..., None]
            moving = self._placed(self._disc, self._way[0] * when, self._way[1] * when)
            frame = frame * (1 - cover) + moving * cover
        return np.clip(np.rint(frame), 0, 255).astype(np.uint8)

    def covered(self, when: float) -> npt.NDArray[np.bool_]:
        """Where the disc is."""
        return self._cover(when) > 0.5

    def _cover(self, when: float) -> npt.NDArray[np.float32]:
        assert self._way is not None
        row, column = np.mgrid[: self.height, : self.width].astype(np.float32)
        off = np.hypot(column - self.width / 2 - self._way[0] * when, row - self.height / 2 - self._way[1] * when)
        return np.clip(self._radius - off + 0.5, 0, 1).astype(np.float32)

    def _placed(self, picture: npt.NDArray[np.float32], right: float, down: float) -> npt.NDArray[np.float32]:
        where = np.array([[1, 0, right], [0, 1, down]], np.float32)
        size = (self.width, self.height)
        placed = cv2.warpAffine(picture, where, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(placed, np.float32)


def photo(name: str, width: int, height: int) -> Frame:
    """A photo of tests/data that covers the frame."""
    read = cv2.imread(str(DATA / f"{name}.jpg"))
    assert read is not None
    picture, side = cv2.cvtColor(read, cv2.COLOR_BGR2RGB), max(width, height)
    square = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    left, top = (side - width) // 2, (side - height) // 2
    return np.ascontiguousarray(square[top : top + height, left : left + width], np.uint8)


def likeness(first: Frame, second: Frame) -> float:
    """The PSNR of two frames, in dB."""
    return float(cv2.PSNR(first, second))


def _texture(random: np.random.Generator, width: int, height: int) -> npt.NDArray[np.float32]:
    """Blotches of every size from 1.5 pixels on."""
    grain = random.normal(size=(height, width, 3)).astype(np.float32)
    layers = [np.asarray(cv2.GaussianBlur(grain, (0, 0), sigma)) * sigma for sigma in (1.5, 4.0, 12.0, 40.0)]
    texture = np.sum(layers, axis=0)
    return np.asarray(np.clip((texture - texture.mean()) / texture.std() * 45 + 128, 0, 255), np.float32)
