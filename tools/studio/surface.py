"""What a thing is made of at a place: colour, gloss, metal, and the normal that light sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.vectors import Array


@dataclass
class Surface:
    """Material at n places of a solid, in its local coordinates."""

    colour: Array  #: (3, n), linear light: diffuse albedo, or the tint of a metal's reflection
    normal: Array  #: (3, n), with the relief of the material in it
    gloss: Array  #: (n,), reflectance at normal incidence: 0.04 for a glaze, 0 for none
    roughness: Array  #: (n,), spread of the reflection: 0 is a mirror, 0.4 is satin
    metal: Array  #: (n,), 0 or 1

    @classmethod
    def plain(cls, normal: Array, colour: Array, gloss: float = 0.04, roughness: float = 0.1) -> Surface:
        """One gloss everywhere."""
        count = normal.shape[1]
        return cls(
            np.broadcast_to(colour, (3, count)).astype(np.float32),
            normal,
            np.full(count, gloss, np.float32),
            np.full(count, roughness, np.float32),
            np.zeros(count, np.float32),
        )

    def chosen(self, where: NDArray[np.intp]) -> Surface:
        """Some of the places."""
        wide, narrow = (self.colour, self.normal), (self.gloss, self.roughness, self.metal)
        return Surface(*(part[:, where] for part in wide), *(part[where] for part in narrow))


#: Gives the surface for local places and local normals, both (3, n).
Material = Callable[[Array, Array], Surface]


def linear(red: int, green: int, blue: int) -> Array:
    """An sRGB colour (0 to 255) as linear light, shape (3, 1)."""
    value = np.array([red, green, blue], np.float32)[:, None] / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def plain(colour: Array, gloss: float = 0.04, roughness: float = 0.1) -> Material:
    """A material that is the same everywhere."""
    return lambda _, normal: Surface.plain(normal, colour, gloss, roughness)
