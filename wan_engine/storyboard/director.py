"""The director: from a plan to a scene that is ready to be played."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.landscape import landscape
from wan_engine.storyboard.palette import palette
from wan_engine.storyboard.picture.colour import colour
from wan_engine.storyboard.plan import Plan
from wan_engine.storyboard.product.photo import Photo
from wan_engine.storyboard.product.showcase import showcase
from wan_engine.storyboard.scene import Scene
from wan_engine.storyboard.stage import Stage
from wan_engine.storyboard.still_life import still_life
from wan_engine.storyboard.styles.gallery import STYLES


def stage_for(plan: Plan, *, width: int, height: int, seconds: float, seed: str) -> Stage:
    """The stage of a plan: palette, style, where the horizon lies and where the light stands."""
    style = STYLES[plan.style]()
    camera = Camera(plan.move, width, height, seconds)
    words = set(plan.elements) | {plan.hour, plan.season, plan.weather}
    clear = plan.weather in {"clear", "mist"}
    if plan.hour == "night" and not words & {"moon", "crescent"} and clear:
        words.add("moon")
    if plan.hour in {"dawn", "dusk"} and clear and not words & {"moon", "crescent"}:
        words.add("sun")
    natural = palette(plan.season, plan.hour, plan.weather)
    if plan.tint is not None:
        natural = replace(natural, accent=colour(plan.tint))
    colours = style.regrade(natural)
    blank = Stage(width, height, seconds, seed, camera, colours, style, 0.6, (0.3, 0.25))
    rng = blank.random("stage")
    side = 0.29 if rng.random() < 0.5 else 0.71
    low = "sun" in words and plan.hour in {"dawn", "dusk"}
    tall = height >= width
    light = (side + rng.uniform(-0.06, 0.06), rng.uniform(0.33, 0.40) if low else rng.uniform(0.17, 0.24))
    horizon = rng.uniform(0.575, 0.615) if tall else rng.uniform(0.60, 0.64)
    return Stage(
        width,
        height,
        seconds,
        seed,
        camera,
        colours,
        style,
        float(horizon),
        (float(light[0]), float(light[1])),
        frozenset(words),
    )


def direct(
    plan: Plan, *, width: int, height: int, seconds: float, seed: str, painters: Executor, photo: Photo | None = None
) -> Scene:
    """The scene of a plan, ready to be rendered; with a photo it is about the product that the photo shows."""
    scene = Scene(stage_for(plan, width=width, height=height, seconds=seconds, seed=seed), painters)
    if photo is not None:
        showcase(scene, plan, photo)
    elif plan.table:
        still_life(scene, plan)
    else:
        landscape(scene, plan)
    scene.prepare()
    return scene
