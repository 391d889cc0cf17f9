"""What the film gathers: sums over samples, the parts of light kept apart.

A thing's picture is colour × irradiance + sheen: kept apart so that noise can be taken out of smooth light and not out
of a pattern. The table is only a catcher of shadow: how much of the open table's light arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from studio.vectors import Array


@dataclass
class Exposure:
    """Sums over samples, per pixel: (n,) or (3, n)."""

    samples: Array
    coverage: Array  #: samples that saw a thing
    colour: Array
    irradiance: Array
    sheen: Array  #: mirrored and transmitted light
    table: Array  #: light on the table, 1 where it is open, summed over the samples that saw the table
    normal: Array
    depth: Array
    irradiance_square: Array  #: of brightness, for the variance
    sheen_square: Array
    table_square: Array

    @classmethod
    def empty(cls, count: int) -> Exposure:
        """Nothing seen yet."""
        wide = {"colour", "irradiance", "sheen", "table", "normal"}
        shapes = {field.name: (3, count) if field.name in wide else (count,) for field in fields(cls)}
        return cls(**{name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
