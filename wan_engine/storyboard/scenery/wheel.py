"""A water wheel that turns slowly at the bank."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import stamp
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite, coded, sprite_of
from wan_engine.storyboard.scenery.masonry import tone_of_wood
from wan_engine.storyboard.stage import Stage

SIZE, SPOKES = 512, 12


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel; it turns by whole spokes in a clip, so that it ends as it began."""

    sprite: Sprite
    x: float
    y: float
    size: float  #: diameter of the sprite's square, pixels
    spokes: int  #: by how many it turns in the clip
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        x = frame.width / 2 + (self.x - frame.width / 2) * view.zoom + view.shift_x
        y = frame.height / 2 + (self.y - frame.height / 2) * view.zoom + view.shift_y
        stamp(frame, self.sprite, x, y, self.size * view.zoom, turn=2 * math.pi / SPOKES * self.spokes * phase)


def wheel(stage: Stage, *, x: float, foot: float, size: float, depth: float) -> Wheel:
    """A wheel of `size` pixels whose lowest boards dip below row `foot`."""
    wood = blend(tone_of_wood(stage), stage.palette.haze, 0.15)
    light, dark = blend(wood, stage.palette.light, 0.35), shifted(wood, lightness=0.66)
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    turns = np.linspace(0, 2 * np.pi, 121)
    for radius, tone, thick in ((0.80, dark, 16), (0.79, wood, 10), (0.66, dark, 12), (0.655, wood, 7)):
        circle = np.stack([np.cos(turns), np.sin(turns)], axis=1) * radius * half + half
        sheet.stroke(circle, thick, tone)
    for spoke in range(SPOKES):
        turn = spoke * 2 * math.pi / SPOKES
        way = np.array([math.cos(turn), math.sin(turn)])
        across = np.array([-way[1], way[0]])
        sheet.stroke(np.array([way * 0.06, way * 0.80]) * half + half, 9.0, dark)
        sheet.stroke(np.array([way * 0.06, way * 0.80]) * half + half - (1.5, 1.5), 4.0, wood)
        paddle = (
            np.array(
                [
                    way * 0.70 - across * 0.13,
                    way * 0.70 + across * 0.13,
                    way * 0.93 + across * 0.13,
                    way * 0.93 - across * 0.13,
                ]
            )
            * half
            + half
        )
        sheet.polygon(paddle, wood if spoke % 2 else shifted(wood, lightness=0.85))
        sheet.stroke(paddle[:2], 3.0, light)
    sheet.disc(half, half, 0.09 * half, dark)
    sheet.disc(half - 2, half - 2, 0.06 * half, wood)
    painted = sprite_of(stage.style.thing(stage, sheet.picture(), 0.9, "wheel"))
    return Wheel(coded(painted), x, foot - 0.36 * size, size, max(1, round(0.55 * stage.seconds)), depth)
