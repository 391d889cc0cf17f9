"""A product's photo in the shape of a clip: cropped to the product, on its own ground or on none.

Shops have square photos on white, and clips are tall: an engine that cuts the photo to its shape would cut the product.
Where the outline is not sure, the photo stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.float32]
Pose = Literal["whole", "subject", "cutout"]

#: The most of the clip's width and height that the product takes, and where its middle is, from the top.
WIDE, HIGH, MIDDLE = 0.76, 0.60, 0.52
#: The border of a photo that shows its ground, as a part of the shorter side.
BORDER = 0.04


def pose(path: Path, width: int, height: int, how: Pose) -> bool:
    """Rewrite a picture in the shape of a clip. Returns whether it was done.

    Parameters
    ----------
    path:
        A PNG; it is written over.
    width, height:
        Of the clip, in pixels.
    how:
        `subject` keeps the photo's own ground and shadow; `cutout` leaves the ground out, and keeps the transparency;
        `whole` does nothing.

    Raises
    ------
    MediaError
        If the picture cannot be read.
    """
    if how == "whole":
        return False
    from wan_engine.storyboard.product.cutout import cut_out, scaled
    from wan_engine.storyboard.product.photo import read_photo

    photo = read_photo(path)
    found = cut_out(photo)
    if found is None:
        return False
    rows, columns = found.alpha.shape
    scale = min(WIDE * width / columns, HIGH * height / rows)
    wide, high = max(1, round(columns * scale)), max(1, round(rows * scale))
    left, top = (width - wide) // 2, round(MIDDLE * height - high / 2)
    rgb, alpha = scaled(found, wide, high)
    product = Image.fromarray(np.dstack([_bytes(rgb), _bytes(alpha)]), "RGBA")
    if how == "cutout":
        canvas = Image.new("RGBA", (width, height))
        canvas.paste(product, (left, top))
        canvas.save(path, "PNG", compress_level=3)
        return True
    ground = _ground(photo.rgb) if photo.alpha is None else np.full(3, 1.0, np.float32)
    picture = np.broadcast_to(_bytes(ground), (height, width, 3)).copy()
    canvas = Image.fromarray(picture, "RGB")
    around = round(found.around * scale)
    spread = (wide + 2 * around, high + 2 * around)
    cast = Image.fromarray(_bytes(found.shadow)).resize(spread, Image.Resampling.BILINEAR)
    canvas.paste(Image.new("RGB", cast.size, (0, 0, 0)), (left - around, top - around), cast)
    canvas.paste(product, (left, top), product)
    canvas.save(path, "PNG", compress_level=3)
    return True


def _ground(rgb: Field) -> Field:
    """The colour of a photo's ground: the middle one of its border, (3,), 0 to 1."""
    rim = max(1, round(BORDER * min(rgb.shape[:2])))
    border = np.concatenate([part.reshape(-1, 3) for part in (rgb[:rim], rgb[-rim:], rgb[:, :rim], rgb[:, -rim:])])
    return np.asarray(np.median(border, axis=0), np.float32)


def _bytes(values: Field) -> npt.NDArray[np.uint8]:
    return np.asarray(np.round(np.clip(values, 0, 1) * 255), np.uint8)
