"""The nano transformer: learns the way from noise to the latents of clips, told by their prompts and by first frames.

It learns the velocity of a straight way: at noise s, latents are (1 − s)·x + s·noise, and it tells noise − x.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from math import cos, log, pi

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanAttnProcessor

from nano import autoencoder, text
from nano.clips import any_prompts, draw
from wan_engine.wan.cost import TEXT_TOKENS
from wan_engine.wan.prompts import padded

BATCH = 64
#: Of the schedule of noise: more than 1 gives the noisy times more steps, in which colour and way are decided.
SHIFT = 3.0
#: How many samples lose their prompt, so that guidance has something to lead away from; how many batches know the
#: first frame, as from a photo.
NO_PROMPT, FIRST_FRAME = 0.12, 0.25
#: The rate at the beginning and at the end, and the steps in which it comes up.
RATE, LAST_RATE, WARM_UP = 1e-3, 1e-5, 200
#: How much of the running mean of the weights, which is what comes out, a step leaves as it is.
KEEP = 0.999
#: Steps between two reports.
TOLD = 500
#: No prompt has more tokens.
LONGEST = 7


class Padded(WanAttnProcessor):
    """Attention to a prompt whose padding of many equal tokens is one token with the weight of all.

    The same numbers, up to rounding, for a third of the work. Only training needs it; the class's own is back when a
    model is loaded.
    """

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, rotary_emb=None):
        weight = torch.zeros(1, 1, 1, LONGEST + 1)
        weight[..., -1] = log(TEXT_TOKENS - LONGEST)
        return super().__call__(attn, hidden_states, encoder_hidden_states, weight, rotary_emb)


def build() -> WanTransformer3DModel:
    """A transformer that has learned nothing."""
    return WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=4, attention_head_dim=32, in_channels=autoencoder.CHANNELS,
        out_channels=autoencoder.CHANNELS, text_dim=text.WIDTH, freq_dim=256, ffn_dim=512, num_layers=5,
        cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=64,
    )  # fmt: skip


@torch.no_grad()
def latents(vae: AutoencoderKLWan, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of so many clips, not normalised, and the places of their prompts."""
    numbers, found = [], []
    while len(numbers) < count:
        batch = any_prompts(32, generator)
        numbers += batch
        found.append(autoencoder.encode(vae, draw(batch, generator).pixels))
    return torch.cat(found)[:count], torch.tensor(numbers[:count])


def train(
    transformer: WanTransformer3DModel,
    normalised: torch.Tensor,
    numbers: torch.Tensor,
    embeddings: Sequence[torch.Tensor],
    steps: int,
    generator: torch.Generator,
    tell: Callable[[int, WanTransformer3DModel, str], None],
) -> WanTransformer3DModel:
    """Train, and give the running mean.

    Parameters
    ----------
    normalised, numbers:
        Latents of clips, and the places of their prompts.
    embeddings:
        Of each prompt, and of no words at all as the last one.
    """
    words = padded(embeddings, LONGEST + 1)
    mean = deepcopy(transformer).eval().requires_grad_(requires_grad=False)
    for block in transformer.blocks:
        block.attn2.set_processor(Padded())
    optimizer = torch.optim.AdamW(transformer.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    lost, began = 0.0, time.perf_counter()
    for step in range(steps):
        for group in optimizer.param_groups:
            falling = LAST_RATE + (RATE - LAST_RATE) * (1 + cos(pi * step / steps)) / 2
            group["lr"] = falling * min(1, (step + 1) / WARM_UP)
        chosen = torch.randint(len(normalised), (BATCH,), generator=generator)
        wordless = torch.rand(BATCH, generator=generator) < NO_PROMPT
        read = words[torch.where(wordless, len(words) - 1, numbers[chosen])]
        loss = _loss(transformer, normalised[chosen], read, generator)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            keep = min(KEEP, (step + 1) / (step + 10))
            for kept, new in zip(mean.parameters(), transformer.parameters(), strict=True):
                kept.lerp_(new, 1 - keep)
        lost += loss.item()
        if (step + 1) % TOLD == 0 or step + 1 == steps:
            seconds = time.perf_counter() - began
            tell(
                step + 1,
                mean,
                f"transformer: {step + 1} of {steps}, loss {lost / (step % 500 + 1):.4f}, {seconds:.0f} s",
            )
            lost = 0.0
    return mean


def _loss(
    transformer: WanTransformer3DModel, clean: torch.Tensor, read: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    part = torch.rand(len(clean), generator=generator)
    part = SHIFT * part / (1 + (SHIFT - 1) * part)
    noise = torch.randn(clean.shape, generator=generator)
    share = part.view(-1, 1, 1, 1, 1)
    noisy = (1 - share) * clean + share * noise
    times, unknown = 1000 * part, slice(None)
    if torch.rand((), generator=generator) < FIRST_FRAME:  # its tokens are at time 0, and there is nothing to tell
        noisy[:, :, 0], unknown = clean[:, :, 0], slice(1, None)
        _, _, length, height, width = clean.shape
        times = times[:, None, None].repeat(1, length, height * width // 4)
        times[:, 0] = 0
        times = times.flatten(1)
    told = transformer(hidden_states=noisy, timestep=times, encoder_hidden_states=read, return_dict=False)[0]
    return (told - (noise - clean))[:, :, unknown].square().mean()
