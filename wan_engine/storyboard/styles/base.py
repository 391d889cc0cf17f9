"""The interface of a style: it colours shapes, and says what lies over the whole picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Field

if TYPE_CHECKING:
    from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Terrain:
    """A piece of land, before it has colours. All fields are (height, width)."""

    mask: Field  #: coverage
    below: Field  #: how far a point lies under the ridge, in units of the stage; negative above it
    relief: Field  #: -1 (turned away from the light) to 1
    depth: float
    colour: Field  #: the land's own colour
    top: int  #: row of the frame where the canvas begins
    mist: float = 1.0  #: how much its foot sinks into mist
    snow: Field | None = None  #: where snow lies, 0 to 1


class Style(ABC):
    """Paints shapes."""

    name: ClassVar[str]
    detail: ClassVar[float] = 1.0  #: how finely outlines are broken up, 0 to 1
    grain: ClassVar[float] = 0.0  #: film grain, standard deviation in steps of 8-bit luma
    weave: ClassVar[float] = 0.0  #: unsteadiness of the whole picture, pixels at a short side of 704

    def regrade(self, palette: Palette) -> Palette:
        """The palette as this style sees it."""
        return palette

    @abstractmethod
    def sky(self, stage: Stage, rgb: Field, top: int) -> Field:
        """The sky's colours, from those of a natural one."""

    @abstractmethod
    def land(self, stage: Stage, terrain: Terrain, name: str) -> Picture:
        """A piece of land."""

    @abstractmethod
    def thing(self, stage: Stage, picture: Picture, depth: float, name: str) -> Picture:
        """Something that was drawn in natural colours: a tree, a branch, a roof."""

    def wall(self, stage: Stage, rgb: Field, top: int) -> Field:
        """A wall indoors, from the colours of a natural one."""
        return self.sky(stage, rgb, top)

    def board(self, stage: Stage, picture: Picture, name: str) -> Picture:
        """Something large and even, such as a table."""
        return self.thing(stage, picture, 0.9, name)

    @abstractmethod
    def veil(self, stage: Stage) -> Field:
        """What the finished picture is multiplied with, (height, width) around 1: vignette, paper."""
