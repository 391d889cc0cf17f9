"""Numbers for sampling: low-discrepancy per pixel, and a function of (pixel, sample, purpose) only.

So a picture does not depend on how its pixels were divided among processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.vectors import Array

Pixels = NDArray[np.uint32]

#: Steps of the R2 sequence: 1/g and 1/g² for the plastic number g (Roberts, 2018).
STEPS = (0.7548776662466927, 0.5698402909980532)

#: What a pair of numbers is drawn for; each purpose has its own order of samples.
PIXEL, LENS, LIGHT, BOUNCE, BOUNCE_LIGHT, GLOSS, GLOSS_LIGHT = range(7)


def hashed(value: Pixels) -> Pixels:
    """Mix bits thoroughly (the finaliser of MurmurHash3)."""
    value = (value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    value = (value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return value ^ (value >> np.uint32(16))


@dataclass(frozen=True)
class Sampler:
    """Draws pairs in [0, 1) for some pixels and one sample of `samples`."""

    pixels: Pixels
    sample: int
    samples: int

    def chosen(self, where: NDArray[np.intp] | NDArray[np.bool_]) -> Sampler:
        """The same draws for some of the pixels."""
        return Sampler(self.pixels[where], self.sample, self.samples)

    def pair(self, purpose: int) -> tuple[Array, Array]:
        """Two arrays of shape (n,)."""
        order = np.random.default_rng([purpose, self.samples]).permutation(self.samples)
        place = float(order[self.sample]) + 1.0
        first = hashed(self.pixels * np.uint32(0x9E3779B1) + np.uint32(2 * purpose + 1))
        second = hashed(first + np.uint32(0x7F4A7C15))
        u = (first * (1 / 4294967296) + place * STEPS[0]) % 1.0
        v = (second * (1 / 4294967296) + place * STEPS[1]) % 1.0
        return np.minimum(u, 0.9999999).astype(np.float32), np.minimum(v, 0.9999999).astype(np.float32)
