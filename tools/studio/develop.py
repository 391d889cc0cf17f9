"""Develops an exposure: noise out, tones in, the thing laid over white paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.denoise import smoothed
from studio.exposure import Exposure
from studio.scene import Scene
from studio.vectors import Array, smoothstep

#: Linear tones below this stay as they are; above, they roll off towards white.
_SHOULDER = np.float32(0.62)
#: Light that is given back to the table, so that the far, faint end of a shadow is paper.
_LIFTED = np.float32(0.012)
#: sRGB levels of the paper around the thing and at the edges of the picture.
_PAPER, _EDGE = 247.5 / 255, 1.0

_BEST_QUALITY, _LEAST_QUALITY = 88, 60  #: of a JPEG
_HEAVIEST = 118_000  #: bytes


@dataclass(frozen=True)
class Picture:
    """The developed layers, (h, w, 3) or (h, w), sRGB 0 to 1."""

    thing: Array  #: colour where the thing is, not multiplied by its coverage
    coverage: Array
    table: Array  #: light on the table, linear, 1 where it is open

    def on_paper(self) -> Array:
        """On seamless paper, (h, w, 3) uint8."""
        light = _light(_paper(*self.coverage.shape))[..., None] * self.table
        # the rim is mixed in sRGB, as viewers see it: in linear light a dark rim on white looks chewed
        mixed = self.thing * self.coverage[..., None] + _encoded(light) * (1 - self.coverage[..., None])
        return _bytes(mixed)

    def cut_out(self) -> Array:
        """On nothing, without its shadow, (h, w, 4) uint8 (R, G, B, alpha)."""
        weight = cv2.GaussianBlur(self.coverage, (0, 0), 3)[..., None]
        spread = cv2.GaussianBlur(self.thing * self.coverage[..., None], (0, 0), 3) / np.maximum(weight, 1e-3)
        # the rim's colour goes on beyond the rim, so that scaling the picture draws no dark line around the thing
        colour = np.where(self.coverage[..., None] > 0, self.thing, spread)
        return _bytes(np.concatenate([colour, self.coverage[..., None]], axis=2))


def develop(scene: Scene, exposure: Exposure) -> Picture:
    """Clean and grade what was exposed."""
    shape = (scene.height, scene.width)

    def plane(values: Array, count: Array) -> Array:
        mean = values / np.maximum(count, 1e-9)
        return (
            np.ascontiguousarray(mean.reshape((-1, *shape)).transpose(1, 2, 0))
            if values.ndim == 2
            else mean.reshape(shape)
        )

    def clean(values: Array, squares: Array, count: Array, geometry: tuple[Array, Array], levels: int) -> Array:
        mean = plane(values, count)
        variance = np.maximum(plane(squares, count) - mean.mean(axis=2) ** 2, 0) / np.maximum(count.reshape(shape), 1)
        return smoothed(mean, variance, count.reshape(shape), *geometry, levels=levels)

    seen, open_ = exposure.coverage, exposure.samples - exposure.coverage
    coverage = plane(seen, exposure.samples)
    form = plane(exposure.normal, seen), plane(exposure.depth, seen)
    irradiance = clean(exposure.irradiance, exposure.irradiance_square, seen, form, 4)
    sheen = clean(exposure.sheen, exposure.sheen_square, seen, form, 2)
    radiance = (plane(exposure.colour, seen) * irradiance / np.float32(np.pi) + sheen) * np.float32(scene.exposure)
    flat = np.ones((*shape, 3), np.float32), np.zeros(shape, np.float32)
    table = clean(exposure.table, exposure.table_square, open_, flat, 6)
    table = np.where(coverage[..., None] > 0.999, 1, np.minimum(table, 1))
    table = _calmed(table, coverage)
    return Picture(_encoded(_rolled_off(radiance)), coverage, table)


def _calmed(table: Array, coverage: Array) -> Array:
    """Let the shadow end softly before the edges of the picture, so that it can stand on any white page."""
    height, width = coverage.shape
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    # an oval that is nearly a rectangle: no corner of the fading shows
    kept = smoothstep(1.0, 0.62, (np.abs(x) ** 5 + np.abs(y) ** 5) ** np.float32(0.2))[..., None]
    return np.minimum(1 - (1 - table) * kept + _LIFTED, 1)


def _paper(height: int, width: int) -> Array:
    """The paper's sRGB level (h, w): a little grey about the thing, white at the edges."""
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    edge = smoothstep(0.45, 1.0, np.sqrt(x**2 + (y - np.float32(0.1)) ** 2) / np.float32(1.05))
    return _PAPER + (_EDGE - _PAPER) * edge


def _rolled_off(light: Array) -> Array:
    over = np.maximum(light - _SHOULDER, 0) / (1 - _SHOULDER)
    return np.minimum(light, _SHOULDER) + (1 - _SHOULDER) * (1 - np.exp(-over))


def _encoded(light: Array) -> Array:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _light(level: Array) -> Array:
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _bytes(picture: Array) -> Array:
    noise = np.random.default_rng(7).random(picture.shape[:2], np.float32)[..., None] - np.float32(0.5)
    return np.clip(np.round(picture * 255 + noise * np.float32(0.7)), 0, 255).astype(np.uint8)


def write_jpeg(picture: Array, path: Path) -> int:
    """Write RGB bytes as a progressive JPEG that is not too heavy; returns its size in bytes."""
    for quality in range(_BEST_QUALITY, _LEAST_QUALITY, -2):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        done, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
        assert done
        if data.size < _HEAVIEST:
            break
    path.write_bytes(data.tobytes())
    return int(data.size)
