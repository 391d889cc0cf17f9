"""The light of the studio: softboxes far away in a dim tent, and a white sweep of paper behind the table.

Radiance depends on the direction only. It is scaled so that the open table shines with radiance 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.vectors import Array, dot, normalised, smoothstep, vector

_ROWS, _COLUMNS = 64, 256  #: cells of the sky for sampling: equal areas, elevation × azimuth
_FINE = 256  #: entries of each inverse table

#: The table's own albedo: what the light is scaled for.
TABLE = np.float32(0.92)


@dataclass(frozen=True)
class Softbox:
    """A rectangle of light. Azimuth 0 is where the camera stands, 90 is to its right; degrees."""

    azimuth: float
    elevation: float
    width: float  #: tangent of half the angle it spans
    height: float
    power: float
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    edge: float = 0.06  #: softness of its rim, as part of its size

    def radiance(self, direction: Array) -> Array:
        """Its light from each direction, (3, n)."""
        azimuth, elevation = np.radians([self.azimuth, self.elevation])
        level = np.cos(elevation)
        facing = vector(np.sin(azimuth) * level, np.sin(elevation), np.cos(azimuth) * level)
        right = normalised(vector(np.cos(azimuth), 0, -np.sin(azimuth)))
        up = np.cross(facing[:, 0], right[:, 0])[:, None].astype(np.float32)
        ahead = dot(direction, facing)
        depth = np.maximum(ahead, 1e-4)
        across, along = dot(direction, right) / depth / self.width, dot(direction, up) / depth / self.height
        shape = smoothstep(1, 1 - self.edge, np.abs(across)) * smoothstep(1, 1 - self.edge, np.abs(along))
        hot = 1 - np.float32(0.3) * np.minimum(across**2 + along**2, 2) / 2  # brightest where the lamp sits
        strength = np.where(ahead > 0, shape * hot * np.float32(self.power), 0)
        return np.asarray(np.array(self.tint, np.float32)[:, None] * strength, np.float32)


class Light:
    """All the light there is."""

    def __init__(self, boxes: Sequence[Softbox], *, tent: float = 0.35, sweep: float = 1.0) -> None:
        self._boxes, self._tent, self._sweep, self._scale = boxes, tent, sweep, np.float32(1)
        rise = (np.arange(_ROWS, dtype=np.float32) + 0.5) / _ROWS
        turn = (np.arange(_COLUMNS, dtype=np.float32) + 0.5) / _COLUMNS
        up, azimuth = (part.ravel() for part in np.meshgrid(rise, turn, indexing="ij"))
        colour = self.radiance(_direction(up, azimuth))
        solid_angle = 2 * np.pi / colour.shape[1]
        irradiance = float((colour.mean(axis=0) * up).sum() * solid_angle)
        self._scale = np.float32(np.pi / (float(TABLE) * irradiance))
        self._prepare(colour * self._scale, solid_angle)

    def radiance(self, direction: Array) -> Array:
        """What shines from each direction, (3, n)."""
        behind = smoothstep(-0.1, -0.85, direction[2]) * smoothstep(0.95, 0.35, direction[1])
        level = self._tent * (0.6 + 0.4 * np.maximum(direction[1], -1)) + self._sweep * behind
        total = np.broadcast_to(level, direction.shape).astype(np.float32)
        for box in self._boxes:
            total = total + box.radiance(direction)
        return total * self._scale

    def sample(self, u: Array, v: Array) -> tuple[Array, Array]:
        """Directions (3, n) drawn in proportion to the light, and radiance over probability, (3, n)."""
        row = self._row_of[np.minimum((u * _ROWS * _FINE).astype(np.intp), _ROWS * _FINE - 1)]
        inside = np.modf(u * np.float32(_ROWS * _FINE))[0]
        place = v * np.float32(_FINE)
        entry = np.minimum(place.astype(np.intp), _FINE - 1)
        azimuth = mixed_rows(self._turn_of, row, entry, place - entry)
        column = np.minimum((azimuth * _COLUMNS).astype(np.intp), _COLUMNS - 1)
        up = np.clip((row + inside) / np.float32(_ROWS), 1e-3, 1)
        return _direction(up.astype(np.float32), azimuth), self._weights[:, row, column]

    def _prepare(self, colour: Array, solid_angle: float) -> None:
        strength = colour.mean(axis=0).reshape(_ROWS, _COLUMNS) + 1e-4
        by_row = np.cumsum(strength.sum(axis=1)) / strength.sum()
        self._row_of = np.minimum(
            np.searchsorted(by_row, (np.arange(_ROWS * _FINE) + 0.5) / (_ROWS * _FINE)), _ROWS - 1
        )
        edges = np.arange(_COLUMNS + 1) / _COLUMNS
        self._turn_of = np.stack(
            [
                np.interp(np.arange(_FINE + 1) / _FINE, np.concatenate([[0], np.cumsum(row) / row.sum()]), edges)
                for row in strength
            ]
        ).astype(np.float32)
        # the probability density of the direction that the two tables really give, cell by cell
        row_chance = np.bincount(self._row_of, minlength=_ROWS) / (_ROWS * _FINE)
        column_chance = np.stack(
            [np.diff(np.interp(edges, turn, np.arange(_FINE + 1) / _FINE)) for turn in self._turn_of]
        )
        density = row_chance[:, None] * column_chance / solid_angle
        self._weights = (colour.reshape(3, _ROWS, _COLUMNS) / np.maximum(density, 1e-9)).astype(np.float32)
        self.table_irradiance = np.float32(np.pi / float(TABLE))


def mixed_rows(table: Array, row: np.ndarray, entry: np.ndarray, part: Array) -> Array:
    """Interpolate along the rows of an inverse table."""
    return np.asarray(table[row, entry] * (1 - part) + table[row, entry + 1] * part, np.float32)


def _direction(up: Array, azimuth: Array) -> Array:
    """Unit vectors from the sine of the elevation and the azimuth in turns."""
    angle, level = azimuth * np.float32(2 * np.pi), np.sqrt(np.maximum(1 - up * up, 0))
    return np.stack([np.sin(angle) * level, up, np.cos(angle) * level]).astype(np.float32)
