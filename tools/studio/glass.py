"""Light through glass: refracted twice by each wall, mirrored at each face, tinted by the way between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.scene import LIFT, Meeting, Scene
from studio.vectors import Array, Flags, dot, reflected, refracted

Numbers = NDArray[np.intp]

GLASS_INDEX = 1.5
#: Extinction per decimetre: a trace of green.
_TINT = np.array([[0.35], [0.12], [0.25]], np.float32)
#: How much of a wall's second mirror image comes back out through its first face.
_SECOND = np.float32(0.6)
_WALLS = 3  # that a ray may pass: near, far, and one more at a rim
_TURNS = 4  # that a ray may take inside a wall


def see_through(scene: Scene, origin: Array, direction: Array, meeting: Meeting) -> tuple[Array, Array, Flags]:
    """Follow rays through all glass, until they meet something else. Changes its arguments.

    Returns
    -------
    How much of what is behind comes through (3, n), the mirrored light that is added (3, n), and which rays met glass.
    """
    through, sheen = np.ones_like(origin), np.zeros_like(origin)
    glassy = np.zeros(origin.shape[1], bool)
    for _ in range(_WALLS):
        index = np.flatnonzero(is_glass(scene, meeting))
        if index.size == 0:
            break
        glassy[index] = True
        _pass_wall(scene, index, origin, direction, meeting, through, sheen)
        again = scene.first(origin[:, index], direction[:, index], glass=True)
        meeting.along[index], meeting.solid[index] = again.along, again.solid
    return through, sheen, glassy


def is_glass(scene: Scene, meeting: Meeting) -> Flags:
    """Which rays meet glass."""
    return np.isin(meeting.solid, [number for number, one in enumerate(scene.solids) if one.glass])


def _pass_wall(
    scene: Scene, index: Numbers, origin: Array, direction: Array, meeting: Meeting, through: Array, sheen: Array
) -> None:
    """Take the rays at `index` through one wall: in, perhaps mirrored inside, and out. Changes its arguments."""
    for number in np.unique(meeting.solid[index]):
        some = index[meeting.solid[index] == number]
        glass = scene.solids[number]
        way = direction[:, some]
        place = origin[:, some] + way * meeting.along[some]
        normal = glass.facing(place)
        sheen[:, some] += through[:, some] * _gleam(scene, place, way, normal)
        through[:, some] *= 1 - _fresnel(-dot(way, normal))
        way, _ = refracted(way, normal, 1 / GLASS_INDEX)
        place = place - normal * LIFT
        inside = np.ones(some.size, bool)
        for _ in range(_TURNS):
            walk = np.flatnonzero(inside)
            if walk.size == 0:
                break
            thick = glass.meet(place[:, walk], way[:, walk], np.full(walk.size, 9, np.float32), inside=True)
            thick = np.minimum(thick, 9)
            through[:, some[walk]] *= np.exp(-_TINT * thick)
            place[:, walk] += way[:, walk] * thick
            normal = glass.facing(place[:, walk])
            bent, total = refracted(way[:, walk], -normal, GLASS_INDEX)
            out = ~total
            kept = some[walk[out]]
            gleam = _gleam(scene, place[:, walk[out]], bent[:, out], -normal[:, out])
            sheen[:, kept] += through[:, kept] * gleam * _SECOND
            through[:, kept] *= 1 - _fresnel(dot(bent, normal)[out])
            way[:, walk] = np.where(total, reflected(way[:, walk], normal), bent)
            place[:, walk] += normal * np.where(total, -LIFT, LIFT)
            inside[walk[out]] = False
        origin[:, some], direction[:, some] = place, way


def _gleam(scene: Scene, place: Array, way: Array, normal: Array) -> Array:
    """The light's image in glass."""
    back = reflected(way, normal)
    flat = place[1] / np.maximum(-back[1], 1e-3)
    paper = scene.paper(place + back * flat) * (back[1] < 0)
    light = scene.light.radiance(back)
    return (light + (np.float32(0.9) - light) * paper) * _fresnel(np.abs(dot(way, normal)))


def _fresnel(cosine: Array) -> Array:
    base = ((GLASS_INDEX - 1) / (GLASS_INDEX + 1)) ** 2
    return np.asarray(base + (1 - base) * (1 - np.clip(cosine, 0, 1)) ** 5, np.float32)
