"""Cuts a product out of its plain background, or says that there is none."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.colour import LUMA
from wan_engine.storyboard.picture.raster import Bytes, Field, blur, resized, smoothstep
from wan_engine.storyboard.product.photo import Photo

#: The longer side on which a product is looked for, pixels; its edge is then found on the whole photo.
SEARCHED_SIDE = 520
#: The width of the border that is looked at, as a share of the shorter side.
BORDER = 0.03
#: How much of the border may differ from a smooth background before the photo counts as a scene.
STRANGE = 0.16
#: How far (0 to 1 per channel) background may differ from its smooth model.
NEAR = 0.045
#: A slope of brightness (per pixel) that is an edge of a thing, not of a soft shadow; and how far it must stand out of
#: the background's own noise, as a multiple of that.
STEP, STEP_OVER_NOISE = 0.0075, 5.0
#: A soft shadow is at most this much darker than the background (ratio), and has hardly a colour of its own.
DARKEST_SHADOW, SHADOW_TINT = 0.42, 0.040
#: How far around the product its shadow is kept, as a share of its width.
AROUND = 0.35
#: More than this share of what was found cannot have been the foot of a shadow.
MOST_SHADOW = 0.30
#: Gaps in an outline up to this share of the photo's shorter side are bridged.
BRIDGE = 0.011
#: What is cut out must fill between these shares of the photo.
LEAST, MOST = 0.02, 0.90
#: At least this share of an outline must lie on edges, and no stretch longer than this share of it may leave them, or
#: the cut is a guess and is not made.
SUPPORTED, LONGEST_GUESS = 0.80, 0.04


@dataclass(frozen=True, slots=True)
class Cutout:
    """A product without its background, cropped to itself and the shadow that it threw."""

    rgb: Field
    alpha: Field
    shadow: Field  #: how much the photo's own shadow darkens the ground, 0 to 1; larger than the product by `around`
    around: int  #: pixels
    whole: bool  #: False if it is cut off by an edge of the photo


def cut_out(photo: Photo) -> Cutout | None:
    """The product, or None where the background is not plain or the outline is not sure."""
    if photo.alpha is not None and float((photo.alpha < 0.05).mean()) > 0.03:
        return _cropped(_spread(photo.rgb, photo.alpha), photo.alpha, np.zeros_like(photo.alpha))
    height, width = photo.rgb.shape[:2]
    scale = min(1.0, SEARCHED_SIDE / max(height, width))
    small = resized(photo.rgb, round(width * scale), round(height * scale)) if scale < 1 else photo.rgb
    background = _background(small)
    if background is None:
        return None
    found = _product_mask(small, background)
    if found is None:
        return None
    mask = np.where(resized(np.asarray(found, np.float32), width, height, smooth=False) > 127, 255, 0).astype(np.uint8)
    alpha = _matted(photo.rgb, mask)
    shade = resized(1 - (blur(small, 1.2) @ LUMA) / np.maximum(background @ LUMA, 1e-3), width, height, smooth=False)
    grown = np.asarray(cv2.dilate(alpha, np.ones((3, 3), np.uint8)), np.float32)
    outside = 1 - blur(grown, 1.0)
    shadow = np.asarray(np.clip(shade - 0.015, 0, 0.8) * np.clip(outside * 1.5, 0, 1), np.float32)
    return _cropped(_spread(photo.rgb, alpha), alpha, shadow)


def _background(rgb: Field) -> Field | None:
    """A smooth model (quadratic in x and y) of the background as the border shows it, or None if it is not plain."""
    height, width = rgb.shape[:2]
    thick = max(2, round(BORDER * min(height, width)))
    ring = np.zeros((height, width), bool)
    ring[:thick] = ring[-thick:] = True
    ring[:, :thick] = ring[:, -thick:] = True
    y, x = np.nonzero(ring)
    u, v = x / width * 2 - 1, y / height * 2 - 1
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1).astype(np.float64)
    values = rgb[ring].astype(np.float64)
    middle = np.median(values, axis=0)
    trusted = np.abs(values - middle).max(axis=1) < 0.14
    for _ in range(3):
        if trusted.mean() < 1 - STRANGE:
            return None
        weights, *_ = np.linalg.lstsq(terms[trusted], values[trusted], rcond=None)
        trusted = np.abs(values - terms @ weights).max(axis=1) < NEAR
    if trusted.mean() < 1 - STRANGE:
        return None
    u_all = (np.arange(width) / width * 2 - 1)[None, :]
    v_all = (np.arange(height) / height * 2 - 1)[:, None]
    parts = (1.0, u_all, v_all, u_all * u_all, u_all * v_all, v_all * v_all)
    total = np.zeros((height, width, 3))
    for part, weight in zip(parts, weights, strict=True):
        total += np.broadcast_to(part, (height, width))[..., None] * weight
    return np.asarray(np.clip(total, 0, 1), np.float32)


def _product_mask(rgb: Field, background: Field) -> Bytes | None:
    """255 where the product is, at full resolution, or None if the outline is not sure."""
    smooth = blur(rgb, 1.2)
    difference = np.asarray(np.abs(smooth - background).max(axis=2), np.float32)
    tone, ground = np.asarray(smooth @ LUMA, np.float32), background @ LUMA
    ratio = tone / np.maximum(ground, 1e-3)
    tint = np.abs((smooth - tone[..., None]) - (background - ground[..., None]) * ratio[..., None]).max(axis=2)
    slope = _slope(smooth)
    thick = max(2, round(BORDER * min(tone.shape)))
    border = np.concatenate(
        [slope[:thick].ravel(), slope[-thick:].ravel(), slope[:, :thick].ravel(), slope[:, -thick:].ravel()]
    )
    step = max(STEP, STEP_OVER_NOISE * float(np.median(border)))
    shadow = (ratio > DARKEST_SHADOW) & (ratio < 1.06) & (tint < SHADOW_TINT)
    wall = (~((difference < NEAR) | shadow) | (slope > step)).astype(np.uint8)
    bridge = 2 * max(1, round(BRIDGE * min(tone.shape) / 2)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bridge, bridge))
    closed = np.asarray(cv2.morphologyEx(wall, cv2.MORPH_CLOSE, disc), np.uint8)
    outside = _reached(closed == 0)
    mask = np.where(outside, 0, 255).astype(np.uint8)
    # Threads of shadow's edge cling to the outline; a thing is thicker than they are.
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc), np.uint8)
    if not mask.any():
        return None
    mask = _holes(_largest(mask), difference, slope, step)
    mask = _without_shadow(mask, ratio, tint, slope, step)
    share = float((mask > 0).mean())
    edges = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if not LEAST < share < MOST or float((edges > 0).mean()) > 0.25:
        return None
    supported, guessed = _support(mask, slope, step)
    return mask if supported >= SUPPORTED and guessed <= LONGEST_GUESS else None


def _support(mask: Bytes, slope: Field, step: float) -> tuple[float, float]:
    """The share of an outline that lies on edges, and the share of its longest stretch that does not."""
    line = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))) > 0
    near_edge = np.asarray(cv2.dilate((slope > step).astype(np.uint8), np.ones((7, 7), np.uint8))) > 0
    if not line.any():
        return 0.0, 1.0
    count, _, stats, _ = cv2.connectedComponentsWithStats((line & ~near_edge).astype(np.uint8), connectivity=8)
    longest = int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
    return float(near_edge[line].mean()), longest / int(line.sum())


def _without_shadow(mask: Bytes, ratio: Field, tint: Field, slope: Field, step: float) -> Bytes:
    """The mask without the dark foot of the shadow, where that is steeper than the rest of it.

    It lies low, has no colour, and touches the outside. What would take a large part of the product away was no shadow.
    """
    rows = np.flatnonzero(mask.max(axis=1))
    low = np.zeros(mask.shape, bool)
    low[int(rows[0] + 0.55 * (rows[-1] - rows[0])) :] = True
    grey = low & (ratio > 0.12) & (ratio < 0.93) & (tint < SHADOW_TINT * 0.75) & (slope < 6 * step)
    open_ = (mask == 0) | (grey & (mask > 0))
    reached = _reached(open_) & (mask > 0)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    kept = np.where(reached, 0, mask).astype(np.uint8)
    kept = np.asarray(cv2.morphologyEx(kept, cv2.MORPH_OPEN, disc), np.uint8)
    # A bright rim over the shadow may have been nibbled: what the outline bridges belongs to the thing.
    whole = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))
    kept = _largest(np.asarray(cv2.bitwise_and(cv2.morphologyEx(kept, cv2.MORPH_CLOSE, whole), mask), np.uint8))
    lost = 1 - float((kept > 0).sum()) / max(1, int((mask > 0).sum()))
    if not kept.any():
        return mask
    supported, guessed = _support(kept, slope, step)
    return kept if lost < MOST_SHADOW and supported >= 0.9 and guessed <= LONGEST_GUESS else mask


def _slope(rgb: Field) -> Field:
    """The steepest slope of the three channels, per pixel."""
    across = cv2.Sobel(rgb, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(rgb, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(np.sqrt(np.square(across) + np.square(down)).max(axis=2), np.float32)


def _reached(plain: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What can be reached from the border over plain ground."""
    height, width = plain.shape
    canvas = np.zeros((height + 2, width + 2), np.uint8)
    canvas[1:-1, 1:-1] = plain
    canvas[[0, -1]] = canvas[:, [0, -1]] = 1
    cv2.floodFill(canvas, None, (0, 0), (2,))
    return np.asarray(canvas[1:-1, 1:-1] == 2, bool)


