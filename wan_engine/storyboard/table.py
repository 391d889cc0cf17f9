"""Composes a still life: a table by a window, what stands on it, and the light of the hour."""

from __future__ import annotations

import math

import numpy as np

from wan_engine.storyboard.particles import drift, lights, snow
from wan_engine.storyboard.particles.steam import steam
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.layer import Layer, Picture
from wan_engine.storyboard.picture.noise import fractal, line
from wan_engine.storyboard.picture.raster import Field, blur, mix, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import branch, food, lanterns, vessel
from wan_engine.storyboard.stage import Stage

#: Where the far edge of the table lies, as a share of the height.
TABLE = 0.615


def still_life(stage: Stage, plan: Plan) -> Scene:
    """The scene of a plan whose subject stands on a table."""
    scene = Scene(stage)
    scene.add(room(stage, plan), _bokeh(stage, plan), tabletop(stage))
    middle = stage.width * (0.5 + (0.03 if stage.light[0] < 0.5 else -0.03))
    foot = stage.height * (TABLE + 0.125)
    _subject(stage, plan, scene, middle, foot)
    for element, kind in (("plum", "plum"), ("peach", "peach"), ("cherry", "cherry"), ("osmanthus", "osmanthus"), ("maple", "maple"), ("ginkgo", "ginkgo")):
        if plan.has(element):
            scene.add(branch.branch(stage, kind, 0.95))
            break
    if plan.has("lanterns"):
        scene.add(*lanterns.lanterns(stage, 2))
    if plan.has("snow"):
        scene.add(*snow.snow(stage)[:2])
    if plan.has("petals", "plum", "peach", "cherry"):
        scene.add(*drift.drift(stage, "petals"))
    scene.add(lights.lights(stage, "dust"))
    return scene


def room(stage: Stage, plan: Plan) -> Layer:
    """A wall on which the window's light falls through its lattice."""
    rng = stage.random("room")
    top, rows = stage.rows(-stage.margin, stage.height * TABLE + stage.unit * 0.2)
    x, y = stage.grid(top, rows)
    palette = stage.palette
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    u = ((x / stage.width) - 0.5) * side  # positive towards the window
    v = y / (stage.height * TABLE)
    warm = blend(palette.horizon, palette.haze, 0.4)
    deep = blend(blend(palette.zenith, palette.near, 0.35), warm, 0.18)
    wall = mix(np.broadcast_to(deep, (rows, stage.canvas_width, 3)).astype(np.float32), warm, smoothstep(-0.75, 0.75, np.asarray(u + 0.55 * (v - 0.45), np.float32)))
    # The pane's image on the wall, slanted, with the shadows of its bars, out of focus.
    across = u * 1.9 + 0.42 * v - 0.08
    down = v * 1.25 - 0.20 * u - 0.16
    bars = np.minimum(np.abs((across * 3.0) % 1.0 - 0.5), np.abs((down * 4.0) % 1.0 - 0.5))
    pane = smoothstep(0.02, 0.07, np.asarray(bars, np.float32)) * smoothstep(-0.46, -0.40, np.asarray(across, np.float32)) * smoothstep(0.62, 0.56, np.asarray(across, np.float32))
    pane = pane * smoothstep(0.0, 0.06, np.asarray(down, np.float32)) * smoothstep(1.02, 0.95, np.asarray(down, np.float32))
    leaves = fractal(rng, (rows, stage.canvas_width), 0.16 * stage.unit, octaves=3, gain=0.5)
    pane = blur(pane, 0.012 * stage.unit) * (0.62 + 0.38 * smoothstep(-0.6, 0.5, leaves))
    rgb = mix(wall, palette.light, np.asarray(pane * (0.20 if palette.dark else 0.42), np.float32))
    fall = smoothstep(1.12, 0.65, np.asarray(v, np.float32))
    rgb = mix(blend(deep, palette.near, 0.35) * np.ones_like(rgb), rgb, np.broadcast_to(0.45 + 0.55 * fall, rgb.shape[:2]).astype(np.float32))
    rgb = stage.style.sky(stage, np.asarray(rgb, np.float32), top) if stage.style.name not in {"paper cut"} else rgb
    return stage.layer(Picture(np.asarray(rgb, np.float32)), 0.10, name="room", top=top)


def _bokeh(stage: Stage, plan: Plan) -> lights.Lights | None:
    """Soft discs behind the table, where lamps or a festival are near."""
    return lights.lights(stage, "bokeh") if plan.has("lanterns", "candle", "bokeh", "sparks") or stage.palette.dark else None


