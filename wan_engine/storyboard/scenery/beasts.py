"""Animals seen from the side, walking: built from smooth outlines and jointed legs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import stamp
from wan_engine.storyboard.picture.raster import Field, Points, curve, mix, moved
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite, coded, sprite_of
from wan_engine.storyboard.stage import Stage

#: Side of the square on which a pose is drawn, pixels, and poses of one stride.
SIZE, POSES = 240, 20


Outline = tuple[tuple[float, float], ...]
#: From body lengths to pixels of the sketch.
Placing = Callable[[npt.ArrayLike], Points]


@dataclass(frozen=True, slots=True)
class Build:
    """The build of an animal that faces right, in body lengths; x to the right, y down, 0 in the middle of the body."""

    torso: Outline  #: closed, from the chest over the back
    head: Outline  #: closed
    ears: tuple[Outline, ...]
    tail: Outline  #: its middle line
    tail_width: tuple[float, ...]  #: along the tail
    eye: tuple[float, float]
    legs: tuple[float, float, float]  #: where hind and fore legs start (x), and their length
    leg_width: float
    coat: str
    pale: str  #: belly, muzzle, tip of the tail
    dark: str  #: legs, ears
    belly: Outline
    extras: tuple[Outline, ...]  #: antlers, horns: open lines
    nose: tuple[float, float]
    stride: float  #: swing of a leg, radians
    brush: bool  #: the tail has a pale tip


@cache
def builds() -> dict[str, Build]:
    """All animals by name, from `beasts.json`."""
    text = files("wan_engine.storyboard.scenery").joinpath("beasts.json").read_text(encoding="utf-8")
    return {name: Build(**values) for name, values in json.loads(text).items()}


@dataclass(frozen=True, slots=True)
class Beast:
    """An animal on its way through the picture."""

    poses: tuple[Sprite, ...]
    shade: Sprite
    x: float  #: in the middle of the clip, pixels
    y: float
    size: float  #: of the pose's square, pixels
    way: float  #: pixels in the clip
    strides: float  #: whole strides in the clip
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        centre_x, centre_y = frame.width / 2, frame.height / 2
        x = centre_x + (self.x + self.way * (phase - 0.5) - centre_x) * view.zoom + view.shift_x
        y = centre_y + (self.y - centre_y) * view.zoom + view.shift_y
        step = (self.strides * phase) % 1.0
        bob = 0.006 * self.size * math.sin(4 * math.pi * step)
        stamp(frame, self.shade, x, y + 0.245 * self.size, self.size * 0.72, squash=0.16, opacity=0.55)
        stamp(frame, self.poses[int(step * len(self.poses)) % len(self.poses)], x, y + bob, self.size * view.zoom)


def beast(stage: Stage, kind: str, *, x: float, foot: float, size: float, depth: float) -> Beast:
    """An animal of `kind` (a key of `builds`) whose feet walk on row `foot`; `size` is its body length in pixels."""
    build = builds()[kind]
    way = 1.0 if x < stage.width / 2 else -1.0
    poses = []
    for index in range(POSES):
        sprite = _pose(stage, build, index / POSES)
        facing = sprite if way > 0 else Sprite(np.ascontiguousarray(sprite.planes[:, ::-1]))
        painted = sprite_of(stage.style.thing(stage, facing.straight(), 0.97, kind))
        poses.append(coded(painted))
    scale = size / (SIZE * 0.5)
    legs = build.legs[2]
    seconds = min(stage.seconds, 8.0)
    return Beast(
        poses=tuple(poses),
        shade=_shade(stage),
        x=x,
        y=foot - (0.10 + legs - 0.04) * size,
        size=SIZE * scale,
        way=way * 0.055 * stage.unit * seconds,
        strides=float(max(1, round(0.85 * stage.seconds))),
        depth=depth,
    )


def standing(stage: Stage, kind: str) -> Field:
    """A painted clay animal that stands still with a red ribbon, facing right: premultiplied RGBA.

    Its ground is black, as on the clay figures of Xun county.
    """
    build = replace(builds()[kind], coat="#3a3a40", pale="#e9d8b0", dark="#1f2024")
    body = _pose(stage, build, 0.0).planes
    sheet = Sketch(0, 0, SIZE, SIZE)
    neck = np.array([build.head[0], build.head[1]]).mean(axis=0)
    unit, middle = SIZE * 0.5, SIZE * 0.5
    red = blend(colour("#cf2f24"), stage.palette.near, 0.3 if stage.palette.dark else 0.0)
    band = curve(
        np.array([moved(neck, -0.09, -0.1), moved(neck, -0.02, 0.06), moved(neck, 0.05, 0.17)]) * unit + middle, 20
    )
    sheet.stroke(band, 0.055 * unit, red)
    for tail in ((-0.10, 0.30), (0.03, 0.33)):
        sheet.stroke(
            curve(
                np.array([moved(neck, 0.03, 0.12), moved(neck, tail[0] * 0.5, 0.24), neck + tail]) * unit + middle, 14
            ),
            0.035 * unit,
            shifted(red, lightness=0.86),
        )
    for dot_x, dot_y in ((-0.20, -0.06), (-0.06, -0.02), (-0.13, -0.12)):
        for petal in range(5):
            turn = petal * 1.2566
            sheet.disc(
                middle + (dot_x + 0.028 * math.cos(turn)) * unit,
                middle + (dot_y + 0.028 * math.sin(turn)) * unit,
                0.019 * unit,
                blend(red, colour("#ffe9d0"), 0.25),
            )
        sheet.disc(middle + dot_x * unit, middle + dot_y * unit, 0.015 * unit, colour("#f3c66a"))
    drawn = sheet.premultiplied()
    drawn *= np.minimum(1, body[..., 3:] * 1.0)
    return np.asarray(body * (1 - drawn[..., 3:]) + drawn, np.float32)


def _shade(stage: Stage) -> Sprite:
    axis = np.linspace(-1, 1, 64, dtype=np.float32)
    reach = np.hypot(axis[None, :], axis[:, None])
    alpha = np.asarray(np.exp(-((reach / 0.55) ** 2)) * np.clip(1.6 - 1.6 * reach, 0, 1), np.float32)
    rgb = np.broadcast_to(blend(stage.palette.near, stage.palette.zenith, 0.3), (64, 64, 3))
    return coded(Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32)))


def _pose(stage: Stage, build: Build, step: float) -> Sprite:
    """One pose of a stride, facing right."""
    palette = stage.palette
    veil = 0.42 if palette.dark else 0.04
    coat, pale, dark = (
        blend(colour(text), palette.near if palette.dark else palette.haze, veil)
        for text in (build.coat, build.pale, build.dark)
    )
    sheet = Sketch(0, 0, SIZE, SIZE)
    unit = SIZE * 0.5
    nod = 0.012 * math.sin(4 * math.pi * step)

    def placed(points: npt.ArrayLike, lift: float = 0.0) -> Points:
        return moved(moved(points, 0, lift) * unit, SIZE * 0.50, SIZE * 0.50)

    hind, fore, long = build.legs
    far = shifted(dark if build.leg_width < 0.12 else coat, lightness=0.62)
    for start, turn in ((hind + 0.05, 0.5), (fore - 0.04, 0.0)):
        _leg(sheet, placed, build, start, long * 0.97, step + turn, far, far)
    wag = 0.05 * math.sin(2 * math.pi * step)
    tail = np.array(build.tail)
    tail[:, 1] += np.linspace(0, 1, len(tail)) ** 2 * wag
    path = curve(placed(tail), 30)
    widths = np.interp(np.linspace(0, 1, 30), np.linspace(0, 1, len(build.tail_width)), build.tail_width) * unit
    sheet.stroke(path, widths, shifted(coat, lightness=0.92))
    if build.brush:
        sheet.stroke(path[21:], widths[21:] * 0.96, pale)
    sheet.polygon(curve(placed(build.torso), 90, closed=True), coat)
    for start, turn in ((hind, 0.0), (fore, 0.5)):
        _leg(sheet, placed, build, start, long, step + turn, coat, dark)
    sheet.polygon(curve(placed(build.torso), 90, closed=True), coat)
    for outline in build.ears[1:]:
        sheet.polygon(placed(outline, nod), shifted(dark, lightness=1.1))
    sheet.polygon(curve(placed(build.head, nod), 70, closed=True), coat)
    if build.belly:
        sheet.polygon(curve(placed(build.belly, nod * 0.5), 50, closed=True), pale)
    for outline in build.ears[:1]:
        sheet.polygon(placed(outline, nod), coat if len(outline) > 3 else shifted(coat, lightness=0.95))
        sheet.polygon(placed(np.asarray(outline) * 0.7 + np.mean(outline, axis=0) * 0.3, nod), blend(dark, coat, 0.35))
    for extra in build.extras:
        count = 3 * len(extra)
        sheet.stroke(curve(placed(extra, nod), count), np.linspace(0.032, 0.012, count) * unit, blend(pale, dark, 0.45))
    eye = placed([build.eye], nod)[0]
    sheet.disc(float(eye[0]), float(eye[1]), 0.021 * unit, colour("#1a1210"))
    sheet.disc(float(eye[0]) + 0.006 * unit, float(eye[1]) - 0.007 * unit, 0.007 * unit, colour("#ffffff"))
    nose = placed([build.nose], nod)[0]
    sheet.disc(float(nose[0]), float(nose[1]), 0.021 * unit, colour("#231814"))
    return _modelled(stage, sheet)


def _leg(
    sheet: Sketch, placed: Placing, build: Build, start: float, long: float, step: float, upper: Field, lower: Field
) -> None:
    """A leg of two parts that swings, its foot lifted on the way forward."""
    turn = 2 * math.pi * step
    swing = build.stride * math.sin(turn)
    lift = 0.13 * long * max(0.0, math.cos(turn))
    hip = np.array([start, 0.02])
    knee = (
        hip
        + 0.52 * long * np.array([math.sin(swing * 0.8), math.cos(swing * 0.8)])
        + (0.03 * (1 if start > 0 else -1) + lift * 0.4, -lift * 0.3)
    )
    foot = np.array([start + long * math.sin(swing), 0.04 + long * math.cos(swing * 0.5) - lift])
    path = curve(placed(np.array([hip, knee, foot])), 18)
    unit = SIZE * 0.5
    widths = np.interp(np.linspace(0, 1, 18), [0, 0.3, 0.65, 1], [1.9, 1.35, 0.85, 0.75]) * build.leg_width * unit
    sheet.stroke(path, widths, upper)
    for part in range(6, 16):  # the dark of the foot comes up softly
        sheet.stroke(path[part : part + 3], widths[part : part + 3] * 1.02, blend(upper, lower, (part - 5) / 10))
    sole = placed(foot[None, :])[0]
    radius = build.leg_width * 0.40 * unit
    for step_x in (0.0, 0.018, 0.034):
        sheet.disc(float(sole[0]) + step_x * unit, float(sole[1]) - 0.1 * radius, radius * (1 - 5 * step_x), lower)


def _modelled(stage: Stage, sheet: Sketch) -> Sprite:
    """Light over the back, shade under the belly."""
    rgba = sheet.premultiplied()
    y = np.linspace(-1, 1, SIZE, dtype=np.float32)[:, None]
    light = np.broadcast_to(np.clip(0.55 - 1.15 * (y + 0.12), -0.6, 0.9), (SIZE, SIZE))
    cover = rgba[..., 3:]
    bright = mix(rgba[..., :3], stage.palette.light * cover, np.clip(light, 0, 1) * 0.30)
    shaded = mix(bright, stage.palette.near * cover, np.clip(-light, 0, 1) * 0.55)
    return Sprite(np.concatenate([shaded, cover], axis=-1).astype(np.float32))
