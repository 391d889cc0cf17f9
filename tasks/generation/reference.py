"""Reference images: fetched through the guard, checked, and kept in the store as a plain PNG.

What an engine gets was decoded and encoded again by us: no metadata, no strange format, no more pixels than are useful.
"""

from __future__ import annotations

import stat
import warnings
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageOps, UnidentifiedImageError

from records.store import Store
from reelmill.answers import redacted
from reelmill.dimensions import dimensions
from reelmill.errors import MediaError
from reelmill.fetching import Fetcher
from reelmill.files import sha256_of
from reelmill.sniffing import PICTURES, SNIFFED_BYTES, sniff
from tasks.generation.posing import Pose, pose

#: Suffix of reference images in the store.
PNG = ".png"
#: A download above this is no product photo, in bytes.
MAX_BYTES = 20 * 1024 * 1024
#: A picture above this would need gigabytes to decode, in pixels.
MAX_PIXELS = 50_000_000
#: No engine sees more than this on the longer side, in pixels.
LONGEST_SIDE = 2048
FORMATS = ("JPEG", "PNG", "WEBP")


def keep_reference(
    image: str, store: Store, fetcher: Fetcher, scratch: Path, *, how: Pose = "whole", size: tuple[int, int] = (0, 0)
) -> str:
    """Bring a reference image into the store.

    Parameters
    ----------
    image:
        An http(s) URL, or the absolute path of a local file.
    how, size:
        How it is put into the shape of a clip of this width and height; see `tasks.generation.posing`.

    Returns
    -------
    str
        Its sha256 in the store, under the suffix `.png`.

    Raises
    ------
    MediaError
        If it is no picture that we read, or too large.
    FetchError, TransientError
        If its URL is refused or does not answer.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    plain = scratch / f"{uuid4().hex}{PNG}"
    download = scratch / f"{uuid4().hex}.download"
    try:
        if image.startswith(("http://", "https://")):
            name = redacted(image)
            fetcher.save(image, download, max_bytes=MAX_BYTES, accept=PICTURES)
            _rewrite(download, plain, name)
        else:
            _rewrite(Path(image), plain, image)
        pose(plain, *size, how)
        sha256 = sha256_of(plain)
        store.add(plain, sha256, PNG)
    finally:
        plain.unlink(missing_ok=True)
        download.unlink(missing_ok=True)
    return sha256


def _check(source: Path, name: str) -> None:
    """See by size, content and header that a decoder may have it.

    Raises
    ------
    MediaError
    OSError
        If it cannot be read.
    """
    about = source.stat()
    if not stat.S_ISREG(about.st_mode):
        raise MediaError(f"{name} is not a file", "use a JPEG, PNG or WebP file")
    if about.st_size > MAX_BYTES:
        raise MediaError(f"{name} has {about.st_size:,} bytes", f"at most {MAX_BYTES:,} are read")
    with source.open("rb") as stream:
        kind = sniff(stream.read(SNIFFED_BYTES))
        if kind not in PICTURES:
            raise MediaError(f"{name} is {kind or 'no picture that is known'}", "use JPEG, PNG or WebP")
        stream.seek(0)
        found = dimensions(stream)
    if found is None or not all(found):
        raise MediaError(f"{name} does not say how large it is", "save it again as JPEG, PNG or WebP")
    if found[0] * found[1] > MAX_PIXELS:
        raise MediaError(f"{name} has {found[0]}x{found[1]} pixels", f"at most {MAX_PIXELS:,} are read")


def _rewrite(source: Path, goal: Path, name: str) -> None:
    try:
        _check(source, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower, and was kept
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:  # the header said something else
                    raise MediaError(
                        f"{name} has {picture.width}x{picture.height} pixels", f"at most {MAX_PIXELS:,} are read"
                    )
                upright = ImageOps.exif_transpose(picture)
                if upright.mode.startswith("I"):  # 16 bits of grey, which a conversion would cut instead of scale
                    upright = upright.point(lambda value: value * (1 / 256)).convert("L")
                alpha = upright.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in upright.info
                plain = upright.convert("RGBA" if alpha else "RGB")
        plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        plain.info.clear()
        plain.save(goal, "PNG", compress_level=3)
    except FileNotFoundError:
        raise MediaError(f"the image {name} is not there", "correct its path or its URL") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"{name} is not a picture that can be read: {error}", "use JPEG, PNG or WebP") from None
