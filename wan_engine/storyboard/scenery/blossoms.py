"""Blossoms as sprites: plum, peach, cherry, chrysanthemum, lotus, small golden clusters."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import Field, curve, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite

#: Side of the square that a sprite is drawn on, pixels.
SIZE = 144


def _polar(size: int = SIZE) -> tuple[Field, Field]:
    """Radius (1 at the border) and angle of each pixel."""
    axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) / (size / 2)
    return np.hypot(axis[None, :], axis[:, None]), np.arctan2(axis[:, None], axis[None, :])


def _sprite(rgb: Field, alpha: Field) -> Sprite:
    return Sprite(np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1).astype(np.float32))


def five_petals(rng: Random, tone: Field, *, notch: float = 0.0) -> Sprite:
    """An open blossom of the rose family; `notch` splits the petals' tips, as on cherries."""
    radius, angle = _polar()
    start = rng.uniform(0, 2 * np.pi)
    sector = 2 * np.pi / 5
    turned = (angle - start) % (2 * np.pi)
    index = np.minimum(np.floor(turned / sector).astype(int), 4)  # just before a full turn float32 rounds to it
    across = turned / sector - index - 0.5  # -0.5 to 0.5 over one petal
    length = 0.86 * (1 + 0.07 * rng.uniform(-1, 1, 5))[index]
    edge = length * np.clip(np.cos(across * np.pi * 0.96), 0, 1) ** 0.42
    edge = edge - notch * 0.12 * np.exp(-((across / 0.07) ** 2))
    alpha = np.clip((edge - radius) * SIZE / 2 + 0.5, 0, 1).astype(np.float32)
    along = np.clip(radius / 0.86, 0, 1)
    deep = shifted(tone, saturation=1.15, lightness=0.72)
    pale = blend(tone, colour("#ffffff"), 0.52)
    rgb = mix(deep, pale, smoothstep(0.05, 0.85, along))
    # Each petal overlaps the next: a soft shadow on one flank, a light on the other, and faint veins.
    rgb = rgb * (1 - 0.26 * smoothstep(0.12, 0.5, across.astype(np.float32)) * (0.4 + 0.6 * along))[..., None]
    rgb = rgb * (1 - 0.05 * (0.5 + 0.5 * np.cos(across * 42)) * (1 - along))[..., None]
    light = np.array([0.9, 1.0, 1.08, 1.04, 0.95])[(index + rng.integers(5)) % 5]
    rgb = np.clip(rgb * light[..., None], 0, 1)
    heart = np.exp(-((radius / 0.16) ** 2)).astype(np.float32)
    rgb = mix(rgb, shifted(tone, lightness=0.5, saturation=1.2), heart * 0.75)
    sprite = _sprite(np.asarray(rgb, np.float32), alpha)
    return _with_stamens(rng, sprite)


def _with_stamens(rng: Random, sprite: Sprite) -> Sprite:
    sheet = Sketch(0, 0, SIZE, SIZE)
    middle = SIZE / 2
    filament, anther = colour("#fff4e2"), colour("#e8b23e")
    for index in range(16):
        turn = index / 16 * 2 * np.pi + rng.uniform(-0.15, 0.15)
        reach = SIZE * rng.uniform(0.15, 0.25)
        tip = (middle + np.cos(turn) * reach, middle + np.sin(turn) * reach)
        sheet.stroke(np.array([[middle, middle], tip]), 1.4, filament)
        sheet.disc(*tip, SIZE * 0.014, anther)
    drawn = sheet.premultiplied()
    return Sprite(sprite.planes * (1 - drawn[..., 3:]) + drawn)


def bud(tone: Field) -> Sprite:
    """A closed bud in its calyx, pointing up."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    body = curve([[0, 30], [-26, 6], [-18, -28], [0, -44], [18, -28], [26, 6]], 40, closed=True) + half
    sheet.polygon(body, shifted(tone, lightness=0.92))
    sheet.polygon(
        curve([[-4, 24], [-16, 2], [-8, -30], [2, -40], [2, 0]], 30, closed=True) + half,
        blend(tone, colour("#ffffff"), 0.35),
    )
    sheet.polygon(
        curve([[0, 44], [-22, 22], [-10, 12], [0, 20], [10, 12], [22, 22]], 30, closed=True) + half, colour("#5a2f33")
    )
    return Sprite(sheet.premultiplied())


def many_petals(rng: Random, tone: Field, *, rings: int = 5, petals: int = 22, slim: float = 0.055) -> Sprite:
    """A full flower of long petals in rings: a chrysanthemum, or with wide petals a peony or a dahlia."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    half = SIZE / 2
    for ring in range(rings):
        reach = half * (0.94 - 0.80 * ring / rings)
        count = max(7, round(petals * (1 - 0.55 * ring / rings)))
        shade = blend(shifted(tone, lightness=0.66), blend(tone, colour("#fff6d8"), 0.45), ring / max(1, rings - 1))
        for index in range(count):
            turn = (index + 0.5 * ring + rng.uniform(-0.2, 0.2)) / count * 2 * np.pi
            long = reach * rng.uniform(0.88, 1.05)
            wide = SIZE * slim * rng.uniform(0.85, 1.15) * (1 + 0.3 * ring / rings)
            path = np.array([[0.1, 0], [0.5, 0.06 * rng.normal()], [1, 0.12 * rng.normal()]]) * long
            turned = curve(path, 8) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + half
            profile = np.array([0.35, 0.62, 0.85, 1.0, 1.0, 0.9, 0.66, 0.15]) * wide
            sheet.stroke(turned, profile * 1.35, shifted(shade, lightness=0.74))
            sheet.stroke(turned, profile, shifted(shade, lightness=float(rng.uniform(0.95, 1.05))))
    return Sprite(sheet.premultiplied())


def cluster(rng: Random, tone: Field) -> Sprite:
    """Many small florets in one ball: osmanthus, rape flowers, hydrangea."""
    sheet = Sketch(0, 0, SIZE, SIZE)
    for index in range(70):
        share = index / 70
        radius = SIZE * 0.40 * np.sqrt(1 - share * 0.9) * np.sqrt(rng.random())
        turn = rng.uniform(0, 2 * np.pi)
        x, y = SIZE / 2 + radius * np.cos(turn), SIZE / 2 + radius * np.sin(turn)
        shade = shifted(tone, lightness=float(0.62 + 0.5 * share + rng.uniform(-0.06, 0.06)))
        for petal in range(4):
            direction = petal * np.pi / 2 + turn
            sheet.disc(x + 4.5 * np.cos(direction), y + 4.5 * np.sin(direction), 4.6, shade)
        sheet.disc(x, y, 1.8, shifted(tone, lightness=0.6))
    return Sprite(sheet.premultiplied())
