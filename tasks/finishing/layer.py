"""What is drawn over a picture, one thing above the other. Layers that are equal look alike, and are drawn once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

#: The last picture of what lies above stays until there is another one.
KEPT: Final = "format=yuv420:eof_action=repeat"
BT709: Final = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
#: Pictures are RGB, videos are YUV: said explicitly, or ffmpeg would take BT.601 and shift the brand's colour.
TO_VIDEO: Final = "scale=out_color_matrix=bt709:out_range=tv,format=yuva420p"


@dataclass(frozen=True, slots=True)
class Layer:
    """One input of ffmpeg, and how it comes to lie over the picture."""

    kind: str  #: what labels in the graph are called after
    source: tuple[str, ...]  #: how ffmpeg is told to read it
    above: str  #: the filters that it goes through alone
    onto: str  #: the filter that lays it over the picture


def looks(*of: object) -> str:
    """A short name of all that a drawing is made from: files that are called alike are alike.

    Parameters
    ----------
    of:
        Values whose `repr` says all of them, as a dataclass' does.
    """
    return hashlib.sha256(repr(of).encode()).hexdigest()[:12]
