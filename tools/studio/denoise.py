"""Takes the noise out of sampled light: an edge-avoiding à-trous filter, led by the variance of each pixel.

After Dammertz et al. (2010) and Schied et al. (2017): it blurs where samples disagree, and stops where the normal, the
depth, or the light itself changes by more than its noise.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.vectors import Array

_KERNEL = (1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16)
_TRUST = np.float32(3.0)  # deviations that still count as noise
_LEAST = np.float32(0.004)  # radiance that no eye tells apart


def smoothed(light: Array, variance: Array, weight: Array, normal: Array, depth: Array, *, levels: int) -> Array:
    """Filter light of shape (h, w, 3).

    Parameters
    ----------
    variance:
        Of each pixel's mean brightness, (h, w).
    weight:
        How much each pixel knows, (h, w): its number of samples.
    normal, depth:
        The geometry seen, (h, w, 3) and (h, w) in decimetres.
    levels:
        Rounds; the first looks 2 pixels far, each other one twice as far as the one before.
    """
    known = weight > 0
    variance = np.where(known, variance, 0).astype(np.float32)
    shares = cv2.GaussianBlur(known.astype(np.float32), (0, 0), 2.0)
    variance = np.maximum(variance, cv2.GaussianBlur(variance, (0, 0), 2.0) / np.maximum(shares, 1e-3))
    unit = normal / np.maximum(np.sqrt((normal**2).sum(axis=2, keepdims=True)), 1e-6)
    for level in range(levels):
        step = 2**level
        total, weights = np.zeros_like(light), np.full(weight.shape, 1e-12, np.float32)
        spread = np.zeros_like(variance)
        tone = light.mean(axis=2)
        scale = _TRUST * np.sqrt(cv2.GaussianBlur(variance, (0, 0), 1.0)) + _LEAST
        for down, vertical in enumerate(_KERNEL):
            for right, horizontal in enumerate(_KERNEL):
                shift = ((2 - down) * step, (2 - right) * step)
                alike = np.clip((_moved(unit, shift) * unit).sum(axis=2), 0, 1) ** np.float32(32)
                away = np.abs(_moved(depth, shift) - depth) / np.float32(0.02 * step)
                moved = _moved(light, shift)
                change = np.abs(moved.mean(axis=2) - tone) / scale
                factor = np.float32(vertical * horizontal) * _moved(weight, shift) * alike * np.exp(-away - change)
                total += moved * factor[..., None]
                spread += _moved(variance, shift) * factor * factor
                weights += factor
        filled = weights > 1e-9
        light = np.where(filled[..., None], total / weights[..., None], light)
        variance = np.where(filled, spread / (weights * weights), variance)
    return light


def _moved(picture: Array, shift: tuple[int, int]) -> Array:
    """Shift a picture, repeating its border."""
    down, right = shift
    height, width = picture.shape[:2]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return picture[rows][:, columns]
