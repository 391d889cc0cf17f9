"""Composes the scene of a product: cut out on a stage, or, where the photo is a scene of its own, as a framed card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wan_engine.storyboard.particles import drift, lights, snow
from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.raster import Field, blur, mix, resized, smoothstep, spread
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.product import set as studio
from wan_engine.storyboard.product.cutout import Cutout, cut_out, scaled
from wan_engine.storyboard.product.harmony import backdrop
from wan_engine.storyboard.product.photo import Photo
from wan_engine.storyboard.product.shine import shine
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import branch
from wan_engine.storyboard.stage import Stage

#: The row on which a product stands, as a share of the height: words stand below it, down to where the buttons of the
#: platforms begin.
FOOT = 0.525
#: The largest share of the frame's height and width that a product takes.
TALL, WIDE = 0.345, 0.70
#: The row of a framed photo's middle.
CARD_MIDDLE = 0.36
#: The same for a framed photo.
CARD_TALL, CARD_WIDE = 0.42, 0.80
#: Depth of what is shown.
DEPTH = 0.52


def showcase(scene: Scene, plan: Plan, photo: Photo) -> None:
    """Add what a plan about a product shows."""
    stage = scene.stage
    cutout = cut_out(photo)
    if cutout is None or (not cutout.whole and cutout.alpha.shape[0] < cutout.alpha.shape[1] * 0.3):
        _card(scene, plan, photo)
        return
    rng = stage.random("showcase")
    stage = replace(stage, palette=stage.style.regrade(backdrop(stage.palette, cutout.rgb, cutout.alpha, rng)))
    scene.stage = stage
    kinds = ["plain", "arch", "disc", "leaves", "leaves"]
    scene.add(studio.wall, stage, kinds[int(rng.integers(len(kinds)))])
    scene.add(lights.lights, stage, "bokeh", depth=0.2)
    twig = next((kind for kind in ("plum", "peach", "cherry", "maple", "ginkgo", "osmanthus") if plan.has(kind)), None)
    if twig:
        scene.add(branch.branch, stage, twig, 0.35, high=(0.10, 0.17), size=0.62)
    _place(stage, scene, cutout, on_plinth=bool(rng.random() < 0.6))
    _air(stage, plan, scene, twig)


def _place(stage: Stage, scene: Scene, cutout: Cutout, *, on_plinth: bool) -> None:
    """The product on the floor or on a plinth, with its shadow, its mirror image and a band of light."""
    rows, columns = cutout.alpha.shape
    scale = min(TALL * stage.height / rows, WIDE * stage.width / columns)
    width, height = (max(8, round(side * scale / 2) * 2) for side in (columns, rows))
    rgb, alpha = scaled(cutout, width, height)
    rgb = _lit(stage, rgb, alpha)
    left = round((stage.width - width) / 4) * 2
    foot = FOOT * stage.height - (0.035 * stage.height if on_plinth else 0)
    top = round((foot - height) / 2) * 2
    if on_plinth:
        wide = max(_stand_width(alpha) * 1.30, 1.12 * width, 0.42 * stage.unit)
        scene.add(studio.plinth, stage, x=stage.width / 2, top=top + height - 0.085 * wide, width=wide)
    else:
        scene.add(_mirror, stage, rgb, alpha, left, top + height)
    around = round(cutout.around * scale)
    own = np.clip(resized(cutout.shadow, width + 2 * around, height + 2 * around), 0, 1)
    scene.add(_shadow, stage, alpha, np.asarray(own, np.float32), around, left, top)
    scene.add(stage.layer, Picture(rgb, alpha), DEPTH, name="product", top=top, left=left)
    scene.add(shine, rgb, alpha, left=left, top=top, depth=DEPTH)


def _stand_width(alpha: Field) -> float:
    """How wide the product is where it stands, in pixels."""
    foot = alpha[-max(3, alpha.shape[0] // 16) :]
    return float((foot.max(axis=0) > 0.5).sum())


def _lit(stage: Stage, rgb: Field, alpha: Field) -> Field:
    """The photo's own light, a breath of the set's colour, and a rim on the side of the light."""
    side = 1 if stage.light[0] < 0.5 else -1
    step = max(2, round(0.006 * stage.unit))
    rim = np.clip(alpha - np.roll(alpha, side * step, axis=1), 0, 1)
    rgb = mix(rgb, rgb * (0.86 + 0.14 * stage.palette.horizon / max(float(stage.palette.horizon.max()), 1e-3)), 0.6)
    if stage.palette.dark:
        rgb = rgb * 0.93
    return mix(rgb, stage.palette.light, blur(rim, 1.2) * 0.28)


def _shadow(stage: Stage, alpha: Field, own: Field, around: int, left: int, top: int) -> Layer:
    """The shadow on the ground: the photo's own, and one that hugs the lower outline, deep below and wide around."""
    height, width = alpha.shape
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    pad = max(round(0.15 * stage.unit), around) // 2 * 2
    rows, columns = height + pad, width + 2 * pad
    solid = np.zeros((rows, columns), np.float32)
    solid[:height, pad : pad + width] = alpha
    # Only what stands low throws a shadow that is seen from here.
    y = np.arange(rows, dtype=np.float32)[:, None]
    feet = solid * smoothstep(height * 0.80, height * 0.93, y)
    unit = stage.unit
    close = blur(np.roll(feet, round(0.004 * unit), axis=0), 0.006 * unit, 0.004 * unit)
    middle = blur(np.roll(feet, round(0.008 * unit), axis=0), 0.022 * unit, 0.010 * unit)
    cast = blur(np.roll(feet, round(-side * 0.05 * unit), axis=1), 0.060 * unit, 0.022 * unit)
    strength = 0.85 * close + 0.42 * middle + 0.55 * cast
    photographed = np.zeros_like(solid)
    inner = blur(own, 1.0)[around : around + rows, max(0, around - pad) : around + width + pad]
    start = max(0, pad - around)
    photographed[: inner.shape[0], start : start + inner.shape[1]] = inner
    strength = np.clip(np.maximum(strength, photographed * 1.15), 0, 0.86)
    border = np.minimum(
        np.minimum(np.arange(columns), columns - 1 - np.arange(columns))[None, :], (rows - 1 - np.arange(rows))[:, None]
    )
    strength *= smoothstep(0, 0.6 * pad, border)
    dark = spread(blend(stage.palette.zenith, colour("#0a0808"), 0.62), (rows, columns))
    return stage.layer(Picture(dark, strength), DEPTH, name="shadow", top=top, left=left - pad)


