"""Turned vessels, lit like in a studio: cup, bowl, jar, pot. A profile is turned about its axis and seen from a little above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.stage import Stage

#: How much we look down on the table: the short axis of a circle as a share of its long one.
TILT = 0.30


@dataclass(frozen=True, slots=True)
class Ware:
    """What a vessel is made of and how it is formed."""

    profile: tuple[tuple[float, float], ...]  #: (height from the rim 0 to the foot 1, radius 0 to 1)
    tall: float  #: height as a share of the full width
    glaze: str
    gloss: float  #: 0 matt clay, 1 porcelain
    liquid: str | None = None
    level: float = 0.10  #: how far below the rim it stands, as a share of the height


WARES: dict[str, Ware] = {
    "cup": Ware(((0, 1.0), (0.06, 0.985), (0.30, 0.93), (0.60, 0.78), (0.82, 0.56), (0.90, 0.47), (1.0, 0.47)), 0.62, "#b4cfbd", 0.9, "#b98a2e"),
    "bowl": Ware(((0, 1.0), (0.05, 0.985), (0.35, 0.88), (0.65, 0.68), (0.86, 0.46), (0.92, 0.40), (1.0, 0.42)), 0.46, "#f1ece2", 0.85, "#e9dcc0", 0.13),
    "dark bowl": Ware(((0, 1.0), (0.05, 0.985), (0.35, 0.88), (0.65, 0.68), (0.86, 0.46), (0.92, 0.40), (1.0, 0.42)), 0.46, "#3a3230", 0.8, "#c9a15a", 0.13),
    "pot": Ware(((0, 0.40), (0.05, 0.46), (0.22, 0.86), (0.42, 1.0), (0.62, 0.97), (0.84, 0.72), (0.94, 0.56), (1.0, 0.56)), 0.66, "#8b4a37", 0.35),
    "jar": Ware(((0, 0.62), (0.08, 0.62), (0.20, 0.92), (0.40, 1.0), (0.70, 0.90), (0.94, 0.66), (1.0, 0.64)), 1.05, "#7f9fb0", 0.8),
}


def vessel(stage: Stage, ware: Ware, width: float) -> tuple[Picture, tuple[float, float]]:
    """A vessel as a picture, and where the middle of its foot lies in it (x, y in pixels)."""
    half = width / 2
    pad = 4
    tall = ware.tall * width
    columns = int(width) // 2 * 2 + 2 * pad
    rows = int(tall + 2 * TILT * half) // 2 * 2 + 2 * pad
    x = ((np.arange(columns, dtype=np.float32) - (columns - 1) / 2) / half)[None, :]
    y = ((np.arange(rows, dtype=np.float32) - pad - TILT * half) / half)[:, None]  # 0 is the rim's middle
    span = tall / half
    knots = np.array(ware.profile)
    heights = np.linspace(0, 1, 128)
    radii = _smooth(np.interp(heights, knots[:, 0], knots[:, 1]))
    slopes = np.gradient(radii, heights) / span

    # Which height of the wall is seen at a pixel: its front is nearer, so it hangs lower in the picture.
    place = np.broadcast_to(y / span, (rows, columns)).astype(np.float64)
    for _ in range(6):
        radius = np.interp(place, heights, radii)
        place = np.clip((y - TILT * np.sqrt(np.clip(radius**2 - x**2, 0, None))) / span, 0, 1)
    radius = np.interp(place, heights, radii)
    slope = np.interp(place, heights, slopes)
    residual = np.abs(y - TILT * np.sqrt(np.clip(radius**2 - x**2, 0, None)) - place * span)
    inside = np.clip((radius - np.abs(x)) * half + 0.5, 0, 1) * (residual < 0.02)
    foot = radii[-1]
    base = np.clip((1 - np.sqrt((x / foot) ** 2 + ((y - span) / (foot * TILT)) ** 2)) * foot * TILT * half + 0.5, 0, 1)
    rim = float(radii[0])
    mouth = np.clip((1 - np.sqrt((x / rim) ** 2 + (y / (rim * TILT)) ** 2)) * rim * TILT * half + 0.5, 0, 1)
    alpha = np.asarray(np.maximum(np.maximum(inside, base), mouth), np.float32)
    body = _lit(stage, ware, x, place, radius, slope)
    rgb = _mouth(stage, ware, body, x, y, rim, half, np.asarray(mouth, np.float32), span)
    return Picture(np.clip(rgb, 0, 1), alpha), (columns / 2, pad + TILT * half + tall)


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    kernel = np.hanning(13)
    padded = np.pad(values, 6, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _lit(stage: Stage, ware: Ware, x: Field, place: npt.NDArray[np.float64], radius: npt.NDArray[np.float64], slope: npt.NDArray[np.float64]) -> Field:
    """The wall under a large soft light from the side, with its image in the glaze."""
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    normal_x = np.clip(x / np.maximum(radius, 1e-3), -1, 1)
    normal_y = slope / np.sqrt(1 + slope**2)
    normal_z = np.sqrt(np.clip(1 - normal_x**2, 0, 1))
    facing = 0.62 * side * normal_x + 0.62 * normal_z - 0.45 * normal_y
    glaze = blend(colour(ware.glaze), palette.zenith, 0.42 if palette.dark else 0.06)
    lit = smoothstep(-0.55, 1.0, np.asarray(facing, np.float32))
    dark = mix(glaze * np.float32(0.34), palette.zenith, 0.16)
    rgb = mix(np.broadcast_to(dark, (*lit.shape, 3)).astype(np.float32), glaze * np.float32(1.04), lit)
    # Light from the table fills the lower wall; the rim of the shadow side catches the room.
    fill = smoothstep(0.4, 1.0, np.asarray(place, np.float32)) * np.float32(0.14)
    rgb = mix(rgb, blend(palette.horizon, glaze, 0.5), fill)
    edge = np.abs(normal_x) ** 6 * 0.28 * (0.4 + 0.6 * ware.gloss)
    rgb = mix(rgb, palette.haze, np.asarray(edge, np.float32))
    window = np.exp(-(((normal_x - side * 0.52) / 0.13) ** 2)) * smoothstep(0.03, 0.12, np.asarray(place, np.float32)) * smoothstep(0.86, 0.45, np.asarray(place, np.float32))
    soft = np.exp(-(((normal_x + side * 0.70) / 0.10) ** 2)) * 0.25
    white = blend(palette.light, colour("#ffffff"), 0.5)
    rgb = mix(rgb, white, np.asarray((window * 0.80 + soft) * ware.gloss, np.float32))
    if ware.gloss < 0.6:
        speck = fractal(stage.random("clay body"), lit.shape, 5, octaves=2)
        rgb = rgb * (1 + 0.05 * speck[..., None])
    return np.asarray(rgb, np.float32)


def _mouth(
    stage: Stage, ware: Ware, body: Field, x: Field, y: Field, rim: float, half: float, mouth: Field, span: float
) -> Field:
    """The opening: a bright lip, the inner wall in shade, and what is in the vessel."""
    if ware.liquid is None:
        return body
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    glaze = blend(colour(ware.glaze), palette.zenith, 0.42 if palette.dark else 0.06)
    inner = smoothstep(0.0, 2.2 / half, np.asarray(1 - np.sqrt((x / (rim * 0.965)) ** 2 + (y / (rim * 0.955 * TILT)) ** 2), np.float32))
    shade = np.clip(0.60 - 0.30 * side * x - 0.7 * y, 0.25, 1.0)
    wall = np.asarray(glaze * shade[..., None], np.float32)
    rgb = mix(body, mix(glaze, blend(palette.light, colour("#ffffff"), 0.5), 0.55), mouth)
    rgb = mix(rgb, wall, inner)
    drop = ware.level * span * 0.9
    held = rim * 0.90
    surface = smoothstep(0.0, 2.0 / half, np.asarray(1 - np.sqrt((x / held) ** 2 + ((y - drop * 0.55) / (held * TILT * 0.92)) ** 2), np.float32)) * inner
    tea = blend(colour(ware.liquid), palette.zenith, 0.35 if palette.dark else 0.0)
    depth = np.clip(0.75 + 0.45 * (side * x) * 0.5 + 0.9 * y, 0.45, 1.25)
    glint = np.exp(-(((x - side * 0.30) / 0.22) ** 2 + ((y + 0.02) / 0.045) ** 2))
    liquid = mix(np.asarray(tea * depth[..., None], np.float32), blend(palette.light, colour("#ffffff"), 0.4), np.asarray(glint * 0.55, np.float32))
    return mix(rgb, liquid, surface)
