"""A scene: solids on a table under the light, and how a ray meets them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.camera import Camera
from studio.light import TABLE, Light
from studio.solid import FAR, Solid
from studio.surface import Surface
from studio.vectors import Array, dot, smoothstep

NOTHING, TABLE_TOP = -2, -1
LIFT = np.float32(3e-3)  #: decimetres that a ray starts above the surface that it leaves


@dataclass
class Meeting:
    """What n rays meet first: how far away, and which solid (or the table, or nothing)."""

    along: Array
    solid: NDArray[np.intp]

    def chosen(self, where: NDArray[np.intp]) -> Meeting:
        """Some of the rays."""
        return Meeting(self.along[where], self.solid[where])


@dataclass(frozen=True)
class Scene:
    """All that stands before the camera."""

    solids: tuple[Solid, ...]
    camera: Camera
    light: Light
    width: int = 1200
    height: int = 1200
    exposure: float = 1.0
    samples: int = 32  #: rays for each pixel

    def first(self, origin: Array, direction: Array, *, glass: bool = False) -> Meeting:
        """The first thing that each ray meets; glass counts only if asked for."""
        falling = np.minimum(direction[1], np.float32(-1e-6))
        along = np.where(direction[1] < -1e-5, -origin[1] / falling, FAR)
        along = np.where(along > 0, along, FAR).astype(np.float32)
        solid = np.where(along < FAR, TABLE_TOP, NOTHING)
        for number, one in enumerate(self.solids):
            if one.glass and not glass:
                continue
            met = one.meet(origin, direction, along)
            nearer = met < along
            along, solid = np.where(nearer, met, along), np.where(nearer, number, solid)
        return Meeting(along, solid)

    def open_sky(self, origin: Array, direction: Array) -> Array:
        """How much light passes along each ray that goes upwards: 1, 0, or what glass lets through."""
        passing = np.ones(origin.shape[1], np.float32)
        for one in self.solids:
            index = np.flatnonzero(passing > 0)
            met = one.meet(origin[:, index], direction[:, index], np.full(index.size, FAR), tolerance=1e-3)
            shaded = index[met < FAR]
            if one.glass and shaded.size:
                place = origin[:, shaded] + direction[:, shaded] * met[met < FAR]
                normal = one.facing(place)
                facing = np.abs(dot(normal, direction[:, shaded]))
                passing[shaded] *= np.float32(0.94) * (1 - (1 - facing) ** 3)
            else:
                passing[shaded] = 0
        return passing

    def paper(self, place: Array) -> Array:
        """Where the paper on the table lies, (n,), 1 to 0: in a mirror it ends, and lamps show beyond it."""
        return smoothstep(2.6, 1.5, np.abs(place[0])) * smoothstep(2.2, 1.2, place[2])

    def surfaces(self, place: Array, meeting: Meeting) -> tuple[Surface, Array]:
        """The surface and the geometric normal at each place that was met; the table where nothing was."""
        count = place.shape[1]
        up = np.zeros((3, count), np.float32)
        up[1] = 1
        result = Surface.plain(up, np.full((3, 1), TABLE), 0, 1)
        normals = up.copy()
        for number in np.unique(meeting.solid[meeting.solid >= 0]):
            one = self.solids[number]
            index = np.flatnonzero(meeting.solid == number)
            surface, normal = one.surface(place[:, index])
            normals[:, index] = normal
            for name in ("colour", "normal"):
                getattr(result, name)[:, index] = getattr(surface, name)
            for name in ("gloss", "roughness", "metal"):
                getattr(result, name)[index] = getattr(surface, name)
        return result, normals