def _mirror(stage: Stage, rgb: Field, alpha: Field, left: int, foot: int) -> Layer:
    """The product's image in a satin floor: upside down, soft, soon gone."""
    rows = min(alpha.shape[0], round(0.16 * stage.height)) // 2 * 2
    flipped, cover = rgb[::-1][:rows], alpha[::-1][:rows]
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    sharp, soft = cover, blur(np.ascontiguousarray(cover), 4.0)
    blurred = mix(sharp, soft, np.broadcast_to(np.clip(down * 2, 0, 1), cover.shape))
    faded = np.asarray(blurred * smoothstep(1.0, 0.0, down) ** 1.4 * 0.30, np.float32)
    toned = mix(blur(np.ascontiguousarray(flipped), 1.5), stage.palette.ground, 0.25)
    return stage.layer(Picture(toned, faded), DEPTH, name="mirror", top=foot - 2, left=left)


def _card(scene: Scene, plan: Plan, photo: Photo) -> None:
    """A photo that is a scene of its own: framed, before a soft enlargement of itself."""
    stage = scene.stage
    top, rows = stage.rows(-stage.margin)
    scene.add(_enlargement, stage, photo, top, rows)
    scene.add(lights.lights, stage, "bokeh", depth=0.3)
    height, width = photo.rgb.shape[:2]
    scale = min(CARD_TALL * stage.height / height, CARD_WIDE * stage.width / width)
    wide, tall = (max(16, round(side * scale / 2) * 2) for side in (width, height))
    pad = round(0.10 * stage.unit / 2) * 2
    rgb = resized(photo.rgb, wide, tall)
    picture = _framed(stage, np.clip(rgb, 0, 1), pad)
    left, first = (
        round((stage.width - wide) / 4) * 2 - pad,
        round((CARD_MIDDLE * stage.height - tall / 2) / 2) * 2 - pad,
    )
    scene.add(stage.layer, picture, 0.40, name="card", top=first, left=left)
    scene.add(
        shine,
        np.asarray(np.clip(rgb, 0, 1), np.float32),
        np.ones((tall, wide), np.float32),
        left=left + pad,
        top=first + pad,
        depth=0.40,
    )
    _air(stage, plan, scene, None)


