"""A room: the wall on which a window's light falls, and the table before it."""

from __future__ import annotations

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import fractal, line
from wan_engine.storyboard.picture.raster import Field, blur, mix, smoothstep, spread
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.stage import Stage

#: Where the far edge of the table lies, as a share of the height.
TABLE = 0.43
#: Kinds of windows, by what they let through.
WINDOWS = ("lattice", "tall", "round", "slats", "open")
#: What walls are painted with: sand, sage, stone, rose, celadon, ochre.
PLASTERS = ("#d9c6a8", "#bfc6ac", "#c6c0b8", "#d4b3a2", "#a9c1ba", "#d3b483")


def side_of_light(stage: Stage) -> float:
    """-1 if the light comes from the left, 1 if from the right."""
    return -1.0 if stage.light[0] < 0.5 else 1.0


def wall(stage: Stage) -> Layer:
    """A wall on which the window's light falls through its lattice."""
    top, rows = stage.rows(-stage.margin, stage.height * TABLE + stage.unit * 0.2)
    x, y = stage.grid(top, rows)
    palette = stage.palette
    u = ((x / stage.width) - 0.5) * side_of_light(stage)  # positive towards the window
    v = y / (stage.height * TABLE)
    rng = stage.random("plaster")
    plaster = colour(PLASTERS[int(rng.integers(len(PLASTERS)))])
    share = 0.18 if palette.dark else 0.60
    warm = blend(blend(palette.horizon, palette.haze, 0.4), plaster, share)
    deep = blend(blend(blend(palette.zenith, palette.near, 0.35), warm, 0.18), plaster * 0.52, share)
    lit = smoothstep(-0.75, 0.75, u + 0.55 * (v - 0.45))
    rgb = mix(deep, warm, lit)
    pane = _pane(stage, np.asarray(u, np.float32), np.asarray(v, np.float32))
    rgb = mix(rgb, palette.light, pane * (0.20 if palette.dark else 0.42))
    fall = np.broadcast_to(0.45 + 0.55 * smoothstep(1.12, 0.65, v), rgb.shape[:2])
    rgb = mix(blend(deep, palette.near, 0.35) * np.ones_like(rgb), rgb, fall.astype(np.float32))
    return stage.layer(Picture(stage.style.wall(stage, rgb, top)), 0.10, name="wall", top=top)


def _pane(stage: Stage, u: Field, v: Field) -> Field:
    """The window's image on the wall: slanted, barred, out of focus, with shadows of leaves that stand outside."""
    rng = stage.random("pane")
    kind = WINDOWS[int(rng.integers(len(WINDOWS)))]
    across = np.asarray(u * 1.9 + 0.42 * v - 0.08, np.float32)
    down = np.asarray(v * 1.25 - 0.20 * u - 0.16, np.float32)
    match kind:
        case "lattice" | "tall":
            columns, rows = (3.0, 4.0) if kind == "lattice" else (2.0, 2.6)
            bars = np.minimum(np.abs((across * columns) % 1.0 - 0.5), np.abs((down * rows) % 1.0 - 0.5))
            pane = smoothstep(0.02, 0.07, bars)
        case "slats":
            pane = smoothstep(0.16, 0.26, np.abs((down * 9.0) % 1.0 - 0.5))
        case _:
            pane = np.ones_like(across)
    if kind == "round":
        reach = np.hypot(across - 0.08, (down - 0.50) * 1.05)
        bars = np.minimum(np.abs((across * 4.4) % 1.0 - 0.5), np.abs((down * 4.4) % 1.0 - 0.5))
        pane = smoothstep(0.47, 0.43, reach) * smoothstep(0.02, 0.08, bars)
    else:
        for low, value in ((-0.46, across), (-0.62, -across), (0.0, down), (-1.02, -down)):
            pane = pane * smoothstep(low, low + 0.07, value)
    leaves = fractal(rng, (pane.shape[0], pane.shape[1]), 0.15 * stage.unit, octaves=4, gain=0.55, stretch=1.5)
    shaded = blur(pane, 0.012 * stage.unit) * (0.58 + 0.42 * smoothstep(-0.45, 0.35, blur(leaves, 0.008 * stage.unit)))
    return np.asarray(shaded, np.float32)


