"""Turned vessels, lit like in a studio: cup, bowl, glass, jar, basket. A profile is turned about its axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Picture
from wan_engine.storyboard.picture.noise import fractal
from wan_engine.storyboard.picture.raster import Field, mix, smoothstep
from wan_engine.storyboard.stage import Stage

#: How much we look down on the table: the short axis of a circle as a share of its long one.
TILT = 0.30
#: Points on a profile.
KNOTS = 160

Profile = tuple[tuple[float, float], ...]
_CUP: Profile = ((0, 1.0), (0.06, 0.985), (0.30, 0.93), (0.60, 0.78), (0.82, 0.56), (0.90, 0.47), (1.0, 0.47))
_BOWL: Profile = ((0, 1.0), (0.05, 0.985), (0.35, 0.88), (0.65, 0.68), (0.86, 0.46), (0.92, 0.40), (1.0, 0.42))
_POT: Profile = (
    (0, 0.40),
    (0.05, 0.46),
    (0.22, 0.86),
    (0.42, 1.0),
    (0.62, 0.97),
    (0.84, 0.72),
    (0.94, 0.56),
    (1.0, 0.56),
)
_JAR: Profile = (
    (0, 0.62),
    (0.07, 0.60),
    (0.12, 0.66),
    (0.26, 0.95),
    (0.42, 1.0),
    (0.70, 0.88),
    (0.94, 0.64),
    (1.0, 0.62),
)
_VASE: Profile = (
    (0, 0.42),
    (0.05, 0.34),
    (0.18, 0.30),
    (0.28, 0.38),
    (0.38, 0.62),
    (0.48, 0.86),
    (0.58, 0.98),
    (0.66, 1.0),
    (0.76, 0.94),
    (0.88, 0.76),
    (1.0, 0.56),
)
_GLASS: Profile = ((0, 1.0), (0.5, 0.93), (0.96, 0.84), (1.0, 0.80))
_BASKET: Profile = ((0, 1.0), (0.08, 0.985), (0.5, 0.93), (0.85, 0.82), (1.0, 0.74))
_STOVE: Profile = ((0, 0.92), (0.07, 1.0), (0.12, 0.92), (0.45, 0.90), (0.75, 0.74), (0.92, 0.66), (1.0, 0.70))


@dataclass(frozen=True, slots=True)
class Ware:
    """What a vessel is made of and how it is formed."""

    profile: Profile  #: (height from the rim 0 to the foot 1, radius 0 to 1)
    tall: float  #: height as a share of the full width
    glaze: str
    gloss: float  #: 0 matt clay, 1 porcelain
    liquid: str | None = None  #: what it holds; None for a closed body
    level: float = 0.10  #: how far below the rim it stands, as a share of the height
    clear: bool = False  #: of glass
    woven: bool = False


WARES: dict[str, Ware] = {
    "cup": Ware(_CUP, 0.62, "#b4cfbd", 0.9, "#b98a2e"),
    "bowl": Ware(_BOWL, 0.46, "#f1ece2", 0.85, "#e9dcc0", 0.13),
    "dark bowl": Ware(_BOWL, 0.46, "#3a3230", 0.8, "#c9a15a", 0.13),
    "pot": Ware(_POT, 0.66, "#8b4a37", 0.35),
    "jar": Ware(_JAR, 1.02, "#36403f", 0.75),
    "vase": Ware(_VASE, 1.25, "#a9c4b6", 0.85),
    "glass": Ware(_GLASS, 1.12, "#dfeaea", 1.0, "#c8c46a", 0.16, clear=True),
    "basket": Ware(_BASKET, 0.36, "#c39a5c", 0.12, "#8a6a3c", 0.20, woven=True),
    "stove": Ware(_STOVE, 0.62, "#6a4a3c", 0.2),
}


def vessel(stage: Stage, ware: Ware, width: float) -> tuple[Picture, tuple[float, float]]:
    """A vessel as a picture, and where the middle of its foot lies in it (x, y in pixels)."""
    half, pad = width / 2, 4
    tall = ware.tall * width
    columns = int(width) // 2 * 2 + 2 * pad
    rows = int(tall + 2 * TILT * half) // 2 * 2 + 2 * pad
    x = ((np.arange(columns, dtype=np.float32) - (columns - 1) / 2) / half)[None, :]
    y = ((np.arange(rows, dtype=np.float32) - pad - TILT * half) / half)[:, None]  # 0 is the rim's middle
    span = tall / half
    knots = np.array(ware.profile)
    heights = np.linspace(0, 1, KNOTS)
    radii = _smooth(np.interp(heights, knots[:, 0], knots[:, 1]))
    slopes = np.gradient(radii, heights) / span

    def front(radius: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How far the wall's front hangs below its own height: it is nearer to us."""
        return np.asarray(TILT * np.sqrt(np.clip(radius**2 - x**2, 0, None)), np.float64)

    # Which height of the wall is seen at a pixel: found by going there in a few steps.
    place = np.broadcast_to(y / span, (rows, columns)).astype(np.float64)
    for _ in range(6):
        place = np.clip((y - front(np.interp(place, heights, radii))) / span, 0, 1)
    radius, slope = np.interp(place, heights, radii), np.interp(place, heights, slopes)
    missed = np.abs(y - front(radius) - place * span)
    inside = np.clip((radius - np.abs(x)) * half + 0.5, 0, 1) * (missed < 0.02)
    foot, rim = float(radii[-1]), float(radii[0])
    base = _ellipse(x, y - span, foot, half)
    mouth = _ellipse(x, y, rim, half)
    alpha = np.asarray(np.maximum(np.maximum(inside, base), mouth), np.float32)
    body = _lit(stage, ware, x, place, radius, slope)
    rgb = _mouth(stage, ware, body, x, y, rim=rim, half=half, span=span)
    if ware.clear:
        rgb, alpha = _glass(stage, ware, alpha, x, y, place, radius, rim=rim, half=half, span=span)
    return Picture(np.clip(rgb, 0, 1), alpha), (columns / 2, pad + TILT * half + tall)


