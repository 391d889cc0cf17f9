"""Reference images: fetched through the guard, checked, and kept in the store as a plain PNG.

What an engine gets was decoded and encoded again by us: no metadata, no strange format, no more pixels than are useful.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageOps, UnidentifiedImageError

from records.store import Store
from reelmill.errors import MediaError
from reelmill.fetching import PICTURES, Fetcher
from reelmill.files import sha256_of

#: Suffix of reference images in the store.
PNG = ".png"
#: A download above this is no product photo, in bytes.
MAX_BYTES = 20 * 1024 * 1024
#: A picture above this would need gigabytes to decode, in pixels.
MAX_PIXELS = 50_000_000
#: No engine sees more than this on the longer side, in pixels.
LONGEST_SIDE = 2048
FORMATS = ("JPEG", "PNG", "WEBP")


def keep_reference(image: str, store: Store, fetcher: Fetcher, scratch: Path) -> str:
    """Bring a reference image into the store.

    Parameters
    ----------
    image:
        An http(s) URL, or the absolute path of a local file.

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
    try:
        if image.startswith(("http://", "https://")):
            download = scratch / f"{uuid4().hex}.download"
            try:
                fetcher.save(image, download, max_bytes=MAX_BYTES, accept=PICTURES)
                _rewrite(download, plain, image)
            finally:
                download.unlink(missing_ok=True)
        else:
            _rewrite(Path(image), plain, image)
        sha256 = sha256_of(plain)
        store.add(plain, sha256, PNG)
    finally:
        plain.unlink(missing_ok=True)
    return sha256


def _rewrite(source: Path, goal: Path, name: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower, and an error
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise MediaError(
                        f"{name} has {picture.width}x{picture.height} pixels", f"at most {MAX_PIXELS:,} are read"
                    )
                upright = ImageOps.exif_transpose(picture)
                alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
                plain = upright.convert("RGBA" if alpha else "RGB")
        plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        plain.info.clear()
        plain.save(goal, "PNG", compress_level=3)
    except FileNotFoundError:
        raise MediaError(f"the image {name} is not there", "correct its path or its URL") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"{name} is not a picture that can be read: {error}", "use JPEG, PNG or WebP") from None
