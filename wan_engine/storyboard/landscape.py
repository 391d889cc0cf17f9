"""Composes a landscape: which planes there are, where they stand, and what moves in the air between them."""

from __future__ import annotations

from wan_engine.storyboard import foreground
from wan_engine.storyboard.particles import fireworks, lightning
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import (
    birds,
    buildings,
    city,
    floats,
    flyers,
    ground,
    islet,
    koi,
    lotus,
    luminary,
    mist,
    pines,
    rainbow,
    ridge,
    sky,
    water,
    wheel,
)
from wan_engine.storyboard.stage import Stage

WATERS = ("water", "sea", "lotus", "boat", "bridge", "duck", "fish", "ice", "wheel")
#: Width of each building in units of the stage.
BUILT = {"pavilion": 0.21, "pagoda": 0.25, "village": 0.54, "bridge": 0.46}
OPEN_GROUND = (
    "grass",
    "flowers",
    "wheat",
    "rice",
    "rape flowers",
    "lavender",
    "chrysanthemum",
    "peony",
    "hollyhock",
    "dunes",
    "steps",
)


def landscape(scene: Scene, plan: Plan) -> None:
    """Add what a plan that plays outdoors shows."""
    stage = scene.stage
    horizon = stage.horizon * stage.height
    wet = is_wet(plan)
    _sky(stage, plan, scene)
    _ranges(stage, plan, scene, horizon, wet)
    _between(stage, plan, scene, horizon)
    if wet:
        _water(stage, plan, scene, horizon)
    else:
        _land(stage, plan, scene, horizon)
    foreground.growing(stage, plan, scene, wet=wet)
    foreground.reaching_in(stage, plan, scene, wet=wet)
    foreground.air(stage, plan, scene, horizon if wet else None)


def is_wet(plan: Plan) -> bool:
    """Whether the view is over water; that of a terraced hillside stands in its steps."""
    return plan.has(*WATERS) and not plan.has("terraces", "tea hills")


def _sky(stage: Stage, plan: Plan, scene: Scene) -> None:
    scene.add(sky.sky, stage)
    if plan.has("stars") or (plan.hour == "night" and plan.weather == "clear"):
        scene.add(luminary.stars, stage)
    for kind in ("crescent", "moon", "sun"):
        if kind in stage.words:
            scene.add(luminary.disc, stage, kind)
            break
    if plan.has("rainbow"):
        scene.add(rainbow.rainbow, stage)
    if plan.has("fireworks"):
        scene.add(fireworks.fireworks, stage)
    if plan.has("lightning"):
        scene.add(lightning.lightning, stage)


def _ranges(stage: Stage, plan: Plan, scene: Scene, horizon: float, wet: bool) -> None:
    """What closes the view: ranges of mountains, a city, or nothing but the sea."""
    if plan.has("city"):
        scene.add(city.city, stage, horizon + 0.02 * stage.height)
    elif not plan.has("sea") or plan.has("mountains", "karst", "hills"):
        rng = stage.random("ranges")
        kind = _kind_of_range(plan, rng.random())
        for index in range(2 if wet else 3):
            scene.add(
                _range,
                stage,
                plan,
                kind,
                index,
                horizon,
                wet,
                float(rng.uniform(-0.1, 0.1)),
                float(rng.uniform(0.85, 1.15)),
            )
    if stage.words & {"crescent", "moon", "sun"}:
        scene.add(luminary.bloom, stage, 0.22 if stage.style.name == "ink wash" else 0.34)


def _kind_of_range(plan: Plan, draw: float) -> ridge.Kind:
    if plan.has("karst"):
        return "karst"
    if plan.has("dunes"):
        return "dunes"
    gentle = plan.has("hills", "tea hills", "grass", "rape flowers", "lavender", "wheat", "rice", "terraces")
    if gentle and not plan.has("mountains"):
        return "rolling"
    if plan.has("mountains", "pines", "snow") and not plan.has("water"):
        return "alpine"
    return "alpine" if draw < 0.62 else "karst"


def _range(
    stage: Stage, plan: Plan, kind: ridge.Kind, index: int, horizon: float, wet: bool, aside: float, taller: float
) -> Layer:
    """One range, from far (0) to near (2)."""
    name, depth = f"range {index}", (0.10, 0.24, 0.42)[index]
    side = 0.70 if stage.light[0] < 0.5 else 0.30
    peak = side + (0.0, -0.45, 0.25)[index] * (1 if side > 0.5 else -1) + aside
    rise = ((0.20, 0.165) if wet else (0.22, 0.19, 0.15))[index] * stage.height * taller
    base = horizon + ((0.0, 0.012) if wet else (0.0, 0.045, 0.10))[index] * stage.height
    heights = ridge.ridge(stage, kind, name, peak=peak)
    if plan.weather == "snow" or plan.has("ice"):
        snowy = (0.72, 0.62, 0.55)[index]
    else:
        snowy = (0.45, 0.30, 0.15)[index] if plan.season == "winter" else 0.0
    land = ridge.terrain(
        stage, heights, name, foot=base, rise=rise, depth=depth, colour=stage.palette.land(depth), snow=snowy,
        bottom=horizon + 0.06 * stage.height if wet else None,
    )  # fmt: skip
    if plan.has("pines", "forest") and index == 2:
        land = pines.forest(
            stage, land, base - heights * rise, name, height=0.055 * stage.unit, density=0.9, rows=4, spread=0.10
        )
    return stage.layer(stage.style.land(stage, land, name), depth, name=name, top=land.top)