def _largest(mask: Bytes) -> Bytes:
    """The mask without specks: parts smaller than a fiftieth of the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 2:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = areas >= areas.max() / 50
    return np.where(kept[labels], 255, 0).astype(np.uint8)


def _holes(mask: Bytes, difference: Field, slope: Field, step: float) -> Bytes:
    """Open what shows the background through the product: the inside of a handle, never a white label."""
    clear = ((difference < NEAR * 1.4) & (slope < step) & (mask > 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clear)
    product = int((mask > 0).sum())
    result = mask.copy()
    for index in range(1, count):
        area = int(stats[index, cv2.CC_STAT_AREA])
        if not product * 0.004 < area < product * 0.15:
            continue
        inside = labels == index
        rim = (cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~inside
        # A hole has the thing's own strong edge all around it, and the even light of the background within.
        if float(np.median(slope[rim])) > 4 * step and float(np.median(slope[inside])) < 0.35 * step:
            result[cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0
    return result


def _matted(rgb: Field, mask: Bytes) -> Field:
    """The mask as coverage: along its edge each pixel is weighed between the colours inside and outside."""
    reach = max(3, round(0.012 * min(mask.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inner = np.asarray(cv2.erode(mask, disc) > 0, np.float32)
    outer = np.asarray(cv2.dilate(mask, disc) == 0, np.float32)
    inside, outside = _carried(rgb, inner, 1.5 * reach), _carried(rgb, outer, 1.5 * reach)
    span = inside - outside
    contrast = np.square(span).sum(axis=2)
    share = ((rgb - outside) * span).sum(axis=2) / np.maximum(contrast, 1e-4)
    plain = np.clip((blur(np.asarray(mask, np.float32) / 255, 1.0) - 0.5) * 1.6 + 0.35, 0, 1)
    sure = smoothstep(0.006, 0.03, contrast)
    edge = plain + (smoothstep(0.22, 0.92, share) - plain) * sure
    band = (inner == 0) & (outer == 0)
    alpha = np.where(band, edge, inner)
    body = _largest(np.where(alpha > 0.2, 255, 0).astype(np.uint8))
    near = blur(np.asarray(cv2.dilate(body, np.ones((3, 3), np.uint8)), np.float32) / 255, 0.8)
    return np.asarray(alpha * near, np.float32)


def _carried(rgb: Field, where: Field, reach: float) -> Field:
    """Colours of a region spread beyond its edge."""
    weight = blur(where, reach)
    spread = blur(rgb * where[..., None], reach) / np.maximum(weight, 1e-3)[..., None]
    return np.asarray(np.where((weight > 0.003)[..., None], spread, rgb), np.float32)


def _spread(rgb: Field, alpha: Field) -> Field:
    """Colours of the inside carried over the edge, where the photo shows a mixture with its background."""
    sure = np.asarray(alpha > 0.97, np.float32)
    carried = _carried(rgb, sure, 3.0)
    return np.asarray(np.clip(rgb * sure[..., None] + carried * (1 - sure)[..., None], 0, 1), np.float32)


def _cropped(rgb: Field, alpha: Field, shadow: Field) -> Cutout | None:
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.1), np.flatnonzero(alpha.max(axis=0) > 0.1)
    if len(rows) < 8 or len(columns) < 8:
        return None
    height, width = alpha.shape
    whole = rows[0] > 1 and columns[0] > 1 and rows[-1] < height - 2 and columns[-1] < width - 2
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    around = round(AROUND * (columns[-1] - columns[0]))
    # It must end softly where the photo ends.
    x, y = (np.minimum(np.arange(side), np.arange(side)[::-1]).astype(np.float32) for side in (width, height))
    fade = smoothstep(0, 0.06 * width, x)[None, :] * smoothstep(0, 0.06 * height, y)[:, None]
    wide = np.pad(shadow * fade, around)
    cast = wide[rows[0] : rows[-1] + 1 + 2 * around, columns[0] : columns[-1] + 1 + 2 * around]
    return Cutout(
        np.ascontiguousarray(rgb[part]),
        np.ascontiguousarray(alpha[part]),
        np.ascontiguousarray(cast),
        around,
        bool(whole),
    )


def scaled(cutout: Cutout, width: int, height: int) -> tuple[Field, Field]:
    """RGB and coverage at another size, premultiplied on the way so that no edge changes colour."""
    alpha = resized(cutout.alpha, width, height)
    colours = resized(cutout.rgb * cutout.alpha[..., None], width, height)
    cover = np.clip(alpha, 0, 1)
    return np.asarray(np.clip(colours / np.maximum(cover, 1e-3)[..., None], 0, 1), np.float32), np.asarray(
        cover, np.float32
    )
