"""Colours: sRGB triples from 0 to 1, and the BT.709 limited-range planes that the encoder takes."""

from __future__ import annotations

import colorsys

import numpy as np

from wan_engine.storyboard.picture.raster import Field

#: Luma weights and chroma scales of ITU-R BT.709-6, items 3.2 and 3.3.
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
BLUE_SCALE = 1.8556
RED_SCALE = 1.5748
#: Limited range of 8-bit video, BT.709-6 item 4.6: black, span of luma, zero and span of chroma.
BLACK, LUMA_SPAN, ZERO_CHROMA, CHROMA_SPAN = 16.0, 219.0, 128.0, 224.0

_RED = np.array([1, 0, 0], np.float32)
_BLUE = np.array([0, 0, 1], np.float32)
#: Rows: Y, Cb, Cr from R, G, B.
MATRIX = np.stack([LUMA, (_BLUE - LUMA) / BLUE_SCALE, (_RED - LUMA) / RED_SCALE]).astype(np.float32)


def colour(text: str) -> Field:
    """`#rrggbb` as an array of three."""
    return np.array([int(text[start : start + 2], 16) / 255 for start in (1, 3, 5)], np.float32)


def blend(first: Field, second: Field, share: float) -> Field:
    """A colour between two."""
    return np.asarray(first + (second - first) * share, np.float32)


def luma(value: Field) -> float:
    """The brightness of a colour, 0 to 1."""
    return float(value @ LUMA)


def shifted(value: Field, *, hue: float = 0.0, saturation: float = 1.0, lightness: float = 1.0) -> Field:
    """The colour turned by `hue` (in turns) with its saturation and lightness multiplied."""
    h, level, s = colorsys.rgb_to_hls(*(float(channel) for channel in np.clip(value, 0, 1)))
    return np.array(
        colorsys.hls_to_rgb((h + hue) % 1, min(1.0, level * lightness), min(1.0, s * saturation)), np.float32
    )


def saturated(rgb: Field, amount: float) -> Field:
    """RGB of any shape (…, 3) with its distance from grey multiplied by `amount`."""
    grey = (rgb @ LUMA)[..., None]
    return np.asarray(grey + (rgb - grey) * amount, np.float32)


def code(value: Field) -> tuple[float, float, float]:
    """A colour as luma and both chroma in code values."""
    components = value @ MATRIX.T
    return (
        float(components[0]) * LUMA_SPAN + BLACK,
        float(components[1]) * CHROMA_SPAN + ZERO_CHROMA,
        float(components[2]) * CHROMA_SPAN + ZERO_CHROMA,
    )
