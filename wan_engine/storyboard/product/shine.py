"""A band of light that glides once over the product."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import LUMA
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.raster import Bytes, Field, smoothstep

#: Width of the band as a share of the product's width, how much it leans (across per down), and its luma at most.
WIDTH, LEAN, STRENGTH = 0.22, -0.45, 74.0
#: When the band enters and leaves, as phases of the clip.
ENTERS, LEAVES = 0.16, 0.74


@dataclass(frozen=True, slots=True)
class Shine:
    """The band, and how strongly each part of the product answers it."""

    answer: Layer  #: luma: how strongly each pixel answers
    band: Bytes  #: (height, 3 * width): the leaning band, to be slid over the product
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        share = (phase - ENTERS) / (LEAVES - ENTERS)
        if not 0 < share < 1:
            return
        width = self.answer.width
        eased = share * share * (3 - 2 * share)
        start = (1 - eased) * 2 * width
        column = int(start)
        rest = start - column
        part = cv2.addWeighted(
            self.band[:, column : column + width], 1 - rest, self.band[:, column + 1 : column + width + 1], rest, 0
        )
        lit = np.asarray(cv2.multiply(self.answer.luma, part, scale=1 / 255), np.uint8)
        frame.brighten(self.answer, lit, camera.view(self.depth, phase), phase)


def shine(rgb: Field, alpha: Field, *, left: int, top: int, depth: float) -> Shine:
    """The band for a product whose picture lies at `left`, `top` of the frame."""
    height, width = alpha.shape
    tone = np.asarray(rgb @ LUMA, np.float32)
    inner = np.asarray(cv2.erode(alpha, np.ones((3, 3), np.uint8)), np.float32)
    answer = np.clip((0.30 + 0.70 * tone) * inner * 255, 0, 255).astype(np.uint8)
    x = np.arange(3 * width + 2, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    offset = (x - 1.5 * width - LEAN * (y - height / 2)) / (WIDTH * width)
    band = np.exp(-(offset**2)) + 0.35 * np.exp(-(((offset + 1.9) / 0.45) ** 2))
    edge = smoothstep(0, 0.2 * width, np.minimum(x, 3 * width - x))
    layer = Layer(
        luma=answer, keep=None, chroma=np.zeros((height // 2, width // 2, 2), np.uint8), depth=depth, left=left, top=top
    )
    return Shine(layer, np.asarray(np.clip(band * edge * STRENGTH, 0, 255), np.uint8), depth)