def _enlargement(stage: Stage, photo: Photo, top: int, rows: int) -> Layer:
    """The photo out of focus and darker, over the whole frame."""
    height, width = photo.rgb.shape[:2]
    scale = max(stage.canvas_width / width, rows / height) * 1.15
    grown = resized(
        blur(photo.rgb, 0.035 * min(width, height)), round(width * scale), round(height * scale), smooth=False
    )
    first_row, first_column = (grown.shape[0] - rows) // 2, (grown.shape[1] - stage.canvas_width) // 2
    part = grown[first_row : first_row + rows, first_column : first_column + stage.canvas_width]
    calm = mix(part * 0.62, np.asarray(part.mean(axis=(0, 1)), np.float32) * 0.5, 0.35)
    return stage.layer(Picture(np.clip(calm, 0, 1)), 0.10, name="enlargement", top=top)


def _framed(stage: Stage, rgb: Field, pad: int) -> Picture:
    """Rounded corners, a thin light edge, a soft shadow below."""
    height, width = rgb.shape[:2]
    rows, columns = height + 2 * pad, width + 2 * pad
    radius = 0.028 * stage.unit
    x = np.abs(np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :] - (width / 2 - radius)
    y = np.abs(np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None] - (height / 2 - radius)
    reach = np.hypot(np.clip(x, 0, None), np.clip(y, 0, None)) + np.minimum(np.maximum(x, y), 0) - radius
    cover = smoothstep(0.7, -0.7, reach)
    fall = np.roll(cover, round(0.014 * stage.unit), axis=0)
    shadow = np.clip(blur(fall, 0.022 * stage.unit) * 1.05, 0, 1) * 0.55
    full = np.pad(rgb, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    edge = np.exp(-(((reach + 1.5) / 1.2) ** 2))
    full = mix(full, colour("#ffffff"), edge * 0.55)
    total = np.asarray(cover + (1 - cover) * shadow, np.float32)
    dark = spread(colour("#05060a"), full)
    return Picture(mix(dark, full, cover / np.maximum(total, 1e-3)), total)


def _air(stage: Stage, plan: Plan, scene: Scene, twig: str | None) -> None:
    """Particles that fit the prompt; dust in the light if it names none."""
    if plan.has("snow", "heavy snow"):
        scene.add(snow.snow, stage)
    elif twig in {"plum", "peach", "cherry"} or plan.has("petals", "flowers", "peony"):
        scene.add(drift.drift, stage, "petals")
    elif plan.has("maple", "ginkgo", "leaves"):
        scene.add(drift.drift, stage, "leaves", leaf="ginkgo" if plan.has("ginkgo") else "maple")
    elif plan.has("bamboo", "forest", "leafy branch", "tea hills"):
        scene.add(drift.drift, stage, "leaves", leaf="leaf")
    elif plan.has("sparks"):
        scene.add(lights.lights, stage, "sparks")
    scene.add(lights.lights, stage, "dust")
