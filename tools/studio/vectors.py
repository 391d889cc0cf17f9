"""Vector algebra on bundles: float32 arrays of shape (3, n), and (n,) for scalars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]


def vector(x: float, y: float, z: float) -> Array:
    """One vector as a column, shape (3, 1)."""
    return np.array([[x], [y], [z]], np.float32)


def dot(a: Array, b: Array) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def normalised(a: Array) -> Array:
    return a / np.sqrt(np.maximum(dot(a, a), np.float32(1e-20)))


def mixed(a: Array | float, b: Array | float, weight: Array) -> Array:
    """`a` where the weight is 0, `b` where it is 1."""
    return np.asarray(a + (b - a) * weight, np.float32)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between (they may be given in falling order)."""
    x = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return x * x * (3 - 2 * x)


def reflected(direction: Array, normal: Array) -> Array:
    return direction - 2 * dot(direction, normal) * normal


def refracted(direction: Array, normal: Array, ratio: float) -> tuple[Array, Flags]:
    """Bend directions at a surface whose normal faces them; `ratio` is n_from / n_to.

    Also says which are mirrored whole, because light cannot pass.
    """
    cosine = -dot(direction, normal)
    square = 1 - ratio * ratio * (1 - cosine * cosine)
    bent = ratio * direction + (ratio * cosine - np.sqrt(np.maximum(square, 0))) * normal
    return normalised(bent), square < 0


def around(normal: Array, x: Array, y: Array, z: Array) -> Array:
    """Turn local coordinates into directions about each normal (z along it; Duff et al., JCGT 2017)."""
    sign = np.where(normal[2] >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + normal[2])
    b = normal[0] * normal[1] * a
    tangent = np.stack([1 + sign * normal[0] ** 2 * a, sign * b, -sign * normal[0]])
    other = np.stack([b, sign + normal[1] ** 2 * a, -normal[1]])
    return tangent * x + other * y + normal * z


def turning(yaw: float = 0, pitch: float = 0, roll: float = 0) -> Array:
    """The rotation matrix (3, 3) for degrees about y, then x, then z; it maps local to world."""
    y, x, z = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)
