"""Composes what is near in a landscape: who walks there, what grows at our feet, what hangs and floats in the air."""

from __future__ import annotations

from wan_engine.storyboard.particles import drift, lights, rain, snow
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import (
    bamboo,
    beasts,
    branch,
    eave,
    figure,
    flyers,
    grasses,
    ground,
    lanterns,
    willow,
)
from wan_engine.storyboard.stage import Stage

#: Elements that are branches, the most telling first.
BRANCHES = (
    *("plum", "peach", "cherry", "maple", "ginkgo", "persimmon", "osmanthus"),
    *("fruit tree", "berries", "leafy branch", "bare branch"),
)
#: What falls: of itself, or from its tree.
FALLS = {
    **dict.fromkeys(("plum", "peach", "cherry", "petals"), "petals"),
    **dict.fromkeys(("maple", "ginkgo", "leaves"), "leaves"),
}


def walked(plan: Plan) -> bool:
    """Whether somebody walks through the picture; who is in a boat does not."""
    return plan.has("child", "umbrella", *beasts.builds()) and not plan.has("boat")


def walkers(stage: Stage, plan: Plan, scene: Scene, *, wet: bool) -> None:
    """Who walks through the picture."""
    side, foot = 1.06 - stage.aside, (0.88 if wet else 0.795) * stage.height
    beast = next((kind for kind in plan.elements if kind in beasts.builds()), None)
    if beast:
        size = {"rabbit": 0.24, "cat": 0.28, "fox": 0.34, "dog": 0.32, "deer": 0.36}.get(beast, 0.42) * stage.unit
        scene.add(beasts.beast, stage, beast, x=side * stage.width, foot=foot, size=size, depth=0.82)
    if plan.has("child", "umbrella"):
        x = (1 - side if beast else side) * stage.width
        under = plan.has("umbrella", "rain")
        scene.add(
            figure.figure,
            stage,
            x=x,
            foot=foot + 0.01 * stage.height,
            tall=0.24 * stage.unit,
            depth=0.80,
            umbrella=under,
        )
    for kind in ("butterflies", "dragonfly"):
        if plan.has(kind):
            scene.add(flyers.insects, stage, kind)


def growing(stage: Stage, plan: Plan, scene: Scene, *, wet: bool) -> None:
    """What grows at our feet; over water it needs a bank to stand on."""
    stands = [kind for kind in plan.elements if kind in grasses.STANDS]
    if plan.has("dew") and not stands and not wet and not plan.has("terraces", "tea hills"):
        stands = ["grass"]
    if wet and (set(stands) - {"reeds", "rice"} or walked(plan)):
        scene.add(ground.ground, stage, top=0.80 * stage.height)
    if not wet or walked(plan):
        walkers(stage, plan, scene, wet=wet)
    # Who walks there is not to sink into it.
    foot = 0.955 if walked(plan) else 0.86
    for kind in stands[:2]:
        for row in grasses.ROWS:
            scene.add(grasses.stand, stage, kind, row, foot=foot)


def reaching_in(stage: Stage, plan: Plan, scene: Scene, *, wet: bool) -> None:
    """What reaches into the picture from its edges."""
    for kind in [kind for kind in BRANCHES if plan.has(kind)][:1]:
        scene.add(branch.branch, stage, kind)
    for curtain in willow.CURTAINS if plan.has("willow") else ():
        scene.add(willow.willow, stage, curtain)
    groves = bamboo.WHOLE if plan.elements[0] == "bamboo" else bamboo.ASIDE
    for grove in groves if plan.has("bamboo") else ():
        scene.add(bamboo.bamboo, stage, grove)
    if plan.has("eave"):
        scene.add(eave.eave, stage)
    if plan.has("lanterns"):
        scene.add(lanterns.lanterns, stage, 1 if plan.has("eave") else 3)
    if wet and not walked(plan) and plan.has("dragonfly", "butterflies"):
        scene.add(flyers.insects, stage, "dragonfly" if plan.has("dragonfly") else "butterflies")


def air(stage: Stage, plan: Plan, scene: Scene, shore: float | None) -> None:
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
