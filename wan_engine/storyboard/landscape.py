"""Composes a landscape: which planes there are, where they stand, and what moves in the air between them."""

from __future__ import annotations

from wan_engine.storyboard.particles import drift, lights, rain, snow
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import (
    bamboo,
    beasts,
    birds,
    branch,
    buildings,
    city,
    figure,
    floats,
    flyers,
    grasses,
    ground,
    koi,
    lanterns,
    lotus,
    luminary,
    mist,
    pines,
    ridge,
    sky,
    water,
    willow,
)
from wan_engine.storyboard.stage import Stage

WATERS = ("water", "sea", "lotus", "boat", "bridge", "duck", "fish", "ice")
BRANCHES = {
    "plum": "plum", "peach": "peach", "cherry": "cherry", "maple": "maple", "ginkgo": "ginkgo", "persimmon": "persimmon",
    "osmanthus": "osmanthus", "loquat": "loquat", "leafy branch": "leafy branch", "bare branch": "bare branch",
}  # fmt: skip
FALLS = {"plum": "petals", "peach": "petals", "cherry": "petals", "maple": "leaves", "ginkgo": "leaves"}


def landscape(stage: Stage, plan: Plan) -> Scene:
    """The scene of a plan."""
    scene = Scene(stage)
    rng = stage.random("composition")
    heights = stage.height
    horizon = stage.horizon * heights
    wet = plan.has(*WATERS)
    scene.add(sky.sky, stage))
    if plan.has("stars") or (plan.hour == "night" and plan.weather == "clear"):
        scene.add(luminary.stars, stage))
    shines = [name for name in ("crescent", "moon", "sun") if name in stage.words]
    if shines:
        scene.add(luminary.disc, stage, shines[0]))
    _ranges(stage, plan, scene, horizon, wet)
    if shines:
        scene.add(luminary.bloom, stage, 0.22 if stage.style.name == "ink wash" else 0.34))
    for kind in ("geese", "swallows"):
        if plan.has(kind):
            scene.add(birds.flock, stage, kind))
    for kind in ("kite", "balloon"):
        if plan.has(kind):
            scene.add(flyers.aloft, stage, kind))
    if plan.has("mist", "tea hills", "terraces") or rng.random() < 0.5:
        scene.add(mist.mist, stage, "far", middle=horizon - 0.02 * heights, thick=0.075 * heights, depth=0.22, strength=0.75))
    if wet:
        _shore(stage, plan, scene, horizon)
    else:
        _middle(stage, plan, scene, horizon)
    _near(stage, plan, scene)
    _air(stage, plan, scene, horizon if wet else None)
    return scene


def _ranges(stage: Stage, plan: Plan, scene: Scene, horizon: float, wet: bool) -> None:
    """What closes the view: ranges of mountains, a city, or nothing but the sea."""
    if plan.has("city"):
        scene.add(city.city, stage, horizon + 0.02 * stage.height))
        return
    if plan.has("sea") and not plan.has("mountains", "karst", "hills"):
        return
    rng = stage.random("ranges")
    kind: ridge.Kind = "alpine" if rng.random() < 0.62 else "karst"
    if plan.has("karst"):
        kind = "karst"
    elif plan.has("dunes"):
        kind = "dunes"
    elif plan.has("hills", "tea hills", "grass", "rape flowers", "lavender", "wheat", "rice", "terraces") and not plan.has("mountains"):
        kind = "rolling"
    elif plan.has("mountains", "pines", "snow") and not plan.has("water"):
        kind = "alpine"
    side = 0.70 if stage.light[0] < 0.5 else 0.30
    rises = (0.20, 0.165) if wet else (0.22, 0.19, 0.15)
    feet = (0.0, 0.012) if wet else (0.0, 0.045, 0.10)
    for index, (rise, foot) in enumerate(zip(rises, feet, strict=True)):
        name = f"range {index}"
        depth = (0.10, 0.24, 0.42)[index]
        peak = side + (0.0, -0.45, 0.25)[index] * (1 if side < 0.5 else -1) * -1 + rng.uniform(-0.1, 0.1)
        line = ridge.ridge(stage, kind, name, peak=peak)
        rise = rise * stage.height * rng.uniform(0.85, 1.15)
        base = horizon + foot * stage.height
        land = ridge.terrain(
            stage, line, name, foot=base, rise=rise, depth=depth, colour=stage.palette.land(depth),
            snow=_snow_line(plan, index), bottom=horizon + (0.06 if wet else 0.30) * stage.height,
        )  # fmt: skip
        if plan.has("pines", "forest") and index == 2:
            land = pines.forest(stage, land, base - line * rise, name, height=0.055 * stage.unit, density=0.9, rows=4, spread=0.10)
        scene.add(stage.layer, stage.style.land(stage, land, name), depth, name=name, top=land.top))


