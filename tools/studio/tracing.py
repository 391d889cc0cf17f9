"""What one sample of each pixel sees."""

from __future__ import annotations

import numpy as np

from studio import randomness
from studio.exposure import Exposure
from studio.gathering import FILL, bounced, irradiance, mirrored
from studio.glass import Numbers, is_glass, see_through
from studio.randomness import Sampler
from studio.scene import LIFT, NOTHING, Meeting, Scene
from studio.vectors import Array

_HORIZON = 1e4  # decimetres beyond which the table is only paper


def expose(scene: Scene, exposure: Exposure, sampler: Sampler) -> None:
    """Add one sample to each pixel of the exposure; the sampler knows their numbers in the picture."""
    number = sampler.pixels.astype(np.float32)
    origin, direction = scene.camera.rays(number, scene.width, scene.height, sampler)
    meeting = scene.first(origin, direction, glass=True)
    through, sheen, glassy = see_through(scene, origin, direction, meeting)
    meeting.solid = np.where(is_glass(scene, meeting), NOTHING, meeting.solid)  # lost in it: as if it were paper
    exposure.samples += 1
    table = np.flatnonzero((meeting.solid < 0) & ~glassy)
    light = _table_light(scene, origin[:, table], direction[:, table], meeting.chosen(table), sampler.chosen(table))
    exposure.table[:, table] += light
    exposure.table_square[table] += light.mean(axis=0) ** 2
    thing = np.flatnonzero((meeting.solid >= 0) | glassy)
    if thing.size:
        _things(
            scene, exposure, thing, (origin, direction, through, sheen), meeting.chosen(thing), sampler.chosen(thing)
        )


def _things(
    scene: Scene,
    exposure: Exposure,
    thing: Numbers,
    rays: tuple[Array, Array, Array, Array],
    meeting: Meeting,
    sampler: Sampler,
) -> None:
    """Add what the rays numbered `thing` see: a solid, or something behind glass."""
    origin, way, through, sheen = (part[:, thing] for part in rays)
    meeting.along = np.where(meeting.solid == NOTHING, 0, meeting.along)
    place = origin + way * meeting.along
    surface, plain = scene.surfaces(place, meeting)
    light = np.full_like(place, scene.light.table_irradiance)
    lit = np.flatnonzero(meeting.solid != NOTHING)
    above, part, drawn = place[:, lit] + plain[:, lit] * LIFT, surface.chosen(lit), sampler.chosen(lit)
    light[:, lit] = irradiance(scene, above, part.normal, plain[:, lit], drawn)
    sheen[:, lit] += through[:, lit] * mirrored(scene, above, way[:, lit], part, plain[:, lit], drawn)
    exposure.coverage[thing] += 1
    exposure.colour[:, thing] += surface.colour * through * (1 - surface.metal)
    exposure.irradiance[:, thing] += light
    exposure.irradiance_square[thing] += light.mean(axis=0) ** 2
    exposure.sheen[:, thing] += sheen
    exposure.sheen_square[thing] += sheen.mean(axis=0) ** 2
    exposure.normal[:, thing] += surface.normal
    exposure.depth[thing] += meeting.along


def _table_light(scene: Scene, origin: Array, direction: Array, meeting: Meeting, sampler: Sampler) -> Array:
    """Light on the table as parts of the open table's, (3, n)."""
    result = np.ones_like(origin)
    close = np.flatnonzero((meeting.solid != NOTHING) & (meeting.along < _HORIZON))
    place = origin[:, close] + direction[:, close] * meeting.along[close]
    place[1] = LIFT
    up = np.zeros_like(place)
    up[1] = 1
    drawn = sampler.chosen(close)
    way, weight = scene.light.sample(*drawn.pair(randomness.LIGHT))
    # counted as what is lost: where nothing shades the table there is no noise at all
    lost = weight * (way[1] * (1 - scene.open_sky(place, way)))
    gained = bounced(scene, place, up, up, drawn)
    result[:, close] += (gained - lost) * (1 - FILL) / scene.light.table_irradiance
    return result