def _between(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """What flies before the ranges, and the mist at their feet."""
    for kind in ("geese", "swallows", "crane"):
        if plan.has(kind):
            scene.add(birds.flock, stage, kind)
    for kind in [kind for kind in plan.elements if kind in {"kite", "balloon"}][:1]:
        scene.add(flyers.aloft, stage, kind)
    if plan.has("mist", "tea hills", "terraces") or stage.random("mist").random() < 0.5:
        middle, thick = horizon - 0.02 * stage.height, 0.075 * stage.height
        scene.add(mist.mist, stage, "far", middle=middle, thick=thick, depth=0.22, strength=0.75)


def _water(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """A building at the far shore, the water, and what floats on it."""
    x, foot, unit = stage.aside * stage.width, horizon + 0.004 * stage.height, stage.unit
    for kind, share in BUILT.items():
        if plan.has(kind):
            size = share * unit
            if kind != "bridge":
                scene.add(islet.islet, stage, x, foot, size * (0.8 if kind == "village" else 1.15), 0.34)
            scene.add(buildings.building, stage, kind, x=x, foot=foot - 0.02 * size, size=size, depth=0.34)
    scene.add(water.water, stage, scene.so_far(), horizon)
    span = stage.height - horizon
    if plan.has("wheel"):
        scene.add(
            wheel.wheel,
            stage,
            x=(1 - stage.aside) * stage.width,
            foot=horizon + 0.14 * span,
            size=0.52 * unit,
            depth=0.5,
        )
    if plan.has("boat"):
        scene.add(
            floats.afloat,
            stage,
            "boat",
            x=(1 - stage.aside) * stage.width,
            line=horizon + 0.17 * span,
            size=0.34 * unit,
            depth=0.55,
        )
    if plan.has("fish"):
        scene.add(koi.koi, stage, horizon)
    if plan.has("duck"):
        scene.add(
            floats.afloat, stage, "duck", x=0.5 * stage.width, line=horizon + 0.34 * span, size=0.42 * unit, depth=0.62
        )
    if plan.has("lotus"):
        for bed in lotus.BEDS:
            scene.add(lotus.lotus, stage, bed, water_line=horizon)


def _land(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """Dry land between the ranges and our feet."""
    heights, unit = stage.height, stage.unit
    if plan.has("city") or plan.elements[0] == "bamboo":
        # Towers and canes stand in haze: ground would only be a board in front of them.
        scene.add(
            mist.mist, stage, "low", middle=horizon + 0.24 * heights, thick=0.22 * heights, depth=0.45, strength=0.9
        )
        return
    terraced = next((kind for kind in plan.elements if kind in {"terraces", "tea hills"}), None)
    if terraced:
        scene.add(ground.terraces, stage, terraced, top=horizon + 0.035 * heights)
    else:
        scene.add(_slope, stage, plan, horizon)
        scene.add(
            mist.mist, stage, "near", middle=horizon + 0.15 * heights, thick=0.07 * heights, depth=0.5, strength=0.55
        )
    for kind, share in BUILT.items():
        if plan.has(kind):
            foot = horizon + 0.125 * heights
            scene.add(
                buildings.building, stage, kind, x=stage.aside * stage.width, foot=foot, size=share * unit, depth=0.55
            )
    if not terraced:
        bare = plan.season == "winter" and plan.weather != "snow"
        tone = stage.palette.land(0.7) if bare else None
        scene.add(ground.ground, stage, top=horizon + 0.115 * heights, tone=tone, path=plan.has("steps"))


def _slope(stage: Stage, plan: Plan, horizon: float) -> Layer:
    """A slope in the middle distance, wooded unless the prompt wants open ground."""
    name, depth, foot, rise = "slope", 0.58, horizon + 0.115 * stage.height, 0.10 * stage.height
    heights = ridge.ridge(stage, "dunes" if plan.has("dunes") else "rolling", name, peak=1 - stage.aside)
    snowy = 0.95 if plan.weather == "snow" else (0.2 if plan.season == "winter" else 0.0)
    land = ridge.terrain(
        stage, heights, name, foot=foot, rise=rise, depth=depth, colour=stage.palette.land(depth), snow=snowy
    )
    wooded = stage.random("wooded").random() < 0.6 and not plan.has(*OPEN_GROUND)
    if plan.has("pines", "forest") or wooded:
        tall = (0.185 if plan.has("pines") else 0.125) * stage.unit
        land = pines.forest(stage, land, foot - heights * rise, name, height=tall, density=0.85, rows=3, spread=0.11)
    return stage.layer(stage.style.land(stage, land, name), depth, name=name, top=land.top)