def _snow_line(plan: Plan, index: int) -> float:
    if plan.weather == "snow" or plan.has("ice"):
        return (0.72, 0.62, 0.55)[index]
    if plan.season == "winter":
        return (0.45, 0.30, 0.15)[index]
    return 0.0


def _shore(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """A building at the far shore, the water, and what floats on it."""
    side = 0.66 if stage.light[0] < 0.5 else 0.34
    for kind in ("pavilion", "pagoda", "village", "bridge"):
        if plan.has(kind):
            size = {"pavilion": 0.20, "pagoda": 0.24, "village": 0.52, "bridge": 0.46}[kind] * stage.unit
            foot = horizon + 0.004 * stage.height
            behind = buildings.islet(stage, side * stage.width, foot, size * (0.8 if kind == "village" else 1.15), 0.34)
            scene.add(behind if kind != "bridge" else None)
            scene.add(buildings.building, stage, kind, x=side * stage.width, foot=foot - 0.02 * size, size=size, depth=0.34))
    scene.add(water.water, stage, scene, horizon))
    span = stage.height - horizon
    if plan.has("boat"):
        scene.add(floats.afloat, stage, "boat", x=(1 - side) * stage.width, line=horizon + 0.17 * span, size=0.34 * stage.unit, depth=0.55))
    if plan.has("fish"):
        scene.add(koi.koi, stage, horizon))
    if plan.has("duck"):
        scene.add(floats.afloat, stage, "duck", x=(0.5 + 0.35 * (0.5 - side)) * stage.width, line=horizon + 0.34 * span, size=0.42 * stage.unit, depth=0.62))
    if plan.has("lotus"):
        scene.add(lotus.lotus, stage, water_line=horizon))


def _middle(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """Dry land between the ranges and our feet."""
    rng = stage.random("middle")
    heights, unit = stage.height, stage.unit
    if plan.has("city", "bamboo"):
        # Towers and canes stand in haze: ground would only be a board in front of them.
        scene.add(mist.mist, stage, "low", middle=horizon + 0.24 * heights, thick=0.22 * heights, depth=0.45, strength=0.9))
        return
    side = 0.64 if stage.light[0] < 0.5 else 0.36
    for kind in ("terraces", "tea hills"):
        if plan.has(kind):
            scene.add(ground.terraces, stage, kind, top=horizon + 0.035 * heights))
            break
    else:
        top = horizon + 0.085 * heights
        name, depth = "slope", 0.58
        line = ridge.ridge(stage, "dunes" if plan.has("dunes") else "rolling", name, peak=1 - side)
        rise = 0.10 * heights
        open_ground = plan.has("grass", "flowers", "wheat", "rice", "rape flowers", "lavender", "chrysanthemum", "peony", "dunes")
        tone = stage.palette.land(depth)
        land = ridge.terrain(
            stage, line, name, foot=top + 0.03 * heights, rise=rise, depth=depth, colour=tone,
            snow=0.95 if plan.weather == "snow" else (0.2 if plan.season == "winter" else 0.0),
        )  # fmt: skip
        if plan.has("pines", "forest") or (not open_ground and rng.random() < 0.6):
            land = pines.forest(stage, land, top + 0.03 * heights - line * rise, name, height=0.125 * unit, density=0.85, rows=3, spread=0.11)
        scene.add(stage.layer, stage.style.land(stage, land, name), depth, name=name, top=land.top))
        scene.add(mist.mist, stage, "near", middle=horizon + 0.15 * heights, thick=0.07 * heights, depth=0.5, strength=0.55))
    for kind in ("pavilion", "pagoda", "village"):
        if plan.has(kind):
            size = {"pavilion": 0.22, "pagoda": 0.26, "village": 0.56}[kind] * unit
            scene.add(buildings.building, stage, kind, x=side * stage.width, foot=horizon + 0.12 * heights, size=size, depth=0.55))
    if not plan.has("terraces", "tea hills"):
        tone = None if plan.weather == "snow" or plan.season != "winter" else stage.palette.land(0.7)
        scene.add(ground.ground, stage, top=horizon + 0.135 * heights, tone=tone))


