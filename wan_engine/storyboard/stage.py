"""The stage: what every painter of a scene shares. Sizes, light, palette, style, and random numbers by name."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.layer import INNER, Layer, Picture, Sway, cropped, first_solid_row, planes, rimmed
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field

if TYPE_CHECKING:
    from wan_engine.storyboard.picture.sketch import Sketch
    from wan_engine.storyboard.styles.base import Style

#: How far beyond what is drawn a style may paint (a shadow, wet ink), in units of the stage.
BLEED = 0.08


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage that one clip is played on. Coordinates are pixels of the frame at rest unless said otherwise."""

    width: int
    height: int
    seconds: float
    seed: str  #: everything that may change the composition
    camera: Camera
    palette: Palette
    style: Style
    horizon: float  #: where land or water meets the sky, as a share of the height
    light: tuple[float, float]  #: where the sun or the moon stands, as shares of width and height
    words: frozenset[str] = field(default_factory=frozenset)  #: the elements of the plan

    @property
    def unit(self) -> float:
        """The short side in pixels: sizes are multiples of it, so that a scene looks alike at any resolution."""
        return float(min(self.width, self.height))

    @property
    def margin(self) -> int:
        """How far layers reach beyond the frame, in pixels, even."""
        return math.ceil((self.camera.reach + INNER) / 2 + 1) * 2

    @property
    def aside(self) -> float:
        """Where a thing of interest stands: a share of the width, on the side where the light does not."""
        return 0.65 if self.light[0] < 0.5 else 0.35

    @property
    def canvas_width(self) -> int:
        return self.width + 2 * self.margin

    def random(self, name: str) -> Random:
        """Random numbers for one purpose: what another painter draws does not change them."""
        digest = hashlib.sha256(f"{self.seed}|{name}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))

    def rows(self, top: float, bottom: float | None = None) -> tuple[int, int]:
        """First row and height of a canvas from `top` to `bottom` (or the lower end): even, inside the margins."""
        first = max(-self.margin, math.floor(top / 2) * 2)
        last = (
            self.height + self.margin if bottom is None else min(self.height + self.margin, math.ceil(bottom / 2) * 2)
        )
        return first, max(4, last - first)

    def grid(self, top: int, height: int) -> tuple[Field, Field]:
        """x as (1, width) and y as (height, 1) of a canvas, in pixels of the frame."""
        x = np.arange(-self.margin, self.width + self.margin, dtype=np.float32)[None, :]
        y = np.arange(top, top + height, dtype=np.float32)[:, None]
        return x, y

    def _spans(self, left: int, width: int) -> bool:
        """Whether a picture reaches beyond both sides of the frame, wherever the camera looks."""
        return left <= -self.margin and left + width >= self.width + self.margin

    def sketched(
        self,
        sheet: Sketch,
        depth: float,
        *,
        name: str,
        sway: Sway | None = None,
        pivot: tuple[float, float] = (0.0, 0.0),
    ) -> Layer:
        """A sketch as a layer, in the style of the clip and without the emptiness around it."""
        sheet.trim(BLEED * self.unit)
        picture = self.style.thing(self, sheet.picture(), depth, name)
        return self.layer(picture, depth, name=name, top=sheet.top, left=sheet.left, sway=sway, pivot=pivot)

    def layer(
        self,
        picture: Picture,
        depth: float,
        *,
        name: str,
        top: int,
        left: int | None = None,
        sway: Sway | None = None,
        pivot: tuple[float, float] = (0.0, 0.0),
    ) -> Layer:
        """A painted picture as a layer of this stage."""
        left = -self.margin if left is None else left
        if picture.alpha is not None and not self._spans(left, picture.alpha.shape[1]):
            picture, left, top = rimmed(picture, left, top)
        picture, left, top = cropped(picture, left, top)
        drawn = planes(picture.rgb, picture.alpha, self.random(f"dither {name}"), pack=sway is not None)
        return Layer(
            luma=drawn.luma,
            keep=drawn.keep,
            chroma=drawn.chroma,
            depth=depth,
            left=left,
            top=top,
            solid=0 if drawn.keep is None else first_solid_row(drawn.keep),
            sway=sway,
            pivot=pivot,
            packed=drawn.packed,
        )
