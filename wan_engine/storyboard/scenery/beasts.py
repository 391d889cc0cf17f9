"""Animals seen from the side, walking: built from smooth outlines and jointed legs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.raster import Field, Points, curve, mix
from wan_engine.storyboard.picture.sketch import Sketch, Sprite, coded
from wan_engine.storyboard.stage import Stage

#: Side of the square on which a pose is drawn, pixels, and poses of one stride.
SIZE, POSES = 272, 12


@dataclass(frozen=True, slots=True)
class Build:
    """The build of an animal that faces right, in body lengths; x to the right, y down, 0 in the middle of the body."""

    torso: tuple[tuple[float, float], ...]  #: closed outline from the chest over the back
    head: tuple[tuple[float, float], ...]  #: closed outline
    ears: tuple[tuple[tuple[float, float], ...], ...]
    tail: tuple[tuple[float, float], ...]  #: its middle line
    tail_width: tuple[float, ...]  #: along the tail
    eye: tuple[float, float]
    legs: tuple[float, float, float]  #: where hind and fore legs start (x), and their length
    leg_width: float
    coat: str
    pale: str  #: belly, muzzle, tip of the tail
    dark: str  #: legs, ears
    belly: tuple[tuple[float, float], ...] = ()
    extras: tuple[tuple[tuple[float, float], ...], ...] = field(default=())  #: antlers, horns: open lines
    nose: tuple[float, float] = (0.0, 0.0)
    stride: float = 0.42  #: swing of a leg, radians


BUILDS: dict[str, Build] = {
    "fox": Build(
        torso=((0.34, -0.10), (0.26, -0.17), (0.05, -0.17), (-0.20, -0.19), (-0.36, -0.13), (-0.39, 0.02), (-0.30, 0.10), (-0.10, 0.06), (0.12, 0.07), (0.28, 0.12), (0.37, 0.04)),
        head=((0.33, -0.05), (0.30, -0.22), (0.37, -0.33), (0.47, -0.33), (0.54, -0.25), (0.68, -0.165), (0.685, -0.14), (0.62, -0.12), (0.52, -0.09), (0.44, -0.02)),
        ears=(((0.36, -0.28), (0.355, -0.50), (0.46, -0.33)), ((0.42, -0.31), (0.445, -0.50), (0.50, -0.31))),
        tail=((-0.35, -0.10), (-0.50, -0.06), (-0.66, 0.06), (-0.80, 0.13), (-0.92, 0.12)),
        tail_width=(0.08, 0.14, 0.21, 0.19, 0.03),
        eye=(0.50, -0.235), legs=(-0.28, 0.25, 0.40), leg_width=0.075, coat="#d9722e", pale="#fbeee0", dark="#3a2620",
        belly=((0.40, 0.02), (0.44, -0.08), (0.62, -0.125), (0.50, -0.09), (0.37, 0.10), (0.28, 0.12)), nose=(0.683, -0.155),
    ),
    "dog": Build(
        torso=((0.33, -0.12), (0.22, -0.17), (0.0, -0.17), (-0.22, -0.18), (-0.37, -0.12), (-0.39, 0.03), (-0.28, 0.11), (-0.08, 0.08), (0.12, 0.09), (0.28, 0.13), (0.38, 0.04)),
        head=((0.32, -0.04), (0.29, -0.24), (0.36, -0.36), (0.48, -0.36), (0.54, -0.28), (0.66, -0.23), (0.68, -0.16), (0.60, -0.11), (0.50, -0.10), (0.43, -0.02)),
        ears=(((0.34, -0.33), (0.28, -0.30), (0.27, -0.14), (0.34, -0.12), (0.39, -0.28)),),
        tail=((-0.36, -0.10), (-0.46, -0.20), (-0.50, -0.32), (-0.46, -0.40)), tail_width=(0.075, 0.07, 0.055, 0.02),
        eye=(0.50, -0.275), legs=(-0.28, 0.25, 0.42), leg_width=0.085, coat="#c99a62", pale="#f6ead6", dark="#6b4a2c",
        belly=((0.40, 0.0), (0.66, -0.14), (0.58, -0.10), (0.36, 0.11), (0.28, 0.13)), nose=(0.675, -0.215),
    ),
    "cat": Build(
        torso=((0.30, -0.10), (0.20, -0.14), (0.0, -0.17), (-0.22, -0.19), (-0.36, -0.12), (-0.38, 0.03), (-0.28, 0.10), (-0.08, 0.08), (0.12, 0.08), (0.26, 0.11), (0.33, 0.03)),
        head=((0.28, -0.06), (0.26, -0.22), (0.34, -0.32), (0.46, -0.32), (0.53, -0.24), (0.545, -0.17), (0.50, -0.11), (0.40, -0.06)),
        ears=(((0.30, -0.27), (0.30, -0.43), (0.39, -0.31)), ((0.40, -0.31), (0.46, -0.43), (0.49, -0.28))),
        tail=((-0.35, -0.08), (-0.50, -0.10), (-0.58, -0.24), (-0.60, -0.40), (-0.68, -0.48)), tail_width=(0.07, 0.065, 0.06, 0.055, 0.025),
        eye=(0.455, -0.215), legs=(-0.27, 0.22, 0.34), leg_width=0.075, coat="#8d8a88", pale="#f2eee8", dark="#55514f",
        belly=((0.34, 0.0), (0.53, -0.15), (0.44, -0.08), (0.30, 0.10), (0.24, 0.11)), nose=(0.54, -0.185),
    ),
    "rabbit": Build(
        torso=((0.24, -0.10), (0.12, -0.16), (-0.08, -0.24), (-0.28, -0.25), (-0.40, -0.12), (-0.40, 0.06), (-0.28, 0.14), (-0.06, 0.13), (0.14, 0.12), (0.25, 0.08), (0.28, 0.0)),
        head=((0.22, -0.04), (0.20, -0.18), (0.27, -0.27), (0.38, -0.27), (0.47, -0.18), (0.485, -0.12), (0.42, -0.06), (0.32, -0.03)),
        ears=(((0.24, -0.24), (0.13, -0.42), (0.13, -0.58), (0.20, -0.56), (0.30, -0.27)), ((0.29, -0.26), (0.24, -0.45), (0.27, -0.60), (0.33, -0.55), (0.35, -0.27))),
        tail=((-0.38, -0.02), (-0.44, -0.04), (-0.47, -0.06)), tail_width=(0.10, 0.13, 0.06),
        eye=(0.385, -0.185), legs=(-0.26, 0.17, 0.24), leg_width=0.085, coat="#cdbfae", pale="#fbf6ee", dark="#a08f7e",
        belly=((0.30, 0.0), (0.44, -0.08), (0.30, -0.02), (0.20, 0.10), (0.0, 0.13)), nose=(0.483, -0.14), stride=0.34,
    ),
    "deer": Build(
        torso=((0.30, -0.16), (0.18, -0.17), (0.0, -0.15), (-0.20, -0.17), (-0.34, -0.12), (-0.36, 0.02), (-0.26, 0.08), (-0.05, 0.05), (0.14, 0.08), (0.28, 0.10), (0.34, 0.0)),
        head=((0.20, -0.10), (0.28, -0.30), (0.36, -0.48), (0.42, -0.56), (0.50, -0.56), (0.64, -0.44), (0.64, -0.40), (0.56, -0.38), (0.48, -0.40), (0.44, -0.26), (0.38, -0.02)),
        ears=(((0.41, -0.54), (0.28, -0.63), (0.27, -0.57), (0.38, -0.50)),),
        tail=((-0.35, -0.10), (-0.41, -0.06), (-0.42, 0.02)), tail_width=(0.06, 0.07, 0.02),
        eye=(0.50, -0.495), legs=(-0.27, 0.24, 0.56), leg_width=0.060, coat="#b5793f", pale="#f4e4cc", dark="#5f4028",
        belly=((0.30, 0.09), (0.0, 0.06), (-0.2, 0.08), (0.0, 0.02), (0.2, 0.04)),
        extras=(((0.43, -0.57), (0.38, -0.72), (0.30, -0.82), (0.30, -0.94)), ((0.38, -0.72), (0.45, -0.82)), ((0.30, -0.84), (0.22, -0.88)), ((0.46, -0.57), (0.50, -0.72), (0.47, -0.86), (0.52, -0.96)), ((0.50, -0.74), (0.58, -0.82))),
        nose=(0.64, -0.425),
    ),
    "bear": Build(
        torso=((0.34, -0.16), (0.22, -0.25), (-0.02, -0.26), (-0.26, -0.27), (-0.42, -0.18), (-0.45, 0.04), (-0.34, 0.17), (-0.08, 0.18), (0.14, 0.17), (0.32, 0.16), (0.40, 0.0)),
        head=((0.30, -0.04), (0.28, -0.24), (0.36, -0.36), (0.50, -0.37), (0.58, -0.27), (0.68, -0.21), (0.68, -0.13), (0.58, -0.08), (0.46, -0.02)),
        ears=(((0.34, -0.33), (0.32, -0.43), (0.40, -0.45), (0.44, -0.36)), ((0.44, -0.36), (0.46, -0.45), (0.53, -0.43), (0.53, -0.34))),
        tail=((-0.43, -0.06), (-0.47, -0.05), (-0.49, -0.03)), tail_width=(0.06, 0.07, 0.03),
        eye=(0.53, -0.265), legs=(-0.28, 0.25, 0.36), leg_width=0.150, coat="#6f4c34", pale="#b08a66", dark="#4a3122", nose=(0.68, -0.19), stride=0.30,
    ),
    "ox": Build(
        torso=((0.38, -0.16), (0.24, -0.22), (0.0, -0.19), (-0.26, -0.22), (-0.44, -0.15), (-0.46, 0.04), (-0.34, 0.14), (-0.06, 0.17), (0.18, 0.15), (0.34, 0.14), (0.42, 0.0)),
        head=((0.34, -0.04), (0.36, -0.22), (0.44, -0.30), (0.54, -0.29), (0.60, -0.20), (0.70, -0.06), (0.68, 0.01), (0.60, 0.02), (0.50, -0.04), (0.42, 0.04)),
        ears=(((0.43, -0.25), (0.32, -0.28), (0.33, -0.22), (0.42, -0.20)),),
        tail=((-0.45, -0.12), (-0.52, -0.02), (-0.53, 0.14), (-0.55, 0.24)), tail_width=(0.04, 0.03, 0.03, 0.07),
        eye=(0.54, -0.195), legs=(-0.32, 0.29, 0.38), leg_width=0.100, coat="#6a5a50", pale="#a3948a", dark="#3c332e",
        extras=(((0.48, -0.29), (0.40, -0.40), (0.44, -0.52)), ((0.52, -0.29), (0.56, -0.41), (0.66, -0.46))), nose=(0.68, -0.03), stride=0.28,
    ),
}


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
        frame.stamp(self.shade, x, y + 0.245 * self.size, self.size * 0.72, squash=0.16, opacity=0.55)
        frame.stamp(self.poses[int(step * len(self.poses)) % len(self.poses)], x, y + bob, self.size * view.zoom)


def beast(stage: Stage, kind: str, *, x: float, foot: float, size: float, depth: float) -> Beast:
    """An animal of `kind` (a key of `BUILDS`) whose feet walk on row `foot`; `size` is its body length in pixels."""
    build = BUILDS[kind]
    way = 1.0 if x < stage.width / 2 else -1.0
    poses = []
    for index in range(POSES):
        sprite = _pose(stage, build, index / POSES)
        rgba = sprite.rgba if way > 0 else np.ascontiguousarray(sprite.rgba[:, ::-1])
        cover = rgba[..., 3]
        straight = np.clip(rgba[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1)
        painted = stage.style.thing(stage, Picture(straight, cover), 0.97, f"{kind}")
        assert painted.alpha is not None
        joined = np.concatenate([painted.rgb * painted.alpha[..., None], painted.alpha[..., None]], axis=-1)
        poses.append(coded(Sprite(np.asarray(joined, np.float32))))
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
    """A painted clay animal that stands still with a red ribbon, facing right: premultiplied RGBA."""
    build = replace(BUILDS[kind], coat="#c27850", pale="#efd9bd", dark="#8a4a34")
    body = _pose(stage, build, 0.0).rgba
    sheet = Sketch(0, 0, SIZE, SIZE)
    neck = np.array([build.head[0], build.head[1]]).mean(axis=0)
    unit, middle = SIZE * 0.5, SIZE * 0.5
    red = blend(colour("#cf2f24"), stage.palette.near, 0.3 if stage.palette.dark else 0.0)
    band = curve(np.array([neck + (-0.09, -0.10), neck + (-0.02, 0.06), neck + (0.05, 0.17)]) * unit + middle, 20)
    sheet.stroke(band, 0.055 * unit, red)
    for tail in ((-0.10, 0.30), (0.03, 0.33)):
        sheet.stroke(curve(np.array([neck + (0.03, 0.12), neck + (tail[0] * 0.5, 0.24), neck + tail]) * unit + middle, 14), 0.035 * unit, shifted(red, lightness=0.86))
    for dot_x, dot_y in ((-0.20, -0.06), (-0.06, -0.02), (-0.13, -0.12)):
        for petal in range(5):
            turn = petal * 1.2566
            sheet.disc(middle + (dot_x + 0.028 * math.cos(turn)) * unit, middle + (dot_y + 0.028 * math.sin(turn)) * unit, 0.019 * unit, blend(red, colour("#ffe9d0"), 0.25))
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
    coat, pale, dark = (blend(colour(text), palette.near if palette.dark else palette.haze, veil) for text in (build.coat, build.pale, build.dark))
    sheet = Sketch(0, 0, SIZE, SIZE)
    unit = SIZE * 0.5
    nod = 0.012 * math.sin(4 * math.pi * step)

    def placed(points: object, lift: float = 0.0) -> Points:
        return (np.asarray(points, np.float64) + (0, lift)) * unit + (SIZE * 0.50, SIZE * 0.50)

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
    if build.coat == "#d9722e":
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


def _leg(sheet: Sketch, placed, build: Build, start: float, long: float, step: float, upper: Field, lower: Field) -> None:  # noqa: ANN001
    """A leg of two parts that swings, its foot lifted on the way forward."""
    turn = 2 * math.pi * step
    swing = build.stride * math.sin(turn)
    lift = 0.13 * long * max(0.0, math.cos(turn))
    hip = np.array([start, 0.02])
    knee = hip + 0.52 * long * np.array([math.sin(swing * 0.8), math.cos(swing * 0.8)]) + (0.03 * (1 if start > 0 else -1) + lift * 0.4, -lift * 0.3)
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
