"""Carp under the surface, seen from above, swimming with their whole bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Numbers
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import stamp
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import blur, curve, moved, ribbon
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite, coded
from wan_engine.storyboard.stage import Stage

SIZE, POSES = 192, 16


@dataclass(frozen=True, slots=True)
class Koi:
    """Fish on closed rounds."""

    poses: tuple[tuple[Sprite, ...], ...]  #: one tuple a fish
    shade: Sprite
    x: Numbers  #: middle of each round, pixels
    y: Numbers
    round_x: Numbers  #: half axes of the rounds, pixels
    round_y: Numbers
    start: Numbers
    size: Numbers
    depth: float = 0.6

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        # A part of a round in a clip, there and on: the arc is longer than it looks, so that they never hurry.
        for index in range(len(self.x)):
            angle = 2 * np.pi * self.start[index] + (phase - 0.5) * 1.3
            x = float(self.x[index] + self.round_x[index] * np.cos(angle)) + view.shift_x
            y = float(self.y[index] + self.round_y[index] * np.sin(angle)) + view.shift_y
            heading = float(
                np.arctan2(self.round_y[index] * np.cos(angle) * 0.55, -self.round_x[index] * np.sin(angle))
            )
            size = float(self.size[index])
            poses = self.poses[index % len(self.poses)]
            pose = poses[int((phase * 5 + self.start[index]) * POSES) % POSES]
            stamp(
                frame, self.shade, x + 0.10 * size, y + 0.13 * size, size * 0.8, turn=heading, squash=0.5, opacity=0.30
            )
            stamp(frame, pose, x, y, size, turn=heading, squash=0.62, tilt=0.0, opacity=0.90)


def koi(stage: Stage, shore: float) -> Koi:
    """Four carp in the near water."""
    rng = stage.random("koi")
    count = 4
    span = stage.height - shore
    axis = np.linspace(-1, 1, 64, dtype=np.float32)
    alpha = np.asarray(np.exp(-((axis[None, :] / 0.6) ** 2) - (axis[:, None] / 0.25) ** 2), np.float32)
    dark = np.broadcast_to(stage.palette.near, (64, 64, 3))
    shade = coded(Sprite(np.concatenate([dark * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32)))
    share = (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count
    return Koi(
        poses=tuple(_poses(stage, rng, index) for index in range(count)),
        shade=shade,
        x=stage.width * rng.uniform(0.28, 0.72, count),
        y=shore + span * (0.28 + 0.52 * share),
        round_x=stage.unit * rng.uniform(0.16, 0.26, count),
        round_y=stage.unit * rng.uniform(0.07, 0.12, count),
        start=rng.random(count),
        size=stage.unit * (0.17 + 0.14 * share),
    )


def _poses(stage: Stage, rng: Random, index: int) -> tuple[Sprite, ...]:
    body = colour(("#f4ede2", "#e8672c", "#f0a63a", "#f4ede2")[index % 4])
    spots = colour(("#d9482a", "#f6efe4", "#f6efe4", "#33343a")[index % 4])
    deep = 0.45 if stage.palette.dark else 0.16
    body, spots = blend(body, stage.palette.water, deep), blend(spots, stage.palette.water, deep)
    places = [(rng.uniform(0.15, 0.75), rng.uniform(-0.3, 0.3), rng.uniform(0.05, 0.10)) for _ in range(4)]
    poses = []
    for step in range(POSES):
        sheet = Sketch(0, 0, SIZE, SIZE)
        t = np.linspace(0, 1, 40)
        wave = 0.085 * (0.15 + t**1.4) * np.sin(2 * np.pi * (0.85 * t - step / POSES))
        spine = np.stack([0.34 - 0.62 * t, wave], axis=1) * SIZE + SIZE / 2
        wide = np.interp(t, [0, 0.08, 0.28, 0.6, 0.85, 1.0], [0.035, 0.11, 0.150, 0.105, 0.045, 0.035]) * SIZE
        clear = shifted(body, lightness=1.08)
        for side in (-1, 1):
            root = spine[11]
            fin = curve(
                [
                    root,
                    moved(root, -0.04 * SIZE, side * 0.15 * SIZE),
                    moved(root, -0.13 * SIZE, side * 0.13 * SIZE),
                    spine[16],
                ],
                16,
            )
            sheet.polygon(fin, blend(clear, stage.palette.water, 0.35))
        tail = spine[-1]
        flick = (spine[-1] - spine[-6]) * 1.6
        for side in (-1, 1):
            lobe = curve(
                [
                    tail,
                    tail + flick * 1.2 + (-0.02 * SIZE, side * 0.07 * SIZE),
                    tail + flick * 2.3 + (-0.05 * SIZE, side * 0.09 * SIZE),
                    tail + flick * 1.4,
                ],
                16,
            )
            sheet.polygon(lobe, blend(clear, stage.palette.water, 0.30))
        sheet.polygon(ribbon(spine, wide), body)
        for along, across, size in places:
            centre = spine[int(along * 39)] + (0, across * wide[int(along * 39)])
            turns = np.linspace(0, 2 * np.pi, 20)
            patch = (
                np.stack(
                    [np.cos(turns) * size * 1.5, np.sin(turns) * min(size, wide[int(along * 39)] / SIZE * 0.42)], axis=1
                )
                * SIZE
                + centre
            )
            sheet.polygon(patch, spots)
        sheet.stroke(spine[6:30], 0.012 * SIZE, shifted(body, lightness=1.12))
        rgba = sheet.premultiplied()
        poses.append(coded(Sprite(blur(rgba, 1.0))))
    return tuple(poses)