def mouth_of(ware: Ware, width: float, foot: float) -> float:
    """The row of what a vessel holds, when its foot stands on row `foot`."""
    return foot - ware.tall * width + ware.level * ware.tall * width * 0.5


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    kernel = np.hanning(25)
    return np.convolve(np.pad(values, 12, mode="edge"), kernel / kernel.sum(), mode="valid")


def _ellipse(x: Field, y: Field, radius: float, half: float, squash: float = TILT) -> Field:
    """Coverage of a circle that lies flat."""
    reach = np.sqrt((x / radius) ** 2 + (y / (radius * squash)) ** 2)
    return np.asarray(np.clip((1 - reach) * radius * squash * half + 0.5, 0, 1), np.float32)


def _glaze(stage: Stage, ware: Ware) -> Field:
    return blend(colour(ware.glaze), stage.palette.zenith, 0.42 if stage.palette.dark else 0.06)


def _lit(
    stage: Stage,
    ware: Ware,
    x: Field,
    place: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
) -> Field:
    """The wall under a large soft light from the side, with its image in the glaze."""
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    normal_x = np.clip(x / np.maximum(radius, 1e-3), -1, 1)
    normal_z = np.sqrt(np.clip(1 - normal_x**2, 0, 1))
    facing = 0.62 * side * normal_x + 0.62 * normal_z - 0.45 * slope / np.sqrt(1 + slope**2)
    glaze = _glaze(stage, ware)
    lit = smoothstep(-0.55, 1.0, facing)
    dark = mix(glaze * 0.34, palette.zenith, 0.16)
    rgb = mix(dark, glaze * 1.04, lit)
    height = np.asarray(place, np.float32)
    # Light from the table fills the lower wall; the shadow side catches the room at its rim.
    rgb = mix(rgb, blend(palette.horizon, glaze, 0.5), smoothstep(0.4, 1.0, height) * 0.14)
    rgb = mix(rgb, palette.haze, np.abs(normal_x) ** 6 * 0.28 * (0.4 + 0.6 * ware.gloss))
    if ware.woven:
        turn = np.arcsin(normal_x)
        weave = 0.5 + 0.5 * np.sin(turn * 34) * np.sign(np.sin(place * 44))
        ribs = 0.5 + 0.5 * np.cos(place * 88)
        return np.asarray(rgb * (0.66 + 0.24 * weave + 0.16 * ribs)[..., None], np.float32)
    window = (
        np.exp(-(((normal_x - side * 0.52) / 0.13) ** 2))
        * smoothstep(0.03, 0.12, height)
        * smoothstep(0.86, 0.45, height)
    )
    soft = np.exp(-(((normal_x + side * 0.70) / 0.10) ** 2)) * 0.25
    rgb = mix(rgb, blend(palette.light, colour("#ffffff"), 0.5), (window * 0.80 + soft) * ware.gloss)
    if ware.gloss < 0.6:
        speck = fractal(stage.random("clay body"), (lit.shape[0], lit.shape[1]), 5, octaves=2)
        rgb = np.asarray(rgb * (1 + 0.05 * speck[..., None]), np.float32)
    return rgb