def tabletop(stage: Stage) -> Layer:
    """Boards of dark wood that run towards us, with the light of the window on them."""
    rng = stage.random("table")
    top, rows = stage.rows(stage.height * TABLE)
    x, y = stage.grid(top, rows)
    palette, unit = stage.palette, stage.unit
    wood = blend(blend(colour("#8f6440"), palette.haze, 0.10), palette.near, 0.45 if palette.dark else 0.06)
    depth = np.asarray((y - top) / (stage.height - top), np.float32)
    across = (x - stage.width / 2) / (0.55 + 0.75 * depth) / unit  # boards come towards us
    grain = line(rng, 4096, 22, octaves=5, gain=0.7)
    index = np.clip((across + 1.6) / 3.2 * 4095, 0, 4095).astype(np.int32)
    streak = grain[index] * 0.5 + 0.35 * fractal(
        rng, (rows, stage.canvas_width), 0.10 * unit, octaves=4, gain=0.6, stretch=0.35
    )
    gap = smoothstep(0.494, 0.4995, np.abs((across * 2.6 + 0.2) % 1.0 - 0.5))
    reach = (x - stage.width * (0.5 + 0.22 * side_of_light(stage))) / (0.55 * unit)
    glow = np.exp(-(reach**2)) * smoothstep(0.75, 0.02, depth)
    rgb = np.asarray(wood * (1 + 0.13 * np.clip(streak, -1.5, 1.5))[..., None], np.float32)
    rgb = mix(rgb, blend(palette.light, wood, 0.35), glow * 0.42)
    rgb = mix(rgb, palette.near * 0.5, gap * 0.55)
    shape = rgb.shape[:2]
    edge = np.exp(-((y - top) / (0.006 * unit))) * 0.30
    rgb = mix(rgb, palette.light, np.broadcast_to(edge, shape).astype(np.float32))
    # Darker towards our feet: a calm place for words.
    calm = np.broadcast_to(smoothstep(0.15, 1.0, depth) * 0.72, shape).astype(np.float32)
    rgb = mix(rgb, blend(wood * 0.24, colour("#171210"), 0.35), calm)
    alpha = np.broadcast_to(np.clip(y - top - 1, 0, 1), shape).astype(np.float32)
    picture = stage.style.board(stage, Picture(np.clip(rgb, 0, 1), alpha), "table")
    return stage.layer(picture, 0.55, name="table", top=top)


def put(
    stage: Stage,
    picture: Picture,
    anchor: tuple[float, float],
    *,
    x: float,
    foot: float,
    name: str,
    depth: float = 0.62,
    wide: float | None = None,
) -> list[Layer]:
    """A thing on the table with its shadow.

    Parameters
    ----------
    anchor:
        The middle of the thing's foot in its picture, pixels.
    x, foot:
        Where that lies in the frame.
    wide:
        Half the width on which it stands, in pixels; measured if not given.
    """
    assert picture.alpha is not None
    half = _half_width(picture.alpha) if wide is None else wide
    left, top = round((x - anchor[0]) / 2) * 2, round((foot - anchor[1]) / 2) * 2
    painted = stage.style.thing(stage, picture, 0.98, name)
    return [_shadow(stage, half, x, foot, depth, name), stage.layer(painted, depth, name=name, top=top, left=left)]


def drawn(stage: Stage, sheet: Sketch, name: str, depth: float = 0.62) -> Layer:
    """What is sketched over a thing on the table: what lies in it, or is tied or pasted to it."""
    picture = stage.style.thing(stage, sheet.picture(), 0.98, name)
    return stage.layer(picture, depth, name=name, top=sheet.top, left=sheet.left)


def _half_width(alpha: Field) -> float:
    height = alpha.shape[0]
    rows = np.flatnonzero(alpha.max(axis=1) > 0.5)
    foot = alpha[max(0, rows[-1] - max(2, height // 12)) : rows[-1]] > 0.5
    return float(foot.any(axis=0).sum()) / 2


def _shadow(stage: Stage, half: float, x: float, foot: float, depth: float, name: str) -> Layer:
    """Tight where it touches, wide and soft away from the window."""
    pad = max(8, int(half * 1.6) // 2 * 2)
    rows = np.arange(-pad // 2, pad // 2, dtype=np.float32)[:, None]
    columns = np.arange(-2 * pad, 2 * pad, dtype=np.float32)[None, :]
    close = np.exp(-np.clip(np.hypot(columns / half, rows / (half * 0.30)) - 0.82, 0, None) * 7)
    cast = np.exp(
        -(np.hypot((columns + side_of_light(stage) * half * 0.75) / (half * 1.55), rows / (half * 0.40)) ** 2)
    )
    fade = smoothstep(2.0 * pad, 1.4 * pad, np.abs(columns)) * smoothstep(0.5 * pad, 0.34 * pad, np.abs(rows))
    alpha = np.asarray(np.clip(0.62 * close + 0.42 * cast, 0, 0.82) * fade, np.float32)
    dark = spread(blend(stage.palette.near, colour("#120c08"), 0.85), alpha)
    ground = round((foot - half * 0.10) / 2) * 2
    return stage.layer(
        Picture(dark, alpha), depth, name=f"{name} shadow", top=ground - pad // 2, left=round(x / 2) * 2 - 2 * pad
    )
