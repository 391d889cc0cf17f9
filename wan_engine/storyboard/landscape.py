"""Composes a landscape: which planes there are, where they stand, and what moves in the air between them."""

from __future__ import annotations

from wan_engine.storyboard.particles import drift, lightning, lights, rain, snow
from wan_engine.storyboard.picture.layer import Layer
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import (
    bamboo,
    beasts,
    birds,
    branch,
    buildings,
    city,
    eave,
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
    wheel,
    willow,
)
from wan_engine.storyboard.stage import Stage

WATERS = ("water", "sea", "lotus", "boat", "bridge", "duck", "fish", "ice", "wheel")
#: Elements that are branches, the most telling first.
BRANCHES = ("plum", "peach", "cherry", "maple", "ginkgo", "persimmon", "osmanthus", "fruit tree", "berries", "leafy branch", "bare branch")
#: What falls from them.
FALLS = {"plum": "petals", "peach": "petals", "cherry": "petals", "maple": "leaves", "ginkgo": "leaves", "petals": "petals", "leaves": "leaves"}
#: Width of each building in units of the stage.
BUILT = {"pavilion": 0.21, "pagoda": 0.25, "village": 0.54, "bridge": 0.46}
OPEN_GROUND = ("grass", "flowers", "wheat", "rice", "rape flowers", "lavender", "chrysanthemum", "peony", "hollyhock", "dunes", "steps")


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
        _walkers(stage, plan, scene)
    _near(stage, plan, scene)
    _air(stage, plan, scene, horizon if wet else None)


def is_wet(plan: Plan) -> bool:
    """Whether the view is over water; that of a terraced hillside stands in its steps."""
    return plan.has(*WATERS) and not plan.has("terraces", "tea hills")


def _inner(stage: Stage) -> float:
    """Where a thing of interest stands: a share of the width, on the side where the light does not."""
    return 0.65 if stage.light[0] < 0.5 else 0.35


def _sky(stage: Stage, plan: Plan, scene: Scene) -> None:
    scene.add(sky.sky, stage)
    if plan.has("stars") or (plan.hour == "night" and plan.weather == "clear"):
        scene.add(luminary.stars, stage)
    for kind in ("crescent", "moon", "sun"):
        if kind in stage.words:
            scene.add(luminary.disc, stage, kind)
            break
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
            scene.add(_range, stage, plan, kind, index, horizon, wet, float(rng.uniform(-0.1, 0.1)), float(rng.uniform(0.85, 1.15)))
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
        bottom=horizon + (0.06 if wet else 0.30) * stage.height,
    )  # fmt: skip
    if plan.has("pines", "forest") and index == 2:
        land = pines.forest(stage, land, base - heights * rise, name, height=0.055 * stage.unit, density=0.9, rows=4, spread=0.10)
    return stage.layer(stage.style.land(stage, land, name), depth, name=name, top=land.top)