def _mouth(stage: Stage, ware: Ware, body: Field, x: Field, y: Field, *, rim: float, half: float, span: float) -> Field:
    """The opening: a bright lip, the inner wall in shade, and what is in the vessel."""
    if ware.liquid is None:
        return body
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    glaze = _glaze(stage, ware)
    shade = np.clip(0.60 - 0.30 * side * x - 0.7 * y, 0.25, 1.0)
    inner = _ellipse(x, y, rim * 0.965, half)
    rgb = mix(body, mix(glaze, blend(palette.light, colour("#ffffff"), 0.5), 0.55), _ellipse(x, y, rim, half))
    rgb = mix(rgb, glaze * shade[..., None], inner)
    drop = ware.level * span * 0.5
    surface = _ellipse(x, y - drop, rim * 0.90, half, TILT * 0.92) * inner
    tone = blend(colour(ware.liquid), palette.zenith, 0.35 if palette.dark else 0.0)
    depth = np.clip(0.75 + 0.22 * side * x + 0.9 * y, 0.45, 1.25)
    glint = np.exp(-(((x - side * 0.30) / 0.22) ** 2 + ((y + 0.02) / 0.045) ** 2)) * (0.1 if ware.woven else 0.55)
    held = mix(tone * depth[..., None], blend(palette.light, colour("#ffffff"), 0.4), glint)
    return mix(rgb, held, surface)


def _glass(
    stage: Stage,
    ware: Ware,
    cover: Field,
    x: Field,
    y: Field,
    place: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    *,
    rim: float,
    half: float,
    span: float,
) -> tuple[Field, Field]:
    """Glass: seen through but for its rim, its edges and two strips of window; the drink fills it to its level."""
    assert ware.liquid is not None
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    across = np.clip(x / np.maximum(radius, 1e-3), -1, 1)
    mouth = _ellipse(x, y, rim, half)
    wall = cover * (1 - mouth)
    white = blend(palette.light, colour("#ffffff"), 0.6)
    tone = blend(colour(ware.liquid), palette.zenith, 0.35 if palette.dark else 0.04)
    height = np.asarray(place, np.float32)
    edge = smoothstep(0.86, 1.0, np.abs(across))

    drink = mix(shifted(tone, lightness=1.15), shifted(tone, lightness=0.62), edge * 0.7 + 0.22 * height)
    filled = smoothstep(ware.level - 0.008, ware.level + 0.008, height) * smoothstep(0.965, 0.945, height) * wall
    rgb = mix(blend(palette.haze, colour("#ffffff"), 0.35), drink, filled)
    alpha = wall * 0.10 + filled * 0.46 + wall * edge * 0.34
    # The surface of the drink, with a bright line where it meets the glass.
    level = y - ware.level * span
    reach = float(np.interp(ware.level, [0, 1], [rim, 0.80 * rim])) * 0.965
    surface = _ellipse(x, level, reach, half, TILT * 0.94) * np.maximum(wall, mouth)
    line = np.exp(-(((np.hypot(x / reach, level / (reach * TILT * 0.94)) - 0.985) / 0.022) ** 2)) * np.maximum(
        wall, mouth
    )
    rgb = mix(rgb, shifted(tone, lightness=1.28), surface)
    alpha = np.maximum(alpha, surface * 0.55)
    # Lights: the window twice, the rim, the thick foot.
    strips = 0.85 * np.exp(-(((across - side * 0.60) / 0.055) ** 2)) + 0.42 * np.exp(
        -(((across + side * 0.80) / 0.030) ** 2)
    )
    strips *= wall * smoothstep(0.03, 0.10, height) * smoothstep(0.97, 0.80, height)
    ring = np.clip(mouth - _ellipse(x, y, rim * 0.968, half), 0, 1)
    foot = np.exp(-(((height - 0.955) / 0.012) ** 2)) * wall
    shine = np.clip(strips * 0.8 + ring * 0.75 + foot * 0.5 + line * 0.35, 0, 1)
    return mix(rgb, white, shine), np.asarray(np.clip(np.maximum(alpha, shine), 0, 1), np.float32)
