"""The light that arrives at a place: straight from the lamps, by way of one other surface, and mirrored.

Everywhere, `place` is (3, n) a little above the surface, `normal` is what light sees and `plain` the true shape's.
"""

from __future__ import annotations

import numpy as np

from studio import randomness
from studio.randomness import Sampler
from studio.scene import LIFT, NOTHING, TABLE_TOP, Meeting, Scene
from studio.surface import Surface
from studio.vectors import Array, around, dot, normalised, reflected

#: Light that further bounces in a white tent add, as part of the open table's irradiance.
FILL = np.float32(0.10)


def direct(scene: Scene, place: Array, normal: Array, plain: Array, sampler: Sampler, purpose: int) -> Array:
    """One sample of the irradiance that comes straight from the light, (3, n)."""
    way, weight = scene.light.sample(*sampler.pair(purpose))
    cosine = np.where(dot(plain, way) > 1e-3, np.maximum(dot(normal, way), 0), 0)
    index = np.flatnonzero(cosine > 0)
    result = np.zeros_like(place)
    if index.size:
        result[:, index] = weight[:, index] * (cosine[index] * scene.open_sky(place[:, index], way[:, index]))
    return result


def irradiance(scene: Scene, place: Array, normal: Array, plain: Array, sampler: Sampler) -> Array:
    """One sample of all the irradiance at each place, (3, n)."""
    light = direct(scene, place, normal, plain, sampler, randomness.LIGHT)
    return light + bounced(scene, place, normal, plain, sampler)


def bounced(scene: Scene, place: Array, normal: Array, plain: Array, sampler: Sampler) -> Array:
    """Irradiance by way of one other surface: one cosine-distributed sample."""
    u, v = sampler.pair(randomness.BOUNCE)
    radius, angle = np.sqrt(u), v * np.float32(2 * np.pi)
    way = around(normal, radius * np.cos(angle), radius * np.sin(angle), np.sqrt(np.maximum(1 - u, 0)))
    meeting = scene.first(place, way)
    index = np.flatnonzero((meeting.solid != NOTHING) & (dot(plain, way) > 1e-3))
    result = np.zeros_like(place)
    if index.size:
        seen = _seen(scene, place, way, meeting, index, sampler, randomness.BOUNCE_LIGHT)
        result[:, index] = seen * np.float32(np.pi)
    return result


def _seen(
    scene: Scene, place: Array, way: Array, meeting: Meeting, index: np.ndarray, sampler: Sampler, purpose: int
) -> Array:
    """The radiance (3, k) of what the rays at `index` met: its diffuse light, and the light's image in it."""
    along, solid = meeting.along[index], meeting.solid[index]
    there = place[:, index] + way[:, index] * along
    part = Meeting(along, solid)
    surface, plain = scene.surfaces(there, part)
    light = direct(scene, there + plain * LIFT, surface.normal, plain, sampler.chosen(index), purpose)
    light += FILL * scene.light.table_irradiance
    diffuse = surface.colour * light * ((1 - surface.metal) / np.float32(np.pi))
    back = reflected(way[:, index], surface.normal)
    gleam = np.where(back[1] > 0, 1, 0) * scene.light.radiance(back)
    return diffuse + gleam * np.where(surface.metal > 0, surface.colour, surface.gloss)


def mirrored(scene: Scene, place: Array, way: Array, surface: Surface, plain: Array, sampler: Sampler) -> Array:
    """The mirrored light of each place, (3, n): one sample of a lobe as wide as the roughness."""
    u, v = sampler.pair(randomness.GLOSS)
    spread = surface.roughness**2 * np.sqrt(np.minimum(u / np.maximum(1 - u, 1e-4), 40))  # GGX half vectors
    angle, rise = v * np.float32(2 * np.pi), 1 / np.sqrt(1 + spread**2)
    half = around(surface.normal, spread * rise * np.cos(angle), spread * rise * np.sin(angle), rise)
    cosine = np.clip(-dot(way, half), 0, 1)
    back = reflected(way, half)
    back = normalised(back + plain * np.maximum(0.02 - dot(back, plain), 0))  # never into the thing itself
    fresnel = (1 - cosine) ** 5 * (1 - surface.roughness) ** 2
    strength = np.where(surface.metal > 0, surface.colour, surface.gloss)
    strength = strength + (1 - strength) * fresnel * (surface.gloss > 0)
    result = np.zeros_like(place)
    index = np.flatnonzero(strength.max(axis=0) > 1e-4)
    if index.size:
        meeting = scene.first(place[:, index], back[:, index])
        seen = scene.light.radiance(back[:, index])
        met = np.flatnonzero(meeting.solid != NOTHING)
        if met.size:
            there = place[:, index[met]] + back[:, index[met]] * meeting.along[met]
            solid = np.where(meeting.solid[met] == TABLE_TOP, scene.paper(there), 1)
            image = _seen(
                scene, place[:, index], back[:, index], meeting, met, sampler.chosen(index), randomness.GLOSS_LIGHT
            )
            seen[:, met] += (image - seen[:, met]) * solid
        result[:, index] = seen * strength[:, index]
    return result
