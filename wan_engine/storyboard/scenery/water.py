"""Water: what stands behind it, mirrored, drawn apart by ripples, with a path of light on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture import colour
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Bytes, Field, blur, mix, smoothstep
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.stage import Stage

#: How much water each style shows of what it mirrors, and how strongly it ripples.
MIRROR: dict[str, tuple[float, float]] = {
    "ink wash": (0.40, 0.5),
    "watercolor": (0.50, 0.7),
    "paper cut": (0.35, 0.5),
    "clay": (0.40, 0.5),
    "anime": (0.70, 0.8),
}
#: Whole swells in a clip of five seconds.
SWELLS = 3


@dataclass(frozen=True, slots=True)
class Water:
    """A sheet of water from the shore line to the lower edge."""

    top: int  #: row of the shore line at rest, even
    luma: Bytes  #: the mirrored picture, with margins
    chroma: Bytes
    margin: int
    waves: tuple[tuple[Field, Field, int], ...]  #: cosine part, sine part (pixels), whole periods in the clip
    glitter: Field  #: luma that a crest of one pixel adds
    calm: Field  #: crests lower than this (pixels) do not shine
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        centre_y = frame.height / 2
        start = round(centre_y + (self.top - centre_y) * view.zoom + view.shift_y) // 2 * 2
        rows = frame.height - start
        if rows <= 0:
            return
        height, width = min(rows, self.glitter.shape[0]), frame.width
        swell = self._swell(phase)[:height]
        scale = 1 / view.zoom
        x = (np.arange(width, dtype=np.float32) - (width / 2 + view.shift_x)) * scale
        y = np.arange(height, dtype=np.float32) * scale
        column = x[None, :] + (width / 2 + self.margin) + swell * 0.55
        row = y[:, None] + swell
        column, row = np.asarray(column, np.float32), np.asarray(row, np.float32)
        luma = frame.luma[start : start + height]
        cv2.remap(self.luma, column, row, cv2.INTER_LINEAR, dst=luma, borderMode=cv2.BORDER_REFLECT)
        half_x, half_y = column[::2, ::2] * 0.5, row[::2, ::2] * 0.5
        chroma = frame.chroma[start // 2 : start // 2 + height // 2]
        cv2.remap(
            self.chroma,
            half_x[: height // 2],
            half_y[: height // 2],
            cv2.INTER_LINEAR,
            dst=chroma,
            borderMode=cv2.BORDER_REFLECT,
        )
        # Light is thrown at us where the surface leans our way.
        crest = np.maximum(swell - self.calm[:height], 0) * self.glitter[:height]
        cv2.add(luma, cv2.convertScaleAbs(crest), dst=luma)

    def _swell(self, phase: float) -> Field:
        total: Field | None = None
        for cosine, sine, periods in self.waves:
            turn = 2 * math.pi * periods * phase
            part = np.asarray(cv2.addWeighted(cosine, math.cos(turn), sine, math.sin(turn), 0), np.float32)
            total = part if total is None else np.asarray(cv2.add(total, part), np.float32)
        assert total is not None
        return total


def water(stage: Stage, scene: Scene, shore: float, depth: float = 0.35) -> Water:
    """Water below `shore` (row of the frame) that mirrors what the scene holds so far."""
    mirror_share, rough = MIRROR.get(stage.style.name, (0.80, 1.0))
    top = round(shore / 2) * 2
    margin = stage.margin + 8
    rows = stage.height - top + 2 * stage.margin
    frame = Frame(stage.width, stage.height)
    scene.compose(frame, 0.5)
    luma, chroma = _mirrored(stage, frame, top, rows, margin, mirror_share)
    return Water(
        top=top,
        luma=luma,
        chroma=chroma,
        margin=margin,
        waves=_waves(stage, rows, rough),
        glitter=_glitter(stage, rows),
        calm=np.broadcast_to(_crest(stage, rows, rough) * 0.30, (rows, stage.width)).astype(np.float32),
        depth=depth,
    )


def _mirrored(stage: Stage, frame: Frame, top: int, rows: int, margin: int, share: float) -> tuple[Bytes, Bytes]:
    palette = stage.palette
    down = np.arange(rows, dtype=np.float32) / stage.unit
    source = np.clip(top - 1 - np.arange(rows) * 1.02, 0, top - 1).astype(int)
    luma = frame.luma[source].astype(np.float32)
    chroma = frame.chroma[np.clip(source[::2] // 2, 0, None)].astype(np.float32)
    luma = mix(blur(luma, 1.5, 3.0), blur(luma, 5, 22), np.clip(down * 1.6, 0, 1)[:, None])
    chroma = blur(chroma, 2.0, 8.0)
    body = palette.water @ colour.MATRIX.T
    # The nearer the water, the steeper we look into it, and the less it mirrors.
    clear = np.asarray(share * (1 - 0.62 * smoothstep(0.0, 1.0, down)), np.float32)[:, None]
    tone = body[0] * colour.LUMA_SPAN + colour.BLACK
    tint = body[1:] * colour.CHROMA_SPAN + colour.ZERO_CHROMA
    luma = mix(np.full_like(luma, tone * 0.88), luma * 0.94, clear)
    chroma = mix(tint, chroma, clear[::2][..., None])
    rng = stage.random("water")
    streaks = fractal(rng, luma.shape, 0.02 * stage.unit, octaves=3, stretch=9.0)
    luma *= 1 + 0.025 * streaks
    # A breath of haze where water and shore meet.
    meet = np.exp(-down / 0.035)[:, None] * 0.5
    haze = palette.haze @ colour.MATRIX.T
    luma = mix(luma, np.full_like(luma, haze[0] * colour.LUMA_SPAN + colour.BLACK), meet)
    noise = rng.random(luma.shape, dtype=np.float32)
    wide = cv2.copyMakeBorder((luma + noise).clip(0, 255).astype(np.uint8), 0, 0, margin, margin, cv2.BORDER_REFLECT)
    half = cv2.copyMakeBorder(
        (chroma + noise[::2, ::2, None]).clip(0, 255).astype(np.uint8),
        0,
        0,
        margin // 2,
        margin // 2,
        cv2.BORDER_REFLECT,
    )
    return np.asarray(wide, np.uint8), np.asarray(half, np.uint8)


def _waves(stage: Stage, rows: int, rough: float) -> tuple[tuple[Field, Field, int], ...]:
    """Groups of travelling waves, small at the shore and large at our feet, as displacement in pixels."""
    rng = stage.random("waves")
    unit = stage.unit
    x = (np.arange(stage.width, dtype=np.float32) / unit - 0.5)[None, :]
    y = (np.arange(rows, dtype=np.float32) / unit)[:, None]
    distance = np.asarray(1 / (y + 0.045), np.float32)  # in perspective: far rows lie close together
    height = _crest(stage, rows, rough)
    periods = max(1, round(SWELLS * stage.seconds / 5))
    groups = []
    for speed in (periods, periods + 1):
        cosine, sine = np.zeros((rows, stage.width), np.float32), np.zeros((rows, stage.width), np.float32)
        for _ in range(9):
            along = 3.0 * 9.0 ** rng.random() * (1 if rng.random() < 0.85 else -1)
            across = rng.normal(0, 0.32) * abs(along) + rng.normal(0, 1.5)
            angle = np.asarray(along * distance + across * x * distance * 0.55 + rng.uniform(0, 6.28), np.float32)
            # Far away a wave would be finer than a pixel: it is left out there, or it would flicker.
            steep = np.float32(abs(along)) * distance**2 / unit
            strength = np.float32(rng.uniform(0.4, 1.0) * (3.0 / abs(along)) ** 0.35 / 1.9) / (1 + (steep / 0.8) ** 4)
            cosine += strength * np.cos(angle)
            sine += strength * np.sin(angle)
        groups.append((np.asarray(cosine * height, np.float32), np.asarray(sine * height, np.float32), speed))
    return tuple(groups)


def _crest(stage: Stage, rows: int, rough: float) -> Field:
    """How high waves are at each row, in pixels."""
    y = (np.arange(rows, dtype=np.float32) / stage.unit)[:, None]
    return np.asarray(np.clip(y * 2.2, 0.05, 1.3) * (0.0062 * stage.unit * rough), np.float32)


def _glitter(stage: Stage, rows: int) -> Field:
    """Where light dances: a path that widens from under the light towards us, and a faint shine everywhere."""
    x = (np.arange(stage.width, dtype=np.float32) / stage.unit)[None, :]
    y = (np.arange(rows, dtype=np.float32) / stage.unit)[:, None]
    place = stage.light[0] * stage.width / stage.unit
    path = np.exp(-(((x - place) / (0.055 + 0.13 * y)) ** 2)) * np.exp(-y * 1.1)
    shines = stage.words & {"sun", "moon", "crescent"}
    strength = (95.0 if stage.palette.dark else 60.0) if shines else 6.0
    # Broken into glints: a whole crest that shines looks like a bar of light.
    glints = fractal(stage.random("glints"), (rows, stage.width), 0.016 * stage.unit, octaves=3, gain=0.8, stretch=2.6)
    broken = 0.12 + 1.7 * smoothstep(-0.1, 0.7, glints)
    return np.asarray((path * strength * broken + 2.5) / _crest(stage, rows, 1.0), np.float32)
