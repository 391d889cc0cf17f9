"""A scene: layers and effects from far to near, and what lies over the whole picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import ParamSpec

import cv2
import numpy as np

from wan_engine.storyboard.effect import Effect
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Bytes, Field
from wan_engine.storyboard.stage import Stage

P = ParamSpec("P")

#: What 1 is in the veil's bytes: it may brighten by a third.
VEIL_ONE = 192
#: How many sheets of grain are kept; frames take them in turn, each time shifted.
GRAIN_SHEETS = 3
#: For how many frames grain stays: two look like film and cost the encoder half.
GRAIN_LASTS = 2


Part = Layer | Effect
#: What a painter may return.
Painted = Part | Iterable[Part] | None


@dataclass(slots=True)
class Scene:
    """What one clip shows. Parts are painted side by side by `painters`, and lie in the order in which they came."""

    stage: Stage
    painters: Executor
    _wanted: list[Future[Painted]] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _veil: Bytes | None = None
    _veil_half: Bytes | None = None
    _lift_half: Bytes | None = None
    _grain: list[Bytes] = field(default_factory=list)

    def add(self, painter: Callable[P, Painted], *arguments: P.args, **options: P.kwargs) -> None:
        """Have something painted and lay it over what is there."""
        self._wanted.append(self.painters.submit(painter, *arguments, **options))

    @property
    def parts(self) -> list[Part]:
        """Everything that was added so far, painted."""
        for future in self._wanted:
            painted = future.result()
            if isinstance(painted, Iterable):
                self._parts += painted
            elif painted is not None:
                self._parts.append(painted)
        self._wanted.clear()
        return self._parts

    def so_far(self) -> Scene:
        """The scene as it is now: what is added later does not show in it."""
        return Scene(self.stage, self.painters, list(self._wanted), list(self._parts))

    def render(self, frame: Frame, index: int, count: int) -> Bytes:
        """Draw frame `index` of `count`; the result is valid until the next frame is drawn with the same `frame`."""
        phase = index / count
        frame.offset = self._weave(phase)
        self.compose(frame, phase)
        self._finish(frame, index)
        return frame.finish()

    def compose(self, frame: Frame, phase: float) -> None:
        """Lay all parts, without veil and grain."""
        camera, parts = self.stage.camera, self.parts
        covered = [frame.height] * (len(parts) + 1)
        for position in range(len(parts) - 1, -1, -1):
            part = parts[position]
            hides = frame.solid_from(part, camera.view(part.depth, phase)) if isinstance(part, Layer) else frame.height
            covered[position] = min(covered[position + 1], hides)
        for position, part in enumerate(parts):
            if isinstance(part, Layer):
                frame.lay(part, camera.view(part.depth, phase), phase, below=covered[position + 1])
            else:
                part.draw(frame, camera, phase)

    def prepare(self) -> None:
        """Finish all parts, and make what lies over the whole picture: the style's veil, and grain."""
        veiled = self.painters.submit(self._prepare_veil)
        assert self.parts
        veiled.result()

    def _prepare_veil(self) -> None:
        stage = self.stage
        rng = stage.random("veil")
        veil = stage.style.veil(stage)
        # The noise dithers what is multiplied, so that a vignette shows no rings.
        noisy = veil * VEIL_ONE + rng.random(veil.shape, dtype=np.float32)
        self._veil = np.clip(noisy, 0, 255).astype(np.uint8)
        half = np.asarray(cv2.resize(veil, (stage.width // 2, stage.height // 2), interpolation=cv2.INTER_AREA))
        scaled = np.clip(half * VEIL_ONE + 0.5, 0, 255).astype(np.uint8)
        self._veil_half = np.asarray(cv2.merge((scaled, scaled)), np.uint8)
        lift = np.clip(128 * (1 - half) + 0.5, 0, 255).astype(np.uint8)
        self._lift_half = np.asarray(cv2.merge((lift, lift)), np.uint8)
        if stage.style.grain > 0:
            self._grain = [_grain_sheet(stage, rng) for _ in range(GRAIN_SHEETS)]

    def _weave(self, phase: float) -> tuple[float, float]:
        """How far the whole picture is off its place, as a film is in its gate."""
        strength = self.stage.style.weave * self.stage.unit / 704
        turn = 2 * math.pi * phase
        return (
            strength * (0.6 * math.sin(7 * turn) + 0.4 * math.sin(11 * turn + 1)),
            strength * (0.7 * math.sin(5 * turn + 2) + 0.3 * math.sin(13 * turn)),
        )

    def _finish(self, frame: Frame, index: int) -> None:
        if self._veil is not None and self._veil_half is not None and self._lift_half is not None:
            cv2.multiply(frame.luma, self._veil, dst=frame.luma, scale=1 / VEIL_ONE)
            cv2.multiply(frame.chroma, self._veil_half, dst=frame.chroma, scale=1 / VEIL_ONE)
            cv2.add(frame.chroma, self._lift_half, dst=frame.chroma)
        if self._grain:
            # Shifts that share no rhythm with the sheets, so that no pattern returns soon.
            turn = index // GRAIN_LASTS
            sheet = self._grain[turn % GRAIN_SHEETS]
            top, left = (turn * 37) % 64, (turn * 53) % 64
            part = sheet[top : top + frame.height, left : left + frame.width]
            cv2.addWeighted(frame.luma, 1.0, part, 1.0, -128.0, dst=frame.luma)


def _grain_sheet(stage: Stage, rng: Random) -> Bytes:
    """Grain around 128, a little soft, as silver clumps are."""
    shape = (stage.height + 64, stage.width + 64)
    noise: Field = rng.standard_normal(shape, dtype=np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.25 * max(1.0, stage.unit / 704))
    grain = np.asarray(soft, np.float32) / float(np.std(soft)) * stage.style.grain + 128.5
    return np.asarray(np.clip(grain, 0, 255), np.uint8)
