"""The plan of a scene: what the prompt asks for, and what the seed decides where the prompt is silent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

import numpy as np

from wan_engine.storyboard import lexicon
from wan_engine.storyboard.camera import Move
from wan_engine.storyboard.palette import Hour, Season, Weather

#: What the storyboard shows of a prompt in which it knows no word.
DEFAULTS = (
    ("mountains", "mist", "water"),
    ("hills", "grass", "clouds"),
    ("pines", "mist", "mountains"),
    ("water", "reeds", "geese"),
)
#: Moves that suit anything, for prompts that name none.
QUIET_MOVES: tuple[Move, ...] = ("push", "push", "left", "right", "rise", "orbit")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clip shows and how."""

    elements: tuple[str, ...]  #: in the order in which the prompt names them: the first is what it is about
    foods: tuple[str, ...]  #: what may lie in a dish, in the same order
    season: Season
    hour: Hour
    weather: Weather
    style: str
    move: Move
    table: bool  #: things on a table rather than a landscape
    tint: str | None = None  #: `#rrggbb` of blossoms and accents, where the prompt names their colour

    def has(self, *names: str) -> bool:
        """Whether any of the elements is planned."""
        return any(name in self.elements for name in names)

    @property
    def scene(self) -> list[str]:
        """What a clip's record says is in it."""
        return [*self.elements, *(f"food: {name}" for name in self.foods)]


def plan(prompt: str, seed: int) -> Plan:
    """The plan for a prompt. The same prompt and seed give the same plan, anywhere."""
    digest = hashlib.sha256(f"{prompt}|{seed}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    # Each question draws its number whether it needs it or not, so that one answer does not change the others.
    draws = rng.random(8)
    prompt, named = lexicon.understood(prompt)
    hints = [str(hint) for hint in lexicon.table()["terms"][named]] if named else []
    elements = lexicon.found("elements", prompt)
    foods = lexicon.found("foods", prompt)
    on_table = _on_table(elements, foods)
    for general, particular in (("leafy branch", "woody"), ("flowers", "blooms")):
        if general in elements and set(elements) & lexicon.group(particular):
            elements.remove(general)
    if named and len(elements) < 3 and not on_table:
        elements += [hint for hint in hints[2:] if hint not in elements]
    if not [name for name in elements if name not in lexicon.group("air")] and not on_table:
        elements += [name for name in DEFAULTS[int(draws[0] * len(DEFAULTS))] if name not in elements]
    # A winter that nobody asked for would bury what they did ask for.
    seasons = lexicon.found("season", prompt) or hints[:1]
    season = _first(seasons, lexicon.found("season hints", prompt), ["spring", "summer", "autumn"], draws[1])
    hour = _first(lexicon.found("hour", prompt), hints[1:2], ["dawn", "day", "day", "dusk"], draws[2])
    if {"moon", "crescent", "stars", "fireflies"} & set(elements) and hour == "day":
        hour = "night"
    moves = lexicon.found("move", prompt)
    return Plan(
        elements=tuple(elements),
        foods=tuple(foods),
        season=cast(Season, season),
        hour=cast(Hour, hour),
        weather=_weather(elements),
        style=(lexicon.found("style", prompt) or ["cinematic"])[-1],  # a clay pot comes first, the style last
        move=cast(Move, moves[0] if moves else QUIET_MOVES[int(draws[3] * len(QUIET_MOVES))]),
        table=on_table,
        tint=next(iter(lexicon.found("tint", prompt)), None),
    )


def _on_table(elements: list[str], foods: list[str]) -> bool:
    """Whether the subject stands on a table: something of a table is named, and nothing large comes before it."""
    large = lexicon.group("outdoors")
    things = [name for name in elements if name not in lexicon.group("air")]
    if not things:
        return bool(foods)
    if things[0] in large:
        # A rice cake is named by its rice, a lotus root by its lotus.
        return bool(foods) and not set(things) & large - {"lotus", "rice", "wheat"}
    return bool(set(things) & lexicon.group("table")) or bool(foods)


def _first(asked: list[str], hints: list[str], choices: list[str], draw: float) -> str:
    return (asked or hints or [choices[int(draw * len(choices))]])[0]


def _weather(elements: list[str]) -> Weather:
    if "lightning" in elements or "heavy rain" in elements:
        return "storm"
    for name, weather in (("rain", "rain"), ("heavy snow", "snow"), ("snow", "snow"), ("mist", "mist")):
        if name in elements:
            return cast(Weather, weather)
    return "clear"
