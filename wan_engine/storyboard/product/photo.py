"""Reads a reference image safely: right way up, in sRGB, with its alpha if it has one, no larger than is useful."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from reelmill.errors import MediaError
from wan_engine.storyboard.picture.raster import Field

#: A picture with more pixels than this is a mistake or an attack: 100 megapixels.
MOST_PIXELS = 100_000_000
#: The longer side that is worked with, pixels: more than any clip shows of a product.
WORKING_SIDE = 800
#: A side shorter than this (pixels) shows nothing.
LEAST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph as straight RGB from 0 to 1, and its own transparency if it came with one."""

    rgb: Field
    alpha: Field | None


def read_photo(path: Path) -> Photo:
    """The photograph in a file.

    Raises
    ------
    MediaError
        If the file is missing, empty, not a picture, damaged, or absurdly large or small.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise MediaError(f"the reference image {path.name} is missing or empty", "check the image of this item")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we set the limit ourselves, below
            with Image.open(path) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise MediaError(
                        f"the reference image {path.name} has {opened.width}x{opened.height} pixels",
                        f"use one of at most {MOST_PIXELS // 1_000_000} megapixels",
                    )
                opened.draft("RGB", (WORKING_SIDE * 2, WORKING_SIDE * 2))
                upright = ImageOps.exif_transpose(opened)
                translucent = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
                picture = upright.convert("RGBA" if translucent else "RGB")
    except MediaError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        reason = str(error).replace(str(path), path.name)
        raise MediaError(
            f"the reference image {path.name} cannot be read: {reason}", "use a JPEG, PNG or WebP file"
        ) from error
    if min(picture.size) < LEAST_SIDE:
        raise MediaError(
            f"the reference image {path.name} has only {picture.width}x{picture.height} pixels", "use a larger one"
        )
    picture.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    values = np.asarray(np.asarray(picture, np.float32) / 255, np.float32)
    if values.shape[2] == 4:
        return Photo(np.ascontiguousarray(values[..., :3]), np.ascontiguousarray(values[..., 3]))
    return Photo(values, None)
