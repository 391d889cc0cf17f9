"""From the master's shape to the platform's, without ever stretching the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from tasks.finishing.profile import Policy

#: `auto` crops as long as less than this part of the picture is lost.
CROP_LIMIT = 0.12

#: The blurred ground is made at an eighth of the size: nobody sees a difference, and it costs a sixtieth.
GROUND_SHRINK = 8


@dataclass(frozen=True, slots=True)
class Keypoint:
    """Where a crop begins at a moment."""

    seconds: float
    offset: float  #: pixels of the scaled picture, from its left or upper edge


@dataclass(frozen=True, slots=True)
class Reframe:
    """How one shape becomes another. Pixels."""

    policy: Literal["crop", "pad", "blur"]
    width: int  #: of the scaled picture
    height: int
    x: int  #: where the scaled picture begins on the canvas; negative where it is cropped
    y: int
    canvas: tuple[int, int]
    way: tuple[Keypoint, ...] = ()  #: of a crop that moves
    across: bool = True  #: it moves across the picture, and not down

    def along(self, way: tuple[Keypoint, ...], *, across: bool) -> Reframe:
        """The same crop on a way through the clip. One keypoint alone is a place."""
        if len(way) > 1:
            return replace(self, way=way, across=across)
        place = -round(way[0].offset / 2) * 2
        return replace(self, x=place) if across else replace(self, y=place)

    @property
    def lost(self) -> float:
        """The part of the picture that does not fit on the canvas."""
        seen = min(self.width, self.canvas[0]) * min(self.height, self.canvas[1])
        return 1.0 - seen / (self.width * self.height)

    def filters(self, source: str, target: str) -> str:
        """A piece of filter graph from one label to another, in yuv420p and BT.709."""
        width, height = self.canvas
        colors = "in_color_matrix=bt709:out_color_matrix=bt709:in_range=tv:out_range=tv:flags=bicubic"
        scale = f"scale={self.width}:{self.height}:{colors}"
        match self.policy:
            case "crop":
                x, y = str(-self.x), str(-self.y)
                if self.way:
                    x, y = (self._moving(), y) if self.across else (x, self._moving())
                return f"[{source}]{scale},crop={width}:{height}:{x}:{y},format=yuv420p,setsar=1[{target}]"
            case "pad":
                return (
                    f"[{source}]{scale},format=yuv420p,"
                    f"pad={width}:{height}:{self.x}:{self.y}:color=0x101214,setsar=1[{target}]"
                )
            case "blur":
                small = plan((self.width, self.height), (width // GROUND_SHRINK, height // GROUND_SHRINK), "crop")
                return (
                    f"[{source}]split=2[{target}front][{target}back];"
                    f"[{target}back]scale={small.width}:{small.height}:{colors},"
                    f"crop={small.canvas[0]}:{small.canvas[1]}:{-small.x}:{-small.y},format=yuv420p,"
                    f"gblur=sigma=6,lutyuv=y=val*0.72+4,scale={width}:{height}:{colors},setsar=1[{target}ground];"
                    f"[{target}front]{scale},format=yuv420p,setsar=1[{target}whole];"
                    f"[{target}ground][{target}whole]overlay={self.x}:{self.y}:format=yuv420[{target}]"
                )

    def _moving(self) -> str:
        """The offset as a sum over the stretches of its way: ffmpeg reckons it anew for each frame."""
        terms = [f"{self.way[0].offset:.2f}"]
        for one, after in pairwise(self.way):
            slope = (after.offset - one.offset) / (after.seconds - one.seconds)
            if abs(slope) > 0.01:
                terms.append(f"{slope:+.4f}*clip(t-{one.seconds:.3f},0,{after.seconds - one.seconds:.3f})")
        return f"'{''.join(terms)}'"


def plan(source: tuple[int, int], canvas: tuple[int, int], policy: Policy = "auto") -> Reframe:
    """Decide how a picture of one size goes onto a canvas of another.

    Parameters
    ----------
    source, canvas:
        Width and height in pixels.
    policy:
        `crop` covers the canvas and loses the edges; `follow` does so as well, and is moved later to where the subject
        is; `pad` shows everything on a dark ground; `blur` shows everything on a blurred copy of itself; `auto` crops
        if little is lost and blurs otherwise.
    """
    covering = _place(source, canvas, max, "crop")
    if policy in {"crop", "follow"} or (policy == "auto" and covering.lost < CROP_LIMIT):
        return covering
    return _place(source, canvas, min, "pad" if policy == "pad" else "blur")


def _place(
    source: tuple[int, int],
    canvas: tuple[int, int],
    choose: Callable[[float, float], float],
    policy: Literal["crop", "pad", "blur"],
) -> Reframe:
    factor = choose(canvas[0] / source[0], canvas[1] / source[1])
    width, height = (_even(side * factor) for side in source)
    if policy == "crop":
        width, height = max(width, canvas[0]), max(height, canvas[1])
    else:
        width, height = min(width, canvas[0]), min(height, canvas[1])
    # Even places keep the colour samples of 4:2:0 where they belong.
    x, y = ((room - side) // 4 * 2 for room, side in zip(canvas, (width, height), strict=True))
    return Reframe(policy, width, height, x, y, canvas)


def _even(side: float) -> int:
    return round(side / 2) * 2
