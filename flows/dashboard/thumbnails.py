"""Covers made small enough to travel inside a page: JPEGs as `data:` URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

#: Height by width of a tile that stands for a picture which is not there: that of a phone held upright.
ASPECT = 16 / 9
#: Colour of such a tile; readable on a light page and on a dark one.
GREY = 0x9A


@dataclass(frozen=True, slots=True)
class Grade:
    """How small pictures are made, and how they are laid out."""

    most: int  #: with more pictures than this a page would be too long
    columns: int  #: that fit beside each other in the dashboard on a common screen
    width: int  #: pixels; the height is at most that of a phone held upright
    quality: int  #: of the JPEG, 1 to 95

    @property
    def box(self) -> tuple[int, int]:
        return self.width, round(self.width * ASPECT)


#: From a handful of videos to a hundred of them.
GRADES = (Grade(3, 3, 210, 80), Grade(12, 4, 154, 80), Grade(40, 5, 120, 74), Grade(72, 6, 98, 66),
          Grade(112, 7, 82, 56), Grade(144, 8, 68, 45))  # fmt: skip


def thumbnail(cover: Path | None, grade: Grade) -> str:
    """A cover as a `data:` URI; a grey tile if there is none, or if its file is gone or broken."""
    from PIL import Image

    if cover is None:
        return tile(grade)
    try:
        with Image.open(cover, formats=["JPEG"]) as opened:
            opened.draft("RGB", (grade.box[0] * 2, grade.box[1] * 2))  # decodes only as much as is needed
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return tile(grade)
    picture.thumbnail(grade.box, Image.Resampling.LANCZOS)
    return _uri(picture, "jpeg", quality=grade.quality, optimize=True)


@cache
def tile(grade: Grade) -> str:
    """A grey tile. As a PNG it is the smallest."""
    from PIL import Image

    return _uri(Image.new("L", grade.box, GREY), "png", optimize=True)


def _uri(picture: Any, kind: str, **options: Any) -> str:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