def _between(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """What flies before the ranges, and the mist at their feet."""
    for kind in ("geese", "swallows", "crane"):
        if plan.has(kind):
            scene.add(birds.flock, stage, kind)
    for kind in ("kite", "balloon"):
        if plan.has(kind):
            scene.add(flyers.aloft, stage, kind)
    if plan.has("mist", "tea hills", "terraces") or stage.random("mist").random() < 0.5:
        middle, thick = horizon - 0.02 * stage.height, 0.075 * stage.height
        scene.add(mist.mist, stage, "far", middle=middle, thick=thick, depth=0.22, strength=0.75)


def _water(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """A building at the far shore, the water, and what floats on it."""
    x, foot, unit = _inner(stage) * stage.width, horizon + 0.004 * stage.height, stage.unit
    for kind, share in BUILT.items():
        if plan.has(kind):
            size = share * unit
            if kind != "bridge":
                scene.add(buildings.islet, stage, x, foot, size * (0.8 if kind == "village" else 1.15), 0.34)
            scene.add(buildings.building, stage, kind, x=x, foot=foot - 0.02 * size, size=size, depth=0.34)
    scene.add(water.water, stage, scene.so_far(), horizon)
    span = stage.height - horizon
    if plan.has("wheel"):
        scene.add(wheel.wheel, stage, x=(1 - _inner(stage)) * stage.width, foot=horizon + 0.14 * span, size=0.52 * unit, depth=0.5)
    if plan.has("boat"):
        scene.add(floats.afloat, stage, "boat", x=(1 - _inner(stage)) * stage.width, line=horizon + 0.17 * span, size=0.34 * unit, depth=0.55)
    if plan.has("fish"):
        scene.add(koi.koi, stage, horizon)
    if plan.has("duck"):
        scene.add(floats.afloat, stage, "duck", x=0.5 * stage.width, line=horizon + 0.34 * span, size=0.42 * unit, depth=0.62)
    if plan.has("lotus"):
        scene.add(lotus.lotus, stage, water_line=horizon)


def _land(stage: Stage, plan: Plan, scene: Scene, horizon: float) -> None:
    """Dry land between the ranges and our feet."""
    heights, unit = stage.height, stage.unit
    if plan.has("city") or plan.elements[0] == "bamboo":
        # Towers and canes stand in haze: ground would only be a board in front of them.
        scene.add(mist.mist, stage, "low", middle=horizon + 0.24 * heights, thick=0.22 * heights, depth=0.45, strength=0.9)
        return
    terraced = next((kind for kind in plan.elements if kind in {"terraces", "tea hills"}), None)
    if terraced:
        scene.add(ground.terraces, stage, terraced, top=horizon + 0.035 * heights)
    else:
        scene.add(_slope, stage, plan, horizon)
        scene.add(mist.mist, stage, "near", middle=horizon + 0.15 * heights, thick=0.07 * heights, depth=0.5, strength=0.55)
    for kind, share in BUILT.items():
        if plan.has(kind):
            foot = horizon + 0.125 * heights
            scene.add(buildings.building, stage, kind, x=_inner(stage) * stage.width, foot=foot, size=share * unit, depth=0.55)
    if not terraced:
        bare = plan.season == "winter" and plan.weather != "snow"
        tone = stage.palette.land(0.7) if bare else None
        scene.add(ground.ground, stage, top=horizon + 0.115 * heights, tone=tone, path=plan.has("steps"))


def _slope(stage: Stage, plan: Plan, horizon: float) -> Layer:
    """A slope in the middle distance, wooded unless the prompt wants open ground."""
    name, depth, foot, rise = "slope", 0.58, horizon + 0.115 * stage.height, 0.10 * stage.height
    heights = ridge.ridge(stage, "dunes" if plan.has("dunes") else "rolling", name, peak=1 - _inner(stage))
    snowy = 0.95 if plan.weather == "snow" else (0.2 if plan.season == "winter" else 0.0)
    land = ridge.terrain(stage, heights, name, foot=foot, rise=rise, depth=depth, colour=stage.palette.land(depth), snow=snowy)
    wooded = stage.random("wooded").random() < 0.6 and not plan.has(*OPEN_GROUND)
    if plan.has("pines", "forest") or wooded:
        tall = (0.185 if plan.has("pines") else 0.125) * stage.unit
        land = pines.forest(stage, land, foot - heights * rise, name, height=tall, density=0.85, rows=3, spread=0.11)
    return stage.layer(stage.style.land(stage, land, name), depth, name=name, top=land.top)


def _walkers(stage: Stage, plan: Plan, scene: Scene) -> None:
    """Who walks through the picture."""
    side, foot = 1.06 - _inner(stage), 0.795 * stage.height
    beast = next((kind for kind in plan.elements if kind in beasts.BUILDS), None)
    if beast:
        size = {"rabbit": 0.24, "cat": 0.28, "fox": 0.34, "dog": 0.32, "deer": 0.36}.get(beast, 0.42) * stage.unit
        scene.add(beasts.beast, stage, beast, x=side * stage.width, foot=foot, size=size, depth=0.82)
    if plan.has("child", "umbrella"):
        x = (1 - side if beast else side) * stage.width
        under = plan.has("umbrella", "rain")
        scene.add(figure.figure, stage, x=x, foot=foot + 0.01 * stage.height, tall=0.24 * stage.unit, depth=0.80, umbrella=under)
    for kind in ("butterflies", "dragonfly"):
        if plan.has(kind):
            scene.add(flyers.insects, stage, kind)


def _near(stage: Stage, plan: Plan, scene: Scene) -> None:
    """What grows at our feet, and what reaches into the picture."""
    wet = is_wet(plan)
    stands = [kind for kind in plan.elements if kind in grasses.STANDS]
    if plan.has("dew") and not stands and not wet and not plan.has("terraces", "tea hills"):
        stands = ["grass"]
    walked = plan.has("child", "umbrella", *beasts.BUILDS)
    if wet and set(stands) - {"reeds", "rice"}:
        scene.add(ground.ground, stage, top=0.80 * stage.height)
    for kind in stands[:2]:
        scene.add(grasses.stand, stage, kind, foot=0.955 if walked else 0.86)
    for kind in BRANCHES:
        if plan.has(kind):
            scene.add(branch.branch, stage, kind)
            break
    if plan.has("willow"):
        scene.add(willow.willow, stage)
    if plan.has("bamboo"):
        scene.add(bamboo.bamboo, stage, leads=plan.elements[0] == "bamboo")
    if plan.has("eave"):
        scene.add(eave.eave, stage)
    if plan.has("lanterns"):
        scene.add(lanterns.lanterns, stage, 1 if plan.has("eave") else 3)
    if wet and plan.has("dragonfly", "butterflies"):
        scene.add(flyers.insects, stage, "dragonfly" if plan.has("dragonfly") else "butterflies")


def _air(stage: Stage, plan: Plan, scene: Scene, shore: float | None) -> None:
    """What falls, floats and glows."""
    if plan.has("rain", "heavy rain"):
        if shore is not None:
            scene.add(rain.rings, stage, shore)
        scene.add(rain.rain, stage, heavy=plan.has("heavy rain"))
    if plan.has("snow", "heavy snow"):
        scene.add(snow.snow, stage, heavy=plan.has("heavy snow"))
    kind = next((FALLS[name] for name in plan.elements if name in FALLS), None)
    if kind:
        leaf = "maple" if plan.has("maple") else ("ginkgo" if plan.has("ginkgo") else "leaf")
        scene.add(drift.drift, stage, kind, leaf=leaf)
    if plan.has("catkins"):
        scene.add(drift.drift, stage, "down")
    glowing = [name for name in ("fireflies", "sparks", "bokeh") if plan.has(name)]
    for name in glowing:
        scene.add(lights.lights, stage, name)
    if plan.weather == "clear" and not glowing and stage.style.name not in {"ink wash", "paper cut"}:
        scene.add(lights.lights, stage, "dust")
