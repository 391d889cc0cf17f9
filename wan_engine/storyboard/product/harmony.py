"""Colours for a backdrop that suit a product."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from wan_engine.storyboard.palette import Palette
from wan_engine.storyboard.picture.colour import LUMA, blend, colour
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field

#: Sectors of the colour wheel that are told apart.
HUES = 24
#: A product whose mean saturation is below this has no hue to begin from.
PALE = 0.10


def leading_hue(rgb: Field, alpha: Field) -> tuple[float, float, float]:
    """Hue (turns) that a product shows most, how saturated it is (0 to 1), and how bright."""
    pixels = rgb[alpha > 0.8]
    if not len(pixels):
        return 0.08, 0.0, 0.5
    pixels = pixels[:: max(1, len(pixels) // 20000)]
    high, low = pixels.max(axis=1), pixels.min(axis=1)
    chroma = high - low
    red, green, blue = pixels.T
    safe = np.maximum(chroma, 1e-4)
    hue = (
        np.where(
            high == red,
            (green - blue) / safe % 6,
            np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
        )
        / 6
    )
    histogram = np.bincount((hue * HUES).astype(int) % HUES, weights=chroma, minlength=HUES)
    # Neighbours on the wheel belong together.
    smooth = histogram + 0.5 * (np.roll(histogram, 1) + np.roll(histogram, -1))
    peak = int(smooth.argmax())
    near = np.abs((hue * HUES - peak - 0.5 + HUES / 2) % HUES - HUES / 2) < 1.5
    mean = np.angle(np.exp(2j * np.pi * hue[near]).dot(chroma[near])) / (2 * np.pi) if near.any() else peak / HUES
    return float(mean % 1), float(chroma.mean()), float((pixels @ LUMA).mean())


def backdrop(palette: Palette, rgb: Field, alpha: Field, rng: Random) -> Palette:
    """The palette of a scene re-tuned around a product.

    The wall takes the product's own hue, softened, or one beside or opposite it; its brightness keeps away from the
    product's, so that the outline always reads.
    """
    hue, saturation, bright = leading_hue(rgb, alpha)
    kin = [0.0, 0.0, 0.06, -0.06, 0.46]
    turn = kin[int(rng.integers(len(kin)))]
    turned = (hue + turn) % 1
    if saturation < PALE:
        turned = _hue_of(palette.sky)
    dark = palette.dark or (bright > 0.62 and rng.random() < 0.75) or (bright > 0.45 and rng.random() < 0.35)
    level, strength = (
        (rng.uniform(0.24, 0.34), rng.uniform(0.24, 0.36))
        if dark
        else (rng.uniform(0.74, 0.82), rng.uniform(0.26, 0.42))
    )
    # Yellows and greens look stronger than blues at the same number.
    strength *= 0.75 if 0.12 < turned < 0.45 else 1.0
    strength *= 0.55 if abs(turn) > 0.3 else 1.0
    wall = _colour(turned, level, strength)
    glow = _colour(turned + 0.015, min(0.95, level + (0.20 if dark else 0.14)), strength * 0.9)
    deep = _colour(turned - 0.02, level * 0.52, strength * 1.1)
    warm = blend(palette.light, colour("#fff4e0"), 0.6)
    return replace(
        palette,
        zenith=deep,
        sky=wall,
        horizon=glow,
        haze=blend(wall, glow, 0.5),
        far=wall,
        near=deep,
        ground=blend(wall, deep, 0.25),
        light=warm,
        water=wall,
        dark=dark,
    )


def _hue_of(value: Field) -> float:
    return colorsys.rgb_to_hls(*(float(channel) for channel in value))[0]


def _colour(hue: float, lightness: float, saturation: float) -> Field:
    return np.array(colorsys.hls_to_rgb(hue % 1, lightness, min(1.0, saturation)), np.float32)