def _walkers(stage: Stage, plan: Plan, scene: Scene) -> None:
    """Who walks through the picture."""
    side = 0.42 if stage.light[0] < 0.5 else 0.58
    foot = 0.795 * stage.height
    for kind in plan.elements:
        if kind in beasts.BUILDS:
            size = {"rabbit": 0.24, "cat": 0.30, "fox": 0.36, "dog": 0.34}.get(kind, 0.46) * stage.unit
            scene.add(beasts.beast, stage, kind, x=side * stage.width, foot=foot, size=size, depth=0.82))
            break
    if plan.has("child", "umbrella"):
        place = (1 - side) if plan.has(*beasts.BUILDS) else side
        scene.add(figure.figure, stage, x=place * stage.width, foot=foot + 0.01 * stage.height, tall=0.24 * stage.unit, depth=0.80, umbrella=plan.has("umbrella", "rain")))
    for kind in ("butterflies", "dragonfly"):
        if plan.has(kind):
            scene.add(flyers.insects, stage, kind))


def _near(stage: Stage, plan: Plan, scene: Scene) -> None:
    """What grows at our feet, and what reaches into the picture."""
    if not plan.has(*WATERS):
        _walkers(stage, plan, scene)
    stands = [kind for kind in plan.elements if kind in grasses.STANDS]
    if plan.has("dew") and not stands and not plan.has(*WATERS):
        stands = ["grass"]
    for kind in stands[:2]:
        scene.add(grasses.stand, stage, kind))
    for element, kind in BRANCHES.items():
        if plan.has(element):
            scene.add(branch.branch, stage, kind))
            break
    if plan.has("willow"):
        scene.add(willow.willow, stage))
    if plan.has("bamboo"):
        scene.add(bamboo.bamboo, stage))
    if plan.has("lanterns"):
        scene.add(lanterns.lanterns, stage))


def _air(stage: Stage, plan: Plan, scene: Scene, shore: float | None) -> None:
    """What falls, floats and glows."""
    if plan.has("rain", "heavy rain"):
        if shore is not None:
            scene.add(rain.rings, stage, shore))
        scene.add(rain.rain, stage, heavy=plan.has("heavy rain")))
    if plan.has("snow", "heavy snow"):
        scene.add(snow.snow, stage, heavy=plan.has("heavy snow")))
    kinds = {FALLS[name] for name in plan.elements if name in FALLS} | ({"petals"} if plan.has("petals") else set()) | ({"leaves"} if plan.has("leaves") else set())
    leaf = "maple" if plan.has("maple") else ("ginkgo" if plan.has("ginkgo") else "leaf")
    for kind in sorted(kinds)[:1]:
        scene.add(drift.drift, stage, kind, leaf=leaf))
    if plan.has("catkins"):
        scene.add(drift.drift, stage, "down"))
    for kind in ("fireflies", "sparks", "bokeh"):
        if plan.has(kind):
            scene.add(lights.lights, stage, kind))
    if plan.weather == "clear" and not plan.has("fireflies", "sparks", "bokeh") and stage.style.name not in {"ink wash", "paper cut"}:
        scene.add(lights.lights, stage, "dust"))
