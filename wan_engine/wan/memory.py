"""How much memory a plan will take in each stage, so that the first one tried is the right one more often than not.

Weights are counted; what a stage needs beside them was measured by others and is a little generous here. A wrong guess
costs a rung of the ladder, not a shot.
"""

from __future__ import annotations

from collections.abc import Mapping

from wan_engine.wan.cost import tokens
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan, Stage
from wan_engine.wan.profiles import Architecture

BF16, FP32, FP8 = 2, 4, 1  #: bytes of a weight
#: What the CUDA context, the kernels and the allocator's rounding take.
RUNTIME = 700 << 20
#: What encoding a prompt of 512 tokens takes beside the weights.
ENCODING = 400 << 20
#: Bytes of a token of TI2V-5B in bfloat16 while a block computes. With one time for all tokens, and with one for each,
#: which costs six rows of float32 a token (17.8 GB at 27,280 tokens against 12.0 GB of weights, measured on a 5090).
ONE_TIME, OWN_TIMES = 100 << 10, 220 << 10
#: Width of the transformer at which that was measured.
MEASURED_WIDTH = 3072
#: Bytes of a pixel of a tile while the Wan2.2 VAE decodes it in float32 (a tile of 256² took less than 1.8 GB there;
#: the whole of 1280x704 more than 21 GB).
TILE_PIXEL = 27 << 10
#: Of what is free, this much is planned with: allocators lose some to the gaps between blocks.
PLANNED = 0.95
#: Blocks that are on the GPU at a time when they come one after the other.
BLOCKS_AT_ONCE = 2


def in_words(count: int) -> str:
    """Bytes as people say them, by the thousand.

    >>> in_words(24_230_000_000), in_words(6_300)
    ('24.2 GB', '6 KB')
    """
    for unit, name, digits in ((1e9, "GB", 1), (1e6, "MB", 0)):
        if count >= unit:
            return f"{count / unit:.{digits}f} {name}"
    return f"{count / 1e3:.0f} KB"


def transformer(architecture: Architecture, weight: int = BF16) -> int:
    """Bytes of the transformer's weights."""
    return round(architecture.transformer_parameters * weight)


def text_encoder(architecture: Architecture) -> int:
    """Bytes of the text encoder's weights."""
    return round(architecture.text_encoder_parameters * BF16)


def vae(architecture: Architecture) -> int:
    """Bytes of the VAE's weights."""
    return round(architecture.vae_parameters * FP32)


def peaks(
    architecture: Architecture, plan: Plan, width: int, height: int, frames: int, *, own_times: bool
) -> Mapping[Stage, int]:
    """The most bytes of the GPU that each stage will take.

    Parameters
    ----------
    own_times:
        Whether each token has a time of its own, as with a reference image.
    """
    alone = plan.decoding in {Decoding.ALONE, Decoding.HOST}
    stays_text = text_encoder(architecture) if plan.encoding is Encoding.RESIDENT else 0
    stays_transformer = transformer(architecture) if plan.denoising is Denoising.RESIDENT else 0
    stays_vae = 0 if alone else vae(architecture)
    return {
        Stage.ENCODE: RUNTIME + _encoding(architecture, plan, stays_transformer + stays_vae),
        Stage.DENOISE: RUNTIME
        + _weights(architecture, plan.denoising)
        + tokens(architecture, width, height, frames) * _token(architecture, own_times=own_times)
        + (stays_text + stays_vae if plan.denoising is Denoising.RESIDENT else 0),
        Stage.DECODE: RUNTIME
        + _decoding(architecture, plan.decoding, width, height)
        + (0 if alone else stays_text + stays_transformer),
    }


def waiting(architecture: Architecture, plan: Plan) -> int:
    """The most bytes of the machine's own memory that parts of the model take: while they wait, and as they are loaded.

    A part that is not on the GPU lies there; one that is came through it.
    """
    text, drawing, pixels = text_encoder(architecture), transformer(architecture), vae(architecture)
    text_waits = text if plan.encoding is not Encoding.RESIDENT or plan.denoising is not Denoising.RESIDENT else 0
    drawing_waits = drawing if plan.denoising is Denoising.GROUP else 0
    while_encoding = {
        Encoding.RESIDENT: 0,
        Encoding.VISIT: drawing + pixels,
        Encoding.HOST: text + (0 if plan.denoising is Denoising.RESIDENT else drawing + pixels),
    }[plan.encoding]
    while_denoising = text_waits + drawing_waits + (0 if plan.denoising is Denoising.RESIDENT else pixels)
    while_decoding = {
        Decoding.ALONE: text + drawing,
        Decoding.HOST: text_waits + drawing_waits + pixels,
    }.get(plan.decoding, text_waits + drawing_waits)
    return max(text, drawing, while_encoding, while_denoising, while_decoding)


def _encoding(architecture: Architecture, plan: Plan, beside: int) -> int:
    if plan.encoding is Encoding.HOST:
        return 0  # and what stays there meanwhile is counted where it works
    return text_encoder(architecture) + ENCODING + (beside if plan.encoding is Encoding.RESIDENT else 0)


def _weights(architecture: Architecture, denoising: Denoising) -> int:
    block = transformer(architecture) // architecture.layers
    if denoising is Denoising.GROUP:
        return BLOCKS_AT_ONCE * block
    if denoising is Denoising.FP8:
        return transformer(architecture, FP8) + block
    return transformer(architecture)


def _token(architecture: Architecture, *, own_times: bool) -> int:
    return (OWN_TIMES if own_times else ONE_TIME) * architecture.width // MEASURED_WIDTH


def _decoding(architecture: Architecture, decoding: Decoding, width: int, height: int) -> int:
    if decoding is Decoding.HOST:
        return 0
    pixels = width * height if decoding.tile is None else min(width, decoding.tile) * min(height, decoding.tile)
    return vae(architecture) + pixels * TILE_PIXEL
