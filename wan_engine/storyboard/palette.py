"""The colours of a scene: by season and hour, bent by the weather and by colour words of the prompt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, luma, shifted
from wan_engine.storyboard.picture.raster import Field

Season = Literal["spring", "summer", "autumn", "winter"]
Hour = Literal["dawn", "day", "dusk", "night"]
Weather = Literal["clear", "mist", "rain", "storm", "snow"]

#: How grey and how even the weather makes a scene: saturation, share of haze in the sky, lightness.
WEATHER: dict[str, tuple[float, float, float]] = {
    "clear": (1.0, 0.0, 1.0),
    "mist": (0.78, 0.35, 1.0),
    "rain": (0.62, 0.42, 0.84),
    "storm": (0.55, 0.30, 0.58),
    "snow": (0.80, 0.30, 0.86),
}


#: What wet air looks like.
SLATE = colour("#8197a3")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours that painters ask for by role, as sRGB triples from 0 to 1."""

    zenith: Field
    sky: Field
    horizon: Field
    haze: Field  #: what distance fades into
    far: Field  #: land at the horizon
    near: Field  #: land at the lens
    ground: Field  #: open ground: grass, soil, snow
    foliage: Field
    wood: Field
    accent: Field  #: blossoms, leaves, seals: the one warm thing
    light: Field  #: sun, moon and what they touch
    water: Field
    dark: bool  #: a night scene: things are seen as silhouettes, lights glow

    def land(self, depth: float) -> Field:
        """The colour of land at a depth: 0 fades into the haze, 1 is near."""
        if depth < 0.5:
            return blend(blend(self.haze, self.far, 0.55), self.far, depth * 2)
        return blend(self.far, self.near, (depth - 0.5) * 2)

    def mapped(self, change: Callable[[Field], Field]) -> Palette:
        """Each colour changed in the same way."""
        changed = {item.name: change(getattr(self, item.name)) for item in fields(self) if item.name != "dark"}
        return Palette(**changed, dark=self.dark)

    @property
    def brightness(self) -> float:
        """How bright the sky is, 0 to 1."""
        return luma(self.sky)


@cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    text = files("wan_engine.storyboard").joinpath("palettes.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def palette(season: Season, hour: Hour, weather: Weather = "clear") -> Palette:
    """The palette of a moment of the year."""
    named = {role: colour(text) for role, text in _table()[season][hour].items()}
    saturation, even, lightness = WEATHER[weather]
    base = Palette(**named, dark=hour == "night")
    if weather == "clear":
        return base
    grey = shifted(base.haze, saturation=0.6)
    evened = replace(
        base,
        zenith=blend(base.zenith, grey, even),
        sky=blend(base.sky, grey, even),
        horizon=blend(base.horizon, grey, even),
    )
    greyed = evened.mapped(lambda value: _cooled(shifted(value, saturation=saturation, lightness=lightness), weather))
    # Blossoms and lights keep their colours, and snow stays white.
    return replace(
        greyed, accent=base.accent, light=base.light, ground=base.ground if weather == "snow" else evened.ground
    )


def _cooled(value: Field, weather: Weather) -> Field:
    """Rain takes the warmth out of the light: towards slate of the same brightness."""
    if weather not in {"rain", "storm"}:
        return value
    slate = SLATE * np.float32(luma(value) / luma(SLATE))
    return np.asarray(np.clip(blend(value, slate, 0.55), 0, 1), np.float32)
