"""From latents to frames, as few at a time as the model allows.

Whole, the VAE decodes one latent frame after the other, and what is done goes out before the next one begins. In tiles,
each tile is decoded over the whole time, because a tile's past is as large as its picture; finished tiles are kept in 8
bits, beside the seams that the next ones are blended with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

Frames = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tiling:
    """Sides of the tiles, and how far one lies from the next, in pixels of the clip."""

    side: int
    stride: int

    @classmethod
    def of(cls, side: int) -> Tiling:
        """Tiles that overlap by a quarter, as diffusers' own."""
        return cls(side, side * 3 // 4)


def no_tick() -> None:
    """Nobody looks on."""


def scaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Normalised latents as the VAE takes them."""
    mean, deviation = (
        torch.tensor(values).view(1, -1, 1, 1, 1).to(latents)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return latents * deviation + mean


@torch.no_grad()
def decode_whole(vae: Any, latents: torch.Tensor, tick: Callable[[], None] = no_tick) -> Iterator[torch.Tensor]:
    """The frames in pieces: first one, then as many as a latent frame holds.

    Parameters
    ----------
    latents:
        Of one shot, (1, channels, latent frames, height, width), as the VAE takes them.
    tick:
        Called after each latent frame. What it raises ends the work and leaves the VAE clean.

    Yields
    ------
    torch.Tensor
        (3, frames, height, width) from -1 to 1.

    Raises
    ------
    torch.OutOfMemoryError
    """
    vae.clear_cache()
    try:
        taken = vae.post_quant_conv(latents)
        for number in range(taken.shape[2]):
            yield _finished(vae, _next(vae, taken[:, :, number : number + 1], first=number == 0))
            tick()
    finally:
        vae.clear_cache()


@torch.no_grad()
def decode_tiled(
    vae: Any,
    latents: torch.Tensor,
    tiling: Tiling,
    put: Callable[[torch.Tensor, int, int], None],
    tick: Callable[[], None] = no_tick,
) -> None:
    """The clip tile by tile.

    Parameters
    ----------
    latents, tick:
        As for `decode_whole`; `tick` is called for every latent frame of every tile.
    put:
        Is given each finished tile, (3, frames, height, width) from -1 to 1 on the CPU, with the pixel in which it
        begins: from the top and from the left. Tiles fill the clip without overlap.

    Raises
    ------
    torch.OutOfMemoryError
    """
    patch = vae.config.patch_size or 1
    compression = vae.spatial_compression_ratio
    side, stride = tiling.side // compression, tiling.stride // compression  # in latents
    step, seam = tiling.stride // patch, (tiling.side - tiling.stride) // patch  # in rows of what the decoder gives
    _, _, length, height, width = latents.shape
    above: dict[int, torch.Tensor] = {}
    try:
        for top in range(0, height, stride):
            left: torch.Tensor | None = None
            below: dict[int, torch.Tensor] = {}
            for start in range(0, width, stride):
                vae.clear_cache()
                pieces = []
                for number in range(length):
                    seen = latents[:, :, number : number + 1, top : top + side, start : start + side]
                    pieces.append(_next(vae, vae.post_quant_conv(seen), first=number == 0))
                    tick()
                tile = torch.cat(pieces, dim=2).float().cpu()
                if start in above:
                    _blend(above[start], tile, seam, dim=-2)
                if left is not None:
                    _blend(left, tile, seam, dim=-1)
                below[start], left = tile[..., -seam:, :].clone(), tile[..., -seam:].clone()
                whole = _finished(vae, tile[..., :step, :step])
                put(whole, top * compression, start * compression)
            above = below
    finally:
        vae.clear_cache()


def tiles(height: int, width: int, tiling: Tiling) -> int:
    """How many tiles a clip of this size has, in pixels."""
    return -(-height // tiling.stride) * -(-width // tiling.stride)


def to_bytes(frames: torch.Tensor) -> Frames:
    """Frames from -1 to 1, (3, frames, height, width), as RGB in 8 bits, (frames, height, width, 3)."""
    found: Frames = ((frames + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()
    return found


def _next(vae: Any, latent: torch.Tensor, *, first: bool) -> torch.Tensor:
    """What the decoder makes of the next latent frame; it remembers the ones before."""
    vae._conv_idx = [0]
    more = {"first_chunk": True} if first else {}
    made: torch.Tensor = vae.decoder(latent, feat_cache=vae._feat_map, feat_idx=vae._conv_idx, **more)
    return made


def _finished(vae: Any, made: torch.Tensor) -> torch.Tensor:
    if vae.config.patch_size is not None:
        made = unpatchify(made, patch_size=vae.config.patch_size)
    return made[0].clamp(-1.0, 1.0)


def _blend(before: torch.Tensor, tile: torch.Tensor, seam: int, *, dim: int) -> None:
    """Let a tile come out of the one before it, in place."""
    seam = min(before.shape[dim], tile.shape[dim], seam)
    weight = torch.arange(seam, dtype=tile.dtype) / seam
    weight = weight.view(-1, 1) if dim == -2 else weight
    end = before.narrow(dim, before.shape[dim] - seam, seam)
    begin = tile.narrow(dim, 0, seam)
    begin.copy_(end * (1 - weight) + begin * weight)
