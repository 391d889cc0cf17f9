"""All styles by the name that a plan gives them."""

from __future__ import annotations

from wan_engine.storyboard.styles.base import Style
from wan_engine.storyboard.styles.cinematic import Cinematic
from wan_engine.storyboard.styles.clay import Clay
from wan_engine.storyboard.styles.film import Film
from wan_engine.storyboard.styles.flat import Flat
from wan_engine.storyboard.styles.ink import Ink
from wan_engine.storyboard.styles.papercut import PaperCut
from wan_engine.storyboard.styles.watercolor import Watercolor

STYLES: dict[str, type[Style]] = {
    "cinematic": Cinematic,
    "ink": Ink,
    "watercolor": Watercolor,
    "paper": PaperCut,
    "clay": Clay,
    "flat": Flat,
    "film": Film,
}
