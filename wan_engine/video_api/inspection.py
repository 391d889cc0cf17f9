"""Whether a file is what was ordered: a reference image before it goes out, a clip when it comes in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from reelmill.content import Shot
from reelmill.errors import EngineError, Interrupted, MediaError
from reelmill.ffmpeg import probe
from reelmill.frames import read_frames

#: What servers decode, by the name that Pillow has for it.
PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
#: A picture beyond this would need gigabytes to decode, in pixels.
MOST_PIXELS = 50_000_000
#: Side of the frames that are counted, in pixels: decoding is what is wanted, not the picture.
COUNTED_SIDE = 16
#: How far a container's rate may be off by its rounding.
RATE_TOLERANCE = 0.02


def inspect_picture(path: Path) -> tuple[bytes, str]:
    """The bytes of a reference image and their media type.

    Raises
    ------
    MediaError
        If the file is missing, or no picture that every server can decode.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower, and an error
            with Image.open(path, formats=tuple(PICTURES)) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise MediaError(
                        f"the reference image has {picture.width}x{picture.height} pixels",
                        f"use one of at most {MOST_PIXELS:,}",
                    )
                picture.load()
                return path.read_bytes(), PICTURES[picture.format or "PNG"]
    except FileNotFoundError:
        raise MediaError("the reference image is not there", "fetch the images of this run again") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).replace(str(path), path.name)
        raise MediaError(f"the reference image cannot be read: {reason}", "use JPEG, PNG or WebP") from None


def inspect_clip(path: Path, shot: Shot, stopped: Callable[[], bool]) -> None:
    """Decode a clip to its end and compare it with the shot.

    Raises
    ------
    MediaError
        If it is damaged, or no video at all.
    EngineError
        If it has another size, count of frames or rate than was asked for; the reason says both.
    Interrupted
        If `stopped` answered yes.
    """
    said = probe(path)
    frames = 0
    with closing(read_frames(path, COUNTED_SIDE, COUNTED_SIDE, pixels="gray", threads=1)) as decoded:
        for _ in decoded:
            if stopped():
                raise Interrupted("the work was stopped")
            frames += 1
    same_size = (said.width, said.height) == (shot.width, shot.height)
    if not same_size or frames != shot.frames or abs(said.fps - shot.fps) > RATE_TOLERANCE:
        raise EngineError(
            f"the video server made {said.width}x{said.height}, {frames} frames at {said.fps:g} fps,"
            f" where {shot.width}x{shot.height}, {shot.frames} frames at {shot.fps} fps were ordered",
            "ask for a size and a length that its model makes",
        )
