"""A reference image as the first frame of a clip: cut to its shape, never stretched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from reelmill.errors import MediaError

#: What shows through a picture that is transparent in part: product photos stand on white.
GROUND = (255, 255, 255)


def read_picture(path: Path, width: int, height: int) -> torch.Tensor:
    """The picture, (1, 3, 1, height, width), from -1 to 1: covering the frame, cut equally on both sides.

    Raises
    ------
    MediaError
        If the file is no picture.
    """
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"the reference image cannot be read: {error}", "use JPEG, PNG or WebP") from None
    flat = Image.new("RGBA", picture.size, GROUND)
    flat.alpha_composite(picture)
    covering = ImageOps.fit(flat.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(covering)).permute(2, 0, 1).float() / 127.5 - 1
    return pixels[None, :, None]


@torch.no_grad()
def first_frame(vae: Any, picture: torch.Tensor) -> torch.Tensor:
    """The normalised latents of a picture, (1, channels, 1, height, width), in float32.

    Raises
    ------
    torch.OutOfMemoryError
    """
    seen = vae.encode(picture.to(vae.device, vae.dtype)).latent_dist.mode().float()
    mean, deviation = (
        torch.tensor(values).view(1, -1, 1, 1, 1).to(seen)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    normalised: torch.Tensor = (seen - mean) / deviation
    return normalised
