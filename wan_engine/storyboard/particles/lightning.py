"""Distant lightning: the clouds light up, and for a moment a bolt stands in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Bytes, blur, strokes
from wan_engine.storyboard.stage import Stage

#: When it strikes (phase), how strongly, and how fast it fades (per clip).
STRIKES = ((0.20, 0.55, 26.0), (0.245, 1.0, 15.0), (0.66, 0.75, 18.0))
#: Luma that a full strike adds to the clouds, and to its bolt.
CLOUDS, BOLT = 46.0, 190.0


@dataclass(frozen=True, slots=True)
class Lightning:
    """A bolt among clouds; everything that is laid later stands before it."""

    bolt: Bytes  #: (rows, width)
    glow: Bytes
    depth: float = 0.0

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        strength = 0.0
        for start, full, fade in STRIKES:
            if phase >= start:
                strength = max(strength, full * float(np.exp(-(phase - start) * fade)))
        if strength < 0.02:
            return
        luma = frame.luma[: self.bolt.shape[0]]
        cv2.add(luma, cv2.convertScaleAbs(self.glow, alpha=strength * CLOUDS / 255), dst=luma)
        sharp = max(0.0, strength - 0.35) / 0.65
        cv2.add(luma, cv2.convertScaleAbs(self.bolt, alpha=sharp * BOLT / 255), dst=luma)


def lightning(stage: Stage) -> Lightning:
    """A bolt from the upper clouds to the horizon."""
    rng = stage.random("lightning")
    rows = int(stage.height * min(1.0, stage.horizon + 0.04)) // 2 * 2
    mask: Bytes = np.zeros((rows, stage.width), np.uint8)
    start = np.array([(0.62 if stage.light[0] < 0.5 else 0.38) * stage.width, 0.16 * stage.height])
    _fork(
        rng, mask, start, np.array([start[0] + rng.normal(0, 0.08) * stage.width, float(rows)]), stage.unit * 0.0042, 0
    )
    soft = np.asarray(mask, np.float32)
    bolt = np.clip(soft * 0.9 + blur(soft, 0.006 * stage.unit) * 1.6 + blur(soft, 0.03 * stage.unit) * 1.2, 0, 255)
    x = (np.arange(stage.width) / stage.width - start[0] / stage.width)[None, :]
    y = (np.arange(rows) / rows - 0.42)[:, None]
    glow = 255 * np.clip(0.22 + np.exp(-((x / 0.38) ** 2) - (y / 0.36) ** 2), 0, 1)
    return Lightning(bolt.astype(np.uint8), glow.astype(np.uint8))


def _fork(
    rng: Random,
    mask: Bytes,
    start: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    end: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    width: float,
    level: int,
) -> None:
    """A broken line from start to end, with thinner ones that leave it."""
    path = np.array([start, end])
    for step in range(6):
        middle = (path[:-1] + path[1:]) / 2
        middle[:, 0] += rng.normal(0, 0.11 * np.hypot(*(end - start)) / 2**step, len(middle))
        joined = np.empty((2 * len(path) - 1, 2))
        joined[::2], joined[1::2] = path, middle
        path = joined
    strokes(mask, [path], max(1, round(width)), 255 if level == 0 else 150)
    if level < 2:
        for share in rng.uniform(0.15, 0.75, 3 - level):
            place = path[int(share * (len(path) - 1))]
            reach = (end - place) * rng.uniform(0.3, 0.6)
            _fork(rng, mask, place, place + reach + (rng.normal(0, 0.4) * abs(reach[1]), 0), width * 0.55, level + 1)