def tabletop(stage: Stage) -> Layer:
    """Boards of dark wood that run towards us, with the light of the window on them."""
    rng = stage.random("table")
    top, rows = stage.rows(stage.height * TABLE)
    x, y = stage.grid(top, rows)
    palette, unit = stage.palette, stage.unit
    wood = blend(colour("#8a6242"), palette.near, 0.50 if palette.dark else 0.22)
    depth = np.asarray((y - top) / (stage.height - top), np.float32)
    spread = 1 / (0.55 + 0.75 * depth)  # boards come towards us
    across = (x - stage.width / 2) * spread / unit
    grain = line(rng, 4096, 22, octaves=5, gain=0.7)
    index = np.clip((across + 1.6) / 3.2 * 4095, 0, 4095).astype(np.int32)
    streak = grain[index] * 0.5 + 0.35 * fractal(rng, (rows, stage.canvas_width), 0.10 * unit, octaves=4, gain=0.6, stretch=0.35)
    board = np.abs((across * 2.6 + 0.2) % 1.0 - 0.5)
    gap = smoothstep(0.494, 0.4995, np.asarray(board, np.float32))
    tone = 1 + 0.13 * np.clip(streak, -1.5, 1.5)
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    glow = np.exp(-(((x - stage.width * (0.5 + 0.22 * side)) / (0.55 * unit)) ** 2)) * smoothstep(0.75, 0.02, depth)
    rgb = np.asarray(wood * tone[..., None], np.float32)
    rgb = mix(rgb, blend(palette.light, wood, 0.35), np.asarray(glow * 0.42, np.float32))
    rgb = mix(rgb, palette.near * np.float32(0.5), gap * np.float32(0.55))
    edge = np.exp(-((y - top) / (0.006 * unit)))
    rgb = mix(rgb, palette.light, np.broadcast_to(edge * 0.30, rgb.shape[:2]).astype(np.float32))
    rgb = mix(rgb, blend(wood * np.float32(0.25), palette.near, 0.4), np.broadcast_to(smoothstep(0.15, 1.0, depth) * np.float32(0.72), rgb.shape[:2]).astype(np.float32))
    alpha = np.clip(y - top - 1, 0, 1) * np.ones((rows, stage.canvas_width), np.float32)
    picture = stage.style.thing(stage, Picture(np.clip(rgb, 0, 1), np.asarray(alpha, np.float32)), 0.8, "table")
    return stage.layer(picture, 0.55, name="table", top=top)


