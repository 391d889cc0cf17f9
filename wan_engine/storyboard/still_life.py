"""Composes a still life: a table by a window, what stands on it, and the light of the hour."""

from __future__ import annotations

from wan_engine.storyboard.particles import drift, lights, snow
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.scenery import beasts, branch, companions, dishes, food, keepsakes, lamp, lanterns, room
from wan_engine.storyboard.stage import Stage

#: Elements → the dish that they mean.
SERVED = {
    "teapot": "teapot",
    "stove": "teapot",
    "glass": "glass",
    "jar": "jar",
    "basket": "basket",
    "bowl": "bowl",
    "plate": "plate",
    "cup": "cup",
}
#: Dishes that others are named beside: tea is in a glass, a bowl stands on a tray.
WEAK = ("cup", "plate")
#: Elements → what a vase holds.
TWIGS = {
    **{name: name for name in ("plum", "peach", "cherry", "osmanthus", "maple", "ginkgo", "willow", "chrysanthemum")},
    **{name: name for name in ("berries", "leafy branch", "persimmon")},
    "flowers": "wild",
}
#: What a vase holds where nothing is named.
OF_SEASON = {"spring": "peach", "summer": "leafy branch", "autumn": "osmanthus", "winter": "plum"}


def still_life(scene: Scene, plan: Plan) -> None:
    """Add what a plan whose subject stands on a table shows."""
    stage = scene.stage
    scene.add(room.wall, stage)
    if plan.has("lanterns", "candle", "lamp", "bokeh", "sparks") or stage.palette.dark:
        scene.add(lights.lights, stage, "bokeh", depth=0.3)
    middle = stage.width * (0.5 - 0.03 * room.side_of_light(stage))
    foot = stage.height * (room.TABLE + 0.125)
    if plan.has("scroll"):
        scene.add(keepsakes.scroll, stage, stage.width * (0.5 + 0.14 * room.side_of_light(stage)))
    scene.add(room.tabletop, stage)
    _subject(stage, plan, scene, middle, foot)
    _air(stage, plan, scene)


def _subject(stage: Stage, plan: Plan, scene: Scene, x: float, foot: float) -> None:
    """What the prompt is about, in the middle, and a companion behind it where there is room."""
    beast = next((name for name in plan.elements if name in beasts.builds()), None)
    twig = next((TWIGS[name] for name in plan.elements if name in TWIGS), None)
    named = [SERVED[name] for name in plan.elements if name in SERVED]
    dish = next((name for name in named if name not in WEAK), named[0] if named else None)
    morsel = food.MORSELS[plan.foods[0]] if plan.foods else None
    if beast:
        scene.add(keepsakes.clay_figure, stage, beast, x, foot + 0.02 * stage.height)
        return
    for name, keepsake in (("candle", "candle"), ("lamp", "lamp"), ("book", "book"), ("fan", "fan")):
        if plan.has(name) and dish in {None, "cup"}:
            _keepsake(stage, scene, keepsake, x, foot)
            if dish:
                scene.add(
                    dishes.cup,
                    stage,
                    x + 0.20 * stage.unit * room.side_of_light(stage),
                    foot + 0.05 * stage.height,
                    None,
                )
            return
    if dish is None and morsel is not None:
        dish = morsel.dish
    if dish is None or (twig and dish == "cup" and not plan.has("steam")):
        scene.add(keepsakes.vase, stage, x - 0.05 * stage.unit, foot, twig or OF_SEASON[plan.season])
        if dish:
            scene.add(
                dishes.cup, stage, x + 0.20 * stage.unit * room.side_of_light(stage), foot + 0.05 * stage.height, None
            )
        return
    _serve(stage, plan, scene, dish, morsel, twig, x, foot)


def _serve(
    stage: Stage,
    plan: Plan,
    scene: Scene,
    dish: str,
    morsel: food.Morsel | None,
    twig: str | None,
    x: float,
    foot: float,
) -> None:
    """A dish with what keeps it company."""
    rng = stage.random("companions")
    if dish in {"plate", "bowl", "cup", "glass"} and rng.random() < 0.6:
        scene.add(companions.cloth, stage, x, foot)
    if dish in {"plate", "bowl", "basket", "jar"} and rng.random() < 0.6:
        scene.add(companions.second_cup, stage, x, foot)
    if plan.has("candle", "lamp"):
        beside = x - 0.36 * stage.unit * room.side_of_light(stage)
        scene.add(lamp.lamp, stage, beside, foot - 0.035 * stage.height, candle=plan.has("candle"))
    scene.add(dishes.DISHES[dish], stage, x, foot, morsel)
    if dish in {"plate", "bowl"} and rng.random() < 0.6:
        scene.add(companions.chopsticks, stage, x, foot)
    elif dish in {"cup", "glass", "basket", "teapot", "jar"}:
        # Fruit that hangs would hang from a sprig that lies.
        lying = OF_SEASON[plan.season] if twig in {None, "persimmon", "berries"} else twig
        scene.add(companions.sprig, stage, x, foot, lying)
    if twig and dish in {"teapot", "plate", "basket"}:
        scene.add(branch.branch, stage, twig, 0.95, high=(0.18, 0.26), size=0.8)


def _keepsake(stage: Stage, scene: Scene, kind: str, x: float, foot: float) -> None:
    if kind in {"candle", "lamp"}:
        scene.add(lamp.lamp, stage, x, foot, candle=kind == "candle")
    elif kind == "book":
        scene.add(keepsakes.book, stage, x, foot + 0.01 * stage.height)
    else:
        scene.add(keepsakes.fan, stage, x, foot)


def _air(stage: Stage, plan: Plan, scene: Scene) -> None:
    """What hangs into the picture and floats through it."""
    if plan.has("lanterns"):
        scene.add(lanterns.lanterns, stage, 2)
    if plan.has("snow", "heavy snow"):
        scene.add(snow.far, stage)
    if plan.has("petals", "plum", "peach", "cherry"):
        scene.add(drift.drift, stage, "petals")
    scene.add(lights.lights, stage, "dust")
