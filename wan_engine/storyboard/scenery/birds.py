"""Birds: geese in a wedge, swallows, cranes; wings beat, and the flock crosses slowly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, code
from wan_engine.storyboard.picture.composing import over
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.raster import SUBPIXEL_BITS, Bytes, Points, curve, moved
from wan_engine.storyboard.stage import Stage

#: Poses of one wing beat, and the one in which wings are held still.
POSES, GLIDING = 24, -1


@dataclass(frozen=True, slots=True)
class Flock:
    """Birds on their way."""

    x: npt.NDArray[np.float64]  #: in the middle of the clip, pixels
    y: npt.NDArray[np.float64]
    span: npt.NDArray[np.float64]  #: of the wings, pixels
    start: npt.NDArray[np.float64]  #: of the wing beat, turns
    beats: float  #: whole beats in the clip
    way: tuple[float, float]  #: travelled in the clip, pixels
    tone: tuple[float, float, float]  #: luma and chroma in code values
    swallow: bool
    strength: float
    depth: float = 0.15

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x = self.x + self.way[0] * (phase - 0.5) + view.shift_x
        y = self.y + self.way[1] * (phase - 0.5) + view.shift_y + 2 * np.sin(2 * np.pi * (phase + self.start))
        reach = float(self.span.max())
        left, top = max(0, int(x.min() - reach)) & ~1, max(0, int(y.min() - reach)) & ~1
        right, bottom = (
            min(frame.width, int(x.max() + reach) + 2) & ~1,
            min(frame.height, int(y.max() + reach) + 2) & ~1,
        )
        if right - left < 4 or bottom - top < 4:
            return
        mask: Bytes = np.zeros((bottom - top, right - left), np.uint8)
        for place_x, place_y, span, start in zip(x, y, self.span, self.start, strict=True):
            glides = self.swallow and math.sin(2 * math.pi * (phase + start * 3)) > 0.45
            pose = GLIDING if glides else int((self.beats * phase + start) % 1.0 * POSES)
            size = np.array([math.copysign(span / 2, self.way[0]), span / 2])
            for outline in _bird(self.swallow, pose):
                placed = moved(outline * size, place_x - left, place_y - top)
                points = np.round(placed * (1 << SUBPIXEL_BITS)).astype(np.int32)
                cv2.fillPoly(mask, [points], (255,), cv2.LINE_AA, SUBPIXEL_BITS)
        luma = frame.luma[top:bottom, left:right]
        chroma = frame.chroma[top // 2 : bottom // 2, left // 2 : right // 2]
        cover = np.asarray(cv2.convertScaleAbs(mask, alpha=self.strength), np.uint8)
        half = np.asarray(cv2.resize(cover, (chroma.shape[1], chroma.shape[0]), interpolation=cv2.INTER_AREA))
        tint = np.asarray(cv2.merge([cv2.convertScaleAbs(half, alpha=tone / 255) for tone in self.tone[1:]]), np.uint8)
        over(
            luma,
            chroma,
            np.asarray(cv2.convertScaleAbs(cover, alpha=self.tone[0] / 255), np.uint8),
            tint,
            np.asarray(cv2.bitwise_not(cover), np.uint8),
        )


@cache
def _bird(swallow: bool, pose: int) -> tuple[Points, ...]:
    """Wings and body around 0, of half a span, flying to the right."""
    lift = 0.10 if pose == GLIDING else 0.22 * math.sin(2 * math.pi * pose / POSES) + 0.06
    return _swallow(0.62 + 0.38 * math.cos(lift * 4)) if swallow else _goose(lift)


def _swallow(spread: float) -> tuple[Points, ...]:
    """Long swept wings and a forked tail, seen from below."""
    ahead = curve([[0.20, 0.03], [0.13, 0.34 * spread], [-0.12, 0.68 * spread], [-0.62, 1.02 * spread]], 20)
    behind = curve([[-0.62, 1.02 * spread], [-0.22, 0.58 * spread], [-0.10, 0.26 * spread], [-0.10, 0.03]], 20)
    wing = np.concatenate([ahead, behind])
    half = [[0.34, 0.075], [0.05, 0.085], [-0.28, 0.045]]
    body = curve([[0.46, 0.0], *half, *[[x, -y] for x, y in half[::-1]]], 40, closed=True)
    tail = np.array([[-0.24, 0.045], [-0.86, 0.23], [-0.50, 0.02], [-0.50, -0.02], [-0.86, -0.23], [-0.24, -0.045]])
    # It banks: the far wing is foreshortened, and it climbs a little.
    turn = np.array([[math.cos(0.42), -math.sin(0.42)], [math.sin(0.42), math.cos(0.42)]])
    return tuple(part @ turn for part in (wing * (1, -0.86), wing * (1, 0.60), tail, body))


def _goose(lift: float) -> tuple[Points, ...]:
    """Broad wings and a long neck, seen from the side."""
    tip = -3.1 * lift
    near = curve([[0.16, 0], [0.02, -1.1 * lift], [-0.40, tip], [-0.20, -1.4 * lift], [-0.16, 0.06]], 16)
    outline = [[0.62, -0.045], [0.22, -0.075], [-0.22, -0.05], [-0.46, 0.03], [-0.18, 0.085], [0.20, 0.06], [0.46, 0.0]]
    return moved(near * (0.85, 0.92), 0.05, -0.01), curve(outline, 26, closed=True), near


def flock(stage: Stage, kind: str) -> Flock:
    """`geese` in a wedge, `swallows` on their own ways, or a white `crane`."""
    rng = stage.random(kind)
    swallow = kind == "swallows"
    unit = stage.unit
    way = float(-1 if stage.light[0] < 0.5 else 1)
    centre = (stage.width * (0.5 - 0.06 * way), stage.height * rng.uniform(0.26, 0.33))
    if kind == "crane":
        x, y = np.array([centre[0]]), np.array([centre[1] + 0.05 * stage.height])
        span = np.array([0.40 * unit])
    elif swallow:
        count = 3
        x = centre[0] + rng.uniform(-0.30, 0.30, count) * unit
        y = centre[1] + rng.uniform(-0.10, 0.16, count) * unit
        span = unit * rng.uniform(0.085, 0.13, count)
    else:
        count = 9
        place = np.arange(count) - 3.0
        x = centre[0] - way * np.abs(place) * 0.068 * unit + rng.normal(0, 0.006, count) * unit
        y = centre[1] + place * 0.030 * unit + rng.normal(0, 0.004, count) * unit
        span = unit * (0.062 + 0.008 * rng.random(count))
    palette = stage.palette
    tone = blend(palette.near, palette.haze, 0.12)
    if palette.dark:
        tone = blend(palette.near, palette.light, 0.10)
    if kind == "crane":
        tone = blend(palette.light, palette.haze, 0.25)
    return Flock(
        x=x,
        y=y,
        span=span,
        start=np.asarray(rng.uniform(0, 1 if swallow else 0.25, len(x))),
        beats=float(round((2.6 if swallow else (0.8 if kind == "crane" else 1.5)) * stage.seconds)),
        way=(
            way * unit * (0.05 if not swallow else 0.09) * min(stage.seconds, 8),
            -0.008 * unit * min(stage.seconds, 8),
        ),
        tone=code(tone),
        swallow=swallow,
        strength=0.95 if kind == "crane" else 0.86,
    )