def put(stage: Stage, picture: Picture, anchor: tuple[float, float], x: float, foot: float, depth: float, name: str, *, shadow: float = 1.0) -> list[Layer]:
    """A thing on the table with its contact shadow; `anchor` is the middle of its foot in the picture."""
    assert picture.alpha is not None
    height, width = picture.alpha.shape
    left, top = round((x - anchor[0]) / 2) * 2, round((foot - anchor[1]) / 2) * 2
    base = np.flatnonzero(picture.alpha.max(axis=1) > 0.5)
    body = (picture.alpha[base[-1] - max(2, height // 12) : base[-1]] > 0.5).any(axis=0)
    wide = float(body.sum()) / 2
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    pad = int(wide * 1.6) // 2 * 2
    rows = np.arange(-pad // 2, pad // 2, dtype=np.float32)[:, None]
    columns = np.arange(-2 * pad, 2 * pad, dtype=np.float32)[None, :]
    close = np.exp(-np.clip(np.hypot(columns / wide, rows / (wide * 0.30)) - 0.82, 0, None) * 7)
    cast = np.exp(-(np.hypot((columns + side * wide * 0.75) / (wide * 1.55), rows / (wide * 0.40)) ** 2))
    alpha = np.asarray(np.clip(0.62 * close + 0.42 * cast, 0, 0.82) * shadow, np.float32)
    fade = smoothstep(2.0 * pad, 1.4 * pad, np.abs(columns)) * smoothstep(0.5 * pad, 0.34 * pad, np.abs(rows))
    dark = np.broadcast_to(blend(stage.palette.near, colour("#120c08"), 0.55), (*alpha.shape, 3)).astype(np.float32)
    ground = round((foot - wide * vessel.TILT * 0.35) / 2) * 2
    shade = stage.layer(Picture(dark, alpha * fade), depth, name=f"{name} shadow", top=ground - pad // 2, left=round(x / 2) * 2 - 2 * pad)
    painted = stage.style.thing(stage, picture, 0.98, name)
    return [shade, stage.layer(painted, depth, name=name, top=top, left=left)]


def _subject(stage: Stage, plan: Plan, scene: Scene, x: float, foot: float) -> None:
    unit = stage.unit
    rng = stage.random("subject")
    subject = next((name for name in plan.elements if name in _DISHES), "cup")
    hot = subject in {"cup", "teapot", "bowl", "dumplings"} or plan.has("steam")
    if subject == "teapot":
        scene.add(*_pot(stage, x - 0.06 * unit, foot - 0.02 * unit, 0.40 * unit))
        cup, anchor = vessel.vessel(stage, vessel.WARES["cup"], 0.17 * unit)
        scene.add(*put(stage, cup, anchor, x + 0.27 * unit, foot + 0.045 * unit, 0.66, "small cup"))
        scene.add(steam(stage, x + 0.27 * unit, foot - 0.06 * unit, width=0.12 * unit, depth=0.66))
        return
    if subject == "cup":
        ware, anchor = vessel.vessel(stage, vessel.WARES["cup"], 0.36 * unit)
        scene.add(*put(stage, ware, anchor, x, foot, 0.62, "cup"))
        mouth = foot - anchor[1] + 0.02 * unit + vessel.TILT * 0.18 * unit
    elif subject == "bowl":
        ware, anchor = vessel.vessel(stage, vessel.WARES["bowl" if stage.palette.brightness < 0.7 else "dark bowl"], 0.50 * unit)
        scene.add(*put(stage, ware, anchor, x, foot, 0.62, "bowl"))
        mouth = foot - anchor[1] + 0.02 * unit + vessel.TILT * 0.25 * unit
        sheet = Sketch(x - 0.3 * unit, mouth - 0.16 * unit, x + 0.3 * unit, mouth + 0.16 * unit)
        white = [food.ball(stage, rng, blend(colour("#fbf3e4"), stage.palette.zenith, 0.20 if stage.palette.dark else 0.0), gloss=0.55) for _ in range(2)]
        food.heap(stage, rng, sheet, white, x=x, y=mouth + 0.014 * unit, spread=0.135 * unit, size=0.085 * unit, count=8)
        scene.add(stage.layer(stage.style.thing(stage, sheet.picture(), 0.98, "in the bowl"), 0.62, name="in the bowl", top=sheet.top, left=sheet.left))
    else:
        mouth = foot - 0.10 * unit
        _plate(stage, scene, subject, x, foot)
    if hot:
        scene.add(steam(stage, x, mouth, width=0.30 * unit, depth=0.62))
    if subject == "candle" or plan.has("candle"):
        scene.add(lanterns.halo(stage, "candle", x, foot - 0.34 * unit, 0.42 * unit, colour("#ffb45e"), 0.5, 0.62))


def _pot(stage: Stage, x: float, foot: float, width: float) -> list[Layer]:
    """A clay teapot: body, spout, handle, lid."""
    body, anchor = vessel.vessel(stage, vessel.WARES["pot"], width)
    assert body.alpha is not None
    clay = blend(colour(vessel.WARES["pot"].glaze), stage.palette.zenith, 0.42 if stage.palette.dark else 0.06)
    side = -1.0 if stage.light[0] < 0.5 else 1.0
    pad = int(width * 0.34) // 2 * 2
    sheet = Sketch(0, 0, body.rgb.shape[1] + 2 * pad, body.rgb.shape[0] + pad)
    centre, top = anchor[0] + pad, pad + width * 0.09
    lit, dark = blend(clay, stage.palette.light, 0.22), shifted(clay, lightness=0.55)
    belly = top + width * 0.30
    # Spout towards the light, handle away from it.
    from wan_engine.storyboard.picture.raster import curve

    spout = curve([[centre + side * 0.40 * width, belly + 0.10 * width], [centre + side * 0.62 * width, belly - 0.04 * width], [centre + side * 0.74 * width, top + 0.05 * width]], 20)
    widths = np.linspace(0.17, 0.065, 20) * width
    sheet.stroke(spout, widths, shifted(clay, lightness=0.85))
    sheet.stroke(spout - (0, 0.015 * width), widths * 0.45, lit)
    handle = curve([[centre - side * 0.40 * width, top + 0.12 * width], [centre - side * 0.66 * width, top + 0.08 * width], [centre - side * 0.72 * width, belly + 0.02 * width], [centre - side * 0.60 * width, belly + 0.17 * width], [centre - side * 0.40 * width, belly + 0.18 * width]], 36)
    sheet.stroke(handle, 0.062 * width, dark)
    sheet.stroke(handle + (side * 0.010 * width, -0.010 * width), 0.022 * width, shifted(clay, lightness=0.95))
    drawn = sheet.picture()
    assert drawn.alpha is not None
    rgb, alpha = drawn.rgb.copy(), drawn.alpha.copy()
    rows, columns = body.rgb.shape[:2]
    window = slice(pad, pad + rows), slice(pad, pad + columns)
    rgb[window] = mix(rgb[window], body.rgb, body.alpha)
    alpha[window] = np.maximum(alpha[window], body.alpha)
    lid = Sketch(0, 0, rgb.shape[1], rgb.shape[0])
    turns = np.linspace(0, 2 * math.pi, 60)
    for step in range(12):
        share = step / 11
        ring = np.stack([centre + np.cos(turns) * width * 0.235 * (1 - share**2 * 0.55), top + width * (0.075 - 0.085 * share) + np.sin(turns) * width * 0.072 * (1 - share**2 * 0.55)], axis=1)
        lid.polygon(ring, blend(shifted(clay, lightness=0.72), lit, share * 0.75))
    for step in range(7):
        share = step / 6
        lid.disc(centre + side * 0.008 * width * share, top - width * (0.045 + 0.010 * share), width * 0.047 * (1 - 0.7 * share), blend(shifted(clay, lightness=0.7), blend(clay, stage.palette.light, 0.5), share))
    cap = lid.picture()
    assert cap.alpha is not None
    rgb = mix(rgb, cap.rgb, cap.alpha)
    whole = Picture(rgb, np.asarray(np.maximum(alpha, cap.alpha), np.float32))
    return put(stage, whole, (centre, pad + anchor[1]), x, foot, 0.62, "teapot")


def _plate(stage: Stage, scene: Scene, subject: str, x: float, foot: float) -> None:
    """A plate with what the prompt names on it."""
    unit, palette = stage.unit, stage.palette
    rng = stage.random("plate")
    wide = 0.60 * unit
    sheet = Sketch(x - wide * 0.62, foot - wide * 0.75, x + wide * 0.62, foot + wide * 0.30)
    turns = np.linspace(0, 2 * math.pi, 90)
    glaze = blend(colour("#ece7dc" if palette.brightness < 0.75 else "#56707a"), palette.zenith, 0.40 if palette.dark else 0.05)

    def ellipse(radius: float, drop: float, tone: Field) -> None:
        sheet.polygon(np.stack([x + np.cos(turns) * radius, foot + drop + np.sin(turns) * radius * 0.33], axis=1), tone)

    ellipse(wide * 0.50, 0.010 * unit, shifted(glaze, lightness=0.52))
    for step in range(10):
        share = step / 9
        ellipse(wide * (0.50 - 0.09 * share), -0.014 * unit + 0.006 * unit * share, blend(blend(glaze, palette.light, 0.35), shifted(glaze, lightness=0.80), share))
    ellipse(wide * 0.385, -0.004 * unit, shifted(glaze, lightness=0.90))
    sprites, size, count = _DISHES[subject](stage, rng)
    food.heap(stage, rng, sheet, sprites, x=x, y=foot - 0.035 * unit, spread=wide * 0.235, size=size * unit, count=count)
    scene.add(*put(stage, sheet.picture(), (x - sheet.left, foot - sheet.top + 0.33 * wide * 0.5), x, foot + 0.33 * wide * 0.5, 0.62, "plate", shadow=0.9))


def _toned(stage: Stage, text: str) -> Field:
    return blend(colour(text), stage.palette.zenith, 0.30 if stage.palette.dark else 0.03)


def _cakes(stage: Stage, rng: np.random.Generator) -> tuple[list, float, int]:
    if stage.words & {"spring"}:
        return [food.ball(stage, rng, _toned(stage, "#7fa04a"), gloss=0.5, squash=0.86, grain=0.03) for _ in range(3)], 0.150, 6
    return [food.mooncake(stage)], 0.185, 5


def _fruits(stage: Stage, rng: np.random.Generator) -> tuple[list, float, int]:
    tones = {"spring": "#c5303c", "summer": "#b5334a", "autumn": "#d9a93c", "winter": "#e07a22"}
    season = next((name for name in tones if name in stage.words), "autumn")
    return [food.ball(stage, rng, shifted(_toned(stage, tones[season]), hue=float(hue)), gloss=0.5, squash=0.95, grain=0.03) for hue in (0.0, 0.012, -0.01)], 0.150, 7


def _dumplings(stage: Stage, rng: np.random.Generator) -> tuple[list, float, int]:
    return [food.dumpling(stage, rng)], 0.165, 9


def _nothing(stage: Stage, rng: np.random.Generator) -> tuple[list, float, int]:
    return [food.ball(stage, rng, _toned(stage, "#f3e6cf"), gloss=0.3, squash=0.8)], 0.15, 6


_DISHES = {"teapot": _nothing, "cup": _nothing, "bowl": _nothing, "dumplings": _dumplings, "cakes": _cakes, "fruit": _fruits}
