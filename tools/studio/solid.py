"""A solid: a signed distance, a box around it, a place in the world, and what it is made of.

Rays find it by sphere tracing: the distance says how far a ray may go without meeting it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from studio.surface import Material, Surface
from studio.vectors import Array, normalised, turning

#: Steps after which a ray that only grazes a solid counts as passed by.
MOST_STEPS = 200
FAR = np.float32(1e9)


class Solid(ABC):
    """One thing. Its box is local: `lower` and `upper` are columns of shape (3, 1)."""

    lower: Array
    upper: Array
    material: Material
    pace: float = 0.95  #: part of the distance that a step goes; less for a distance that is only nearly one
    feeler: float = 0.0015  #: decimetres over which the normal is taken: not less than the grain of the distance
    glass: bool = False  #: refracts, and has no material
    rotation: Array = np.eye(3, dtype=np.float32)
    offset: Array = np.zeros((3, 1), np.float32)

    @abstractmethod
    def distance(self, place: Array) -> Array:
        """The signed distance (n,) at local places (3, n): negative inside, never too large."""

    def placed(
        self, x: float = 0, y: float = 0, z: float = 0, *, yaw: float = 0, pitch: float = 0, roll: float = 0
    ) -> Solid:
        """Put it somewhere; returns itself."""
        self.rotation = turning(yaw, pitch, roll)
        self.offset = np.array([[x], [y], [z]], np.float32)
        return self

    def normal(self, place: Array) -> Array:
        """The local outward normal (3, n), from four distances at the corners of a tetrahedron."""
        reach = np.float32(self.feeler)
        total = np.zeros_like(place)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            direction = np.array(corner, np.float32)[:, None]
            total += direction * self.distance(place + direction * reach)
        return normalised(total)

    def local(self, place: Array, *, direction: bool = False) -> Array:
        """World to local."""
        return np.asarray(self.rotation.T @ (place if direction else place - self.offset), np.float32)

    def facing(self, place: Array) -> Array:
        """The outward normal in the world at world places."""
        return np.asarray(self.rotation @ self.normal(self.local(place)), np.float32)

    def surface(self, place: Array) -> tuple[Surface, Array]:
        """The material at world places, its normal turned into the world, and the plain geometric normal there."""
        local = self.local(place)
        normal = self.normal(local)
        surface = self.material(local, normal)
        surface.normal = np.asarray(self.rotation @ normalised(surface.normal), np.float32)
        return surface, np.asarray(self.rotation @ normal, np.float32)

    def meet(
        self, origin: Array, direction: Array, reach: Array, *, inside: bool = False, tolerance: float = 3e-4
    ) -> Array:
        """How far along each world ray it is met, `FAR` where not before `reach` (n,). With `inside`, the way out."""
        start, way = self.local(origin), self.local(direction, direction=True)
        safe = np.where(np.abs(way) < 1e-8, np.float32(1e-8), way)
        first, second = (self.lower - start) / safe, (self.upper - start) / safe
        near = np.maximum(np.minimum(first, second).max(axis=0), 0)
        far = np.minimum(np.maximum(first, second).min(axis=0), reach)
        result = np.full(origin.shape[1], FAR, np.float32)
        index = np.flatnonzero(near < far)
        if index.size == 0:
            return result
        start, way, along, end = start[:, index], way[:, index], near[index], far[index]
        sign = np.float32(-1 if inside else 1)
        for _ in range(MOST_STEPS):
            distance = sign * self.distance(start + way * along)
            met = distance < tolerance
            if met.any():
                result[index[met]] = along[met]
            along = along + np.maximum(distance * np.float32(self.pace), np.float32(tolerance))
            going = ~met & (along < end)
            left = int(going.sum())
            if left == 0:
                break
            if left < 0.8 * going.size:
                index, start, way, along, end = index[going], start[:, going], way[:, going], along[going], end[going]
            else:  # cheaper to carry a few finished rays than to copy all: they stay where they are
                end = np.where(going, end, np.float32(-1))
                along = np.where(going, along, np.float32(0))
                start = np.where(going, start, np.float32(1e6))
        return result
