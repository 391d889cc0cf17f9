"""What a shot costs, computed from a model's architecture before anything is loaded."""

from __future__ import annotations

from wan_engine.wan.profiles import Architecture, Profile

#: Tokens of a prompt, padded (`text_len` of every Wan configuration).
TEXT_TOKENS = 512
#: Floating-point operations to decode a pixel of a frame, at the pace of denoising: 46.5 s for 121 frames of 1280x704
#: on a card that denoises at 157 TFLOPS, in tiles that decode each pixel 1.78 times. Good enough to tell how far a shot
#: is, and within a tenth of what FastWan was published with on an H200 (16 s for a clip).
DECODING = 3.8e7


def latent_frames(architecture: Architecture, frames: int) -> int:
    """How many frames the latents have: the first one is alone, the others come by the temporal stride."""
    return (frames - 1) // architecture.temporal_stride + 1


def tokens(architecture: Architecture, width: int, height: int, frames: int) -> int:
    """How many tokens the transformer sees.

    >>> from wan_engine.wan.profiles import TI2V_5B
    >>> tokens(TI2V_5B, 704, 1280, 121)
    27280
    """
    stride = architecture.spatial_stride
    return latent_frames(architecture, frames) * (width // stride) * (height // stride)


def forward(architecture: Architecture, count: int) -> float:
    """Floating-point operations of one pass of the transformer over so many tokens.

    Two for each multiplication with a weight: self-attention's four matrices, two of cross-attention's, the two of the
    feed-forward; then the attention of tokens to tokens and to the prompt, and the prompt's own keys and values.
    """
    width, layers = architecture.width, architecture.layers
    weights = 6 * width**2 + 2 * width * architecture.feed_forward
    among = 4 * count**2 * width + 4 * count * TEXT_TOKENS * width
    return layers * (2 * count * weights + among + 2 * TEXT_TOKENS * 2 * width**2)


def denoising(profile: Profile, width: int, height: int, frames: int, *, steps: int, guidance: float) -> float:
    """Floating-point operations of a whole shot; with guidance, each step takes two passes."""
    passes = steps * (2 if guidance > 1 else 1)
    return passes * forward(profile.architecture, tokens(profile.architecture, width, height, frames))


def decoding(width: int, height: int, frames: int) -> float:
    """Floating-point operations of turning the latents of a shot into pixels."""
    return DECODING * width * height * frames
