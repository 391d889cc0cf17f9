"""The nano VAE: of the class, the strides and the code path of Wan2.2's, with 1.2 million weights.

From its first weights it gives one colour for a while, and longer so with clips, so it learns pictures first, then
clips of two latent frames, then of three; in the end, the decoder learns on alone. Shapes weigh more than the ground,
which is most of a picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

from nano.clips import Clips, any_prompts, draw

CHANNELS = 16
#: What a pixel of a shape weighs beside one of the ground.
SHAPE_WEIGHT = 4.0
#: Squares find the colours, which the median that plain differences look for does not; those make it sharp in the end.
SQUARES, PLAIN, EDGES = 4.0, 0.3, 0.5
#: Keeps latents at a common size: nothing else says how large they are.
SIZE = 1e-3
#: Noise on the latents, in parts of their own size: those of the transformer are not perfect either.
NOISE = 0.1
#: The rate at the beginning and at the end, and the steps of a stage in which it comes up.
RATE, LAST_RATE, WARM_UP = 2e-3, 2e-5, 50
#: Steps between two reports.
TOLD = 100


def build() -> AutoencoderKLWan:
    """A VAE that has learned nothing."""
    vae = AutoencoderKLWan(
        base_dim=8, decoder_base_dim=12, z_dim=CHANNELS, dim_mult=[1, 2, 4, 4], num_res_blocks=1,
        temperal_downsample=[False, True, True], in_channels=12, out_channels=12, is_residual=True, patch_size=2,
        scale_factor_spatial=16, scale_factor_temporal=4, latents_mean=[0.0] * CHANNELS, latents_std=[1.0] * CHANNELS,
    )  # fmt: skip
    with torch.no_grad():  # the second half are variances, which nobody trains: it is sure of what it sees
        vae.quant_conv.weight[CHANNELS:] = 0
        vae.quant_conv.bias[CHANNELS:] = -20
    return vae


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training."""

    frames: int
    batch: int  #: clips
    steps: int


def train(
    vae: AutoencoderKLWan,
    stages: Sequence[Stage],
    generator: torch.Generator,
    tell: Callable[[int, str], None],
    *,
    begin: int = 0,
    end: int,
    encoder: bool = True,
) -> None:
    """Train, stage by stage.

    Parameters
    ----------
    begin, end:
        The first step, and the one at which the rate has fallen to its last value.
    encoder:
        Train it, too; else latents stay what they are.
    """
    for part in (vae.encoder, vae.quant_conv):
        part.requires_grad_(encoder)
    trained = [parameter for parameter in vae.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, betas=(0.9, 0.99), weight_decay=0.0)
    done, began = begin, time.perf_counter()
    for stage in stages:
        for step in range(stage.steps):
            for group in optimizer.param_groups:
                falling = LAST_RATE + (RATE - LAST_RATE) * (1 + cos(pi * done / end)) / 2
                group["lr"] = falling * min(1, (step + 1) / WARM_UP)
            clips = draw(any_prompts(stage.batch, generator), generator, frames=stage.frames)
            loss, off = _loss(vae, clips, generator)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            done += 1
            if done % TOLD == 0 or done == end:
                how = f"{stage.frames} frames, off by {off * 127.5:.1f} of 255 on shapes"
                tell(done, f"vae: {done} of {end}, {how}, {time.perf_counter() - began:.0f} s")


def decode(vae: AutoencoderKLWan, latents: torch.Tensor) -> torch.Tensor:
    """As the class decodes, without its clamping to -1 to 1, beyond which there would be nothing to learn from."""
    vae.clear_cache()
    taken, pieces = vae.post_quant_conv(latents), []
    for number in range(taken.shape[2]):
        vae._conv_idx = [0]
        pieces.append(
            vae.decoder(
                taken[:, :, number : number + 1],
                feat_cache=vae._feat_map, feat_idx=vae._conv_idx, first_chunk=number == 0,
            )
        )  # fmt: skip
    vae.clear_cache()
    return unpatchify(torch.cat(pieces, dim=2), patch_size=vae.config.patch_size)


def encode(vae: AutoencoderKLWan, pixels: torch.Tensor) -> torch.Tensor:
    """Latents, (clips, channels, latent frames, height, width), not normalised."""
    latents: torch.Tensor = vae.encode(pixels).latent_dist.mode()
    return latents


def _loss(vae: AutoencoderKLWan, clips: Clips, generator: torch.Generator) -> tuple[torch.Tensor, float]:
    latents = encode(vae, clips.pixels)
    noise = torch.randn(latents.shape, generator=generator) * latents.detach().std()
    made = decode(vae, latents + NOISE * noise)
    off = made - clips.pixels
    weight = 1 + SHAPE_WEIGHT * clips.covered
    edges = sum((made.diff(dim=axis) - clips.pixels.diff(dim=axis)).abs().mean() for axis in (-1, -2))
    loss = SQUARES * (off.square() * weight).mean() + PLAIN * (off.abs() * weight).mean() + EDGES * edges
    on_shapes = (off.detach().abs() * clips.covered).sum() / clips.covered.sum() / 3
    return loss + SIZE * latents.square().mean(), on_shapes.item()
