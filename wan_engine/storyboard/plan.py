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
DEFAULTS = (("mountains", "mist", "water"), ("hills", "grass", "clouds"), ("pines", "mist", "mountains"), ("water", "reeds", "geese"))
#: Moves that suit anything, for prompts that name none.
QUIET_MOVES: tuple[Move, ...] = ("push", "push", "left", "right", "rise", "orbit")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clip shows and how."""

    elements: tuple[str, ...]  #: in the order in which the prompt names them: the first is what it is about
    season: Season
    hour: Hour
    weather: Weather
    style: str
    move: Move
    table: bool  #: things on a table rather than a landscape

    def has(self, *names: str) -> bool:
        """Whether any of the elements is planned."""
        return any(name in self.elements for name in names)


def plan(prompt: str, seed: int) -> Plan:
    """The plan for a prompt. The same prompt and seed give the same plan, anywhere."""
    digest = hashlib.sha256(f"{prompt}|{seed}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    # Each question draws its number whether it needs it or not, so that one answer does not change the others.
    draws = rng.random(8)
    named, prompt = lexicon.term(prompt)
    hints = list(lexicon.table()["terms"][named]) if named else []
    elements = lexicon.found("elements", prompt)
    if len(elements) > 1 and "leafy branch" in elements and set(elements) & _WOODY:
        elements.remove("leafy branch")
    if named and len(elements) < 3:
        elements += [hint for hint in hints[2:] if hint not in elements]
    if not [name for name in elements if name not in _AIR]:
        elements += [name for name in DEFAULTS[int(draws[0] * len(DEFAULTS))] if name not in elements]
    # A winter that nobody asked for would bury what they did ask for.
    season = _first(hints[:1], lexicon.found("season", prompt), ["spring", "summer", "autumn"], draws[1])
    hour = _first(lexicon.found("hour", prompt), hints[1:2], ["dawn", "day", "day", "dusk"], draws[2])
    style = (lexicon.found("style", prompt) or ["cinematic"])[0]
    moves = lexicon.found("move", prompt)
    move = moves[0] if moves else QUIET_MOVES[int(draws[3] * len(QUIET_MOVES))]
    on_table = bool([name for name in elements[:2] if name in lexicon.table()["table"]])
    if "moon" in elements or "crescent" in elements or "stars" in elements or "fireflies" in elements:
        hour = hour if hour in {"night", "dusk"} else "night"
    return Plan(
        elements=tuple(elements),
        season=cast(Season, season),
        hour=cast(Hour, hour),
        weather=_weather(elements),
        style=style,
        move=cast(Move, move),
        table=on_table,
    )


#: What fills the air and leaves open what stands in it.
_AIR = frozenset({"rain", "heavy rain", "snow", "heavy snow", "mist", "frost", "dew", "ice", "petals", "leaves", "dust", "bokeh", "sparks", "steam", "sun", "moon", "crescent", "stars", "clouds", "clear sky", "lightning"})


#: What has branches of its own.
_WOODY = frozenset({"plum", "peach", "cherry", "maple", "ginkgo", "persimmon", "osmanthus", "loquat", "willow", "bamboo", "pines", "tea hills"})


def _first(asked: list[str], hints: list[str], choices: list[str], draw: float) -> str:
    return (asked or hints or [choices[int(draw * len(choices))]])[0]


def _weather(elements: list[str]) -> Weather:
    if "lightning" in elements or "heavy rain" in elements:
        return "storm"
    for name, weather in (("rain", "rain"), ("heavy snow", "snow"), ("snow", "snow"), ("mist", "mist")):
        if name in elements:
            return cast(Weather, weather)
    return "clear"
