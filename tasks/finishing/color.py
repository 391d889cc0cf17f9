"""Colours and how well one can be read on another (WCAG 2.2)."""

from __future__ import annotations

Rgb = tuple[int, int, int]  #: sRGB, 0 to 255 each

#: WCAG's least contrast of large letters and of signs.
READABLE = 3.0


def parse(text: str) -> Rgb:
    """From `#rrggbb`."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """The first colour covered by `share` (0 to 1) of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(color: Rgb) -> float:
    """Relative luminance, 0 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (v / 255 for v in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(color: Rgb, ground: Rgb) -> Rgb:
    """The colour, moved towards white or black just until it can be read on the ground."""
    target = (255, 255, 255) if luminance(ground) < 0.18 else (0, 0, 0)
    for step in range(21):
        tried = mixed(color, target, step / 20)
        if contrast(tried, ground) >= READABLE:
            return tried
    return target
